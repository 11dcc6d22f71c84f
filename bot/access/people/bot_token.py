"""The bot's own token, where it was given in the browser; one in the environment counts before it."""

from bot import clock, logs
from bot.store.engine.database import Database
from bot.store.people import bot_token
from bot.store.vault import Vault


class BotTokens:
    """The door for it; it never leaves the database unsealed but to log in, and never reaches the log."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def keep(self, token: str) -> None:
        """Keep a token that Discord accepts, in the place of the earlier one."""
        logs.keep_out(token)
        async with self._database.write() as connection:
            await bot_token.replace(connection, self._vault.seal(token), clock.now())

    async def kept(self) -> str | None:
        """Return the token that was given; None while none was."""
        async with self._database.read() as connection:
            sealed = await bot_token.kept(connection)
        if sealed is None:
            return None
        token = self._vault.open(sealed)
        logs.keep_out(token)
        return token

    async def has_met_a_server(self) -> bool:
        """Return whether the bot was in a server before, so that its first run is over."""
        async with self._database.read() as connection:
            return await bot_token.has_met_a_server(connection)
