"""Finds out how many requests a second TradingView takes, from what it refuses (wire §12)."""

from collections import deque

from bot import clock

# Seconds in which the rate returns to where it seems safe: the longer the last climb went well, the
# longer the next, as the limit is known then and every further refusal costs a pause.
MIN_CLIMB, MAX_CLIMB = 10.0, 60.0
LONGER = 1.5
# Seconds after that in which it grows by a tenth; it grows ever faster, to notice a higher limit.
PROBE = 8.0
LEAST_CUT, DEEPEST_CUT = 0.95, 0.5
LEAST = 0.25  # requests a second: anything slower is for a hold to do
_WINDOW = 1.0
_SHORTEST = 0.05


class Rate:
    """Additive increase, multiplicative decrease, at most `most` requests a second.

    After a refusal it goes on with what really got through, though never less than half, and aims at
    the middle between that and the rate that was too much: fast at first, slowly when near, and ever
    faster once past it (the curve of CUBIC, RFC 9438).
    """

    def __init__(self, most: float) -> None:
        self._most = most
        self._least = min(LEAST, most)
        self._aim, self._below = most, 0.0
        self._climb = MIN_CLIMB
        self._cut_at = self._counting_since = clock.monotonic()
        self._passed = 0
        self._sent: deque[float] = deque()

    def now(self) -> float:
        """Requests a second that may go out at present."""
        beyond = clock.monotonic() - self._cut_at - self._climb
        if beyond < 0:
            rate = self._aim + self._below * (beyond / self._climb) ** 3
        else:
            rate = self._aim * (1 + 0.1 * (beyond / PROBE) ** 3)
        return min(self._most, max(self._least, rate))

    def sent(self) -> None:
        """One request goes out."""
        now = clock.monotonic()
        self._sent.append(now)
        while self._sent[0] < now - _WINDOW:
            self._sent.popleft()

    def passed(self) -> None:
        """One request was not too fast."""
        self._passed += 1

    def refused(self) -> None:
        """One request was too fast: slow down from now on."""
        now = clock.monotonic()
        rate = min(self.now(), self._really(now))
        through = self._passed / max(now - self._counting_since, _SHORTEST)
        kept = min(max(through, rate * DEEPEST_CUT, self._least), rate * LEAST_CUT)
        self._aim = (kept + rate) / 2
        self._below = self._aim - kept
        lasted = now - self._cut_at
        is_stale = lasted > 2 * MAX_CLIMB
        self._climb = MIN_CLIMB if is_stale else _climb_after(lasted)
        self._cut_at = self._counting_since = now
        self._passed = 0

    def _really(self, now: float) -> float:
        """How fast requests went out of late, which may be slower than they might have."""
        recent = [moment for moment in self._sent if moment >= now - _WINDOW]
        if not recent:
            return self._most
        return len(recent) / max(now - recent[0], _SHORTEST)


def _climb_after(lasted: float) -> float:
    return min(max(LONGER * lasted, MIN_CLIMB), MAX_CLIMB)
