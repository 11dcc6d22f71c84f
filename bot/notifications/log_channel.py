"""The log channel: the tail of each server's history, line by line and each line once."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import takewhile

import discord

from bot.access.errors import DiscordSilent
from bot.access.people.guild_settings import GuildSettings
from bot.access.queries.history import Entry, HistoryTail
from bot.access.queries.self_check import CALLED
from bot.access.request import May
from bot.notifications.backoff import Backoff
from bot.notifications.order_log import OrderLog
from bot.notifications.sent import Sent
from bot.notifications.trouble import (
    CHANNEL_CLOSED,
    CHANNEL_GONE,
    GROUND,
    TROUBLE,
    Blockade,
    code_of,
    in_short,
)
from bot.replies import (
    Message,
    claims,
    history_bulk,
    history_payments,
    roles,
    self_check,
    undecided,
    webhook_prices,
)
from bot.replies.channel_trouble import ChannelTrouble, to_chooser
from bot.replies.command_mentions import clickable
from bot.replies.history import ALARMS, entry_message, line
from bot.replies.message import Ping
from bot.replies.text import member
from bot.replies.tone import Tone
from bot.store.kinds import OrderState, RoleLevel
from bot.store.records import Claim, Event, Guild

log = logging.getLogger(__name__)

_MAX_TEXT = 1_900
_AT_ONCE = 20
_REFUSED = 3  # times in a row, until a channel that looks open counts as closed
# Entries that ask something: about orders from a backup, and about a role that many lost at once.
_QUESTIONS: Mapping[str, Callable[[Event], Message]] = {
    "restore_question": undecided.question,
    "roles_lost": roles.question,
    "payment_asks": history_payments.question,
}
# Entries that have buttons under their line: to look, to approve, to undo.
_BUTTONS: Mapping[str, Callable[[Event, str], Message]] = {
    CALLED: self_check.call,
    "batch_asked": history_bulk.question,
    "batch_started": history_bulk.undoable,
    "batch_approved": history_bulk.undoable,
    "batch_ended": history_bulk.undoable,
    "batch_done": history_bulk.undoable,
}
# What the lines need.
RIGHTS = ("view_channel", "send_messages", "embed_links")


class LogChannelClosed(discord.DiscordException):
    """The log channel is gone or closed; what should stand there waits."""


class LogChannel:
    """Writes to the log channels that servers chose with /setup log; `may` tells who is a manager."""

    def __init__(
        self,
        client: discord.Client,
        history: HistoryTail,
        guild_settings: GuildSettings,
        blockade: Blockade,
        may: May,
    ) -> None:
        self._client = client
        self._history = history
        self._guild_settings = guild_settings
        self._sent: Sent[discord.Message] = Sent()
        self._orders = OrderLog(client, history, self._sent)
        self._blockade = blockade
        self._may = may
        self._backoff: Backoff[int] = Backoff()  # by channel

    def trouble(self, guild_id: int, channel_id: int) -> ChannelTrouble | None:
        """Return why nothing can be written there, as far as Discord has told; None when it can."""
        server = self._client.get_guild(guild_id)
        if server is None or server.unavailable:
            return None
        channel = server.get_channel(channel_id)
        if channel is None:
            return ChannelTrouble(channel_id, is_gone=True)
        rights = channel.permissions_for(server.me)
        missing = tuple(right for right in RIGHTS if not getattr(rights, right))
        return ChannelTrouble(channel_id, missing=missing) if missing else None

    async def write_up(self) -> None:
        """Post what is new, for every server; one that refuses holds up no other."""
        for server in await self._history.servers():
            channel_id = server.log_channel_id or 0
            try:
                if trouble := self.trouble(server.id, channel_id):
                    await self._say_closed(server, trouble)
                elif not self._backoff.is_put_off(channel_id):
                    await self._write_up(server)
                    await self._take_buttons(server)
                    self._backoff.done(channel_id)
                    if server.log_closed_at is not None:
                        await self._history.open_again(server.id)
            except TROUBLE as error:
                await self._failed(server, channel_id, error)
            except GROUND:  # what was posted cannot be noted yet
                self._backoff.failed(channel_id)
            except Exception:  # a mistake of ours about one server is no other server's trouble
                log.exception("the log channel of server %s must wait", server.id)

    async def say(self, guild_id: int, message: Message, *, nonce: str | None = None) -> bool:
        """Send a message of its own; return False when the server chose no channel.

        Raises what discord.py raises, and LogChannelClosed: then it is to be said later.
        """
        return await self.post(guild_id, message, nonce=nonce) is not None

    async def post(
        self, guild_id: int, message: Message, *, nonce: str | None = None
    ) -> discord.Message | None:
        """Send such a message and return it, to be changed later. Raises as `say`."""
        channel_id = await self._history.log_channel(guild_id)
        if channel_id is None:
            return None
        if self.trouble(guild_id, channel_id):
            raise LogChannelClosed
        return await self._send(channel_id, message, nonce)

    async def say_instead(
        self, guild_id: int, user_id: int, message: Message, *, nonce: str | None = None
    ) -> None:
        """Send what is for somebody who takes no direct messages. Raises as `say`."""
        text = f"{member(user_id)} takes no direct messages:\n{message.text}"
        instead = replace(message, text=text, tone=message.edge)
        if not await self.say(guild_id, instead, nonce=nonce):
            log.warning(
                "user %s takes no direct messages, and could not be told (%s)", user_id, nonce
            )

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
        if sent := self._sent.get(channel_id, nonce):
            return sent
        channel = self._client.get_partial_messageable(channel_id)
        sent = await channel.send(**clickable(self._client, message).send_kwargs(nonce=nonce))
        return self._sent.keep(channel_id, nonce, sent)

    async def _failed(self, server: Guild, channel_id: int, error: BaseException) -> None:
        if self._blockade.note(error) is not None:
            return
        pause = self._backoff.failed(channel_id)
        log.warning(
            "the log channel of server %s must wait %s s (%s)", server.id, pause, in_short(error)
        )
        code = code_of(error)
        refused = code in CHANNEL_CLOSED and self._backoff.tries(channel_id) >= _REFUSED
        if code == CHANNEL_GONE or refused:
            trouble = ChannelTrouble(channel_id, is_gone=code == CHANNEL_GONE)
            await self._say_closed(server, trouble)

    async def _say_closed(self, server: Guild, trouble: ChannelTrouble) -> None:
        """Tell whoever chose the channel, else the owner, that it takes nothing; once."""
        there = self._client.get_guild(server.id)
        if server.log_closed_at is not None or there is None:
            return
        chooser = await self._history.chosen_by(server.id)
        try:
            if chooser is None or not await self._may(server.id, chooser):
                chooser = there.owner_id
        except DiscordSilent:
            return  # asked again at the next look
        if chooser is None:
            return
        log.warning("the log channel of server %s is gone or closed", server.id)
        message = to_chooser(trouble, there.name)
        await self._history.closed(server.id, chooser, message.to_json())

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
        texts = [line(entry.event, entry.item, entry.customer) for entry in entries]
        told, message = _joined([entry.event for entry in entries], texts, alike)
        claim_id = _claim_of(first)
        question = await self._history.question(server.id, claim_id) if claim_id else None
        if question:
            message = claims.question(question)
        elif first.action in ALARMS:
            message = self._alarming(server.id, message)
        elif price_id := _price_of(first):
            price = await self._history.price_question(server.id, price_id)
            message = webhook_prices.question(price) if price else message
        # Should the same entries have been sent before a crash, Discord returns that message:
        # it may hold fewer lines than there are by now.
        sent = await self._send(channel_id, message, _nonce(first))
        if question:
            if question.claim.message_id not in (
                None,
                sent.id,
            ):  # asked again, in a new log channel
                await self._close(question.claim, claims.asked_elsewhere(question.claim))
            await self._history.question_asked(question.claim.id, sent.channel.id, sent.id)
        if message.edge is not Tone.PLAIN:
            return told[-1].id
        lines = sent.content.count("\n") + 1 if sent.content else len(told)
        return told[min(len(told), lines) - 1].id

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

    async def _take_buttons(self, server: Guild) -> None:
        """Take the buttons from questions that were decided elsewhere, or that their member took back."""
        for claim in await self._history.answered(server.id):
            await self._close(claim, claims.closed(claim))
            await self._history.question_closed(claim.id)

    async def _close(self, claim: Claim, instead: Message) -> None:
        """Put that in the place of the question about a claim. Raises where it is to be tried again."""
        channel = self._client.get_partial_messageable(claim.channel_id or 0)
        message = channel.get_partial_message(claim.message_id or 0)
        try:
            await message.edit(**clickable(self._client, instead).edit_kwargs())
        except discord.HTTPException as error:
            if error.status == 429 or error.status >= 500:
                raise  # anything else stays as it is, as in an archived thread
            log.info("the question about claim %s stays as it is: %s", claim.id, in_short(error))


def _nonce(entry: Event) -> str:
    """Return the nonce of an entry; after a restore, another entry may get the same id."""
    return f"e{entry.id}-{entry.at.timestamp():.0f}"


def _joined(new: list[Event], lines: list[str], alike: int) -> tuple[list[Event], Message]:
    """Return as many entries as fit into one message: plain ones, or those `alike` with one edge."""
    first = entry_message(new[0], lines[0])
    if _claim_of(new[0]) or _price_of(new[0]):
        return new[:1], first
    if ask := _QUESTIONS.get(new[0].action):
        return new[:1], ask(new[0])
    if call := _BUTTONS.get(new[0].action):
        return new[:1], call(new[0], lines[0])
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
    asks = _claim_of(entry) or _price_of(entry)
    is_question = asks is not None or entry.action in (*_QUESTIONS, *_BUTTONS)
    return not (is_order or is_question) and entry_message(entry, sentence).edge is Tone.PLAIN


def _claim_of(entry: Event) -> int | None:
    """Return which claim an entry asks about, if it does."""
    claim_id = entry.after.get("claim_id") if isinstance(entry.after, dict) else None
    return int(claim_id) if entry.action == "claim" and claim_id is not None else None


def _price_of(entry: Event) -> int | None:
    """Return which price of a shop an entry asks about, if it does."""
    price_id = entry.after.get("price_id") if isinstance(entry.after, dict) else None
    return int(price_id) if entry.action == "price_asked" and price_id is not None else None
