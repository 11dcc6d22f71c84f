"""Queries about drift: where what was last seen on TradingView is not what should be there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    String,
    and_,
    bindparam,
    case,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import PermissionState, StateKind
from bot.store.parts import parts
from bot.store.records import Numbers, Permission, Record, Untaken
from bot.store.sweeps.sightings import Sighting, has_permission, is_live
from bot.store.tables.ledger import permission
from bot.store.tables.sweeps import sighting


@dataclass(frozen=True, slots=True)
class Marks(Record):
    """Which difference of a permission was told, and which one staff ignored."""

    noted_difference: str | None
    ignored_difference: str | None


async def candidates(
    connection: AsyncConnection, script_ids: Collection[int], now: datetime
) -> list[tuple[Permission, Marks]]:
    """Return permissions that may differ, by name; what waits or is worked on is the queue's affair."""
    wanted_live = or_(
        permission.c.wanted.in_((StateKind.OPEN, StateKind.LIFETIME)),
        and_(permission.c.wanted == StateKind.UNTIL, permission.c.wanted_ends_at > now),
    )
    seen_live = or_(
        permission.c.seen == StateKind.LIFETIME,
        and_(permission.c.seen == StateKind.UNTIL, permission.c.seen_ends_at > now),
    )
    same = or_(
        and_(
            permission.c.wanted.in_((StateKind.OPEN, StateKind.LIFETIME)),
            permission.c.seen == StateKind.LIFETIME,
        ),
        and_(
            permission.c.wanted == StateKind.UNTIL,
            permission.c.seen == StateKind.UNTIL,
            permission.c.wanted_ends_at == permission.c.seen_ends_at,
        ),
    )
    differs = and_(permission.c.seen != StateKind.UNKNOWN, or_(wanted_live, seen_live), ~same)
    found = await connection.execute(
        select(permission)
        .where(
            permission.c.script_id.in_(list(script_ids)),
            or_(
                permission.c.state == PermissionState.STUCK,
                and_(permission.c.state == PermissionState.DONE, differs),
            ),
        )
        .order_by(permission.c.name_folded)
    )
    return [(Permission.of(row), Marks.of(row)) for row in found]


async def namesakes(
    connection: AsyncConnection, script_ids: Collection[int]
) -> list[tuple[Permission, Marks, Sighting]]:
    """Return permissions whose name another TradingView user has, or that kept an old name.

    The number tells who somebody is; where it and the name fit to different people, it is said.
    """
    same_name = permission.c.name_folded == sighting.c.name_folded
    same_number = permission.c.tv_user_id == sighting.c.tv_user_id
    first: dict[int, tuple[Permission, Marks, Sighting]] = {}
    # One after the other: joined by either of two columns, a long list takes minutes.
    for mixed_up in (
        and_(same_name, permission.c.tv_user_id != sighting.c.tv_user_id),
        and_(same_number, permission.c.name_folded != sighting.c.name_folded),
    ):
        found = await connection.execute(
            select(permission, sighting)
            .join(sighting, and_(sighting.c.script_id == permission.c.script_id, mixed_up))
            .where(permission.c.script_id.in_(list(script_ids)))
            .order_by(permission.c.name_folded)
        )
        for row in found:
            held = Permission.of(row, permission)
            pair = (held, Marks.of(row, permission), Sighting.of(row, sighting))
            first.setdefault(held.id, pair)  # of swapped names, both fit
    return list(first.values())


def _strangers(
    script_ids: Collection[int], now: datetime, *, all_of_them: bool
) -> "ColumnElement[bool]":
    here = sighting.c.script_id.in_(list(script_ids))
    conditions = [here, is_live(now), ~has_permission()]
    if not all_of_them:
        conditions.append(sighting.c.ignored_at.is_(None))
    return and_(*conditions)


