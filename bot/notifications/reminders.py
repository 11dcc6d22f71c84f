"""Reminds people by direct message that what they paid for ends, one person after the other.

A reminder is noted once Discord took it or never will; a crash in between sends the same nonce again,
which Discord answers with the message it has.
"""

import logging
from collections.abc import Awaitable, Callable

import discord

from bot import clock
from bot.access.errors import DiscordSilent
from bot.access.people.reminders import Reminders
from bot.access.rules.reminders import Reminder
from bot.notifications.backoff import Backoff
from bot.notifications.direct_messages import Delivery, DirectMessages
from bot.notifications.trouble import GROUND, in_short
from bot.replies.reminders import to_customer
from bot.store.kinds import ReminderOutcome

log = logging.getLogger(__name__)

LOOK_EVERY = 30.0  # seconds between looks for what is due
PACE = 1.0  # seconds between two people: Discord stops a bot that opens many conversations at once
_AT_ONCE = 20  # people between two looks: an end may move meanwhile

Find = Callable[[int, int], Awaitable[discord.Member | None]]


class ReminderNotifier:
    """Sends what is due; `find` asks Discord whether somebody is still in the server."""

    def __init__(
        self,
        client: discord.Client,
        reminders: Reminders,
        direct_messages: DirectMessages,
        find: Find,
    ) -> None:
        self._client = client
        self._reminders = reminders
        self._direct_messages = direct_messages
        self._find = find
        self._backoff: Backoff[int] = Backoff()  # by customer
        self._next_look = 0.0  # by clock.monotonic()

    async def deliver(self) -> None:
        """Send every reminder that is due; what Discord does not take now waits, with all after it."""
        if clock.monotonic() < self._next_look:
            return
        self._next_look = clock.monotonic() + LOOK_EVERY
        goes_on = True
        while goes_on and (
            found := await self._reminders.due(self._backoff.put_off(), limit=_AT_ONCE)
        ):
            for reminder in found:
                goes_on = goes_on and await self._attempt(reminder)

    async def _attempt(self, reminder: Reminder) -> bool:
        """Send one; return False when Discord takes none just now."""
        customer_id = reminder.customer_id
        try:
            outcome = await self._send(reminder)
            if outcome is not None:
                await self._reminders.note(reminder, outcome)
        except (DiscordSilent, *GROUND) as error:
            log.info("reminders must wait (%s)", in_short(error))
            outcome = None
        except Exception:  # a mistake of ours about one person holds up no other
            log.exception("customer %s could not be reminded", customer_id)
            self._backoff.failed(customer_id)
            return True
        if outcome is None:
            self._backoff.failed(customer_id)
            return False
        self._backoff.done(customer_id)
        await clock.sleep(PACE)
        return True

    async def _send(self, reminder: Reminder) -> ReminderOutcome | None:
        """Send one and return what became of it; None when it must wait."""
        server = self._client.get_guild(reminder.guild_id)
        if server is None:
            return None  # Discord has not told of it yet, or the bot was removed from it
        if await self._find(server.id, reminder.member_id) is None:
            return ReminderOutcome.LEFT
        named = await self._reminders.named(reminder)
        message = to_customer(named, server.id, server.name, has_ended=not reminder.days)
        match await self._direct_messages.send(reminder.member_id, message, nonce=_nonce(reminder)):
            case Delivery.DELIVERED:
                return ReminderOutcome.SENT
            case Delivery.REFUSED:
                return ReminderOutcome.REFUSED
            case Delivery.TRY_AGAIN:
                return None


def _nonce(reminder: Reminder) -> str:
    """Return the same nonce for the same reminder, after a restart too."""
    first = reminder.endings[0]
    return f"r{first.purchase_id}-{first.ends_at.timestamp():.0f}-{reminder.days}"
