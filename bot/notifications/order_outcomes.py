"""Tells what happened later: answers that turn to done, direct messages, lines in the log channel.

Everything here is repeated until Discord took it or never will. What was sent is marked afterwards;
a crash in between sends the same nonce again, which Discord answers with the message it has.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import discord

from bot import clock
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import Receipt
from bot.access.orders.outcomes import Outcomes
from bot.jobs import Jobs
from bot.notifications.backoff import Backoff
from bot.notifications.direct_messages import Delivery, DirectMessages
from bot.notifications.interrupted import Interrupted
from bot.notifications.late_answers import change_answer
from bot.notifications.link_calls import LinkCaller
from bot.notifications.log_channel import LogChannel
from bot.notifications.outbox import Outbox
from bot.notifications.reminders import ReminderNotifier
from bot.notifications.trouble import GROUND, TROUBLE, Blockade, in_short
from bot.replies import Message, orders as order_replies
from bot.store.kinds import OrderKind, OrderState

log = logging.getLogger(__name__)

_NEWS_WITHOUT_ACCESS = (OrderKind.REVOKE, OrderKind.PAUSE)
_IN_ONE = 8  # rows of a batch that one message is about
EVERY = 15.0  # seconds between looks when nothing wakes it


class _NotNow(Exception):  # noqa: N818 - named for what it says
    """Discord did not take a direct message now, but may later."""


class OutcomeNotifier:
    """Owns every message that is not the immediate answer to an interaction."""

    def __init__(
        self,
        client: discord.Client,
        outcomes: Outcomes,
        notifier: Notifier,
        direct_messages: DirectMessages,
        log_channel: LogChannel,
        outbox: Outbox,
        blockade: Blockade,
        interrupted: Interrupted,
        reminders: ReminderNotifier,
        link_caller: LinkCaller,
        jobs: Jobs,
    ) -> None:
        self._client = client
        self._outcomes = outcomes
        self._notifier = notifier
        self._direct_messages = direct_messages
        self._log_channel = log_channel
        self._outbox = outbox
        self._blockade = blockade
        self._interrupted = interrupted
        self._reminders = reminders
        self._link_caller = link_caller
        self._jobs = jobs
        self._woken = {
            name: asyncio.Event() for name in ("people", "log channels", "customers in time")
        }
        self._backoff: Backoff[tuple[str, int]] = Backoff()  # by whom it is for, and the order

    def start(self) -> None:
        """Begin to tell outcomes until the jobs end. Call it when the client is logged in."""
        self._notifier.listeners.append(self.wake)
        # A log channel takes five messages in five seconds: nobody waits for it to hear of their order.
        parts = (
            self._tell_askers,
            self._interrupted.tell,
            self._tell_members,
            self._outbox.deliver,
            self._link_caller.call,
        )
        people = self._run("people", parts)
        _ = self._jobs.spawn(people, "telling people")
        channels = self._run("log channels", (self._log_channel.write_up,))
        _ = self._jobs.spawn(channels, "writing the log channels")
        reminded = self._run("customers in time", (self._reminders.deliver,))  # many, and slowly
        _ = self._jobs.spawn(reminded, "reminding customers")

    def wake(self) -> None:
        """Look at once for what is new."""
        for woken in self._woken.values():
            woken.set()

    async def _run(self, whom: str, parts: Sequence[Callable[[], Awaitable[None]]]) -> None:
        event = self._woken[whom]
        while not self._client.is_closed():
            event.clear()
            for part in parts:
                if self._blockade.left():
                    break
                try:
                    await part()
                except GROUND as error:
                    log.info("telling %s waits (%s)", whom, in_short(error))
                except Exception:  # the other parts, and the next round, go on
                    log.exception("telling %s failed; it goes on in %s s", whom, EVERY)
            await clock.set_within(EVERY, event)

    # The person who asked

    async def _tell_askers(self) -> None:
        await self._outcomes.drop_tokens()
        for receipt in await self._outcomes.untold(self._put_off("asker")):
            await self._attempt("asker", receipt, partial(self._tell_asker, receipt))

    async def _tell_asker(self, receipt: Receipt) -> None:
        """Change the first answer while Discord allows it, else write to the person who asked."""
        token = await self._outcomes.answer_token(receipt)
        changed = (
            token is not None
            and await change_answer(self._client, token, order_replies.receipt(receipt)) is None
        )
        if not changed and self._outcomes.is_told(await self._outcomes.receipt(receipt.order.id)):
            return  # the command itself answered meanwhile, and nothing is left to be changed
        if not changed and receipt.state is not OrderState.WAITING:
            server = self._client.get_guild(receipt.order.guild_id)
            message = order_replies.late(receipt, server.name if server else None)
            nonce = f"{receipt.state[:2]}{_of(receipt)}"
            if not await self._write_to(receipt.order.asker_id, message, nonce):
                await self._log_channel.say_instead(
                    receipt.order.guild_id, receipt.order.asker_id, message, nonce=nonce
                )
        await self._outcomes.told(receipt.order.id, receipt.told_as)

    async def _write_to(self, user_id: int, message: Message, nonce: str) -> bool:
        """Send a direct message; return False when that user takes none. Raises _NotNow."""
        sent = await self._direct_messages.send(user_id, message, nonce=nonce)
        if sent is Delivery.TRY_AGAIN:
            raise _NotNow("a direct message was not taken")
        return sent is Delivery.DELIVERED

    # The customer

    async def _tell_members(self) -> None:
        found = await self._outcomes.members_to_tell(self._put_off("customer"))
        for receipt, *beside in _together(found):
            send = partial(self._tell_member, receipt, beside)
            await self._attempt("customer", receipt, send, beside)

    async def _tell_member(self, receipt: Receipt, beside: Sequence[Receipt]) -> None:
        """Write to a customer about an order, and about those `beside` it that the same batch made."""
        server = self._client.get_guild(receipt.order.guild_id)
        if server is None and not self._client.is_ready():
            return  # told once the servers are known
        member_id = receipt.customer.member_id
        # Members of a server that the bot left cannot be written to.
        every = [each for part in (receipt, *beside) for each in part.every]
        stands = any(each.end is not None for each in every)
        is_news = stands or receipt.order.kind in _NEWS_WITHOUT_ACCESS
        if member_id is not None and is_news and server is not None:
            message = order_replies.to_customer(receipt, server.name, *beside)
            await self._write_to(member_id, message, f"c{_of(receipt)}")
        await self._outcomes.member_told(*(part.order.id for part in (receipt, *beside)))

    # Trouble

    def _put_off(self, whom: str) -> list[int]:
        """Return the orders whose turn to be told again has not come."""
        return [order_id for kind, order_id in self._backoff.put_off() if kind == whom]

    async def _attempt(
        self,
        whom: str,
        receipt: Receipt,
        send: Callable[[], Awaitable[None]],
        beside: Sequence[Receipt] = (),
    ) -> None:
        """Send one message; what fails waits longer each time and holds up nothing else."""
        about = (whom, receipt.order.id)
        others = [(whom, each.order.id) for each in beside]
        try:
            await send()
        except (*TROUBLE, *GROUND, _NotNow) as error:
            self._blockade.note(error)
            pause = max(map(self._backoff.failed, (about, *others)))
            log.warning(
                "the %s of order %s hears of it in %s s (%s)", *about, pause, in_short(error)
            )
        except Exception:  # a mistake of ours about one order holds up no other
            pause = max(map(self._backoff.failed, (about, *others)))
            log.exception("the %s of order %s could not be told; again in %s s", *about, pause)
        else:
            for each in (about, *others):
                self._backoff.done(each)


def _together(found: Sequence[Receipt]) -> list[list[Receipt]]:
    """Return these with those of one person and batch beside one another, a few in one message."""
    of_batches: dict[tuple[int | None, int], list[Receipt]] = {}
    groups: list[list[Receipt]] = []
    for receipt in found:
        about = (receipt.order.batch_id, receipt.customer.id)
        group = None if about[0] is None else of_batches.get(about)
        if group is None or len(group) == _IN_ONE:
            group = of_batches[about] = []
            groups.append(group)
        group.append(receipt)
    return groups


def _of(receipt: Receipt) -> str:
    """Return the part of a nonce for an order; after a restore, another one may get the same id."""
    return f"{receipt.order.id}-{receipt.order.asked_at.timestamp():.0f}"
