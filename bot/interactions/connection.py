"""The way to Discord: what is tried again, what is waited for as told, and what ends the program."""

import asyncio
import logging
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import clock
from bot.errors import StartupError
from bot.interactions.client import Usher
from bot.notifications.trouble import TROUBLE, Blockade, in_short
from bot.outgoing import UNTRUSTED_REMEDY, is_untrusted
from bot.settings import Settings

log = logging.getLogger(__name__)

AGAIN = (5.0, 15.0, 60.0)  # seconds between tries while Discord cannot be reached at the start
UNAVAILABLE = 69
_TURN = (
    0.005  # seconds that events are worked on, before everything else in the program has its turn
)
_NOT_ALLOWED = 4014  # the code by which Discord refuses intents

_TOKEN_REFUSED = (
    "Discord does not accept DISCORD_TOKEN. In the Discord developer portal, open your "  # noqa: S105
    "application, choose Bot, press Reset Token, and put the new one into .env."
)


class TokenRefusedError(StartupError):
    """Discord does not accept the token: neither now nor at another try."""


class _BlockedError(Exception):
    """Discord blocks this address; discord.py would try again at once, and for ever."""


def point_at_discord(settings: Settings) -> None:
    """Use another Discord than the real one: these two are the only places discord.py asks."""
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)


def guard(client: Usher, blockade: Blockade) -> None:
    """Let the client's gateway wait as long as Discord says, and end where no certificate can be trusted.

    However many events come at once, everything else goes on meanwhile.
    """
    connect = client.http.ws_connect

    async def guarded(url: str, **options: Any) -> aiohttp.ClientWebSocketResponse:
        if blockade.left():
            raise _BlockedError
        try:
            return _taking_turns(await connect(url, **options))
        except (aiohttp.ClientError, OSError) as error:
            _end_if_untrusted(error)
            if blockade.note(error) is not None:
                raise _BlockedError from None
            raise

    client.http.ws_connect = guarded  # type: ignore[method-assign] # the one door to the gateway


def _taking_turns(socket: aiohttp.ClientWebSocketResponse) -> aiohttp.ClientWebSocketResponse:
    """Return the socket, which leaves the loop to others now and then.

    By itself it hands out what it holds without a pause: 20,000 role changes would stop the program for
    half a second.
    """
    receive, now = socket.receive, asyncio.get_running_loop().time
    turn_ends = 0.0

    async def received(timeout: float | None = None) -> aiohttp.WSMessage:  # noqa: ASYNC109
        nonlocal turn_ends
        if now() >= turn_ends:
            await asyncio.sleep(0)
            turn_ends = now() + _TURN
        return await receive(timeout)

    socket.receive = received  # type: ignore[method-assign]
    return socket


async def log_in(client: Usher, token: str, blockade: Blockade) -> None:
    """Log in; a Discord that cannot be reached is tried again, since access goes on without it.

    Raises TokenRefusedError when Discord refuses the token, StartupError when it cannot be trusted.
    """
    tries = 0
    while True:
        await clock.sleep(blockade.left())
        try:
            await client.login(token)
        except discord.LoginFailure as error:
            raise TokenRefusedError(_TOKEN_REFUSED) from error
        except TROUBLE as error:
            _end_if_untrusted(error)
            await client.forget_login()
            if blockade.note(error) is not None:
                continue
            pause = AGAIN[min(tries, len(AGAIN) - 1)]
            if isinstance(error, discord.RateLimited):
                pause = max(pause, error.retry_after)
            log.warning("Discord cannot be reached (%s); next try in %s s", in_short(error), pause)
            tries += 1
            await clock.sleep(pause)
        else:
            return


async def stay_connected(client: Usher, blockade: Blockade) -> None:
    """Hold the gateway open until cancelled, without events about members where Discord refuses them.

    Raises StartupError when Discord closes the connection for good; TokenRefusedError where a new token mends it.
    """
    while True:
        try:
            await client.connect()
        except discord.PrivilegedIntentsRequired as error:
            if not client.intents.members:  # it asks for no other that needs leave
                raise _closed_for_good(_NOT_ALLOWED) from error
            log.warning(
                "Discord does not let this bot see the members of a server, so Usher goes on without. "
                "To change that: Discord developer portal, your application, Bot, Server Members Intent; "
                "then start Usher again. To leave it so: DISCORD_MEMBERS_INTENT=off"
            )
            client.go_without_members()
        except (
            discord.ConnectionClosed
        ) as error:  # for good: discord.py connects again by itself else
            raise _closed_for_good(error.code) from error
        except _BlockedError:
            await clock.sleep(blockade.left())
        else:
            return


def _closed_for_good(code: int) -> StartupError:
    """Return what to do about a connection that Discord closed with a code that no new try mends."""
    kept = "Nothing is lost: what was ordered waits, and goes on after the next start."
    match code:
        case 4004:
            return TokenRefusedError(f"{_TOKEN_REFUSED} {kept}")
        case 4011:
            return StartupError(
                f"Discord closed the connection: this bot is in too many servers for one Usher. {kept}"
            )
        case _:
            return StartupError(
                f"Discord closed the connection for good (code {code}); another try would not help. "
                f"Look for a newer Usher. {kept}",
                UNAVAILABLE,
            )


def _end_if_untrusted(error: BaseException) -> None:
    if is_untrusted(error):
        raise StartupError(
            f"The certificate of Discord cannot be verified. {UNTRUSTED_REMEDY} Then start Usher again.",
            UNAVAILABLE,
        ) from None
