"""Queries about permissions, each with its script and its customer, for those who look at them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import PermissionState, StateKind
from bot.store.ledger.ends import Ends
from bot.store.parts import parts
from bot.store.records import Customer, Holding, Permission, Script
from bot.store.tables.catalogue import script
from bot.store.tables.ledger import permission
from bot.store.tables.people import customer

_UNFINISHED = (PermissionState.WAITING, PermissionState.WORKING, PermissionState.STUCK)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What waits, or what is stuck: the oldest of it, and how much there is."""

    oldest: tuple[Holding, ...] = ()
    total: int = 0


async def with_people(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> dict[int, Holding]:
    """Return these permissions by their ids, each with its script and its customer."""
    found: dict[int, Holding] = {}
    for some in parts(permission_ids):
        rows = await connection.execute(_holdings().where(permission.c.id.in_(some)))
        found |= {holding.permission.id: holding for holding in map(_holding, rows)}
    return found


async def backlog(
    connection: AsyncConnection, guild_id: int, limit: int
) -> tuple[Unfinished, Unfinished]:
    """Return the oldest of what waits or is worked on in a server, and of what is stuck."""
    is_stuck = permission.c.state == PermissionState.STUCK
    ranked = (
        select(
            permission.c.id,
            func.row_number()
            .over(partition_by=is_stuck, order_by=(permission.c.asked_at, permission.c.id))
            .label("place"),
            func.count().over(partition_by=is_stuck).label("total"),
        )
        # Each by its name: an index finds them so, and would look at all others for "not done".
        .where(permission.c.guild_id == guild_id, permission.c.state.in_(_UNFINISHED))
        .subquery()
    )
    rows = await connection.execute(
        _holdings(ranked.c.total)
        .join(ranked, ranked.c.id == permission.c.id)
        .where(ranked.c.place <= limit)
        .order_by(ranked.c.place)
    )
    waiting, stuck = Unfinished(), Unfinished()
    for row in rows:
        holding = _holding(row)
        if holding.permission.state is PermissionState.STUCK:
            stuck = Unfinished((*stuck.oldest, holding), row.total)
        else:
            waiting = Unfinished((*waiting.oldest, holding), row.total)
    return waiting, stuck


async def holders(
    connection: AsyncConnection,
    script_id: int,
    ends: Ends,
    *,
    skip: int,
    limit: int,
    among: Collection[int] | None = None,
) -> list[tuple[Permission, Customer]]:
    """Return who should have a script, or had it, with such an end; without an end last.

    `among`: only these members.
    """
    found = await connection.execute(
        _holdings()
        .where(permission.c.script_id == script_id, _ends_so(ends), *_of(among))
        .order_by(
            permission.c.wanted_ends_at.is_(None),
            permission.c.wanted_ends_at,
            permission.c.name_folded,
        )
        .offset(skip)
        .limit(limit)
    )
    return [(holding.permission, holding.customer) for holding in map(_holding, found)]


async def count_holders(
    connection: AsyncConnection,
    script_id: int,
    ends: Ends,
    among: Collection[int] | None = None,
) -> int:
    """Count who should have a script, or had it, with such an end; `among`: of these members."""
    found = await connection.execute(
        select(func.count())
        .select_from(permission)
        .join(customer, customer.c.id == permission.c.customer_id)
        .where(permission.c.script_id == script_id, _ends_so(ends), *_of(among))
    )
    return int(found.scalar_one())


def _of(among: Collection[int] | None) -> "list[ColumnElement[bool]]":
    return [] if among is None else [customer.c.member_id.in_(list(among))]


def _ends_so(ends: Ends) -> "ColumnElement[bool]":
    endless = permission.c.wanted.in_((StateKind.OPEN, StateKind.LIFETIME))
    end = permission.c.wanted_ends_at
    if ends.until is None:
        return or_(endless, end.is_not(None) if ends.after is None else end > ends.after)
    return end <= ends.until if ends.after is None else and_(end > ends.after, end <= ends.until)


def _holdings(*more: "ColumnElement[Any]") -> "Select[Any]":
    return (
        select(permission, script, customer, *more)
        .select_from(permission)
        .join(script, script.c.id == permission.c.script_id)
        .join(customer, customer.c.id == permission.c.customer_id)
    )


def _holding(row: "Row[Any]") -> Holding:
    return Holding(
        Permission.of(row, permission), Script.of(row, script), Customer.of(row, customer)
    )
