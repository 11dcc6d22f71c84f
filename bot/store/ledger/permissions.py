"""Queries about permissions: what TradingView should hold, beside what was seen there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.ledger import shapes
from bot.store.ledger.orders import HELD, PARKED, is_held
from bot.store.parts import parts
from bot.store.records import Customer, Holding, Permission, Script
from bot.store.tables.catalogue import guild, script
from bot.store.tables.ledger import order, permission
from bot.store.tables.people import customer
from bot.store.tables.sweeps import sweep

# Orders wait while a script is paused, or the lists were not read since a restore, or the bot is not
# there, or TradingView answers in another form than the known one; somebody's also while an older one
# is yet to be compared after a restore.
_OPEN = (
    permission.c.state.in_(("waiting", "working")),
    script.c.paused_at.is_(None),
    script.c.restored_at.is_(None),
    guild.c.restored_at.is_(None),
    guild.c.left_at.is_(None),
    shapes.is_open(),
    ~exists().where(order.c.permission_id == permission.c.id, is_held()),
)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What waits, or what is stuck: the oldest of it, and how much there is."""

    oldest: tuple[Holding, ...] = ()
    total: int = 0


async def by_id(connection: AsyncConnection, permission_id: int) -> Permission:
    """That permission, which must exist."""
    found = await connection.execute(select(permission).where(permission.c.id == permission_id))
    return Permission.of(found.one())


async def by_ids(connection: AsyncConnection, permission_ids: Collection[int]) -> list[Permission]:
    """Return these permissions, oldest first."""
    found: list[Permission] = []
    for some in parts(permission_ids):
        rows = await connection.execute(select(permission).where(permission.c.id.in_(some)))
        found += map(Permission.of, rows)
    return sorted(found, key=lambda held: held.id)


