"""How long somebody waits for TradingView before going on without its answer."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bot import clock
from bot.tradingview.errors import TradingViewError

T = TypeVar("T")


async def in_time(
    asking: Coroutine[Any, Any, T], seconds: float, progress: Callable[[], int] = lambda: 0
) -> T | None:
    """TradingView's answer, or None when there is no sensible one within that many seconds.

    What asks many questions has that long for each: `progress` counts what was answered so far.
    """
    task = asyncio.ensure_future(asking)
    try:
        heard = progress()
        while not await clock.within(seconds, task):
            if progress() == heard:
                return None
            heard = progress()
        return task.result()
    except TradingViewError:
        return None
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
