"""Does a TradingView user exist: asked by strangers, so with as few questions as possible."""

import asyncio
import enum
import logging
from collections.abc import Awaitable, Callable, Sequence

from bot import clock
from bot.expiring import Expiring
from bot.jobs import Jobs
from bot.tradingview import Hint, TradingViewError

log = logging.getLogger(__name__)

Lookup = Callable[[str], Awaitable[Sequence[Hint]]]


class Unanswered(Exception):  # noqa: N818 - named for what it says
    """TradingView did not say; nothing may be concluded about the name."""


class Crowded(Unanswered):
    """TradingView was not asked: too many names are being looked up, for `wait` seconds still."""

    def __init__(self, wait: float) -> None:
        super().__init__()
        self.wait = wait


class _Unknown(enum.Enum):
    UNKNOWN = enum.auto()


_UNKNOWN = _Unknown.UNKNOWN


class Names:
    """Spellings of TradingView users, remembered for a short while; one question for many askers.

    Times are in seconds. At most `most` names are remembered, and `most_at_once` asked about.
    `expected_wait` tells how long a question would wait before it goes out.
    """

    def __init__(
        self,
        lookup: Lookup,
        jobs: Jobs,
        *,
        found_for: float = 60.0,
        absent_for: float = 20.0,
        timeout: float = 5.0,
        most: int = 10_000,
        most_at_once: int = 100,
        expected_wait: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._lookup = lookup
        self._jobs = jobs
        self._timeout = timeout
        self._most_at_once = most_at_once
        self._expected_wait = expected_wait
        self._found_for, self._absent_for = found_for, absent_for
        self._known = Expiring[str | _Unknown | None](most)
        self._asking: dict[str, asyncio.Task[str | _Unknown | None]] = {}

    async def find(self, name: str) -> str | None:
        """The exact spelling of `name`, None when there is no such user; raises Unanswered or Crowded."""
        key = name.casefold()
        known = self._known.get(key, _UNKNOWN)
        if not isinstance(known, _Unknown):
            return known
        # Shielded: an asker who hangs up must not take the answer away from the others.
        answer = await asyncio.shield(self._asking.get(key) or self._ask(key, name))
        if isinstance(answer, _Unknown):
            raise Unanswered
        return answer

    def _ask(self, key: str, name: str) -> "asyncio.Task[str | _Unknown | None]":
        wait = self._expected_wait()
        if wait > self._timeout or len(self._asking) >= self._most_at_once:
            raise Crowded(max(wait, self._timeout))
        task = self._jobs.spawn(self._in_time(key, name), f"validate {key}")
        self._asking[key] = task
        task.add_done_callback(lambda _: self._asking.pop(key))
        return task

    async def _in_time(self, key: str, name: str) -> str | _Unknown | None:
        question = self._jobs.spawn(self._question(name), f"look up {key}")
        if not await clock.within(self._timeout, question):
            question.cancel()
            log.warning("TradingView did not answer a name check within %s s", self._timeout)
            return _UNKNOWN
        answer = question.result()
        if not isinstance(answer, _Unknown):
            lasts = self._absent_for if answer is None else self._found_for
            self._known.put(key, answer, clock.monotonic() + lasts)
        return answer

    async def _question(self, name: str) -> str | _Unknown | None:
        try:
            hints = await self._lookup(name)
        except TradingViewError as error:
            log.warning("a name check got no answer: %s", error)
            return _UNKNOWN
        except Exception:  # an outage of ours is no more "invalid" than one of TradingView's
            log.exception("a name check failed")
            return _UNKNOWN
        wanted = name.casefold()
        return next((hint.username for hint in hints if hint.username.casefold() == wanted), None)
