"""What Discord's developer portal knows of the bot: whose a token is, its switches, its servers, its invite link."""

import base64
import binascii
import logging
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp
from aiohttp import hdrs
from yarl import URL

from bot.outgoing import blocked_for, is_untrusted

log = logging.getLogger(__name__)

DISCORD = "https://discord.com/api/v10"
PORTAL = "https://discord.com/developers/applications"
USER_AGENT = "DiscordBot (usher-bot, 0)"
MAX_GUILDS = 200  # on one page of Discord's list
# What history lines and alerts in the log channel need; answers to commands need nothing.
NEEDED = {"View Channels": 1 << 10, "Send Messages": 1 << 11, "Embed Links": 1 << 14}
SCOPES = ("bot", "applications.commands")

_MEMBERS_ON = 1 << 14 | 1 << 15  # GATEWAY_GUILD_MEMBERS, and its form for small bots
_MAX_TOKEN = 200  # characters
_NUMBER = re.compile(r"\d{15,21}")
_PUBLIC_KEY = re.compile(r"[0-9a-fA-F]{64}")
_CLIENT_SECRET = re.compile(r"[\w-]{32}", re.ASCII)


class Fault(StrEnum):
    """Why a token is of no use, or cannot be tried."""

    EMPTY = "empty"
    NUMBER = "number"  # the application's id
    PUBLIC_KEY = "public_key"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - what it is called
    NO_TOKEN = "no_token"  # noqa: S105 - as above
    REFUSED = "refused"
    BLOCKED = "blocked"
    UNTRUSTED = "untrusted"
    SILENT = "silent"


# The token is not to blame for these: the same one may work later.
PASSING = frozenset({Fault.BLOCKED, Fault.UNTRUSTED, Fault.SILENT})


class TokenFault(Exception):  # noqa: N818 - named for what it says; it holds nothing of the token
    """A token that Discord does not accept, or a Discord that cannot be asked, not before `wait` seconds."""

    def __init__(self, fault: Fault, wait: float = 0.0) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Application:
    """The bot that a token belongs to, and those of its switches that matter."""

    id: int
    name: str
    sees_members: bool
    needs_code_grant: bool = False  # then no invite link works
    has_endpoint: bool = False  # then commands go to a web address instead of to the bot


@dataclass(frozen=True, slots=True)
class Server:
    """A server that the bot is in."""

    id: int
    name: str


def invite_link(application_id: int) -> str:
    """Return the address that brings the bot into a server, with no more rights than it needs."""
    query = {
        "client_id": str(application_id),
        "scope": " ".join(SCOPES),
        "permissions": str(sum(NEEDED.values())),
    }
    return str(URL("https://discord.com/oauth2/authorize").with_query(query))


def sees_members(application: dict[str, Any]) -> bool:
    """Return whether the Server Members Intent is switched on."""
    return bool(int(application.get("flags") or 0) & _MEMBERS_ON)


def id_in(token: str) -> int | None:
    """Return the application's id: the first part of its token."""
    first = token.partition(".")[0]
    try:
        number = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4))
        return int(number)
    except (ValueError, binascii.Error):
        return None


def token_in(text: str) -> str:
    """Return the token in what was pasted. Raises TokenFault for what is plainly something else."""
    token = text.strip().strip("\"'").removeprefix("Bot ").strip()
    if not token:
        raise TokenFault(Fault.EMPTY)
    if _NUMBER.fullmatch(token):
        raise TokenFault(Fault.NUMBER)
    if _PUBLIC_KEY.fullmatch(token):
        raise TokenFault(Fault.PUBLIC_KEY)
    if len(token) > _MAX_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenFault(Fault.NO_TOKEN)
    return token


class Portal:
    """Asks Discord with a token; `base` is where its REST interface is, with the version."""

    def __init__(self, http: aiohttp.ClientSession, base: str | None) -> None:
        self._http = http
        self._base = base or DISCORD

    async def application(self, token: str) -> Application:
        """Return the bot that the token belongs to. Raises TokenFault."""
        me = await self._get(token, "/users/@me")
        found = await self._get(token, "/applications/@me")
        try:
            return Application(
                id=int(found["id"]),
                name=str(me["username"]),
                sees_members=sees_members(found),
                needs_code_grant=bool(found.get("bot_require_code_grant")),
                has_endpoint=bool(found.get("interactions_endpoint_url")),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise TokenFault(Fault.SILENT) from None

    async def server(self, token: str, guild_id: int | None) -> Server | None:
        """Return a server that the bot is in, or that very one; None while it is in none. Raises TokenFault."""
        query = f"?limit={MAX_GUILDS}"
        if guild_id is not None:
            query = f"?after={guild_id - 1}&limit=1"
        found = await self._get(token, f"/users/@me/guilds{query}")
        try:
            servers = [Server(int(each["id"]), str(each["name"])) for each in found]
        except (KeyError, TypeError, ValueError, OverflowError):
            raise TokenFault(Fault.SILENT) from None
        if guild_id is not None:
            servers = [each for each in servers if each.id == guild_id]
        return servers[0] if servers else None

    async def _get(self, token: str, path: str) -> Any:
        headers = {hdrs.AUTHORIZATION: f"Bot {token}", hdrs.USER_AGENT: USER_AGENT}
        try:
            async with self._http.get(
                self._base + path, headers=headers, allow_redirects=False
            ) as answer:
                if answer.ok:
                    return await answer.json()
                raise _fault(answer, token)
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            log.info("Discord cannot be asked about the bot's token (%s)", type(error).__name__)
            raise TokenFault(Fault.UNTRUSTED if is_untrusted(error) else Fault.SILENT) from None


def _fault(answer: aiohttp.ClientResponse, token: str) -> TokenFault:
    """Return what a refusal means: Discord's own ones come as JSON, those of whoever stands before it seldom."""
    status, headers = answer.status, answer.headers
    log.info("Discord answers a question about the bot's token with status %s", status)
    if (wait := blocked_for(status, headers)) is not None:
        return TokenFault(Fault.BLOCKED, wait)
    if status == 429:
        wanted = headers.get(hdrs.RETRY_AFTER, "")
        return TokenFault(Fault.SILENT, float(wanted) if wanted.isdecimal() else 0.0)
    is_own = "json" in headers.get(hdrs.CONTENT_TYPE, "")
    if status != 401 and not (status == 403 and is_own):
        return TokenFault(Fault.SILENT)
    if _CLIENT_SECRET.fullmatch(token):
        return TokenFault(Fault.CLIENT_SECRET)
    return TokenFault(Fault.REFUSED if token.count(".") == 2 else Fault.NO_TOKEN)
