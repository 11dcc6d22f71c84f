"""The token that the bot logs in with: of the environment, else the kept one, else asked for in the browser."""

import asyncio
import logging
import sys

import aiohttp

from bot import outgoing, settings as settings_of
from bot.access.people.bot_token import BotTokens
from bot.errors import StartupError
from bot.interactions.portal import Portal
from bot.premises import Premises
from bot.settings import Settings
from bot.settings.values import is_safe
from bot.web.first_run import LINK_LASTS, PATH, FirstRun, Links, application

log = logging.getLogger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=10)


class TokenAtHand:
    """Finds the token; where there is none that works, it serves the first-run page until there is."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self._tokens = BotTokens(premises.database, premises.vault)
        self._refused: str | None = None
        self.first_run: FirstRun | None = None  # the last one of this program

    async def get(self) -> str:
        """Return the token; it may take days until somebody gives one. Raises StartupError."""
        settings = self._premises.settings
        if settings.discord_token is not None:
            return settings.discord_token.get_secret_value()
        kept = await self._tokens.kept()
        is_refused = kept is not None and kept == self._refused
        if kept is not None and not is_refused and await self._tokens.has_met_a_server():
            log.info("the bot's token is the one that was given in the browser")
            return kept
        return await self._asked_for(kept, is_refused=is_refused)

    def refuse(self, token: str) -> bool:
        """Note that Discord refused it; return whether another one can be given in the browser."""
        if self._premises.settings.discord_token is not None:
            return False
        self._refused = token
        return True

    async def _asked_for(self, kept: str | None, *, is_refused: bool) -> str:
        """Serve nothing but the first-run page until the bot is in a server."""
        settings, listener = self._premises.settings, self._premises.listener
        _require_private_address(settings)
        near = await asyncio.to_thread(settings_of.misplaced_file)
        async with outgoing.session(settings, timeout=_TIMEOUT) as http:

            def show(token: str) -> None:
                lead = _lead(settings, kept, near, is_refused=is_refused)
                _write(f"{lead}\n\n{_links(settings, listener.port, token)}\n\n{_ADVICE}")

            self.first_run = FirstRun(
                Portal(http, settings.discord_api_url),
                self._tokens,
                Links(show),
                guild_id=settings.discord_guild_id,
                kept=kept,
                refused=is_refused,
            )
            proxies, public_url = settings.trusted_proxies, settings.public_url
            await listener.show(application(self.first_run, proxies, public_url))
            self.first_run.links.show_new()
            token = await self.first_run.done()
        log.info("the bot's token is there, and the bot is in a server; Usher starts")
        return token


_ADVICE = (
    f"The link works once, for {round(LINK_LASTS / 60)} minutes; opened once more, it makes Usher print a new one "
    "here. Ctrl-C stops Usher."
)


def _lead(settings: Settings, kept: str | None, near: str | None, *, is_refused: bool) -> str:
    """Return what is missing, and where it was looked for."""
    if is_refused:
        text = (
            "Discord does not accept the bot's token any more that was given in the browser. Orders wait, "
            "and nothing is lost. Give Usher a new one: open this link in a browser."
        )
    elif kept is not None:
        text = "The bot is in no server yet. Go on where you were: open this link in a browser."
    else:
        text = (
            "Usher has no bot token yet: none stands in DISCORD_TOKEN. Open this link in a browser; the page "
            f"leads on. (What Usher knows is kept in {settings.database_path.absolute()})"
        )
    return text if near is None else f"{near}\n\n{text}"


def _links(settings: Settings, port: int, token: str) -> str:
    """Return where the page is: at the public address first, where what is typed there travels encrypted."""
    here = f"    {settings.local_address(port)}{PATH}#{token}"
    if settings.public_url is None or not is_safe(settings.public_url):
        return here
    public = f"    {settings.public_url.rstrip('/')}{PATH}#{token}"
    return public if public == here else f"{public}\n\nor, in a browser on this computer:\n\n{here}"


def _require_private_address(settings: Settings) -> None:
    """Raise StartupError where the page could only be reached by an address at which a token travels open."""
    if is_safe(settings.local_address(settings.http_port)):
        return
    if settings.public_url is None or not is_safe(settings.public_url):
        raise StartupError(
            "Usher has no bot token, and the page that asks for one must not be opened at "
            f"http://{settings.http_host}: what is typed there would travel readable. Set HTTP_HOST to "
            "127.0.0.1 (in a container: 0.0.0.0), or PUBLIC_URL to an https address, or put the token into "
            "DISCORD_TOKEN; then start Usher again."
        )


def _write(text: str) -> None:
    """Show it in the terminal: it is for the one who started Usher, and no line of the log."""
    sys.stdout.write(f"\n{text}\n\n")
    sys.stdout.flush()
