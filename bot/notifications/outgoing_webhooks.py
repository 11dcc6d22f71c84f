"""Tells the vendor's own programs what happened: signed messages, one after the other at each, until taken."""

import asyncio
import logging
from datetime import datetime

from bot import clock
from bot.access.ledger.notifier import Notifier
from bot.access.queries.outgoing_endpoints import OutgoingEndpoints
from bot.access.queries.outgoing_events import OutgoingEvents, body_of, is_due
from bot.jobs import Jobs
from bot.notifications.outgoing_http import Letter, Posted, Poster
from bot.notifications.trouble import GROUND, in_short
from bot.store.kinds import PostResult
from bot.store.records import OutgoingEndpoint, OutgoingEvent

log = logging.getLogger(__name__)

EVERY = 15.0  # seconds between looks when nothing wakes it
CLEAN_EVERY = 3_600.0
AT_ONCE = 8  # endpoints that are sent to at the same time


class OutgoingWebhooks:
    """Owns every message to a program; what is slow at one endpoint holds up no other."""

    def __init__(
        self,
        endpoints: OutgoingEndpoints,
        events: OutgoingEvents,
        poster: Poster,
        notifier: Notifier,
        jobs: Jobs,
    ) -> None:
        self._endpoints = endpoints
        self._events = events
        self._poster = poster
        self._notifier = notifier
        self._jobs = jobs
        self._woken = asyncio.Event()
        self._busy: set[int] = set()  # endpoints that are sent to
        self._turns = asyncio.Semaphore(AT_ONCE)

    def start(self) -> None:
        """Begin to send until the jobs end."""
        self._notifier.listeners.append(self.wake)
        _ = self._jobs.spawn(self._run(), "telling the vendor's programs")
        self._jobs.every(CLEAN_EVERY, "delete old messages to programs", self._events.clean)

    def wake(self) -> None:
        """Look at once for what is new."""
        self._woken.set()

    async def test(self, endpoint: OutgoingEndpoint) -> Posted:
        """Send a message that means nothing, now and once; return what became of it."""
        now = clock.now()
        body = body_of("test", now, {"guild_id": str(endpoint.guild_id)})
        letter = Letter(f"msg_test_{endpoint.id}_{now.timestamp():.3f}".replace(".", "_"), body)
        return await self._post(endpoint, letter)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            pause = EVERY
            try:
                await self._events.collect()
                pause = self._begin(await self._events.next_ones())
            except GROUND as error:
                log.info("telling the vendor's programs waits (%s)", in_short(error))
            except Exception:  # the next round goes on
                log.exception("telling the vendor's programs failed; it goes on in %s s", EVERY)
            await clock.set_within(pause, self._woken)

    def _begin(self, messages: list[OutgoingEvent]) -> float:
        """Begin to send what is due, one for each endpoint; return the seconds until the next look."""
        pause = EVERY
        for message in messages:
            if message.endpoint_id in self._busy:
                continue
            if is_due(message):
                self._busy.add(message.endpoint_id)
                sending = self._send_all(message.endpoint_id)
                _ = self._jobs.spawn(sending, f"sending to program {message.endpoint_id}")
            else:
                pause = min(pause, _seconds_until(message.next_try_at))
        return pause

    async def _send_all(self, endpoint_id: int) -> None:
        """Send to one endpoint what is due, in order, until one is not taken."""
        try:
            async with self._turns:
                while (due := await self._events.next_of(endpoint_id)) is not None:
                    endpoint, message = due
                    posted = await self._post(endpoint, Letter(message.event_key, message.body))
                    log.info(
                        "message %s to program %s: %s %s",
                        message.id, endpoint_id, posted.result, posted.status or "",
                    )  # fmt: skip
                    if not await self._events.tried(
                        endpoint, message, posted.result, posted.status
                    ):
                        break
        except GROUND as error:  # it is sent once more, with the same id
            log.info("program %s waits (%s)", endpoint_id, in_short(error))
            await clock.sleep(EVERY)
        except Exception:  # the same: nobody is sent one message over and over meanwhile
            log.exception("sending to program %s failed; it goes on in %s s", endpoint_id, EVERY)
            await clock.sleep(EVERY)
        finally:
            self._busy.discard(endpoint_id)
            self._woken.set()

    async def _post(self, endpoint: OutgoingEndpoint, letter: Letter) -> Posted:
        opened = self._endpoints.opened(endpoint)
        if opened is None:
            return Posted(PostResult.LOST)
        return await self._poster.post(opened.address, opened.secret, letter)


def _seconds_until(moment: datetime | None) -> float:
    return 0.0 if moment is None else max(0.1, (moment - clock.now()).total_seconds())
