"""Queries about sweeps: reads of a script's whole list, and the rows of one under way."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import StateKind, SweepFailure, SweepState
from bot.store.records import Record, Script
from bot.store.tables.core import script
from bot.store.tables.sweeps import sweep, sweep_row


@dataclass(frozen=True, slots=True)
class Sweep(Record):
    """One sweep; `failure` says why it ended early, None when it was broken off."""

    id: int
    guild_id: int
    script_id: int
    started_at: datetime
    ended_at: datetime | None
    state: SweepState
    rows: int
    calls: int
    asked_by: int | None
    failure: SweepFailure | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A row as TradingView lists it; without `ends_at` it is lifetime."""

    tv_user_id: int | None
    username: str
    ends_at: datetime | None
    created_at: datetime | None


async def begin(
    connection: AsyncConnection, script: Script, at: datetime, asked_by: int | None
) -> Sweep:
    """Begin a sweep; the schema refuses a second for the same script."""
    row = await connection.execute(
        insert(sweep)
        .values(
            guild_id=script.guild_id,
            script_id=script.id,
            started_at=at,
            state=SweepState.RUNNING,
            rows=0,
            calls=0,
            asked_by=asked_by,
        )
        .returning(sweep)
    )
    return Sweep.of(row.one())


async def keep(
    connection: AsyncConnection, sweep_id: int, found: Sequence[Found], at: datetime
) -> int:
    """Add one page, and return how many are new; a row that was read before counts as it is now."""
    new = {row.tv_user_id or row.username.casefold(): row for row in found}
    ids = [row.tv_user_id for row in new.values() if row.tv_user_id is not None]
    names = [row.username.casefold() for row in new.values() if row.tv_user_id is None]
    mine, again = sweep_row.c.sweep_id == sweep_id, 0
    for known in (
        sweep_row.c.tv_user_id.in_(ids),
        sweep_row.c.tv_user_id.is_(None) & sweep_row.c.name_folded.in_(names),
    ):
        again += (await connection.execute(delete(sweep_row).where(mine, known))).rowcount
    if not new:
        return 0
    await connection.execute(
        insert(sweep_row),
        [
            {
                "sweep_id": sweep_id,
                "tv_user_id": row.tv_user_id,
                "username": row.username,
                "name_folded": row.username.casefold(),
                "kind": StateKind.UNTIL if row.ends_at else StateKind.LIFETIME,
                "ends_at": row.ends_at,
                "created_at": row.created_at,
                "seen_at": at,
            }
            for row in new.values()
        ],
    )
    return len(new) - again


async def count(connection: AsyncConnection, sweep_id: int) -> int:
    """Count the different people whom a sweep under way has read so far."""
    found = await connection.execute(
        select(func.count()).select_from(sweep_row).where(sweep_row.c.sweep_id == sweep_id)
    )
    return int(found.scalar_one())


async def end(
    connection: AsyncConnection,
    sweep_id: int,
    at: datetime,
    state: SweepState,
    *,
    rows: int,
    calls: int,
) -> Sweep:
    """End a sweep as `complete` or `failed`; what it had read is dropped."""
    await connection.execute(delete(sweep_row).where(sweep_row.c.sweep_id == sweep_id))
    row = await connection.execute(
        update(sweep)
        .where(sweep.c.id == sweep_id)
        .values(state=state, ended_at=at, rows=rows, calls=calls)
        .returning(sweep)
    )
    return Sweep.of(row.one())


async def failed_because(connection: AsyncConnection, script_id: int, why: SweepFailure) -> None:
    """Set why the newest one of a script failed."""
    newest = select(func.max(sweep.c.id)).where(sweep.c.script_id == script_id).scalar_subquery()
    await connection.execute(
        update(sweep)
        .where(sweep.c.id == newest, sweep.c.state == SweepState.FAILED)
        .values(failure=why)
    )


async def drop_running(
    connection: AsyncConnection, at: datetime, script_id: int | None = None
) -> None:
    """End what is said to run, of every script or of one: it did not finish, and nobody reads it."""
    running = sweep.c.state == SweepState.RUNNING
    if script_id is not None:
        running = and_(running, sweep.c.script_id == script_id)
    ids = select(sweep.c.id).where(running)
    await connection.execute(delete(sweep_row).where(sweep_row.c.sweep_id.in_(ids)))
    await connection.execute(
        update(sweep).where(running).values(state=SweepState.FAILED, ended_at=at)
    )


async def last(connection: AsyncConnection, script_id: int) -> Sweep | None:
    """Return the last complete one of a script."""
    return (await last_of(connection, [script_id])).get(script_id)


async def last_of(connection: AsyncConnection, script_ids: Collection[int]) -> dict[int, Sweep]:
    """Return the last complete one of each script; those without any are left out."""
    return await _top(connection, script_ids, _last())


async def newest(connection: AsyncConnection, script_id: int) -> Sweep | None:
    """Return the newest one of a script, whatever became of it."""
    return (await newest_of(connection, [script_id])).get(script_id)


async def newest_of(connection: AsyncConnection, script_ids: Collection[int]) -> dict[int, Sweep]:
    """Return the newest one of each script, whatever became of it."""
    return await _top(connection, script_ids, _newest())


def _last() -> "ScalarSelect[int]":
    complete = sweep.alias()
    return (
        select(complete.c.id)
        .where(complete.c.script_id == script.c.id, complete.c.state == SweepState.COMPLETE)
        .order_by(complete.c.started_at.desc(), complete.c.id.desc())
        .limit(1)
        .correlate(script)
        .scalar_subquery()
    )


def _newest() -> "ScalarSelect[int]":
    begun = sweep.alias()
    return (
        select(func.max(begun.c.id))
        .where(begun.c.script_id == script.c.id)
        .correlate(script)
        .scalar_subquery()
    )


async def _top(
    connection: AsyncConnection, script_ids: Collection[int], which: "ScalarSelect[int]"
) -> dict[int, Sweep]:
    """By script; looked up for each in the index, as there are many sweeps of each."""
    ids = select(which).where(script.c.id.in_(list(script_ids)))
    rows = await connection.execute(select(sweep).where(sweep.c.id.in_(ids)))
    return {found.script_id: found for found in map(Sweep.of, rows)}
