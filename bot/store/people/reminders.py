"""Queries about reminders: what ends, of which of it people heard, and who wants to hear nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, delete, exists, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import PermissionState, ReminderOutcome, StateKind
from bot.store.parts import parts
from bot.store.records import Record
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.payments import contract, contract_purchase
from bot.store.tables.people import customer
from bot.store.tables.reminders import reminder, reminders_off

_other = entitlement.alias("other")  # made once: it copies every column


@dataclass(frozen=True, slots=True)
class EndingScript(Record):
    """One script of a member whose last reason ends; `reminded`: the fewest days of what was said of it."""

    customer_id: int
    member_id: int
    purchase_id: int
    product_id: int | None
    script_id: int
    ends_at: datetime
    held_until: datetime
    fixed_at: datetime
    reminded: int | None


async def due(
    connection: AsyncConnection,
    guild_id: int,
    days: Collection[int],
    now: datetime,
    within: timedelta,
    *,
    after: int,
    limit: int,
) -> list[int]:
    """Return customers to whom something may have to be said now, by id, those beyond `after`.

    That is: something of theirs has ended `within` that span, or ends in as many `days` or fewer, and the
    reminder that is next of it was not said. Who wants none is left out.
    """
    steps = [0, *sorted(days)]
    moments = [now + timedelta(days=day) for day in steps]
    nearest = case(
        *((entitlement.c.ends_at <= at, day) for at, day in zip(moments, steps, strict=True)),
        else_=steps[-1],
    )
    said = exists().where(
        reminder.c.purchase_id == entitlement.c.purchase_id,
        reminder.c.ends_at == entitlement.c.ends_at,
        reminder.c.days <= nearest,
    )
    query = _ending(select(customer.c.id), guild_id, now - within, moments[-1])
    found = await connection.execute(
        query.where(~said, customer.c.id > after).distinct().order_by(customer.c.id).limit(limit)
    )
    return list(found.scalars())


async def ending(
    connection: AsyncConnection,
    guild_id: int,
    customer_ids: Collection[int],
    since: datetime,
    until: datetime,
) -> list[EndingScript]:
    """Return what of these customers ends in that time."""
    said = (
        select(func.min(reminder.c.days))
        .where(
            reminder.c.purchase_id == entitlement.c.purchase_id,
            reminder.c.ends_at == entitlement.c.ends_at,
        )
        .scalar_subquery()
    )
    columns = select(
        customer.c.id.label("customer_id"),
        customer.c.member_id,
        purchase.c.id.label("purchase_id"),
        purchase.c.product_id,
        entitlement.c.script_id,
        entitlement.c.ends_at,
        permission.c.wanted_ends_at.label("held_until"),
        entitlement.c.settled_at.label("fixed_at"),
        said.label("reminded"),
    )
    found: list[EndingScript] = []
    for some in parts(customer_ids):
        query = _ending(columns, guild_id, since, until).where(customer.c.id.in_(some))
        rows = await connection.execute(query.order_by(customer.c.id, entitlement.c.id))
        found += map(EndingScript.of, rows)
    return found


def _ending(query: Select[Any], guild_id: int, since: datetime, until: datetime) -> Select[Any]:
    """Return the query for what ends in that time: each reason after which nothing gives its script.

    Only of members who take reminders, and are to know of it. Access without an end, as by a source that
    renews it, does not end, nor does what a renewal prolongs that is on its way, nor a subscription that
    renews by itself.
    """
    goes_on = exists().where(
        _other.c.permission_id == entitlement.c.permission_id,
        _other.c.ended_at.is_(None),
        _other.c.paused_at.is_(None),
        or_(_other.c.settled_at.is_(None), _other.c.ends_at > entitlement.c.ends_at),
    )
    wants_none = exists().where(
        reminders_off.c.guild_id == customer.c.guild_id,
        reminders_off.c.member_id == customer.c.member_id,
    )
    renews = exists().where(
        contract_purchase.c.purchase_id == entitlement.c.purchase_id,
        contract.c.id == contract_purchase.c.contract_id,
        contract.c.renews,
    )
    return (
        query.select_from(entitlement)
        .join(purchase, purchase.c.id == entitlement.c.purchase_id)
        .join(permission, permission.c.id == entitlement.c.permission_id)
        .join(customer, customer.c.id == permission.c.customer_id)
        .where(
            entitlement.c.guild_id == guild_id,
            entitlement.c.ends_at > since,
            entitlement.c.ends_at <= until,
            entitlement.c.ended_at.is_(None),
            entitlement.c.paused_at.is_(None),
            ~entitlement.c.withheld,
            permission.c.wanted == StateKind.UNTIL,
            permission.c.state != PermissionState.STUCK,
            customer.c.member_id.is_not(None),
            customer.c.blocked_at.is_(None),
            ~goes_on,
            ~renews,
            ~wants_none,
        )
    )


async def note(
    connection: AsyncConnection,
    ends: Iterable[tuple[int, datetime]],
    days: int,
    outcome: ReminderOutcome,
    at: datetime,
) -> None:
    """Note what became of a reminder of the ends of these purchases."""
    await connection.execute(
        insert(reminder),
        [
            {"purchase_id": each, "ends_at": end, "days": days, "outcome": outcome, "at": at}
            for each, end in ends
        ],
    )


async def set_off(connection: AsyncConnection, guild_id: int, member_id: int, at: datetime) -> bool:
    """Note that a member wants no reminders; False when that was known."""
    if await is_off(connection, guild_id, member_id):
        return False
    await connection.execute(
        insert(reminders_off).values(guild_id=guild_id, member_id=member_id, at=at)
    )
    return True


async def set_on(connection: AsyncConnection, guild_id: int, member_id: int) -> bool:
    """Note that a member wants reminders; False when that was known."""
    done = await connection.execute(
        delete(reminders_off).where(
            reminders_off.c.guild_id == guild_id, reminders_off.c.member_id == member_id
        )
    )
    return done.rowcount > 0


async def is_off(connection: AsyncConnection, guild_id: int, member_id: int) -> bool:
    """Return whether a member wants no reminders."""
    found = await connection.execute(
        select(reminders_off.c.at).where(
            reminders_off.c.guild_id == guild_id, reminders_off.c.member_id == member_id
        )
    )
    return found.first() is not None
