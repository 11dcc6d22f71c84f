"""Stops asking a TradingView that keeps failing, and feels for its return."""

from bot import clock

FAILURES = 5
FIRST_PAUSE = 5.0
MAX_PAUSE = 60.0


class Breaker:
    """Opens after `FAILURES` failures in a row; then one probe after 5 s, doubling to 60 s."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._opened_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Return whether only a probe may go out."""
        return self._opened_at is not None

    def wait(self) -> float:
        """Return the seconds until a request may go out; 0 when it may now."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._pause - clock.monotonic())

    def probe_now(self) -> None:
        """Let the next probe out without waiting: a person asks for it."""
        if self._opened_at is not None:
            self._opened_at = min(self._opened_at, clock.monotonic() - self._pause)

    def failed(self) -> None:
        """Note that TradingView did not answer, or not sensibly."""
        self._failures += 1
        if self._opened_at is None:
            if self._failures >= FAILURES:
                self._opened_at = clock.monotonic()
        elif not self.wait():  # else it was under way when this opened, and says nothing new
            self._pause = min(self._pause * 2, MAX_PAUSE)
            self._opened_at = clock.monotonic()

    def answered(self) -> None:
        """Note that TradingView answered: every request may go out again."""
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._opened_at = None
