"""Background work that is owned, named, logged, and not dead after one failure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Self, TypeVar

from bot import clock
from bot.errors import DiskFullError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Jobs:
    """Every background task of the program; leaving the context ends them all."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, coro: Coroutine[Any, Any, T], name: str) -> "asyncio.Task[T]":
        """Run `coro` now; what it raises is logged under `name`."""
        if self._closing:
            coro.close()
            raise RuntimeError(f"{name}: the program is closing")
        task = asyncio.create_task(coro, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job` now and again `seconds` after each end, for as long as the program lives."""
        _ = self.spawn(self._repeat(seconds, name, job), name)

    async def _repeat(self, seconds: float, name: str, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await job()
            except DiskFullError:  # said once, by the database
                log.info("%s waits until the disk has room", name)
            except Exception:  # one failure must not end the job for good
                log.exception("%s failed; it runs again in %s s", name, seconds)
            await clock.sleep(seconds)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, DiskFullError):
            log.info("%s found the disk full", task.get_name())
        else:
            log.error("%s failed", task.get_name(), exc_info=error)
