"""Queries about drift: where what was last seen on TradingView is not what should be there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Numbers, Permission, Record
from bot.store.sweeps.sightings import Sighting, has_permission, is_live
from bot.store.tables.core import permission
from bot.store.tables.sweeps import sighting


@dataclass(frozen=True, slots=True)
class Marks(Record):
    """Which difference of a permission was told, and which one staff ignored."""

    noted_difference: str | None
    ignored_difference: str | None


async def candidates(
    connection: AsyncConnection, script_id: int, now: datetime
) -> list[tuple[Permission, Marks]]:
    """Permissions that may differ, by name; whatever waits or is worked on is the queue's affair."""
    wanted_live = or_(
        permission.c.wanted.in_(("open", "lifetime")),
        and_(permission.c.wanted == "until", permission.c.wanted_ends_at > now),
    )
    seen_live = or_(
        permission.c.seen == "lifetime",
        and_(permission.c.seen == "until", permission.c.seen_ends_at > now),
    )
    same = or_(
        and_(permission.c.wanted.in_(("open", "lifetime")), permission.c.seen == "lifetime"),
        and_(
            permission.c.wanted == "until",
            permission.c.seen == "until",
            permission.c.wanted_ends_at == permission.c.seen_ends_at,
        ),
    )
    differs = and_(permission.c.seen != "unknown", or_(wanted_live, seen_live), ~same)
    found = await connection.execute(
        select(permission)
        .where(
            permission.c.script_id == script_id,
            or_(permission.c.state == "stuck", and_(permission.c.state == "done", differs)),
        )
        .order_by(permission.c.name_folded)
    )
    return [(Permission.of(row), Marks.of(row)) for row in found]


async def namesakes(
    connection: AsyncConnection, script_id: int
) -> list[tuple[Permission, Marks, Sighting]]:
    """Permissions whose name another TradingView user has in the list, or that kept an old name.

    The number tells who somebody is; where it and the name fit to different people, it is said.
    """
    same_name = permission.c.name_folded == sighting.c.name_folded
    same_number = permission.c.tv_user_id == sighting.c.tv_user_id
    first: dict[int, int] = {}
    # One after the other: joined by either of two columns, a long list takes minutes.
    for mixed_up in (
        and_(same_name, permission.c.tv_user_id != sighting.c.tv_user_id),
        and_(same_number, permission.c.name_folded != sighting.c.name_folded),
    ):
        found = await connection.execute(
            select(permission.c.id, sighting.c.id)
            .where(permission.c.script_id == script_id, sighting.c.script_id == script_id, mixed_up)
            .order_by(permission.c.name_folded)
        )
        for permission_id, sighting_id in found.all():
            first.setdefault(permission_id, sighting_id)  # of swapped names, both fit
    pairs = []
    for permission_id, sighting_id in first.items():
        ours = await connection.execute(select(permission).where(permission.c.id == permission_id))
        theirs = await connection.execute(select(sighting).where(sighting.c.id == sighting_id))
        row = ours.one()
        pairs.append((Permission.of(row), Marks.of(row), Sighting.of(theirs.one())))
    return pairs


def _strangers(script_id: int, now: datetime, *, all_of_them: bool) -> "ColumnElement[bool]":
    conditions = [sighting.c.script_id == script_id, is_live(now), ~has_permission()]
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
    """People with access of whom Usher knows nothing, by name; `ignored` ones only when asked for."""
    found = await connection.execute(
        select(sighting)
        .where(_strangers(script_id, now, all_of_them=ignored))
        .order_by(sighting.c.name_folded, sighting.c.id)
        .offset(skip)
        .limit(limit)
    )
    return [Sighting.of(row) for row in found]


async def count_strangers(
    connection: AsyncConnection, script_id: int, now: datetime, *, ignored: bool = False
) -> int:
    """How many of them there are."""
    found = await connection.execute(
        select(func.count())
        .select_from(sighting)
        .where(_strangers(script_id, now, all_of_them=ignored))
    )
    return int(found.scalar_one())


async def numbers(connection: AsyncConnection, script_id: int, now: datetime) -> Numbers:
    """What the last complete sweep found."""
    undated = sighting.c.kind == "lifetime"
    dated = and_(sighting.c.kind == "until", sighting.c.ends_at > now)
    lapsed = and_(sighting.c.kind == "until", sighting.c.ends_at <= now)

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
    """Remember that these differences, and every stranger, were told; returns the new strangers."""
    for permission_id, difference in marks:
        await connection.execute(
            update(permission)
            .where(permission.c.id == permission_id)
            .values(noted_difference=difference)
        )
    new = await connection.execute(
        update(sighting)
        .where(
            _strangers(script_id, now, all_of_them=False),
            sighting.c.noted_at.is_(None),
        )
        .values(noted_at=now)
    )
    return new.rowcount


async def ignore(
    connection: AsyncConnection,
    marks: Sequence[tuple[int, str]],
    ids: Collection[int],
    at: datetime,
) -> None:
    """Staff leave these as they are: differences of permissions, and sightings by their ids."""
    for permission_id, difference in marks:
        await connection.execute(
            update(permission)
            .where(permission.c.id == permission_id)
            .values(ignored_difference=difference)
        )
    await connection.execute(
        update(sighting).where(sighting.c.id.in_(list(ids))).values(ignored_at=at)
    )
