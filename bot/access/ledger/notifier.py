"""Tells the code that waits for an order that it has ended."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class Notifier:
    """Orders that ended, announced after their transaction was committed."""

    def __init__(self) -> None:
        self._awaited: defaultdict[int, list[asyncio.Future[None]]] = defaultdict(list)
        self.listeners: list[Callable[[], None]] = []  # called after every end

    def ended(self, order_ids: Sequence[int]) -> None:
        """Announce that these orders are done, stuck or superseded."""
        for order_id in order_ids:
            for waiting in self._awaited.get(order_id, ()):
                if not waiting.done():
                    waiting.set_result(None)
        if order_ids:
            for listener in self.listeners:
                listener()

    @contextmanager
    def awaiting(self, order_id: int) -> Iterator["asyncio.Future[None]"]:
        """Yield a future that is done when the order has ended; inside, only the caller tells the asker."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited[order_id].append(waiting)
        try:
            yield waiting
        finally:
            self._awaited[order_id].remove(waiting)
            if not self._awaited[order_id]:
                del self._awaited[order_id]

    def awaited(self) -> list[int]:
        """Return the orders for which the person who asked waits."""
        return list(self._awaited)

    def is_awaited(self, order_id: int) -> bool:
        """Return whether the person who asked for that order waits."""
        return order_id in self._awaited
