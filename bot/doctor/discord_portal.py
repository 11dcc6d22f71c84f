"""Asks Discord about the token, the intents, the server, and who the invite link is for."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from bot import clock
from bot.doctor.findings import Finding
from bot.doctor.unreachable import remedy_for, why_not
from bot.interactions.portal import (
    DISCORD,
    MAX_GUILDS,
    NEEDED,
    PORTAL,
    USER_AGENT,
    id_in,
    sees_members,
)
from bot.outgoing import BLOCKED_REMEDY, blocked, blocked_for
from bot.settings import Settings

_ADMINISTRATOR = 1 << 3
_UNREACHED = (
    "Look at this computer's internet connection, DISCORD_API_URL, and https://discordstatus.com; then "
    "check again."
)


@dataclass
class Portal:
    """What Discord told."""

    findings: list[Finding] = field(default_factory=list)
    application_id: int | None = None
    date: datetime | None = None  # the moment by Discord's clock


@dataclass(frozen=True, slots=True)
class KeptToken:
    """The bot's token that was given in the browser; it counts while DISCORD_TOKEN is unset."""

    token: str | None = field(repr=False)  # None: no key at hand opens it


async def ask_discord(
    http: aiohttp.ClientSession, settings: Settings, kept: KeptToken | None = None
) -> Portal:
    """Return findings about everything that lies with Discord, and which token counts."""
    portal = Portal()
    is_given = settings.discord_token is not None
    token = settings.discord_token.get_secret_value() if settings.discord_token else None
    if token is None and kept is not None:
        token = kept.token
    if token is None:
        portal.findings.append(Finding("Bot token", *(_NO_TOKEN if kept is None else _NO_KEY)))
        return portal
    portal.application_id = id_in(token)
    mend = _NEW_IN_ENVIRONMENT if is_given else _NEW_IN_BROWSER
    asking = _Asking(http, settings.discord_api_url or DISCORD, token, portal, mend)
    me = await asking.get("/users/@me")
    if me is None:
        return portal
    name = me.get("username", "a bot")
    counts = "DISCORD_TOKEN counts" if is_given else "the one that was given in the browser counts"
    unused = "; the one that was given in the browser is not used" if is_given and kept else ""
    text = f"{counts}{unused}. Discord knows the bot as {name}."
    portal.findings.append(Finding("Bot token", text))
    await _application(asking, portal, settings)
    await _server(asking, portal, settings.discord_guild_id)
    return portal


_NO_TOKEN = (
    "there is none: DISCORD_TOKEN is unset, and none was given in the browser.",
    "Run usher run, and open the link that it prints: the page there asks for the token and leads on.",
)
_NO_KEY = (
    "one was given in the browser, but the key that opens it is missing or another one.",
    "Put the key back. If it is lost for good: `usher session drop`, then usher run asks for the token again.",
)
_RESET = f"Open {PORTAL}, your application, page Bot, button Reset Token"
_NEW_IN_ENVIRONMENT = (
    "Discord does not accept DISCORD_TOKEN.",
    f"{_RESET}; put the new one in .env. The token is not the Client Secret and not the Public Key.",
)
_NEW_IN_BROWSER = (
    "Discord does not accept the one that was given in the browser any more.",
    f"{_RESET}; give the new one on the page whose link usher run prints.",
)


