"""Queries about seats: who has access to anything, day by day, and what a server wants done."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict, TypeVar, Unpack

from sqlalchemy import CursorResult, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import EntitlementKind, PermissionState, StateKind
from bot.store.records import Record
from bot.store.sweeps.sightings import is_counted
from bot.store.tables.ledger import entitlement, permission
from bot.store.tables.seats import seat_day, seat_watch
from bot.store.tables.sweeps import sighting

AT_ONCE = 5_000  # rows in one statement

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Held(Record):
    """What is known of one person and script: wanted and seen."""

    id: int
    script_id: int
    tv_user_id: int | None
    name_folded: str
    wanted: StateKind
    wanted_ends_at: datetime | None
    seen: StateKind
    seen_ends_at: datetime | None
    state: PermissionState


@dataclass(frozen=True, slots=True)
class Why(Record):
    """One reason that still counts."""

    permission_id: int
    source: str
    kind: EntitlementKind
    length: str | None
    asked_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listed(Record):
    """A row of TradingView's list about which Usher knows nothing else."""

    script_id: int
    tv_user_id: int | None
    name_folded: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Watch(Record):
    """A server's orders and what it was warned of."""

    guard: bool
    warned_month: str | None
    warned_at: int | None


class _WatchChange(TypedDict, total=False):
    guard: bool
    warned_month: str
    warned_at: int


async def held(connection: AsyncConnection, guild_id: int) -> list[Held]:
    """Return everything that a server keeps for TradingView, of archived scripts too."""
    columns = [permission.c[name] for name in Held.__dataclass_fields__]
    # Added to, the server's number has no index, which would be sorted for each part.
    of_guild = permission.c.guild_id + 0 == guild_id
    query = select(*columns).where(of_guild).order_by(permission.c.id)
    every: list[Held] = []
    after = 0
    while True:  # what the driver reads of all of them takes more than the records
        some = await made(
            Held, await connection.execute(query.where(permission.c.id > after).limit(AT_ONCE))
        )
        every += some
        if len(some) < AT_ONCE:
            return every
        after = some[-1].id


async def reasons(
    connection: AsyncConnection, guild_id: int, *, unsettled: bool = False
) -> list[Why]:
    """Return every reason that counts in a server; `unsettled`: those alone that have no end."""
    columns = [entitlement.c[name] for name in Why.__dataclass_fields__]
    query = select(*columns).where(
        entitlement.c.guild_id == guild_id, entitlement.c.ended_at.is_(None)
    )
    if unsettled:
        query = query.where(entitlement.c.ends_at.is_(None))
    return await made(Why, await connection.execute(query))


async def listed(connection: AsyncConnection, guild_id: int) -> list[Listed]:
    """Return whom the last full reads found, and who is in no order of Usher's."""
    columns = [sighting.c[name] for name in Listed.__dataclass_fields__]
    found = await connection.execute(
        select(*columns).where(sighting.c.guild_id == guild_id, ~is_counted())
    )
    return await made(Listed, found)


async def made(kind: Callable[..., _Kind], found: CursorResult[Any]) -> list[_Kind]:
    """Return a record for each row, whose columns stand in the order of the fields.

    They are many, and already read: made in a thread, they do not hold the loop.
    """
    return await asyncio.to_thread(lambda: [kind(*row) for row in found])


async def note_day(connection: AsyncConnection, guild_id: int, day: date, seats: int) -> None:
    """Keep the most that were counted on that day."""
    this = (seat_day.c.guild_id == guild_id) & (seat_day.c.day == day)
    known = (await connection.execute(select(seat_day.c.seats).where(this))).scalar_one_or_none()
    if known is not None and known >= seats:
        return
    await connection.execute(delete(seat_day).where(this))
    await connection.execute(insert(seat_day).values(guild_id=guild_id, day=day, seats=seats))


async def days(connection: AsyncConnection, guild_id: int, since: date) -> list[tuple[date, int]]:
    """Return the daily numbers from that day on."""
    found = await connection.execute(
        select(seat_day.c.day, seat_day.c.seats)
        .where(seat_day.c.guild_id == guild_id, seat_day.c.day >= since)
        .order_by(seat_day.c.day)
    )
    return [(row.day, row.seats) for row in found]


async def watch(connection: AsyncConnection, guild_id: int) -> Watch:
    """Return what that server wants; by default nothing."""
    found = await connection.execute(
        select(seat_watch.c.guard, seat_watch.c.warned_month, seat_watch.c.warned_at).where(
            seat_watch.c.guild_id == guild_id
        )
    )
    row: Any = found.one_or_none()
    return Watch(guard=False, warned_month=None, warned_at=None) if row is None else Watch.of(row)


async def set_guard(connection: AsyncConnection, guild_id: int, *, on: bool) -> None:
    """Ask a manager before somebody becomes number 101, or no longer."""
    await _change(connection, guild_id, guard=on)


async def set_warned(connection: AsyncConnection, guild_id: int, month: str, at: int) -> None:
    """Note that the server was warned of that many in that month."""
    await _change(connection, guild_id, warned_month=month, warned_at=at)


async def _change(
    connection: AsyncConnection, guild_id: int, **values: Unpack[_WatchChange]
) -> None:
    changed = await connection.execute(
        update(seat_watch).where(seat_watch.c.guild_id == guild_id).values(**values)
    )
    if not changed.rowcount:
        await connection.execute(insert(seat_watch).values(guild_id=guild_id, **values))
