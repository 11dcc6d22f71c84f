"""Which Discord server a command of the terminal is about."""

import asyncio

from bot import tradingview_accounts
from bot.cli.usage import SERVER_NUMBER
from bot.errors import StartupError
from bot.settings import Settings
from bot.store.catalogue import guilds
from bot.store.maintenance.inspect import examine
from bot.store.maintenance.revision import Schema


async def server(settings: Settings, wanted: int | None, what: str) -> int:
    """Return the Discord server's id: the one named, the configured one, or the only one.

    Raises StartupError, which says what it would be for, when there is no telling.
    """
    known = await _known(settings)
    if wanted is None:
        wanted = settings.discord_guild_id
    if wanted is None and len(known) == 1:
        wanted = known[0]
    listed = ", ".join(map(str, known))
    if wanted is None:
        seen = f"Usher knows these: {listed}." if known else "Usher knows none yet."
        raise StartupError(
            f"For which Discord server is {what}? Write its number behind the command, or set "
            f"DISCORD_GUILD_ID. You find it {SERVER_NUMBER} {seen}"
        )
    if known and wanted not in (*known, settings.discord_guild_id):
        raise StartupError(
            f"Usher knows no Discord server with the number {wanted}. It knows: {listed}."
        )
    return wanted


async def _known(settings: Settings) -> list[int]:
    """Return the ids of the servers in the database; where there is none, none is made."""
    examined = await asyncio.to_thread(examine, settings.database_path)
    if examined.schema is Schema.ABSENT:
        return []
    async with (
        tradingview_accounts.database_beside(settings) as database,
        database.read() as connection,
    ):
        return [guild.id for guild in await guilds.listed(connection, left=True)]
