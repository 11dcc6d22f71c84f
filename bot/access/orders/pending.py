"""What was paid and is nobody's yet, and the payment messages that only staff can help."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.orders.connections import find_connection
from bot.access.orders.contract_claims import titles_of
from bot.access.orders.errors import ContractUnknown, DeliveryUnknown, OrderTaken
from bot.access.request import RequestContext, Subject
from bot.access.rules.contracts import Why
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.kinds import DeliveryState
from bot.store.ledger import events
from bot.store.parts import parts
from bot.store.people import customers
from bot.store.records import Connection, Contract, Delivery
from bot.store.sales import connections, contract_pages, contracts, deliveries, prices, waiting
from bot.store.vault import UnreadableError, Vault

STUCK = "payment_stuck"  # an entry of the history, and an alarm in the log channel
_PAID = (Why.PAID, Why.TRIAL, Why.CANCELLED, Why.PAST_DUE)
_SHOWN_FOR = timedelta(days=30)  # after its end
_MAX_WHAT = 5

Assign = Callable[[RequestContext, int, Subject], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class PendingOrder:
    """Something paid that is nobody's; name and e-mail are for managers alone."""

    contract: Contract
    provider: str
    what: tuple[str, ...]
    username: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    gives: bool = False  # to somebody, by now


@dataclass(frozen=True, slots=True)
class PendingView:
    """What waits for staff: orders, a page of them, and messages, the newest."""

    orders: tuple[PendingOrder, ...]
    number: int
    messages: tuple[tuple[Delivery, str], ...]  # with the provider
    stuck: int
    unmapped: int


@dataclass(frozen=True, slots=True)
class PendingNumbers:
    """How many paid orders are nobody's, how many messages wait for staff, and of how many ends they are asked."""

    orders: int
    messages: int
    ends: int


