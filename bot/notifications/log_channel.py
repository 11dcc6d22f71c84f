"""The log channel: the tail of each server's history, line by line and each line once."""

import logging

import discord

from bot import clock
from bot.access.queries.history import HistoryTail
from bot.notifications.direct_messages import TROUBLE
from bot.replies import Button, Message, key, undecided
from bot.replies.history import line
from bot.replies.people import CLAIM_NO, CLAIM_YES
from bot.store.records import Event, Guild

log = logging.getLogger(__name__)

_MAX_TEXT = 1_900
_AT_ONCE = 20
_QUESTION = "restore_question"  # about orders from a backup
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
            # Should the same entries have been sent before a crash, Discord returns that message:
            # it may hold fewer lines than there are by now.
            sent = await self._channel(server.log_channel_id or 0).send(
                **message.send_kwargs(nonce=_nonce(batch[0]))
            )
            shown = min(len(batch), sent.content.count("\n") + 1) if sent.content else len(batch)
            posted = batch[shown - 1].id
            await self._history.posted(server.id, posted)


def _nonce(entry: Event) -> str:
    """Return the nonce of an entry; after a restore, another entry may get the same id."""
    return f"e{entry.id}-{entry.at.timestamp():.0f}"


def _batch(new: list[Event], lines: list[str]) -> tuple[list[Event], Message]:
    """Return as many entries as fit into one message; a question to staff has one of its own."""
    if buttons := _claim_buttons(new[0]):
        return new[:1], Message(lines[0], buttons=buttons)
    if new[0].action == _QUESTION:
        return new[:1], undecided.question(new[0])
    taken, text = 0, ""
    for entry, sentence in zip(new, lines, strict=True):
        longer = f"{text}\n{sentence}" if taken else sentence
        alone = _claim_buttons(entry) or entry.action == _QUESTION
        if taken and (len(longer) > _MAX_TEXT or alone):
            break
        taken, text = taken + 1, longer
    return new[:taken], Message(text)


def _claim_buttons(entry: Event) -> tuple[Button, ...]:
    claim_id = entry.after.get("claim_id") if isinstance(entry.after, dict) else None
    if entry.action != "claim" or claim_id is None:
        return ()
    return (
        Button(
            "Yes, it is theirs",
            key(CLAIM_YES, entry.guild_id, claim_id),
            discord.ButtonStyle.success,
        ),
        Button("No", key(CLAIM_NO, entry.guild_id, claim_id), discord.ButtonStyle.danger),
    )
