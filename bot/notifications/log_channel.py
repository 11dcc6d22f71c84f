"""The log channel: the tail of each server's history, line by line and each line once."""

import logging

import discord

from bot import clock
from bot.access.queries.history import HistoryTail
from bot.notifications.direct_messages import TROUBLE
from bot.replies import Message, people as people_replies
from bot.replies.history import line
from bot.store.records import Event, Guild

log = logging.getLogger(__name__)

_MAX_TEXT = 1_900
_AT_ONCE = 20
_CLOSED_FOR = 300.0  # seconds before a channel that refused is tried again


class LogChannel:
    """Writes to the log channels that servers chose with /setup log."""

    def __init__(self, client: discord.Client, history: HistoryTail) -> None:
        self._client = client
        self._history = history
        self._closed: dict[int, float] = {}  # by channel: when to try again

    async def write_up(self) -> None:
        """Post what is new, for every server; one that refuses holds up no other."""
        for server in await self._history.servers():
            channel_id = server.log_channel_id or 0
            if clock.monotonic() < self._closed.get(channel_id, 0.0):
                continue
            try:
                await self._write_up(server)
                await self._take_buttons(server)
                self._closed.pop(channel_id, None)
            except (discord.Forbidden, discord.NotFound) as error:
                self._closed[channel_id] = clock.monotonic() + _CLOSED_FOR
                log.warning("the log channel of server %s is closed: %s", server.id, error)
            except TROUBLE as error:
                log.warning("the log channel of server %s must wait: %s", server.id, error)
            except Exception:  # a mistake of ours about one server is no other server's trouble
                log.exception("the log channel of server %s must wait", server.id)

    async def say(self, guild_id: int, message: Message, *, nonce: str | None = None) -> bool:
        """Send a message of its own; return False when no channel takes it."""
        channel_id = await self._history.log_channel(guild_id)
        if channel_id is None:
            return False
        try:
            await self._channel(channel_id).send(**message.send_kwargs(nonce=nonce))
        except (discord.Forbidden, discord.NotFound) as error:
            log.warning("the log channel of server %s is closed: %s", guild_id, error)
            return False
        return True

    def _channel(self, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id)

    async def _write_up(self, server: Guild) -> None:
        posted = server.posted_event_id or 0
        while True:
            entries = await self._history.since(server.id, posted, _AT_ONCE)
            if not entries:
                return
            lines = [line(entry.event, entry.script, entry.customer) for entry in entries]
            batch, message = _batch([entry.event for entry in entries], lines)
            claim_id = _claim_of(batch[0])
            question = claim_id and await self._history.question(server.id, claim_id)
            if question:
                message = people_replies.claim(question)
            # Should the same entries have been sent before a crash, Discord returns that message:
            # it may hold fewer lines than there are by now.
            sent = await self._channel(server.log_channel_id or 0).send(
                **message.send_kwargs(nonce=_nonce(batch[0]))
            )
            shown = min(len(batch), sent.content.count("\n") + 1) if sent.content else len(batch)
            posted = batch[shown - 1].id
            if question:
                await self._history.asked(question.claim.id, sent.channel.id, sent.id)
            await self._history.posted(server.id, posted)

    async def _take_buttons(self, server: Guild) -> None:
        """Take the buttons from questions that were decided elsewhere, or that their member took back."""
        for claim in await self._history.answered(server.id):
            channel = self._channel(claim.channel_id or 0)
            message = channel.get_partial_message(claim.message_id or 0)
            try:
                await message.edit(**people_replies.closed(claim).edit_kwargs())
            except (discord.Forbidden, discord.NotFound) as error:
                log.info("the question about claim %s stays as it is: %s", claim.id, error)
            await self._history.closed(claim.id)


def _nonce(entry: Event) -> str:
    """Return the nonce of an entry; after a restore, another entry may get the same id."""
    return f"e{entry.id}-{entry.at.timestamp():.0f}"


def _batch(new: list[Event], lines: list[str]) -> tuple[list[Event], Message]:
    """Return as many entries as fit into one message; a question to staff has one of its own."""
    if _claim_of(new[0]):
        return new[:1], Message(lines[0])
    taken, text = 0, ""
    for entry, sentence in zip(new, lines, strict=True):
        longer = f"{text}\n{sentence}" if taken else sentence
        if taken and (len(longer) > _MAX_TEXT or _claim_of(entry)):
            break
        taken, text = taken + 1, longer
    return new[:taken], Message(text)


def _claim_of(entry: Event) -> int | None:
    """Return which claim an entry asks about, if it does."""
    claim_id = entry.after.get("claim_id") if isinstance(entry.after, dict) else None
    return int(claim_id) if entry.action == "claim" and claim_id is not None else None
