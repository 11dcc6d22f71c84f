"""The one way to answer an interaction: it knows what was sent already."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import aiohttp
import discord

from bot.access.errors import ButtonGone
from bot.notifications.trouble import ANSWER_GONE, TROUBLE, in_short
from bot.replies import Message, explain
from bot.replies.command_mentions import clickable
from bot.replies.interrupted import failed, still_working

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]
T = TypeVar("T")

_ALREADY_ACKNOWLEDGED = 40060
_TRIES = 3


async def defer(interaction: Interaction, *, ephemeral: bool = True) -> None:
    """Acknowledge a command or form; the answer comes with `reply`, and only the asker sees it.

    It is noted before, so that it gets an answer whatever happens; so is every acknowledgement here.
    """
    await interaction.client.door.enter(interaction, in_place=True)
    await _acknowledge(
        interaction, lambda: interaction.response.defer(ephemeral=ephemeral, thinking=True)
    )
    interaction.client.door.acknowledged(interaction)


async def defer_in_place(interaction: Interaction) -> None:
    """Acknowledge a button or list whose message the answer replaces."""
    await interaction.client.door.enter(interaction, in_place=not _is_public(interaction))
    await _acknowledge(interaction, interaction.response.defer)
    interaction.client.door.acknowledged(interaction)


async def open_form(interaction: Interaction, form: discord.ui.Modal) -> None:
    """Acknowledge a command or button with a form. Raises ButtonGone for a form, which opens none."""
    if interaction.type is discord.InteractionType.modal_submit:
        raise ButtonGone
    await _acknowledge(interaction, lambda: interaction.response.send_modal(form))


async def reply(
    interaction: Interaction, message: Message, *, ephemeral: bool = True, provisional: bool = False
) -> bool:
    """Send the message as the first answer, or in place of what stands there; return False if too late.

    A `provisional` answer ("this takes a while") is replaced by whatever comes next, a failure too.
    """
    message = clickable(interaction.client, message)
    async with interaction.extras.setdefault("turn", asyncio.Lock()):  # or an older one may win
        if provisional and interaction.extras.get("answered"):
            return True
        in_time = await _reply(interaction, message, ephemeral=ephemeral, provisional=provisional)
    if in_time and not provisional:
        interaction.client.door.answered(interaction)
    return in_time


async def _reply(
    interaction: Interaction, message: Message, *, ephemeral: bool, provisional: bool
) -> bool:
    try:
        if not is_acknowledged(interaction):
            await _acknowledge(
                interaction,
                lambda: interaction.response.send_message(
                    **message.send_kwargs(), ephemeral=ephemeral
                ),
            )
            if not interaction.extras.pop("lost", False):
                interaction.extras["answered"] = not provisional
                return True
        await _persist(lambda: interaction.edit_original_response(**message.edit_kwargs()))
    except discord.HTTPException as error:
        if error.code not in ANSWER_GONE:
            raise
        log.info("an answer came too late for Discord (%s)", error.code)
        return False
    interaction.extras["answered"] = not provisional
    return True


async def aside(interaction: Interaction, message: Message) -> None:
    """Send the message beside the other one, so that only the asker sees it."""
    if not is_acknowledged(interaction):
        await reply(interaction, message)
        return
    parts = clickable(interaction.client, message).send_kwargs()
    await interaction.followup.send(**parts, ephemeral=True)
    interaction.client.door.answered(interaction)


async def still_at_it(interaction: Interaction, meanwhile: Message | None = None) -> None:
    """Say that it takes a while, unless something was said already; a failure is not worth a word."""
    if "answered" in interaction.extras:
        return
    meanwhile = meanwhile or interaction.extras.get("meanwhile") or still_working()
    with suppress(*TROUBLE):
        if _is_public(interaction):
            parts = clickable(interaction.client, meanwhile).send_kwargs()
            await interaction.followup.send(**parts, ephemeral=True)
        else:
            await reply(interaction, meanwhile, provisional=True)


async def fail(interaction: Interaction, error: BaseException, doing: str) -> bool:
    """Explain the error to the person who asked and to the log; return False when they were not told.

    Raises nothing.
    """
    explained = explain(error)
    if explained.expected:
        log.info("%s refused: %s", doing, explained.kind)
        message = Message(explained.text, tone=explained.tone)
    else:
        log.error("%s failed [%s]", doing, explained.reference, exc_info=error)
        message = failed(explained, await interaction.client.door.recorded(interaction))
    try:
        if _answer_is_open(interaction):
            return await reply(interaction, message)
        await aside(interaction, message)
    except TROUBLE as trouble:
        what = explained.reference or explained.kind
        log.warning("could not say so to whoever asked [%s]: %s", what, in_short(trouble))
        return False
    return True


async def no_choices(interaction: Interaction) -> None:
    """Answer an autocomplete with an empty list; a failure is not worth a word."""
    with suppress(*TROUBLE):
        await interaction.response.autocomplete([])


def is_acknowledged(interaction: Interaction) -> bool:
    """Return whether Discord knows that the interaction is being worked on."""
    return interaction.response.is_done() or "acknowledged" in interaction.extras


def _is_public(interaction: Interaction) -> bool:
    """Return whether others see the message whose button was pressed."""
    message = interaction.message
    return message is not None and interaction.guild_id is not None and not message.flags.ephemeral


def _answer_is_open(interaction: Interaction) -> bool:
    """Return whether the answer that Discord waits for is still to come; a pressed message is none."""
    if not is_acknowledged(interaction):
        return True
    waits = discord.InteractionResponseType.deferred_channel_message
    return not interaction.extras.get("answered") and (
        interaction.response.type is waits
        or interaction.type is discord.InteractionType.application_command
    )


async def _acknowledge(interaction: Interaction, first: Callable[[], Awaitable[object]]) -> None:
    """Send the first response. When its own answer got lost, a second try meets 40060: that is fine."""
    try:
        await _persist(first)
    except discord.HTTPException as error:
        if error.code != _ALREADY_ACKNOWLEDGED:
            raise
        # A lost answer or a second delivery: what follows edits, and every order counts once.
        interaction.extras["acknowledged"] = interaction.extras["lost"] = True


async def _persist(send: Callable[[], Awaitable[T]]) -> T:
    """Send again when the connection broke; discord.py leaves most broken connections to us."""
    for tries_left in reversed(range(_TRIES)):
        try:
            return await send()
        except (aiohttp.ClientError, ConnectionError) as error:
            if not tries_left:
                raise
            log.info("the connection to Discord broke (%s); trying again", type(error).__name__)
            await asyncio.sleep(0)
    raise AssertionError("unreachable")
