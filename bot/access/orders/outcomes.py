"""What became of an order, who still has to be told, and by which means."""

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import (
    PUT_BACK_WITHIN,
    TAKES_AWAY,
    Receipt,
    WaitingFor,
    quiet_until,
    receipts_of,
)
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.kinds import OrderState
from bot.store.ledger import order_outcomes, orders
from bot.store.vault import UnreadableError, Vault

TOKEN_LIFE = timedelta(minutes=15)
SAID_WITHIN = timedelta(seconds=10)  # by then the command itself has answered, if it lives
MAX_OPEN = 20  # of one customer
MARGIN = timedelta(seconds=30)  # an edit must arrive before Discord forgets


class Outcomes:
    """Reads orders for those who ask, and keeps count of who knows what."""

    def __init__(
        self, database: Database, sessions: Sessions, vault: Vault, queue: Queue, notifier: Notifier
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._vault = vault
        self._queue = queue
        self._notifier = notifier

    async def outcome(self, order_id: int, patience: float = 0) -> Receipt:
        """Return how an order stands, with those it leads; wait at most `patience` seconds for an end."""
        until = clock.monotonic() + patience
        async with self._database.read() as connection:
            led = await orders.led_by(connection, [order_id])
        with ExitStack() as stack:
            ends = {
                each: stack.enter_context(self._notifier.awaiting(each))
                for each in (order_id, *(order.id for order in led[order_id]))
            }
            async with self._database.read() as connection:
                found = await orders.by_ids(connection, ends)
            waiting = [order for order in found if order.state is OrderState.WAITING]
            for order in waiting:
                self._queue.prefer(order.guild_id, order.id)
            for order in waiting:
                await clock.within(max(until - clock.monotonic(), 0), ends[order.id])
        return await self.receipt(order_id)  # by now it may also be known what it waits for

    async def receipt(self, order_id: int) -> Receipt:
        """Return how an order stands now. Raises LookupError for an id that is no order."""
        async with self._database.read() as connection:
            found = await self._receipts(connection, [order_id])
        if not found:
            raise LookupError(order_id)
        return found[0]

    async def open_of(self, customer_id: int) -> list[Receipt]:
        """Return a customer's orders that wait, are stuck, or can be put back, newest first, so many at most."""
        since = clock.now() - PUT_BACK_WITHIN
        async with self._database.read() as connection:
            found = await orders.open_of(connection, customer_id, TAKES_AWAY, since, MAX_OPEN)
            receipts = await self._receipts(connection, [order.id for order in found])
        is_open = (OrderState.WAITING, OrderState.STUCK)
        return [
            each
            for each in receipts
            if each.state in is_open or any(part.can_put_back for part in each.every)
        ]

    async def _receipts(
        self, connection: AsyncConnection, order_ids: Collection[int]
    ) -> list[Receipt]:
        asked = await orders.by_ids(connection, order_ids)
        leads = dict.fromkeys(order.lead_id or order.id for order in asked)
        found = await orders.by_ids(connection, leads)
        servers = {order.guild_id for order in found}
        holdups = {guild_id: await self.waiting_for(guild_id) for guild_id in servers}
        quiet = {guild_id: await self.quiet_until(guild_id) for guild_id in servers}
        receipts = await receipts_of(connection, found, holdups, clock.now())
        return [replace(each, quiet_until=quiet[each.order.guild_id]) for each in receipts]

    async def waiting_for(self, guild_id: int) -> WaitingFor | None:
        """Return what holds up everything in a server, if anything does."""
        session = await self._sessions.of(guild_id)
        if session.state is LoginState.NONE:
            return WaitingFor.NO_LOGIN
        if session.state is LoginState.DEAD:
            return WaitingFor.LOGIN_DEAD
        if await self.quiet_until(guild_id) is not None:
            return WaitingFor.SLOW_DOWN
        return WaitingFor.TRADINGVIEW if self._queue.is_blocked(guild_id) else None

    async def quiet_until(self, guild_id: int) -> datetime | None:
        """Return until when TradingView asked for a pause; None unless it is worth telling of."""
        return quiet_until((await self._sessions.of(guild_id)).limiter)

    # Telling the asker

    async def untold(self, but: Collection[int] = ()) -> list[Receipt]:
        """Return orders whose asker does not know how they stand, nor waits for the answer.

        Orders in `but` are left out, so that what cannot be told now holds up no other.
        An order that still waits is among them when a crash came before "waiting" could be said.
        """
        async with self._database.read() as connection:
            ids = await order_outcomes.untold(
                connection, but, unsaid_before=clock.now() - SAID_WITHIN
            )
            return await self._receipts(
                connection, [each for each in ids if not self._notifier.is_awaited(each)]
            )

    @staticmethod
    def is_told(receipt: Receipt) -> bool:
        """Return whether the asker knows how the order stood when the receipt was made."""
        return receipt.order.told_state == receipt.told_as

    async def told(self, order_id: int, state: OrderState) -> None:
        """Note that the asker knows that the order is in this state."""
        async with self._database.write() as connection:
            await order_outcomes.told(connection, order_id, state)

    async def answer_token(self, receipt: Receipt) -> str | None:
        """Return the means to complete the first answer; None when its 15 minutes are (nearly) over."""
        if clock.now() > _last_moment(receipt.order.asked_at):
            return None
        async with self._database.read() as connection:
            sealed = await order_outcomes.answer_token(connection, receipt.order.id)
        try:
            return None if sealed is None else self._vault.open(sealed)
        except UnreadableError:  # sealed with a key that was taken away since
            return None

    async def drop_tokens(self) -> None:
        """Forget the means to answer that no longer work."""
        if clock.trust() is clock.Trust.DOUBTFUL:
            return  # their 15 minutes may not be over
        async with self._database.write() as connection:
            await order_outcomes.drop_tokens(connection, clock.now() - TOKEN_LIFE)

    # Telling the customer

    async def members_to_tell(self, but: Collection[int] = ()) -> list[Receipt]:
        """Return the newest done order for each access that its customer, a member, has not heard of.

        Orders in `but` are left out.
        """
        async with self._database.read() as connection:
            ids = await order_outcomes.members_to_tell(connection, but)
            return await self._receipts(connection, ids)

    async def member_told(self, *order_ids: int) -> None:
        """Note that the member knows of these orders, and of every earlier one for the same access."""
        async with self._database.write() as connection:
            for order_id in order_ids:
                await order_outcomes.member_told(connection, order_id, clock.now())


def _last_moment(asked_at: datetime) -> datetime:
    return asked_at + TOKEN_LIFE - MARGIN
