"""Sends direct messages; nothing else in Usher opens one."""

import enum
import logging

import discord

from bot import clock
from bot.access.ledger.direct_messages import WaitingMessages
from bot.notifications.sent import Sent
from bot.notifications.trouble import (
    NO_DIRECT_MESSAGES,
    QUARANTINED,
    TOO_FAST,
    TROUBLE,
    Blockade,
    code_of,
    in_short,
)
from bot.replies import Message
from bot.replies.command_mentions import clickable

log = logging.getLogger(__name__)

QUARANTINE_PAUSE = 6 * 3600.0  # seconds; more tries would count against the bot
TOO_FAST_PAUSE = 60.0


class Delivery(enum.Enum):
    """What became of a direct message."""

    DELIVERED = enum.auto()
    REFUSED = enum.auto()  # that user takes none, now or later
    TRY_AGAIN = enum.auto()  # Discord failed, was not reached, or takes none from the bot now


class DirectMessages:
    """The one sender; what Discord says to one message may hold up all of them."""

    def __init__(
        self, client: discord.Client, waiting: WaitingMessages, blockade: Blockade
    ) -> None:
        self._client = client
        self._waiting = waiting
        self._blockade = blockade
        self._not_before = 0.0  # by clock.monotonic()
        self._may_be_stopped = True  # as history says; asked when the first one arrives
        self._sent: Sent[Delivery] = Sent()

    async def send(self, user_id: int, message: Message, *, nonce: str | None = None) -> Delivery:
        """Send the message once and return what became of it.

        With a `nonce`, what was delivered is not sent again; after a crash, Discord answers a repetition
        within some minutes with the message that it has.
        """
        if sent := self._sent.get(user_id, nonce):
            return sent
        posted = await self._post(user_id, message, nonce)
        if isinstance(posted, Delivery):
            return posted
        delivered = self._sent.keep(user_id, nonce, Delivery.DELIVERED)
        await self._resumed()
        return delivered

    async def post(
        self, user_id: int, message: Message, *, nonce: str | None = None
    ) -> discord.Message | Delivery:
        """Send the message and return it, to be changed later; else what became of it.

        What is sent again with the same `nonce` is for Discord alone to know.
        """
        posted = await self._post(user_id, message, nonce)
        if not isinstance(posted, Delivery):
            await self._resumed()
        return posted

    async def _post(
        self, user_id: int, message: Message, nonce: str | None
    ) -> discord.Message | Delivery:
        if clock.monotonic() < self._not_before or self._blockade.left():
            return Delivery.TRY_AGAIN
        try:
            user = self._client.get_user(user_id) or await self._client.fetch_user(user_id)
            return await user.send(**clickable(self._client, message).send_kwargs(nonce=nonce))
        except TROUBLE as error:
            if code_of(error) in NO_DIRECT_MESSAGES:
                log.info("user %s takes no direct messages (%s)", user_id, in_short(error))
                return Delivery.REFUSED
            log.info("a direct message to user %s must wait (%s)", user_id, in_short(error))
            await self._hold(error)
            return Delivery.TRY_AGAIN

    async def _resumed(self) -> None:
        if self._may_be_stopped:
            await self._waiting.resumed()
            self._may_be_stopped = False

    async def _hold(self, error: BaseException) -> None:
        """Keep all messages back where the refusal was not about one of them."""
        pause = 0.0
        if self._blockade.note(error) is not None:
            return
        if isinstance(error, discord.RateLimited):
            pause = error.retry_after
        elif code_of(error) == TOO_FAST:
            pause = TOO_FAST_PAUSE
        elif code_of(error) == QUARANTINED:
            pause = QUARANTINE_PAUSE
            log.error(
                "Discord takes this bot for spam and stops its direct messages; next try in %s s",
                pause,
            )
        self._not_before = max(self._not_before, clock.monotonic() + pause)
        if code_of(error) == QUARANTINED:
            self._may_be_stopped = True
            await self._waiting.stopped()
