"""A memory for what is true for a short while."""

from typing import Generic, TypeVar

from bot import clock

V = TypeVar("V")


class Expiring(Generic[V]):
    """Values that are forgotten at a moment each; beyond `most`, the ones that were put in first.

    cachetools has the same with more choice, at ten times the price of a look.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[str, tuple[V, float]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str, default: V) -> V:
        """Return what is remembered for `key`."""
        kept = self._kept.get(key)
        return default if kept is None or kept[1] <= clock.monotonic() else kept[0]

    def put(self, key: str, value: V, until: float) -> None:
        """Remember a value until then; those in front that nobody needs any more make room."""
        self._kept.pop(key, None)
        self._kept[key] = (value, until)
        now = clock.monotonic()
        while self._kept:
            first, (_, end) = next(iter(self._kept.items()))
            if end > now and len(self._kept) <= self._most:
                return
            del self._kept[first]
