"""When what failed is tried again: later each time, and at once after a restart."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from bot import clock

T = TypeVar("T", bound=Hashable)

PAUSES = (5.0, 30.0, 120.0, 600.0, 3600.0)  # seconds


class Backoff(Generic[T]):
    """What failed, how often, and when its turn comes again."""

    def __init__(self) -> None:
        self._failures: dict[
            T, tuple[int, float]
        ] = {}  # tries, and the moment by clock.monotonic()

    def failed(self, about: T) -> float:
        """Note one more failure; return the seconds until the next try."""
        tries, _ = self._failures.get(about, (0, 0.0))
        pause = PAUSES[min(tries, len(PAUSES) - 1)]
        self._failures[about] = (tries + 1, clock.monotonic() + pause)
        return pause

    def done(self, about: T) -> None:
        """Forget what failed before: it is done."""
        self._failures.pop(about, None)

    def tries(self, about: T) -> int:
        """Return how often that failed in a row."""
        return self._failures.get(about, (0, 0.0))[0]

    def put_off(self) -> list[T]:
        """Return what failed and whose turn has not come."""
        now = clock.monotonic()
        return [about for about, (_, not_before) in self._failures.items() if now < not_before]

    def is_put_off(self, about: T) -> bool:
        """Return whether that failed, and its turn has not come."""
        return clock.monotonic() < self._failures.get(about, (0, 0.0))[1]