class _Asking:
    """GETs with the token; what goes wrong becomes a finding."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        base: str,
        token: str,
        portal: Portal,
        mend: tuple[str, str],  # of a token that is refused
    ) -> None:
        self._http = http
        self._base = base
        self._mend = mend
        self._portal = portal
        self._headers = {
            "Authorization": f"Bot {token}",
            "User-Agent": USER_AGENT,
        }

    async def get(self, path: str) -> Any:
        """Return the answer, or None after noting why there is none."""
        try:
            async with self._http.get(
                self._base + path, headers=self._headers, allow_redirects=False
            ) as response:
                self._portal.date = clock.shown_in(response.headers) or self._portal.date
                if response.ok:
                    return await response.json()
                seconds = blocked_for(response.status, response.headers)
                self._portal.findings.append(
                    self._refusal(response.status)
                    if seconds is None
                    else Finding("Discord", blocked(seconds), BLOCKED_REMEDY)
                )
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self._portal.findings.append(
                Finding(
                    "Discord",
                    why_not(error),
                    remedy_for(error, _UNREACHED),
                )
            )
        return None

    def _refusal(self, status: int) -> Finding:
        if status in (401, 403):
            return Finding("Bot token", *self._mend)
        text = f"answered with an error ({status})."
        return Finding("Discord", text, "Wait a few minutes, then check again.")


async def _application(asking: _Asking, portal: Portal, settings: Settings) -> None:
    application = await asking.get("/applications/@me")
    if application is None:
        return
    portal.application_id = int(application["id"])
    portal.findings += of_application(application, settings)


def of_application(application: dict[str, Any], settings: Settings) -> list[Finding]:
    """Return findings about the application, as Discord describes it to its bot."""
    page = f"{PORTAL}/{application['id']}"
    findings = [_intents(settings, f"{page}/bot", is_on=sees_members(application))]
    if application.get("interactions_endpoint_url"):
        findings.append(
            Finding(
                "Commands",
                "Discord sends commands to a web address instead of to the bot.",
                f"Open {page}/information, empty Interactions Endpoint URL, save.",
            )
        )
    if application.get("bot_require_code_grant"):
        findings.append(
            Finding(
                "Invite",
                "the invite link cannot work as long as a code grant is required.",
                f"Open {page}/bot, switch off Requires OAuth2 Code Grant, save.",
            )
        )
    return findings


def _intents(settings: Settings, page: str, *, is_on: bool) -> Finding:
    """Return what the bot does not see where Discord does not tell of members; it works all the same."""
    unseen = (
        "roles gained and lost, and who left, are noticed later; everything else works as always"
    )
    if settings.discord_members_intent == "off":
        return Finding("Intents", f"no intent is asked for (DISCORD_MEMBERS_INTENT=off): {unseen}.")
    if is_on:
        return Finding("Intents", "Server Members Intent is on.")
    return Finding(
        "Intents",
        f"Server Members Intent is off, so the bot starts without it: {unseen}.",
        f"Open {page}, switch on Server Members Intent, save; or set DISCORD_MEMBERS_INTENT=off to leave it so.",
    )


async def _server(asking: _Asking, portal: Portal, guild_id: int | None) -> None:
    guilds = await asking.get(f"/users/@me/guilds?limit={MAX_GUILDS}")
    if guilds is None:
        return
    if not guilds or guild_id is None:
        count = len(guilds)
        portal.findings.append(
            Finding("Servers", f"the bot is in {count}.")
            if count
            else Finding("Servers", "the bot is in none.", "Open the invite link below.")
        )
        return
    mine = next((guild for guild in guilds if int(guild["id"]) == guild_id), None)
    if mine is None:
        if len(guilds) < MAX_GUILDS:
            portal.findings.append(
                Finding(
                    "Server",
                    "the bot is not in the server of DISCORD_GUILD_ID.",
                    "Open the invite link below, or correct the number: in Discord switch on "
                    "Developer Mode, right-click the server, Copy Server ID.",
                )
            )
        return
    portal.findings.append(of_server(mine.get("name", "it"), int(mine.get("permissions") or 0)))


def of_server(name: str, held: int) -> Finding:
    """Return whether the bot has there the rights that it needs, of those that it holds."""
    lacking = [right for right, bit in NEEDED.items() if not held & (bit | _ADMINISTRATOR)]
    if lacking:
        return Finding(
            "Server",
            f"the bot may not: {', '.join(lacking)}.",
            "Open the invite link below once more, or give these rights to the bot's role.",
        )
    return Finding("Server", f"the bot is in {name} with the rights it needs.")
