"""Answers what was acknowledged and then broken off, as by a crash: to whoever asked, and once."""

import logging

import discord

from bot.access.orders.unanswered import UnansweredInteractions
from bot.access.queries.history import Entry, HistoryTail
from bot.notifications.backoff import Backoff
from bot.notifications.direct_messages import Delivery, DirectMessages
from bot.notifications.late_answers import answer_aside, change_answer
from bot.notifications.log_channel import LogChannel
from bot.notifications.trouble import GROUND, TROUBLE, in_short
from bot.replies import interrupted as replies
from bot.store.records import Unanswered

log = logging.getLogger(__name__)

_NEVER_ACKNOWLEDGED = 10015  # within the token's life: Discord itself said that nobody answered


class Interrupted:
    """Tells what came of interactions that no code works on any more."""

    def __init__(
        self,
        client: discord.Client,
        unanswered: UnansweredInteractions,
        history: HistoryTail,
        direct_messages: DirectMessages,
        log_channel: LogChannel,
    ) -> None:
        self._client = client
        self._unanswered = unanswered
        self._history = history
        self._direct_messages = direct_messages
        self._log_channel = log_channel
        self._backoff: Backoff[int] = Backoff()  # by interaction

    async def tell(self) -> None:
        """Answer what is left over; what fails waits longer each time, and holds up nothing else."""
        for asked in await self._unanswered.left_over():
            if self._backoff.is_put_off(asked.interaction_id):
                continue
            is_told = False
            try:
                is_told = await self._tell(asked)
            except (*TROUBLE, *GROUND) as error:
                log.warning("an interrupted request is answered later (%s)", in_short(error))
            except Exception:  # a mistake of ours about one holds up no other
                log.exception("an interrupted request could not be answered; tried again later")
            if is_told:
                self._unanswered.answered(asked.interaction_id)
                self._backoff.done(asked.interaction_id)
            else:
                self._backoff.failed(asked.interaction_id)

    async def _tell(self, asked: Unanswered) -> bool:
        entries = await self._history.of_interaction(asked.interaction_id)
        if replies.is_told_by_itself(entries):
            return True  # the outcome of that order is told by itself
        token = self._unanswered.token(asked)
        if token is not None:
            answer = change_answer if asked.in_place else answer_aside
            refusal = await answer(self._client, token, replies.after_restart(asked, entries))
            if refusal is None or (refusal.code == _NEVER_ACKNOWLEDGED and not entries):
                return True
        return await self._write_to(asked, entries)

    async def _write_to(self, asked: Unanswered, entries: list[Entry]) -> bool:
        """Tell the person who asked, else the log channel; never the channel where it was asked."""
        server = self._client.get_guild(asked.guild_id)
        message = replies.late(asked, entries, server.name if server else None)
        nonce = f"i{asked.interaction_id}"
        sent = await self._direct_messages.send(asked.member_id, message, nonce=nonce)
        if sent is Delivery.REFUSED:
            await self._log_channel.say_instead(
                asked.guild_id, asked.member_id, message, nonce=nonce
            )
        return sent is not Delivery.TRY_AGAIN
