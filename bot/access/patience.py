"""Waits for something only so long."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot import clock

T = TypeVar("T")


async def at_most(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns. Raises TimeoutError after that many seconds; the work is ended then."""
    task = asyncio.ensure_future(work)
    try:
        if not await clock.within(seconds, task):
            raise TimeoutError
        return task.result()
    finally:
        task.cancel()
        # Its own end is nobody's news any more.
        await asyncio.gather(task, return_exceptions=True)
