"""The log channel: the tail of each server's history, line by line and each line once."""

import logging
from dataclasses import replace
from itertools import takewhile

import discord

from bot import clock
from bot.access.people.guild_settings import GuildSettings
from bot.access.queries.history import Entry, HistoryTail
from bot.notifications.direct_messages import TROUBLE
from bot.notifications.order_log import OrderLog
from bot.replies import Button, Message, key
from bot.replies.command_mentions import clickable
from bot.replies.history import ALARMS, entry_message, line
from bot.replies.message import Ping
from bot.replies.people import CLAIM_NO, CLAIM_YES
from bot.replies.tone import Tone
from bot.store.kinds import OrderState, RoleLevel
from bot.store.records import Event, Guild

log = logging.getLogger(__name__)

_MAX_TEXT = 1_900
_AT_ONCE = 20
_CLOSED_FOR = 300.0  # seconds before a channel that refused is tried again


class LogChannel:
    """Writes to the log channels that servers chose with /setup log."""

    def __init__(
        self, client: discord.Client, history: HistoryTail, guild_settings: GuildSettings
    ) -> None:
        self._client = client
        self._history = history
        self._guild_settings = guild_settings
        self._orders = OrderLog(client, history)
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
            await self._send(channel_id, message, nonce)
        except (discord.Forbidden, discord.NotFound) as error:
            log.warning("the log channel of server %s is closed: %s", guild_id, error)
            return False
        return True

    async def alarm(self, guild_id: int, message: Message, *, nonce: str | None = None) -> bool:
        """Send a red message of its own that calls the managers; return False when no channel takes it."""
        return await self.say(guild_id, self._alarming(guild_id, message), nonce=nonce)

    def _alarming(self, guild_id: int, message: Message) -> Message:
        """Return the message in red, with a call to the managers; without such a role, to the owner."""
        roles = self._guild_settings.level_roles(guild_id)[RoleLevel.MANAGER]
        server = self._client.get_guild(guild_id)
        owner = () if roles or server is None or not server.owner_id else (server.owner_id,)
        return replace(message, tone=Tone.STOP, ping=Ping(tuple(sorted(roles)), owner))

    async def _send(self, channel_id: int, message: Message, nonce: str | None) -> discord.Message:
        channel = self._client.get_partial_messageable(channel_id)
        return await channel.send(**clickable(self._client, message).send_kwargs(nonce=nonce))

    async def _write_up(self, server: Guild) -> None:
        posted = server.posted_event_id or 0
        while True:
            entries = await self._history.since(server.id, posted, _AT_ONCE)
            if not entries:
                return
            posted = await self._write_next(server, entries)
            await self._history.posted(server.id, posted)

    async def _write_next(self, server: Guild, entries: list[Entry]) -> int:
        """Write the first entry, with those after it that fit beside it; return the last one's id."""
        channel_id = server.log_channel_id or 0
        first = entries[0].event
        alike = await self._alike(channel_id, entries)
        if not alike:
            return first.id
        texts = [line(entry.event, entry.script, entry.customer) for entry in entries]
        batch, message = _batch([entry.event for entry in entries], texts, alike)
        if first.action in ALARMS:
            message = self._alarming(server.id, message)
        # Should the same entries have been sent before a crash, Discord returns that message:
        # it may hold fewer lines than there are by now.
        sent = await self._send(channel_id, message, _nonce(first))
        if message.edge is not Tone.PLAIN:
            return batch[-1].id
        lines = sent.content.count("\n") + 1 if sent.content else len(batch)
        return batch[min(len(batch), lines) - 1].id

    async def _alike(self, channel_id: int, entries: list[Entry]) -> int:
        """Write the orders' own messages; return how many entries from the first on make one more message.

        What got stuck together is one alarm, beside each order's message. What a repair of many did
        has no message for each order.
        """
        action = entries[0].event.action
        if action not in (OrderState.STUCK, OrderState.DONE):
            return 0 if await self._orders.write(channel_id, entries[0]) else 1
        number = 0
        for entry in takewhile(lambda entry: entry.event.action == action, entries):
            if await self._orders.write(channel_id, entry) and action == OrderState.DONE:
                break
            number += 1
        return number


def _nonce(entry: Event) -> str:
    """Return the nonce of an entry; after a restore, another entry may get the same id."""
    return f"e{entry.id}-{entry.at.timestamp():.0f}"


def _batch(new: list[Event], lines: list[str], alike: int) -> tuple[list[Event], Message]:
    """Return as many entries as fit into one message: plain ones, or those `alike` with one edge."""
    first = entry_message(new[0], lines[0])
    if buttons := _claim_buttons(new[0]):
        return new[:1], replace(first, text=lines[0], buttons=buttons, tone=Tone.LOOK)
    if first.edge is not Tone.PLAIN and alike == 1:
        return new[:1], first
    taken, text = 0, ""
    for entry, sentence in zip(new, lines, strict=True):
        longer = f"{text}\n{sentence}" if taken else sentence
        fits = taken < alike if first.edge is not Tone.PLAIN else _is_plain(entry, sentence)
        if taken and (len(longer) > _MAX_TEXT or not fits):
            break
        taken, text = taken + 1, longer
    return new[:taken], Message(text, tone=first.edge)


def _is_plain(entry: Event, sentence: str) -> bool:
    """Return whether an entry may stand in one message with others."""
    is_order = entry.order_id is not None
    return (
        not (is_order or _claim_buttons(entry))
        and entry_message(entry, sentence).edge is Tone.PLAIN
    )


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
        Button("No", key(CLAIM_NO, entry.guild_id, claim_id)),
    )
