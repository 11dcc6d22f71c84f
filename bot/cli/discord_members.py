"""Asks Discord which ids in a file are members, as the bot and beside it, without a connection of its own."""

import discord

from bot import outgoing
from bot.access.errors import MembersSilent
from bot.access.people.bot_token import BotTokens
from bot.access.people.import_records import LookUp, People, Wanted
from bot.cli.progress import Bar
from bot.errors import StartupError
from bot.interactions.connection import point_at_discord
from bot.interactions.members import Members
from bot.notifications.trouble import TROUBLE
from bot.settings import Settings
from bot.store.engine.database import Database
from bot.store.vault import Vault

_UNAVAILABLE = 69
_NO_TOKEN = (
    "The file names Discord ids that Usher does not know yet, and without the bot's token nobody can tell whether "  # noqa: S105
    "they are members of your server. Nothing was changed. Give Usher the token first (usher run asks for it), "
    "or leave their discord_id empty and write their TradingView names."
)
_REFUSED = "Discord does not accept the bot's token, so it cannot be asked who is a member. Nothing was changed. usher check says how to mend that."


def look_up(settings: Settings, database: Database, vault: Vault, guild_id: int) -> LookUp:
    """Return what finds the members meant; it raises MembersSilent, and StartupError without a token."""

    async def found(wanted: Wanted) -> People:
        given = settings.discord_token
        token = given.get_secret_value() if given else await BotTokens(database, vault).kept()
        if token is None:
            raise StartupError(_NO_TOKEN)
        point_at_discord(settings)
        client = discord.Client(
            intents=discord.Intents.none(),
            connector=outgoing.ProxyConnector(settings),
            max_ratelimit_timeout=60.0,
        )
        async with client:
            try:
                await client.login(token)
            except discord.LoginFailure as error:
                raise StartupError(_REFUSED, exit_code=_UNAVAILABLE) from error
            except TROUBLE as error:
                raise MembersSilent from error
            members = Members(client, client._connection)  # noqa: SLF001 - as the bot does
            with Bar("Asking Discord for members") as bar:
                return await members.people(guild_id, wanted, lambda at: bar.at(*at))

    return found
