"""Ends everything that one person has, on every script, each by an order of its own."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.changes import Change, NewOrder
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.record import record_all
from bot.access.request import RequestContext
from bot.access.rules.entitlements import last_seen
from bot.access.sync.queue import Queue
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind, OrderState
from bot.store.ledger import entitlements, order_outcomes, permissions, purchases
from bot.store.people import access, customers
from bot.store.records import Customer, Permission
from bot.store.sweeps import sightings
from bot.store.vault import Vault


class Endings:
    """Records the orders that end everything; the queue makes them true."""

    def __init__(self, database: Database, vault: Vault, queue: Queue, notifier: Notifier) -> None:
        self._database = database
        self._vault = vault
        self._queue = queue
        self._notifier = notifier

    async def end(self, request: RequestContext, customer_id: int) -> int:
        """End what that customer of the asker's server has; return how many accesses end."""
        async with self._database.write() as connection:
            person = await customers.by_id(connection, customer_id)
            if person is None or person.guild_id != request.guild_id:
                return 0
            superseded = await self.record(connection, request, person)
        self.go_on(request.guild_id, superseded)
        return len(superseded)

    async def record(
        self, connection: AsyncConnection, request: RequestContext, person: Customer
    ) -> dict[int, tuple[int, ...]]:
        """Record what ends everything that a person has, in a transaction that writes.

        Returns, by order, those whose place it took; `go_on` with them once it is committed. The asker
        hears of these only what gets stuck: the answer speaks of all together.
        """
        await _end_waiting(connection, request, person)
        held = await with_access(connection, request, person)
        new = [
            NewOrder(
                replace(
                    request,
                    idempotency_key=f"{request.idempotency_key}:{permission.id}",
                    token=None,
                ),
                OrderKind.REVOKE,
                permission,
                Change(ends_all=True, overrules=True, held_back=True),
                before=last_seen(permission),
            )
            for permission in held
        ]
        recorded = await record_all(connection, self._vault, new)
        for each in recorded:
            if each.is_new:
                await order_outcomes.told(connection, each.order.id, OrderState.DONE)
        return {each.order.id: each.superseded for each in recorded}

    def go_on(self, guild_id: int, superseded: dict[int, tuple[int, ...]]) -> None:
        """Let the queue begin, and those know who waited for what was superseded."""
        for order_ids in superseded.values():
            self._notifier.ended(order_ids)
        self._queue.wake(guild_id)


async def _end_waiting(
    connection: AsyncConnection, request: RequestContext, person: Customer
) -> None:
    """End what waits for a TradingView name, so that it is not given once one is known."""
    bought = [each.id for each in await purchases.waiting_of(connection, person.id)]
    given = await entitlements.of_purchases(connection, bought)
    waiting = {
        reason.id
        for reasons in given.values()
        for reason in reasons
        if reason.permission_id is None and reason.ended_at is None
    }
    await entitlements.end(connection, waiting, request.at)
    await purchases.change(connection, bought, ended_at=request.at)


async def with_access(
    connection: AsyncConnection, request: RequestContext, person: Customer
) -> list[Permission]:
    """Return the permissions by which a person has anything, also what only TradingView's lists showed."""
    held = await permissions.by_ids(
        connection, await access.of_customer(connection, person.id, request.at)
    )
    if person.username is None:
        return held
    rows = await sightings.of_name(connection, person.guild_id, person.username)
    live = {
        row.script_id
        for row in rows
        if (row.ends_at is None or row.ends_at > request.at)
        and person.tv_user_id in (None, row.tv_user_id)  # else it is a namesake's
    }
    unknown = live - {permission.script_id for permission in held}
    for script_id in sorted(await scripts.by_ids(connection, unknown)):
        held.append(await permissions.touch(connection, person, script_id, request.at))
    return held
