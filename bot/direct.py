"""Two small courtesies: saying that it takes a while, and writing to somebody in private."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import aiohttp
import discord

from bot import answering, clock
from bot.answering import Interaction
from bot.replies import Answer

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds before something is said
T = TypeVar("T")


async def taking_a_while(
    interaction: Interaction, work: Coroutine[Any, Any, T], meanwhile: Answer
) -> T:
    """What `work` returns or raises; after 5 s the answer says `meanwhile`, to be replaced."""
    task = asyncio.ensure_future(work)
    try:
        if not await clock.within(PATIENCE, task):
            await answering.reply(interaction, meanwhile, provisional=True)
        return await task
    finally:
        task.cancel()


async def write_to(client: discord.Client, user_id: int, answer: Answer) -> bool:
    """A direct message, once; False when that person takes none or Discord does not answer."""
    try:
        user = client.get_user(user_id) or await client.fetch_user(user_id)
        await user.send(answer.content, embeds=list(answer.embeds))
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.info("a direct message was not delivered: %s", type(error).__name__)
        return False
    return True
