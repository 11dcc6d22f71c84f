"""Carries the word that a wish has ended to whoever waits for it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class News:
    """Wishes that ended, announced after their transaction was committed."""

    def __init__(self) -> None:
        self._awaited: defaultdict[int, list[asyncio.Future[None]]] = defaultdict(list)
        self.listeners: list[Callable[[], None]] = []  # called after every end

    def ended(self, wish_ids: Sequence[int]) -> None:
        """These wishes are done, stuck or superseded."""
        for wish_id in wish_ids:
            for waiting in self._awaited.get(wish_id, ()):
                if not waiting.done():
                    waiting.set_result(None)
        if wish_ids:
            for listener in self.listeners:
                listener()

    @contextmanager
    def awaiting(self, wish_id: int) -> Iterator["asyncio.Future[None]"]:
        """A future that is done when the wish has ended; inside, nobody else tells the asker."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited[wish_id].append(waiting)
        try:
            yield waiting
        finally:
            self._awaited[wish_id].remove(waiting)
            if not self._awaited[wish_id]:
                del self._awaited[wish_id]

    def awaited(self) -> list[int]:
        """The wishes for which somebody stands at the counter."""
        return list(self._awaited)

    def is_awaited(self, wish_id: int) -> bool:
        """Whether somebody stands at the counter for it."""
        return wish_id in self._awaited
