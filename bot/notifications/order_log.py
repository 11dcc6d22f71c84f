"""One message of the log channel for each order, changed into its outcome."""

import discord

from bot.access.queries.history import Asked, Entry, HistoryTail
from bot.notifications.sent import Sent
from bot.notifications.trouble import is_final_for_message
from bot.replies import Message
from bot.replies.command_mentions import clickable
from bot.replies.history_orders import ORDERS, QUIET_ORDERS, order_entry
from bot.store.kinds import OrderState
from bot.store.records import LogEntry


class OrderLog:
    """Writes the message of an order when it is recorded, and changes it when the order ends.

    Which message that is stands in the database: a restart goes on with it. Where it cannot be
    changed any more, as once it was deleted, or the server chose another channel since, a fresh one takes its place.
    """

    def __init__(
        self, client: discord.Client, history: HistoryTail, sent: Sent[discord.Message]
    ) -> None:
        self._client = client
        self._history = history
        self._sent = sent

    async def write(self, channel_id: int, entry: Entry) -> bool:
        """Show what the entry says of its order; return False for an entry about no order of a person.

        Raises what discord.py does when the channel takes no message.
        """
        asked = await self._history.asked(entry.event)
        if asked is None:
            return False
        if asked.entry.action in QUIET_ORDERS:
            return entry.event.action != OrderState.STUCK  # one line counted all of them
        if asked.entry.action not in ORDERS:
            return False
        shown = await self._history.log_entry(asked.order_id)
        if shown is not None and shown.channel_id == channel_id:
            if shown.event_id >= asked.newest_id:
                return True  # the outcome was there already when it was written
            message_id = shown.message_id
        else:
            message_id = None
        message = clickable(self._client, order_entry(asked))
        message_id = await self._put(channel_id, message_id, message, asked)
        await self._history.keep_log_entry(
            LogEntry(asked.order_id, channel_id, message_id, asked.newest_id)
        )
        return True

    async def _put(
        self, channel_id: int, message_id: int | None, message: Message, asked: Asked
    ) -> int:
        """Change that message, or send one; return its id."""
        channel = self._client.get_partial_messageable(channel_id)
        moment = f"{asked.entry.at.timestamp():.0f}"
        if message_id is not None and await _change(
            channel.get_partial_message(message_id), message
        ):
            return message_id
        # Sent before a crash, but not noted: Discord returns that message, which may say "waiting".
        number = f"o{asked.order_id}" if message_id is None else f"w{asked.newest_id}"
        sent = await self._send(channel, f"{number}-{moment}", message)
        if sent.content != message.content and not await _change(sent, message):
            sent = await self._send(channel, f"f{asked.newest_id}-{moment}", message)
        return sent.id

    async def _send(
        self, channel: discord.PartialMessageable, nonce: str, message: Message
    ) -> discord.Message:
        """Send it, unless that was done already and could not be noted."""
        known = self._sent.get(channel.id, nonce)
        if known is not None:
            return known
        sent = await channel.send(**message.send_kwargs(nonce=nonce))
        return self._sent.keep(channel.id, nonce, sent)


async def _change(shown: discord.Message | discord.PartialMessage, message: Message) -> bool:
    """Change a message; return False where that one cannot be changed any more, as once deleted."""
    try:
        await shown.edit(**message.edit_kwargs())
    except discord.HTTPException as error:
        if not is_final_for_message(error):
            raise
        return False
    return True
