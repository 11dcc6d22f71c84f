"""Writes to somebody in private."""

import logging
from typing import Any

import aiohttp
import discord

from bot.replies import Message

log = logging.getLogger(__name__)


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