class Pending:
    """Shows what waits, says whose an order is, and lets messages be tried again."""

    def __init__(self, database: Database, vault: Vault, assign: Assign) -> None:
        self._database = database
        self._vault = vault
        self._assign = assign
        # Called once messages may be tried again.
        self.on_released: list[Callable[[], None]] = []

    async def numbers(self, guild_id: int) -> PendingNumbers:
        """Count what `view` shows."""
        since = clock.now() - _SHOWN_FOR
        async with self._database.read() as connection:
            orders = await waiting.unclaimed_number(connection, guild_id, _PAID, since)
            messages = await waiting.counts(connection, guild_id)
            ends = await contract_pages.asked_number(connection, guild_id)
        return PendingNumbers(orders, sum(messages.values()), ends)

    async def view(self, guild_id: int, *, skip: int, limit: int) -> PendingView:
        """Return what waits in a server."""
        since = clock.now() - _SHOWN_FOR
        async with self._database.read() as connection:
            number = await waiting.unclaimed_number(connection, guild_id, _PAID, since)
            found = await waiting.unclaimed(
                connection, guild_id, _PAID, since, skip=skip, limit=limit
            )
            shops = {row.id: row for row in await connections.every_of(connection, guild_id)}
            orders = [await self._order(connection, each, shops) for each in found]
            counts = await waiting.counts(connection, guild_id)
            messages = await waiting.messages(connection, guild_id, limit=limit)
        numbers = {
            state: sum(number for (_, each), number in counts.items() if each is state)
            for state in (DeliveryState.STUCK, DeliveryState.UNMAPPED)
        }
        return PendingView(
            tuple(orders),
            number,
            tuple((each, shops[each.connection_id].provider) for each in messages),
            numbers[DeliveryState.STUCK],
            numbers[DeliveryState.UNMAPPED],
        )

    async def order(self, guild_id: int, contract_id: int) -> PendingOrder:
        """Return that order. Raises ContractUnknown, or OrderTaken when it is somebody's by now."""
        async with self._database.read() as connection:
            found = await _unclaimed(connection, guild_id, contract_id)
            shops = {row.id: row for row in await connections.every_of(connection, guild_id)}
            return await self._order(connection, found, shops)

    async def has_name(self, guild_id: int, member_id: int) -> bool:
        """Return whether the TradingView name of that member is known."""
        async with self._database.read() as connection:
            person = await customers.by_member(connection, guild_id, member_id)
        return person is not None and person.username is not None

    async def assign(
        self, request: RequestContext, contract_id: int, subject: Subject
    ) -> PendingOrder:
        """Let an order be that person's; returns it as it was, and whether it gives anything now.

        Raises as `order` does, and what the name is refused for.
        """
        order = await self.order(request.guild_id, contract_id)
        await self._assign(request, contract_id, subject)
        async with self._database.read() as connection:
            return replace(order, gives=bool(await titles_of(connection, contract_id)))

    async def replay(
        self, request: RequestContext, connection_id: int | None, delivery_id: int | None = None
    ) -> int:
        """Let messages be tried again: one, all of a connection, or all; returns how many.

        Raises ConnectionUnknown, or DeliveryUnknown where one was named that does not wait.
        """
        async with self._database.write() as connection:
            if connection_id is not None:
                await find_connection(connection, request.guild_id, connection_id)
            guild_id, number = request.guild_id, 0
            ids = await waiting.open_ids(
                connection, guild_id, connection_id=connection_id, delivery_id=delivery_id
            )
            if delivery_id is not None and not ids:
                raise DeliveryUnknown
            for some in parts(ids):
                number += await deliveries.process_again(connection, guild_id, some)
        if number:
            for tell in self.on_released:
                tell()
        return number

    async def _order(
        self, connection: AsyncConnection, found: Contract, shops: Mapping[int, Connection]
    ) -> PendingOrder:
        buyer = self._buyer(found)
        return PendingOrder(
            found,
            shops[found.connection_id].provider,
            await _what(connection, found),
            buyer.get("username"),
            buyer.get("email"),
        )

    def _buyer(self, found: Contract) -> Mapping[str, Any]:
        """Return what messages tell of the buyer; nothing where nobody can read it any more."""
        try:
            buyer = None if found.buyer is None else json.loads(self._vault.open(found.buyer))
        except UnreadableError:
            return {}
        return buyer if isinstance(buyer, Mapping) else {}


async def _unclaimed(connection: AsyncConnection, guild_id: int, contract_id: int) -> Contract:
    found = await contracts.by_id(connection, guild_id, contract_id)
    if found is None:
        raise ContractUnknown
    if found.customer_id is not None:
        raise OrderTaken
    return found


async def _what(connection: AsyncConnection, found: Contract) -> tuple[str, ...]:
    """Return what an order is for: the items, or what the shop calls it where nobody said which that is."""
    lines = [
        line
        for fact in found.facts
        for line in fact.get("lines") or ()
        if line.get("keys")  # else the shop does not say
    ]
    known = await prices.by_keys(
        connection, found.connection_id, {key for line in lines for key in line["keys"]}
    )
    names = []
    for line in lines:
        mapped = next((known[key] for key in line["keys"] if key in known), None)
        name = line.get("name") or line["keys"][0]
        if mapped is not None and mapped.product_id is not None:
            product = await products.by_id(connection, mapped.product_id)
            name = product.title if product else name
        elif mapped is not None and mapped.script_id is not None:
            script = await scripts.by_id(connection, mapped.script_id)
            name = script.title if script else name
        names.append(name)
    return tuple(dict.fromkeys(names))[:_MAX_WHAT]


async def note_stuck(connection: AsyncConnection, shop: Connection) -> None:
    """Call staff to the messages of a connection that are stuck; whoever calls this does so once."""
    await events.record(
        connection,
        shop.guild_id,
        clock.now(),
        STUCK,
        after={"connection_id": shop.id, "provider": shop.provider},
    )
