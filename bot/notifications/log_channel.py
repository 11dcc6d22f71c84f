"""The log channel: the tail of each server's history, line by line and each line once."""

import logging
from collections.abc import Awaitable, Callable

import discord

from bot.access.errors import DiscordSilent
from bot.access.queries.history import HistoryTail
from bot.notifications.backoff import Backoff
from bot.notifications.trouble import (
    CHANNEL_CLOSED,
    CHANNEL_GONE,
    TROUBLE,
    Blockade,
    code_of,
    in_short,
)
from bot.replies import Button, Message, key
from bot.replies.channel_trouble import ChannelTrouble, to_chooser
from bot.replies.history import line
from bot.replies.people import CLAIM_NO, CLAIM_YES
from bot.store.records import Event, Guild

log = logging.getLogger(__name__)

_MAX_TEXT = 1_900
_AT_ONCE = 20
_REFUSED = 3  # times in a row, until a channel that looks open counts as closed
# What the lines need.
RIGHTS = ("view_channel", "send_messages", "embed_links")

May = Callable[[int, int], Awaitable[bool]]  # whether that member may manage that server's scripts


class LogChannelClosed(discord.DiscordException):
    """The log channel is gone or closed; what should stand there waits."""


class LogChannel:
    """Writes to the log channels that servers chose with /setup log; `may` tells who is a manager."""

    def __init__(
        self, client: discord.Client, history: HistoryTail, blockade: Blockade, may: May
    ) -> None:
        self._client = client
        self._history = history
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
                    self._backoff.done(channel_id)
                    if server.log_closed_at is not None:
                        await self._history.open_again(server.id)
            except TROUBLE as error:
                await self._failed(server, channel_id, error)
            except Exception:  # a mistake of ours about one server is no other server's trouble
                log.exception("the log channel of server %s must wait", server.id)

    async def say(self, guild_id: int, message: Message, *, nonce: str | None = None) -> bool:
        """Send a message of its own; return False when the server chose no channel.

        Raises what discord.py raises, and LogChannelClosed: then it is to be said later.
        """
        channel_id = await self._history.log_channel(guild_id)
        if channel_id is None:
            return False
        if self.trouble(guild_id, channel_id):
            raise LogChannelClosed
        await self._channel(channel_id).send(**message.send_kwargs(nonce=nonce))
        return True

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
    taken, text = 0, ""
    for entry, sentence in zip(new, lines, strict=True):
        longer = f"{text}\n{sentence}" if taken else sentence
        if taken and (len(longer) > _MAX_TEXT or _claim_buttons(entry)):
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
