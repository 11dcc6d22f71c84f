"""Small courtesies: saying that it takes a while, and writing to somebody in private."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp
import discord

from bot import clock
from bot.interactions import responses
from bot.interactions.responses import Interaction
from bot.replies import Message
from bot.replies.text import member

log = logging.getLogger(__name__)

REPLY_TIMEOUT = 5.0  # seconds before something is said
T = TypeVar("T")


async def taking_a_while(
    interaction: Interaction, work: Coroutine[Any, Any, T], meanwhile: Message
) -> T:
    """What `work` returns or raises; after 5 s the answer says `meanwhile`, to be replaced."""
    task = asyncio.ensure_future(work)
    try:
        if not await clock.within(REPLY_TIMEOUT, task):
            await responses.reply(interaction, meanwhile, provisional=True)
        return await task
    finally:
        task.cancel()


Say = Callable[[int, dict[str, Any]], Awaitable[bool]]  # in a server's log channel


async def answer_late(interaction: Interaction, guild_id: int, message: Message, say: Say) -> None:
    """What can no longer be an answer goes to whoever asked, else to the log channel.

    Never to the channel where it was asked.
    """
    user_id = interaction.user.id
    if await write_to(interaction.client, user_id, message):
        return
    text = f"{member(user_id)} takes no direct messages:\n{message.text}"
    if not await say(guild_id, parts(replace(message, text=text))):
        log.warning("user %s could not be told how it ended", user_id)


def parts(message: Message) -> dict[str, Any]:
    """The arguments of `send`."""
    said: dict[str, Any] = {"embeds": list(message.embeds)}
    if message.content:
        said["content"] = message.content
    if (board := message.board()) is not None:
        said["view"] = board
    return said


async def write_to(client: discord.Client, user_id: int, message: Message) -> bool:
    """A direct message, once; False when that person takes none or Discord does not answer."""
    try:
        user = client.get_user(user_id) or await client.fetch_user(user_id)
        await user.send(**parts(message))
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.info("a direct message was not delivered: %s", type(error).__name__)
        return False
    return True
