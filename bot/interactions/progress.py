"""What an asker sees while work goes on, and how they hear of what ended too late for an answer."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bot import clock
from bot.access.sweeps.sweep import Progress, Tell
from bot.interactions import responses
from bot.interactions.responses import Interaction
from bot.replies import Message, sweeps as sweep_replies

EVERY = 2.0  # seconds between two pictures of how far it is
T = TypeVar("T")


async def taking_a_while(
    interaction: Interaction, work: Coroutine[Any, Any, T], meanwhile: Message
) -> T:
    """Return what `work` returns; 5 s after the question the answer says `meanwhile`, to be replaced."""
    interaction.extras["meanwhile"] = meanwhile
    try:
        return await work
    finally:
        del interaction.extras["meanwhile"]


async def drawn(interaction: Interaction, work: Callable[[Tell], Coroutine[Any, Any, T]]) -> T:
    """Return what `work` returns; meanwhile the answer shows every 2 s how far it is.

    After 15 minutes it cannot be shown any more.
    """
    newest: list[Progress] = []

    def tell(progress: Progress) -> None:
        newest[:] = [progress]

    task = asyncio.create_task(work(tell))
    shown: Progress | None = None
    in_time = True
    try:
        while not await clock.within(EVERY, task):
            if in_time and newest and newest[0] != shown:
                shown = newest[0]
                in_time = await responses.reply(
                    interaction, sweep_replies.progress(shown), provisional=True
                )
        return await task
    finally:
        task.cancel()
