"""`usher dashboard`: a one-time link for the operator, made beside the running bot."""

from bot import tradingview_accounts
from bot.access.people.web_sessions import LINK_LASTS, PATH, create_token
from bot.cli.servers import server
from bot.settings import Settings
from bot.store.records import OPERATOR_ID

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104 - read, not bound


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
    host = _ANYWHERE.get(settings.http_host, settings.http_host)
    return f"http://{host}:{settings.http_port}"
