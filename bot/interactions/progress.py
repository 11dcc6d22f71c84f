"""What an asker sees while work goes on, and how they hear of what ended too late for an answer."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bot import clock
from bot.interactions import responses
from bot.interactions.responses import Interaction
from bot.notifications.outbox import Outbox
from bot.replies import Message, explain
from bot.replies.tone import Tone
from bot.store.kinds import Otherwise

EVERY = 2.0  # seconds between two pictures of how far it is
T = TypeVar("T")
P = TypeVar("P")


async def taking_a_while(
    interaction: Interaction, work: Coroutine[Any, Any, T], meanwhile: Message
) -> T:
    """Return what `work` returns; 5 s after the question the answer says `meanwhile`, to be replaced."""
    interaction.extras["meanwhile"] = meanwhile
    try:
        return await work
    finally:
        del interaction.extras["meanwhile"]


async def drawn(
    interaction: Interaction,
    work: Callable[[Callable[[P], None]], Coroutine[Any, Any, T]],
    picture: Callable[[P], Message],
) -> T:
    """Return what `work` returns; meanwhile the answer shows every 2 s a `picture` of how far it is.

    After 15 minutes it cannot be shown any more.
    """
    newest: list[P] = []

    def tell(progress: P) -> None:
        newest[:] = [progress]

    task = asyncio.create_task(work(tell))
    shown: P | None = None
    in_time = True
    try:
        while not await clock.within(EVERY, task):
            if in_time and newest and newest[0] != shown:
                shown = newest[0]
                in_time = await responses.reply(interaction, picture(shown), provisional=True)
        return await task
    finally:
        task.cancel()


async def answer_in_the_end(
    interaction: Interaction,
    work: Coroutine[Any, Any, Message],
    doing: str,
    outbox: Outbox,
    late: Callable[[Message, str | None], Message],
) -> None:
    """Answer with what `work` returns, or why it failed; what ends after 15 minutes is told in private.

    `late` words that, given the server's name where it is known.
    """
    try:
        message = await work
    except Exception as error:  # noqa: BLE001 - explained and logged there
        if await responses.fail(interaction, error, doing):
            return
        message = Message(explain(error).text, tone=Tone.STOP)
    else:
        if await responses.reply(interaction, message):
            return
    guild_id = interaction.guild_id or interaction.extras["guild_id"]
    server = interaction.client.get_guild(guild_id)
    told = late(message, server.name if server else None)
    await outbox.post(guild_id, interaction.user.id, told, Otherwise.LOG)
    interaction.client.door.answered(interaction)
