"""How often one client may ask."""

from bot import clock
from bot.expiring import Expiring


class RateLimit:
    """A bucket of `burst` requests for each client, refilled at `rate` a second.

    The one who has been away longest is forgotten first when more than `most` are known.
    """

    def __init__(self, rate: float, burst: int, *, most: int = 10_000) -> None:
        self._interval = 1 / rate
        self._slack = (burst - 1) * self._interval
        # The moment when a client's bucket is full again; from then on it need not be known.
        self._full_at = Expiring[float](most)

    def take(self, client: str) -> float:
        """Take one request out; returns 0, or the seconds to wait when the bucket is empty."""
        if wait := self.wait(client):
            return wait
        now = clock.monotonic()
        full_at = max(self._full_at.get(client, now), now) + self._interval
        self._full_at.put(client, full_at, full_at)
        return 0.0

    def wait(self, client: str) -> float:
        """Return 0, or the seconds to wait when the bucket is empty; nothing is taken out."""
        now = clock.monotonic()
        return max(self._full_at.get(client, now) - self._slack - now, 0.0)
