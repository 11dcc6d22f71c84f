"""What goes wrong between Usher and Discord: which failures are final, and how they are put into the log."""

import logging
import math

import aiohttp
import discord

from bot import clock

log = logging.getLogger(__name__)

# What discord.py raises for a Discord that refuses, fails or cannot be reached.
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)

# Discord's codes for what will never work, by what was tried. All else may pass, and waits.
NO_DIRECT_MESSAGES = frozenset({50007, 50278, 10013})  # closed, no server in common, account gone
# The interaction was not acknowledged in time, its 15 minutes are over, or its message is gone.
ANSWER_GONE = frozenset({10062, 50027, 10008, 10015})
NO_SUCH_MEMBER = frozenset({10007, 10013, 10004})  # member, user, server unknown
CHANNEL_GONE = 10003
CHANNEL_CLOSED = frozenset({50001, 50013})  # no access, no right to write

QUARANTINED = 20026  # flagged as spam: no direct message is opened until an appeal is heard
TOO_FAST = 40003  # direct messages are opened too fast

ADVICE = (
    "Nothing is lost: TradingView goes on, and what Discord should hear waits. If it comes again, "
    "stop other programs that use Discord from this address, or give the bot another one (ask the host)."
)


def code_of(error: BaseException) -> int | None:
    """Return Discord's own code of a refusal; None where it gave none."""
    return (error.code or None) if isinstance(error, discord.HTTPException) else None


def in_short(error: BaseException) -> str:
    """Return what went wrong in a few words: never an answer's text, which may be a whole page."""
    match error:
        case discord.HTTPException():
            code = f", code {error.code}" if error.code else ""
            return f"status {error.status}{code}"
        case aiohttp.WSServerHandshakeError():
            return f"status {error.status}"
        case _:
            return type(error).__name__


def blocked_for(error: BaseException) -> float | None:
    """Return how many seconds Discord wants to hear nothing from this address; None where it may.

    Cloudflare answers in Discord's place then: a page instead of JSON, and no `Via`.
    """
    if isinstance(error, discord.HTTPException):
        status, headers = error.status, error.response.headers
        if "json" in headers.get("Content-Type", ""):
            return None
    elif isinstance(error, aiohttp.WSServerHandshakeError):
        status, headers = error.status, error.headers or {}
    else:
        return None
    if status != 429 or "Retry-After" not in headers:
        return None
    try:
        seconds = float(headers["Retry-After"])
    except ValueError:
        return None
    return seconds if 0 < seconds < math.inf else None


class Blockade:
    """Whether Discord blocks this computer's address, and until when; said once for each block."""

    def __init__(self) -> None:
        self._until = 0.0  # by clock.monotonic()

    def note(self, error: BaseException) -> float | None:
        """Return how long the block that an error tells of lasts; None when it tells of none."""
        seconds = blocked_for(error)
        if seconds is None:
            return None
        until = clock.monotonic() + seconds
        if self.left() <= 0:
            log.error(
                "Discord blocks this computer's address for %s. I ask nothing until then. %s",
                spoken(seconds),
                ADVICE,
            )
        self._until = max(self._until, until)
        return seconds

    def left(self) -> float:
        """Return the seconds until Discord may be asked again; 0 when it may."""
        return max(0.0, self._until - clock.monotonic())


def spoken(seconds: float) -> str:
    """Return a length as people say it."""
    for size, name in ((3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = round(seconds / size)
            return f"{number} {name}{'' if number == 1 else 's'}"
    return f"{math.ceil(seconds)} seconds"
