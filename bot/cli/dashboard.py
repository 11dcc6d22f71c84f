"""`usher dashboard`: a one-time link for the operator, made beside the running bot."""

from bot import tradingview_accounts
from bot.access.people.web_sessions import LINK_LASTS, PATH, create_token
from bot.cli.servers import server
from bot.settings import Settings
from bot.store.records import OPERATOR_ID


async def link(settings: Settings, guild_id: int | None) -> str:
    """Return what is printed: the link, which signs in as the operator, a manager of that server.

    Raises StartupError when it cannot be told which server is meant, or the database cannot be opened.
    """
    guild_id = await server(settings, guild_id, "the dashboard")
    async with tradingview_accounts.database_beside(settings) as database:
        token = await create_token(database, guild_id, OPERATOR_ID)
    minutes = int(LINK_LASTS.total_seconds()) // 60
    return (
        f"Open this link in a browser on this computer; it works once, for {minutes} minutes:\n"
        f"{_base(settings)}{PATH}#{token}"
    )


def _base(settings: Settings) -> str:
    """Return where the pages are: the public address, else this computer's own."""
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    return settings.local_address(settings.http_port)
