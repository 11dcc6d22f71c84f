"""Queries about trials: who took one, and who is new to a script."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import StateKind
from bot.store.records import Customer
from bot.store.tables.ledger import entitlement, has_time_left, permission, purchase
from bot.store.tables.people import customer
from bot.store.tables.sales import trial_use


async def add(
    connection: AsyncConnection, person: Customer, product_id: int, purchase_id: int, at: datetime
) -> None:
    """Note that somebody, a member, took the trial of a product."""
    await connection.execute(
        insert(trial_use).values(
            guild_id=person.guild_id,
            product_id=product_id,
            purchase_id=purchase_id,
            member_id=person.member_id,
            name_folded=person.name_folded,
            tv_user_id=person.tv_user_id,
            at=at,
        )
    )


async def learn_name(connection: AsyncConnection, person: Customer, purchase_id: int) -> None:
    """Note the name for which a trial begins that was taken before one was known."""
    await connection.execute(
        update(trial_use)
        .where(trial_use.c.purchase_id == purchase_id)
        .values(name_folded=person.name_folded, tv_user_id=person.tv_user_id)
    )


async def is_taken(
    connection: AsyncConnection, person: Customer, product_id: int, *, but: int | None = None
) -> bool:
    """Return whether the member, their TradingView name or its id took that trial, as purchase `but` apart.

    By what was noted then, and by what is known of that customer by now: names change.
    """
    same: list[ColumnElement[bool]] = []
    for table in (trial_use, customer):
        if person.member_id is not None:
            same.append(table.c.member_id == person.member_id)
        if person.name_folded is not None:
            same.append(table.c.name_folded == person.name_folded)
        if person.tv_user_id is not None:
            same.append(table.c.tv_user_id == person.tv_user_id)
    found = await connection.execute(
        select(literal(1))
        .select_from(
            trial_use.join(purchase, purchase.c.id == trial_use.c.purchase_id).join(
                customer, customer.c.id == purchase.c.customer_id
            )
        )
        .where(
            trial_use.c.guild_id == person.guild_id,
            trial_use.c.product_id == product_id,
            trial_use.c.purchase_id != (but or 0),
            or_(*same),
        )
        .limit(1)
    )
    return found.first() is not None


async def is_customer(
    connection: AsyncConnection,
    person: Customer,
    script_ids: Collection[int],
    trials: str,
    now: datetime,
) -> bool:
    """Return whether somebody has or had one of these scripts; what they tried counts while it runs.

    `trials` is the source of what somebody tried.
    """
    mine = [permission.c.customer_id == person.id]
    if person.name_folded is not None:
        mine.append(permission.c.name_folded == person.name_folded)
    if person.tv_user_id is not None:
        mine.append(permission.c.tv_user_id == person.tv_user_id)
    of_person = and_(permission.c.script_id.in_(list(script_ids)), or_(*mine))
    # Of what staff gave to a name that the member merely claims, the answer is not to tell.
    is_withheld = exists().where(
        entitlement.c.permission_id == permission.c.id, entitlement.c.withheld
    )
    shown = select(literal(1)).where(
        of_person,
        ~is_withheld,
        (permission.c.seen == StateKind.LIFETIME)
        | ((permission.c.seen == StateKind.UNTIL) & (permission.c.seen_ends_at > now)),
    )
    runs = entitlement.c.ended_at.is_(None) & has_time_left(entitlement, now)
    given = (
        select(literal(1))
        .select_from(entitlement.join(permission, permission.c.id == entitlement.c.permission_id))
        .where(
            of_person,
            ~entitlement.c.withheld,
            runs | ((entitlement.c.source != trials) & entitlement.c.settled_at.is_not(None)),
        )
    )
    for query in (shown, given):
        if (await connection.execute(query.limit(1))).first() is not None:
            return True
    return False
