"""Changes the answer that an interaction got, while Discord lets it."""

import logging
from typing import Any

import discord

from bot.notifications.trouble import ANSWER_GONE, code_of, in_short
from bot.replies import Message
from bot.replies.command_mentions import clickable

log = logging.getLogger(__name__)


async def change_answer(
    client: discord.Client, token: str, message: Message
) -> discord.HTTPException | None:
    """Put the message in place of the answer; return what Discord refuses it with for good."""
    webhook = _webhook(client, token)
    original: Any = "@original"
    parts = clickable(client, message).edit_kwargs()
    try:
        await webhook.edit_message(original, **parts)
    except discord.HTTPException as error:
        return _final(error)
    return None


async def answer_aside(
    client: discord.Client, token: str, message: Message
) -> discord.HTTPException | None:
    """Send the message beside the answer, to the asker alone; return as `change_answer` does."""
    parts = clickable(client, message).send_kwargs()
    try:
        await _webhook(client, token).send(**parts, ephemeral=True)
    except discord.HTTPException as error:
        return _final(error)
    return None


def _webhook(client: discord.Client, token: str) -> discord.Webhook:
    if client.application_id is None:
        raise discord.DiscordException("not logged in yet")
    webhook = discord.Webhook.partial(client.application_id, token, client=client)
    webhook.type = discord.WebhookType.application  # or discord.py refuses what only the asker sees
    return webhook


def _final(error: discord.HTTPException) -> discord.HTTPException:
    """Return the refusal, or raise it when Discord may think otherwise later."""
    if code_of(error) not in ANSWER_GONE:
        raise error
    log.info("a first answer can no longer be changed (%s)", in_short(error))
    return error