async def with_people(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> dict[int, Holding]:
    """Return these permissions by their ids, each with its script and its customer."""
    found: dict[int, Holding] = {}
    for some in parts(permission_ids):
        rows = await connection.execute(_holdings().where(permission.c.id.in_(some)))
        found |= {holding.permission.id: holding for holding in map(_holding, rows)}
    return found


async def revisions(connection: AsyncConnection, permission_ids: Collection[int]) -> dict[int, int]:
    """Return, by permission, the newest order that is in it."""
    found = await connection.execute(
        select(permission.c.id, permission.c.revision).where(
            permission.c.id.in_(list(permission_ids))
        )
    )
    return {row.id: row.revision for row in found}


async def by_name(connection: AsyncConnection, script_id: int, name: str) -> Permission | None:
    """The permission of that TradingView name, in any case, for one script."""
    found = await connection.execute(
        select(permission).where(
            permission.c.script_id == script_id, permission.c.name_folded == name.casefold()
        )
    )
    row = found.one_or_none()
    return None if row is None else Permission.of(row)


async def of_name(connection: AsyncConnection, guild_id: int, name: str) -> list[Permission]:
    """Every permission that a TradingView name ever had in a server."""
    found = await connection.execute(
        select(permission).where(
            permission.c.guild_id == guild_id, permission.c.name_folded == name.casefold()
        )
    )
    return [Permission.of(row) for row in found]


async def touch(
    connection: AsyncConnection, person: Customer, script_id: int, at: datetime
) -> Permission:
    """The permission of that person and script, made when there is none; nothing is wanted yet."""
    assert person.username is not None  # noqa: S101 - resolved before anything is wanted
    found = await by_name(connection, script_id, person.username)
    if found is not None:
        if found.customer_id == person.id:
            return found
        return await change(connection, found.id, customer_id=person.id)
    row = await connection.execute(
        insert(permission)
        .values(
            guild_id=person.guild_id,
            script_id=script_id,
            customer_id=person.id,
            username=person.username,
            name_folded=person.username.casefold(),
            tv_user_id=person.tv_user_id,
            wanted="nothing",
            revision=0,
            synced_revision=0,
            seen="unknown",
            ours="unknown",
            before="unknown",
            state="done",
            asked_at=at,
        )
        .returning(permission)
    )
    return Permission.of(row.one())


async def change(connection: AsyncConnection, permission_id: int, **values: Any) -> Permission:
    """Set these columns; returns the permission afterwards."""
    row = await connection.execute(
        update(permission)
        .where(permission.c.id == permission_id)
        .values(**values)
        .returning(permission)
    )
    return Permission.of(row.one())


async def guilds_with_work(connection: AsyncConnection) -> list[int]:
    """The servers in which something waits."""
    found = await connection.execute(_open(permission.c.guild_id).distinct())
    return list(found.scalars())


async def due(
    connection: AsyncConnection,
    guild_id: int,
    now: datetime,
    *,
    busy: Collection[int],
    limit: int,
    only: Collection[int] | None = None,
) -> list[int]:
    """What may be worked on now, in the order asked; of `only` these, when given."""
    query = _open(permission.c.id).where(
        permission.c.guild_id == guild_id,
        permission.c.id.not_in(list(busy)),
        or_(permission.c.next_try_at.is_(None), permission.c.next_try_at <= now),
    )
    if only is not None:
        query = query.where(permission.c.id.in_(list(only)))
    found = await connection.execute(
        query.order_by(permission.c.asked_at, permission.c.id).limit(limit)
    )
    return list(found.scalars())


async def crowd(
    connection: AsyncConnection, guild_id: int, now: datetime, busy: Collection[int], limit: int
) -> tuple[int, list[int]]:
    """The one script that has most of what may be worked on now, and that in the order asked."""
    due_now = and_(
        permission.c.guild_id == guild_id,
        permission.c.id.not_in(list(busy)),
        or_(permission.c.next_try_at.is_(None), permission.c.next_try_at <= now),
    )
    fullest = await connection.execute(
        _open(permission.c.script_id)
        .where(due_now)
        .group_by(permission.c.script_id)
        .order_by(func.count().desc())
        .limit(1)
    )
    script_id = fullest.scalar_one_or_none()
    if script_id is None:
        return 0, []
    found = await connection.execute(
        _open(permission.c.id)
        .where(due_now, permission.c.script_id == script_id)
        .order_by(permission.c.asked_at, permission.c.id)
        .limit(limit)
    )
    return script_id, list(found.scalars())


async def rows_known(connection: AsyncConnection, script_id: int) -> int:
    """How many rows TradingView's list has for a script, as far as is known."""
    listed = await connection.execute(
        select(sweep.c.rows)
        .where(sweep.c.script_id == script_id, sweep.c.state == "complete")
        .order_by(sweep.c.id.desc())
        .limit(1)
    )
    seen = await connection.execute(
        select(func.count())
        .select_from(permission)
        .where(permission.c.script_id == script_id, permission.c.seen.in_(("until", "lifetime")))
    )
    return max(listed.scalar_one_or_none() or 0, int(seen.scalar_one()))


async def of_orders(
    connection: AsyncConnection, guild_id: int, order_ids: Collection[int]
) -> dict[int, int]:
    """By order, the permission it is about; other servers' orders are left out."""
    if not order_ids:
        return {}
    found = await connection.execute(
        select(order.c.id, order.c.permission_id).where(
            order.c.guild_id == guild_id, order.c.id.in_(list(order_ids))
        )
    )
    return {row.id: row.permission_id for row in found}


async def next_try(
    connection: AsyncConnection, guild_id: int, busy: Collection[int]
) -> datetime | None:
    """When the next one becomes due; None when nothing waits for a moment."""
    found = await connection.execute(
        _open(func.min(permission.c.next_try_at)).where(
            permission.c.guild_id == guild_id, permission.c.id.not_in(list(busy))
        )
    )
    moment: datetime | None = found.scalar_one()
    return moment


async def retry(connection: AsyncConnection, script_id: int, now: datetime) -> list[int]:
    """Let what is stuck or waiting for a script be tried now, but for what is parked; returns which."""
    is_parked = and_(permission.c.state == "stuck", permission.c.reason.in_(PARKED))
    found = await connection.execute(
        update(permission)
        .where(
            permission.c.script_id == script_id,
            permission.c.state.in_(("stuck", "waiting", "working")),
            ~is_parked,
        )
        .values(state="waiting", reason=None, detail=None, attempts=0, next_try_at=now)
        .returning(permission.c.id)
    )
    return list(found.scalars())


async def hold(connection: AsyncConnection, permission_ids: Collection[int]) -> None:
    """Let these wait until they were compared with TradingView."""
    for some in parts(permission_ids):
        await connection.execute(
            update(permission)
            .where(permission.c.id.in_(some))
            .values(state="stuck", reason=HELD, next_try_at=None)
        )


async def release(
    connection: AsyncConnection, permission_ids: Collection[int], now: datetime
) -> None:
    """Let those of these wait for their turn that were held until they were compared."""
    for some in parts(permission_ids):
        await connection.execute(
            update(permission)
            .where(
                permission.c.id.in_(some),
                permission.c.state == "stuck",
                permission.c.reason == HELD,
            )
            .values(state="waiting", reason=None, next_try_at=now)
        )


async def hurry(connection: AsyncConnection, guild_id: int, now: datetime) -> None:
    """Let what waits in a server be tried now: its login works again."""
    await connection.execute(
        update(permission)
        .where(permission.c.guild_id == guild_id, permission.c.state.in_(("waiting", "working")))
        .values(attempts=0, next_try_at=now)
    )


async def unfinished(connection: AsyncConnection, guild_id: int) -> list[Permission]:
    """Everything that waits, is worked on or is stuck, oldest first."""
    found = await connection.execute(
        select(permission)
        .where(permission.c.guild_id == guild_id, permission.c.state != "done")
        .order_by(permission.c.asked_at, permission.c.id)
    )
    return [Permission.of(row) for row in found]


async def backlog(
    connection: AsyncConnection, guild_id: int, limit: int
) -> tuple[Unfinished, Unfinished]:
    """Return the oldest of what waits or is worked on in a server, and of what is stuck."""
    is_stuck = permission.c.state == "stuck"
    ranked = (
        select(
            permission.c.id,
            func.row_number()
            .over(partition_by=is_stuck, order_by=(permission.c.asked_at, permission.c.id))
            .label("place"),
            func.count().over(partition_by=is_stuck).label("total"),
        )
        .where(permission.c.guild_id == guild_id, permission.c.state != "done")
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
        if holding.permission.state == "stuck":
            stuck = Unfinished((*stuck.oldest, holding), row.total)
        else:
            waiting = Unfinished((*waiting.oldest, holding), row.total)
    return waiting, stuck


async def holders(
    connection: AsyncConnection, script_id: int, now: datetime, *, skip: int, limit: int
) -> list[tuple[Permission, Customer]]:
    """Who should have a script at that moment, by end date; without an end last."""
    found = await connection.execute(
        _holdings()
        .where(permission.c.script_id == script_id, _should_have(now))
        .order_by(
            permission.c.wanted_ends_at.is_(None),
            permission.c.wanted_ends_at,
            permission.c.name_folded,
        )
        .offset(skip)
        .limit(limit)
    )
    return [(holding.permission, holding.customer) for holding in map(_holding, found)]


async def count_holders(connection: AsyncConnection, script_id: int, now: datetime) -> int:
    """How many should have a script at that moment."""
    found = await connection.execute(
        select(func.count())
        .select_from(permission)
        .where(permission.c.script_id == script_id, _should_have(now))
    )
    return int(found.scalar_one())


def _should_have(now: datetime) -> "ColumnElement[bool]":
    return or_(permission.c.wanted.in_(("open", "lifetime")), permission.c.wanted_ends_at > now)


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


def _open(column: "ColumnElement[Any]") -> "Select[Any]":
    return (
        select(column)
        .select_from(
            permission.join(script, script.c.id == permission.c.script_id).join(
                guild, guild.c.id == permission.c.guild_id
            )
        )
        .where(*_OPEN)
    )
