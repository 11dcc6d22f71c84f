"""What was sent lately: what could not be noted, as on a full disk, is not sent again by the next try."""

from typing import Generic, TypeVar

T = TypeVar("T")

_MOST = 2_000  # older ones are noted long since, or Discord's own memory of nonces is over anyway


class Sent(Generic[T]):
    """What became of messages, by where they went and by nonce, for as long as the program lives.

    Discord itself knows a nonce for some minutes only; that is for the time after a crash.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], T] = {}

    def get(self, place: int, nonce: str | None) -> T | None:
        """Return what became of that message; None when it was not sent, or has no nonce."""
        return None if nonce is None else self._known.get((place, nonce))

    def keep(self, place: int, nonce: str | None, outcome: T) -> T:
        """Keep what became of a message, and return that; the oldest are forgotten."""
        if nonce is not None:
            while len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[place, nonce] = outcome
        return outcome