async def strangers(
    connection: AsyncConnection,
    script_id: int,
    now: datetime,
    *,
    skip: int = 0,
    limit: int | None = None,
    ignored: bool = False,
) -> list[Sighting]:
    """Return people with access of whom Usher knows nothing, by name; `ignored` ones only when asked for."""
    found = await connection.execute(
        select(sighting)
        .where(_strangers([script_id], now, all_of_them=ignored))
        .order_by(sighting.c.name_folded, sighting.c.id)
        .offset(skip)
        .limit(limit)
    )
    return [Sighting.of(row) for row in found]


async def count_strangers(
    connection: AsyncConnection, script_id: int, now: datetime, *, ignored: bool = False
) -> int:
    """Count the people with access to a script of whom Usher knows nothing."""
    return (await count_strangers_of(connection, [script_id], now, ignored=ignored))[script_id]


async def count_strangers_of(
    connection: AsyncConnection,
    script_ids: Collection[int],
    now: datetime,
    *,
    ignored: bool = False,
) -> dict[int, int]:
    """Count them by script."""
    rows = await connection.execute(
        select(sighting.c.script_id, func.count().label("number"))
        .where(_strangers(script_ids, now, all_of_them=ignored))
        .group_by(sighting.c.script_id)
    )
    return dict.fromkeys(script_ids, 0) | {row.script_id: row.number for row in rows}


async def untaken(
    connection: AsyncConnection, script_ids: Collection[int], now: datetime
) -> Untaken:
    """Count the people of whom Usher knows nothing, each once, and what they have on these scripts."""
    who = case(
        (sighting.c.tv_user_id.is_not(None), literal("#") + cast(sighting.c.tv_user_id, String)),
        else_=sighting.c.name_folded,
    )
    found = await connection.execute(
        select(func.count(distinct(who)).label("people"), func.count().label("accesses")).where(
            _strangers(script_ids, now, all_of_them=False)
        )
    )
    row: Any = found.one()
    return Untaken(row.people, row.accesses)


async def numbers(connection: AsyncConnection, script_id: int, now: datetime) -> Numbers:
    """Count what the last complete sweep found."""
    undated = sighting.c.kind == StateKind.LIFETIME
    dated = and_(sighting.c.kind == StateKind.UNTIL, sighting.c.ends_at > now)
    lapsed = and_(sighting.c.kind == StateKind.UNTIL, sighting.c.ends_at <= now)

    def many(what: "ColumnElement[bool]", label: str) -> "ColumnElement[Any]":
        return func.coalesce(func.sum(case((what, 1), else_=0)), 0).label(label)

    found: Any = await connection.execute(
        select(many(undated, "undated"), many(dated, "dated"), many(lapsed, "lapsed")).where(
            sighting.c.script_id == script_id
        )
    )
    row = found.one()
    return Numbers(
        row.undated, row.dated, row.lapsed, await count_strangers(connection, script_id, now)
    )


async def note(
    connection: AsyncConnection, script_id: int, marks: Sequence[tuple[int, str]], now: datetime
) -> int:
    """Remember that these differences, and every stranger, were told; return the new strangers."""
    await _mark(connection, permission.c.noted_difference, marks)
    new = await connection.execute(
        update(sighting)
        .where(
            _strangers([script_id], now, all_of_them=False),
            sighting.c.noted_at.is_(None),
        )
        .values(noted_at=now)
    )
    return new.rowcount


async def ignore(
    connection: AsyncConnection,
    marks: Sequence[tuple[int, str | None]],
    ids: Collection[int],
    at: datetime | None,
) -> None:
    """Leave these as they are: differences of permissions, and sightings by their ids; None: no longer."""
    await _mark(connection, permission.c.ignored_difference, marks)
    for some in parts(ids):
        await connection.execute(
            update(sighting).where(sighting.c.id.in_(some)).values(ignored_at=at)
        )


async def _mark(
    connection: AsyncConnection, column: "Column[Any]", marks: Sequence[tuple[int, str | None]]
) -> None:
    if not marks:
        return
    await connection.execute(
        update(permission)
        .where(permission.c.id == bindparam("of_id"))
        .values({column: bindparam("mark")}),
        [{"of_id": permission_id, "mark": mark} for permission_id, mark in marks],
    )
