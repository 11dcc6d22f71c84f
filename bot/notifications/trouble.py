"""What goes wrong between Usher and Discord: which failures are final, and how they are put into the log."""

import logging

import aiohttp
import discord

from bot import clock, outgoing
from bot.errors import DatabaseBusyError, DiskFullError

log = logging.getLogger(__name__)

# What discord.py raises for a Discord that refuses, fails or cannot be reached.
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)
# What the database raises that cannot be written just now: said elsewhere, and no mistake of ours.
GROUND = (DiskFullError, DatabaseBusyError)

# Discord's codes for what will never work, by what was tried. All else may pass, and waits.
NO_DIRECT_MESSAGES = frozenset({50007, 50278, 10013})  # closed, no server in common, account gone
# The interaction was not acknowledged in time, its 15 minutes are over, or its message is gone.
ANSWER_GONE = frozenset({10062, 50027, 10008, 10015})
NO_SUCH_MEMBER = frozenset({10007, 10013})  # member, user unknown
# What a bot hears that was just removed, or whose server is being restored: it says nothing of a member.
NO_SUCH_SERVER = 10004
CHANNEL_GONE = 10003
CHANNEL_CLOSED = frozenset({50001, 50013})  # no access, no right to write

_EDITED_TOO_OFTEN = 30046  # so many changes an hour to messages older than an hour
QUARANTINED = 20026  # flagged as spam: no direct message is opened until an appeal is heard
TOO_FAST = 40003  # direct messages are opened too fast


def code_of(error: BaseException) -> int | None:
    """Return Discord's own code of a refusal; None where it gave none."""
    return (error.code or None) if isinstance(error, discord.HTTPException) else None


def is_final_for_message(error: discord.HTTPException) -> bool:
    """Return whether Discord will not change that one message: no matter of the channel or the moment.

    As of one that was deleted, stands in an archived thread, or was written by an earlier bot.
    """
    if error.code == _EDITED_TOO_OFTEN:
        return True
    of_channel = error.code in CHANNEL_CLOSED or error.code == CHANNEL_GONE
    return 400 <= error.status < 500 and error.status not in (401, 429) and not of_channel


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
    """Return how many seconds Discord wants to hear nothing from this address; None where it may."""
    match error:
        case discord.HTTPException():
            return outgoing.blocked_for(error.status, error.response.headers)
        case aiohttp.WSServerHandshakeError():
            return outgoing.blocked_for(error.status, error.headers or {})
        case discord.GatewayNotFound() if error.__cause__ is not None:
            return blocked_for(error.__cause__)
        case _:
            return None


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
                "Discord %s I ask nothing until then. %s",
                outgoing.blocked(seconds),
                outgoing.BLOCKED_REMEDY,
            )
        self._until = max(self._until, until)
        return seconds

    def left(self) -> float:
        """Return the seconds until Discord may be asked again; 0 when it may."""
        return max(0.0, self._until - clock.monotonic())
