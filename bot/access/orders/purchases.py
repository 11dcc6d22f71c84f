"""The door for sources of access: what somebody got of an item opens, lapses, comes back and ends.

A source turns its own events into these calls. What the customer is to have on TradingView, and when, is
worked out here and below; a source never touches it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import Item, item_of
from bot.access.ledger.changes import Change, NewOrder, Recorded, Target
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.record import add_purchase, record_for, record_unguarded, touch
from bot.access.people.username_lookup import Spelling
from bot.access.request import FROM_PAYMENT, RequestContext, Subject
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import State, lengths_after, still_gives
from bot.access.sync.queue import Queue
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind
from bot.store.ledger import entitlements, events, permissions, purchases, work
from bot.store.people import customers
from bot.store.records import Customer, Entitlement, Purchase
from bot.store.vault import Vault

log = logging.getLogger(__name__)

EVERY = 20.0  # seconds between looks for what a name came to, or whose source stayed away
AT_ONCE = 50  # in one transaction, so that others get their turn


@dataclass(frozen=True, slots=True)
class Bought:
    """What a source gives somebody: that much time of an item, an end of it, or as long as the source lasts.

    It is a member's, or a customer's of whom perhaps only the TradingView name is known.
    """

    source: str
    item: Item
    member_id: int | None
    gives: Length | State
    grace: bool = False  # the product's grace days come on top of a dated end
    note: str | None = None
    customer: Customer | None = None
    grace_days: int | None = None  # on top of a dated end, whatever the product's
    since: datetime | None = (
        None  # a length counts from then on, also where its buyer is known later
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """A purchase, and the order that brings it to TradingView; none while it waits for a name."""

    purchase: Purchase
    order_id: int | None
    is_new: bool = True


# Returns whether what waited may begin for that customer, in a transaction that writes.
Gate = Callable[[AsyncConnection, Purchase, Customer], Awaitable[bool]]


class Purchases:
    """Opens and ends what sources give. Every call may be repeated: it counts once."""

    def __init__(self, database: Database, vault: Vault, queue: Queue, notifier: Notifier) -> None:
        self._database = database
        self._vault = vault
        self._queue = queue
        self._notifier = notifier
        self._woken = asyncio.Event()
        # By source: what a purchase that waited must pass once a name is known; it ends what may not begin.
        self.gates: dict[str, Gate] = {}

    async def open(self, request: RequestContext, bought: Bought) -> Opened:
        """Record what a member got; the request's idempotency key is its reference for ever.

        While no TradingView name of the member is known it waits, and goes on by itself once one is.
        """
        async with self._database.write() as connection:
            opened, superseded = await open_in(connection, self._vault, request, bought)
        self.go_on(request.guild_id, superseded)
        return opened

    async def lapse(self, purchase_ids: Collection[int], at: datetime) -> None:
        """Note that the source of these is lost: they end at that moment, unless it comes back."""
        async with self._database.write() as connection:
            await lapse_in(connection, purchase_ids, at)
        self.wake()

    async def keep(self, purchase_ids: Collection[int]) -> None:
        """Note that the source of these came back in time: nothing happened."""
        async with self._database.write() as connection:
            await keep_in(connection, purchase_ids)

    async def end(self, request: RequestContext, purchase_ids: Collection[int]) -> list[int]:
        """End these purchases with their source; returns the orders, one to lead for each purchase.

        Access that another reason gives stays, as does what Usher did not give.
        """
        order_ids: list[int] = []
        superseded: list[int] = []
        async with self._database.write() as connection:
            found = await purchases.by_ids(connection, purchase_ids)
            for purchase in found.values():
                recorded = await end_in(connection, self._vault, request, purchase)
                order_ids += [each.order.id for each in recorded[:1]]
                superseded += [each for part in recorded for each in part.superseded]
        self.go_on(request.guild_id, superseded)
        return order_ids

    def wake(self) -> None:
        """Look at once for what waited for a name, or for its end."""
        self._woken.set()

    def start(self, jobs: Jobs) -> None:
        """Begin to look after what waits, until the jobs end."""
        _ = jobs.spawn(self._run(), "purchases that wait")

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self.look()
            except Exception:  # the next round goes on
                log.exception("looking after purchases failed; again in %s s", EVERY)
            await clock.set_within(EVERY, self._woken)

    async def look(self) -> None:
        """Bring to TradingView what waited for a name that is known now, and end what lapsed."""
        try:
            while await self._attach_some():
                pass
        finally:  # whatever one person's name brings up, nobody else keeps what lapsed
            while await self._end_some():
                pass
        await self._go_on_with_others()

    async def _go_on_with_others(self) -> None:
        """Have the queue take what another program ordered in this database: nobody else tells it."""
        async with self._database.read() as connection:
            waiting = await work.guilds(connection)
        for guild_id in waiting:
            self._queue.wake(guild_id)

    async def _attach_some(self) -> bool:
        async with self._database.write() as connection:
            found = await purchases.attachable(connection, AT_ONCE)
            people = await customers.by_ids(connection, {each.customer_id for each in found})
            superseded: list[int] = []
            for purchase in found:
                person = people[purchase.customer_id]
                gate = self.gates.get(purchase.source)
                if gate is not None and not await gate(connection, purchase, person):
                    continue
                superseded += await _attach(connection, self._vault, purchase, person)
        for guild_id in {purchase.guild_id for purchase in found}:
            self.go_on(guild_id, superseded)
        return len(found) == AT_ONCE

    async def _end_some(self) -> bool:
        now = clock.now()
        if clock.is_wrong():
            return False  # nothing lapses by a clock that may be wrong
        async with self._database.write() as connection:
            found = await purchases.lapsed(connection, now, AT_ONCE)
            superseded: list[int] = []
            for purchase in found:
                key = f"lapsed {purchase.id} {purchase.lapses_at:%Y%m%d%H%M%S}"
                request = RequestContext(purchase.guild_id, purchase.actor, key, now)
                for recorded in await end_in(connection, self._vault, request, purchase):
                    superseded += recorded.superseded
        for guild_id in {purchase.guild_id for purchase in found}:
            self.go_on(guild_id, superseded)
        return len(found) == AT_ONCE

    def go_on(self, guild_id: int, superseded: Sequence[int]) -> None:
        """Have the queue take what `open_in` or `end_in` recorded, once that is committed."""
        self._notifier.ended(superseded)
        self._queue.wake(guild_id)


async def open_in(
    connection: AsyncConnection, vault: Vault, request: RequestContext, bought: Bought
) -> tuple[Opened, Sequence[int]]:
    """Record what a member got, in a transaction that writes; also returns the orders it took the place of."""
    guild_id, key = request.guild_id, request.idempotency_key
    if known := await purchases.by_reference(connection, guild_id, bought.source, key):
        return Opened(known, None, is_new=False), ()
    person = bought.customer
    if person is None:
        person = await customers.by_member(connection, guild_id, bought.member_id or 0)
        person = person or await customers.add(connection, guild_id, member_id=bought.member_id)
    change = Change(
        gives=bought.gives,
        source=bought.source,
        member_id=bought.member_id,
        grace=bought.grace,
        grace_days=bought.grace_days,
        since=bought.since,
        held_back=False,
    )
    spelled = Spelling(person.username or "", person.tv_user_id is not None, person.tv_user_id)
    target = Target(bought.item.slug, Subject(bought.member_id), spelled)
    new = NewOrder(request, OrderKind.GRANT, target, change, bought.note)
    if person.username is None or not bought.item.scripts:
        return Opened(await _wait(connection, new, bought.item, person), None), ()
    recorded = await record_for(connection, vault, new, bought.item, person, spelled)
    purchase = await purchases.by_reference(connection, guild_id, bought.source, key)
    assert purchase is not None  # noqa: S101 - it was added just now
    return Opened(purchase, recorded.order.id), recorded.superseded


async def lapse_in(
    connection: AsyncConnection, purchase_ids: Collection[int], at: datetime
) -> None:
    """Note that the source of these is lost, in a transaction that writes.

    Of what was lost before it was paused the days left wait, too.
    """
    found = await purchases.by_ids(connection, purchase_ids)
    runs = [each.id for each in found.values() if each.lapse_left is None]
    await purchases.change(connection, runs, lapses_at=at)


async def keep_in(connection: AsyncConnection, purchase_ids: Collection[int]) -> None:
    """Note that these go on for now, in a transaction that writes: also once a pause is over."""
    await purchases.change(connection, purchase_ids, lapses_at=None, lapse_left=None)


async def end_in(
    connection: AsyncConnection,
    vault: Vault,
    request: RequestContext,
    purchase: Purchase,
    *,
    after: int | None = None,
    note: str | None = None,
) -> list[Recorded]:
    """End a purchase with its source, in a transaction that writes; returns an order for each script.

    `note` says why, for staff. It begins once the order `after` is done, where what takes its place is to stand first. Lengths that
    were to begin at its end are worked out anew.
    """
    at = request.at
    given = (await entitlements.of_purchases(connection, [purchase.id]))[purchase.id]
    live = [reason for reason in given if still_gives(reason, at)]
    held = [reason for reason in live if reason.permission_id is not None]
    await entitlements.end(connection, {each.id for each in live} - {each.id for each in held}, at)
    await purchases.change(
        connection,
        [purchase.id],
        lapses_at=None,
        lapse_left=None,
        source_ended_at=at,
        ended_at=at,
    )
    recorded: list[Recorded] = []
    for reason in held:
        lead = recorded[0].order.id if recorded else None
        new = replace(await _ending(connection, request, purchase, reason, lead, after), note=note)
        recorded.append(await record_unguarded(connection, vault, new))
    if live and not held:  # what was ended before by staff ends nothing now
        await _note(connection, request, purchase, "purchase_ended")
    return recorded


async def _ending(
    connection: AsyncConnection,
    request: RequestContext,
    purchase: Purchase,
    reason: Entitlement,
    lead_id: int | None,
    after: int | None,
) -> NewOrder:
    """Return the order that ends one reason, and takes access away where it was the last."""
    assert reason.permission_id is not None  # noqa: S101 - chosen so
    permission = await permissions.by_id(connection, reason.permission_id)
    others = await entitlements.active(connection, permission.id)
    others = [each for each in others if each.id != reason.id]
    is_last = not any(still_gives(each, request.at) for each in others)
    key = f"{request.idempotency_key} {purchase.id}/{reason.script_id}"
    return NewOrder(
        replace(request, idempotency_key=key, token=None),
        OrderKind.REVOKE,
        permission,
        Change(
            ends=(reason.id,),
            overrules=is_last,
            unsettles=lengths_after(others, reason),
            after=after,
        ),
        product_id=purchase.product_id,
        lead_id=lead_id,
    )


async def _wait(
    connection: AsyncConnection, new: NewOrder, item: Item, person: Customer
) -> Purchase:
    """Record a purchase of somebody whose TradingView name is not known yet."""
    purchase = await add_purchase(connection, new, item, person)
    assert purchase is not None  # noqa: S101 - it gives something
    since = new.change.since or new.request.at
    for script in item.scripts:
        await entitlements.add(connection, purchase, script.id, None, asked_at=since)
    await _note(connection, new.request, purchase, "purchase")
    return purchase


async def _note(
    connection: AsyncConnection, request: RequestContext, purchase: Purchase, action: str
) -> None:
    person = await customers.by_id(connection, purchase.customer_id)
    await events.record(
        connection,
        request.guild_id,
        request.at,
        action,
        actor=request.actor,
        script_id=purchase.script_id,
        product_id=purchase.product_id,
        customer_id=purchase.customer_id,
        member_id=None if person is None else person.member_id,
        note=purchase.note,
        after={"source": purchase.source, "kind": purchase.kind, "length": purchase.length},
    )


async def _attach(
    connection: AsyncConnection, vault: Vault, purchase: Purchase, person: Customer
) -> list[int]:
    """Order what waited for the name of this person; returns the orders it took the place of."""
    assert person.username is not None  # noqa: S101 - found so
    spelled = Spelling(person.username, person.tv_user_id is not None, person.tv_user_id)
    request = RequestContext(
        purchase.guild_id, purchase.actor, f"linked {purchase.id}", clock.now()
    )
    item = await item_of(connection, purchase.product_id, purchase.script_id)
    given = (await entitlements.of_purchases(connection, [purchase.id]))[purchase.id]
    scripts = {script.id: script for script in item.scripts}
    lead: int | None = None
    superseded: list[int] = []
    for reason in given:
        if reason.permission_id is not None or reason.ended_at is not None:
            continue
        script = scripts.get(reason.script_id)
        if script is None:  # not on sale any more: it is told of when the order is made
            script = (await item_of(connection, None, reason.script_id)).scripts[0]
        permission = await touch(connection, request, script, person, spelled)
        since = reason.asked_at if purchase.source in FROM_PAYMENT else None
        key = f"linked {purchase.id}" if lead is None else f"linked {purchase.id}/{script.id}"
        new = NewOrder(
            replace(request, idempotency_key=key),
            OrderKind.GRANT,
            permission,
            Change(attaches=reason, since=since),
            purchase.note,
            product_id=purchase.product_id,
            lead_id=lead,
        )
        recorded = await record_unguarded(connection, vault, new)
        lead = lead or recorded.order.id
        superseded += recorded.superseded
    return superseded
