"""What Usher has stored about one person, item by item and reason by reason: in a fixed number of queries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.people.identity import name_of
from bot.access.request import Subject
from bot.store.catalogue import products, scripts
from bot.store.ledger import entitlements, orders, permissions, purchases
from bot.store.people import customers
from bot.store.records import (
    Customer,
    Entitlement,
    Order,
    Permission,
    Product,
    Purchase,
    Script,
)
from bot.store.sweeps import sightings
from bot.store.sweeps.sightings import Sighting

LATELY = timedelta(days=30)  # so long it is told who ended something


@dataclass(frozen=True, slots=True)
class Why:
    """A reason with what was got by it, and which product that is of; None: of the script alone."""

    reason: Entitlement
    purchase: Purchase
    product: Product | None = None
    moved_from: Product | Script | None = None


@dataclass(frozen=True, slots=True)
class EndedWhy:
    """A reason that ended lately, before its time, and the order that ended it, where one did."""

    why: Why
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """One person as Usher knows them; without a TradingView name only what waits for it."""

    username: str
    customer: Customer | None
    scripts: tuple[Script, ...] = ()  # on sale, and archived ones that the person has
    held: Mapping[int, Permission] = field(default_factory=dict)  # by script
    whys: Mapping[int, tuple[Why, ...]] = field(default_factory=dict)  # by script
    ended: Mapping[int, tuple[EndedWhy, ...]] = field(
        default_factory=dict
    )  # by script, newest first
    seen: Mapping[int, Sighting] = field(default_factory=dict)  # by script
    waiting: tuple[tuple[Purchase, Script | Product], ...] = ()  # for a TradingView name


async def stored_of(
    connection: AsyncConnection, guild_id: int, subject: Subject, now: datetime
) -> Stored:
    """Return everything that is stored about a person. Raises as `name_of` does.

    A member without a TradingView name is no refusal where something waits for that name.
    """
    if nameless := await _nameless(connection, guild_id, subject):
        return nameless
    name = await name_of(connection, guild_id, subject)
    person = await customers.by_name(connection, guild_id, name)
    listed = await scripts.listed(connection, guild_id, archived=True)
    mine = await permissions.of_name(connection, guild_id, name)
    ids = [held.id for held in mine]
    active = await entitlements.active_of(connection, ids)
    over = await entitlements.ended_since(connection, ids, now - LATELY)
    every = [reason for reasons in active.values() for reason in reasons] + over
    bought = await purchases.by_ids(connection, {reason.purchase_id for reason in every})
    sold = await products.by_ids(
        connection,
        {
            product_id
            for purchase in bought.values()
            for product_id in (purchase.product_id, purchase.moved_product_id)
            if product_id is not None
        },
    )
    by = await orders.by_ids(connection, [each.ended_by for each in over if each.ended_by])
    ended_by = {order.id: order for order in by}
    known = {script.id: script for script in listed}
    by_script = {held.script_id: held for held in mine}

    def why(reason: Entitlement) -> Why:
        purchase = bought[reason.purchase_id]
        moved_from = sold.get(purchase.moved_product_id or 0) or known.get(
            purchase.moved_script_id or 0
        )
        product = sold.get(purchase.product_id or 0)
        return Why(reason, purchase, product, moved_from if reason.moved_by else None)

    ended: dict[int, list[EndedWhy]] = {}
    for reason in over:
        ended.setdefault(reason.script_id, []).append(
            EndedWhy(why(reason), ended_by.get(reason.ended_by or 0))
        )
    return Stored(
        person.username if person and person.username else name,
        person,
        tuple(s for s in listed if s.archived_at is None or s.id in by_script),
        by_script,
        {held.script_id: tuple(map(why, active[held.id])) for held in mine},
        {script_id: tuple(some) for script_id, some in ended.items()},
        {row.script_id: row for row in await sightings.of_name(connection, guild_id, name)},
    )


async def _nameless(connection: AsyncConnection, guild_id: int, subject: Subject) -> Stored | None:
    """Return what waits for the name of a member who has none; None where nothing does."""
    if subject.member_id is None or (subject.username or "").strip():
        return None
    person = await customers.by_member(connection, guild_id, subject.member_id)
    if person is None or person.username is not None:
        return None
    waiting = await purchases.waiting_of(connection, person.id)
    if not waiting:
        return None
    known = {each.id: each for each in await scripts.listed(connection, guild_id, archived=True)}
    sold = await products.by_ids(
        connection, {each.product_id for each in waiting if each.product_id is not None}
    )
    return Stored(
        "",
        person,
        waiting=tuple(
            (each, sold[each.product_id] if each.product_id else known[each.script_id or 0])
            for each in waiting
        ),
    )
