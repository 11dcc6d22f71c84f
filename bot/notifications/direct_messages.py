"""Sends direct messages; nothing else in Usher opens one."""

import enum
import logging

import aiohttp
import discord

from bot.replies import Message
from bot.replies.command_mentions import clickable

log = logging.getLogger(__name__)

# What discord.py raises for a Discord that refuses, fails or cannot be reached.
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)
# Direct messages closed (50007), no server in common (50278), the account is gone.
UNREACHABLE = frozenset({400, 403, 404})


class Delivery(enum.Enum):
    """What became of a direct message."""

    DELIVERED = enum.auto()
    REFUSED = enum.auto()  # that user takes none, now or later
    TRY_AGAIN = enum.auto()  # Discord failed or was not reached


async def send_direct_message(
    client: discord.Client, user_id: int, message: Message, *, nonce: str | None = None
) -> Delivery:
    """Send the message once and return what became of it.

    With a `nonce`, Discord answers a repetition within some minutes with the message that it has.
    """
    try:
        user = client.get_user(user_id) or await client.fetch_user(user_id)
        await user.send(**clickable(client, message).send_kwargs(nonce=nonce))
    except TROUBLE as error:
        if isinstance(error, discord.HTTPException) and error.status in UNREACHABLE:
            log.info("user %s takes no direct messages (%s)", user_id, error.code)
            return Delivery.REFUSED
        log.info("a direct message to user %s failed: %r", user_id, error)
        return Delivery.TRY_AGAIN
    return Delivery.DELIVERED
