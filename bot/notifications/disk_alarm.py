"""Tells every log channel that the disk is full, and that it has room again."""

import logging
from collections.abc import Awaitable, Callable

from bot.access.queries.history import HistoryTail
from bot.notifications.log_channel import LogChannel
from bot.notifications.trouble import TROUBLE, in_short
from bot.replies.disk import disk_full, disk_has_room

log = logging.getLogger(__name__)

EVERY = 30.0  # seconds between looks


class DiskAlarm:
    """Says it once for each server and each time; on the terminal the database says it itself."""

    def __init__(
        self,
        has_room: Callable[[], Awaitable[bool]],
        history: HistoryTail,
        log_channel: LogChannel,
    ) -> None:
        self._has_room = has_room
        self._history = history
        self._log_channel = log_channel
        self._alarmed: set[int] = set()  # servers that were told of a full disk

    async def look(self) -> None:
        """Find out, and tell the servers that have not heard yet; what fails is tried at the next look."""
        is_full = not await self._has_room()
        if not is_full and not self._alarmed:
            return
        for server in await self._history.servers():
            if (server.id in self._alarmed) is is_full:
                continue
            try:
                if is_full:
                    await self._log_channel.alarm(server.id, disk_full())
                else:
                    await self._log_channel.say(server.id, disk_has_room())
            except TROUBLE as error:
                log.warning(
                    "server %s could not be told of the disk (%s)", server.id, in_short(error)
                )
                continue
            self._alarmed ^= {server.id}
