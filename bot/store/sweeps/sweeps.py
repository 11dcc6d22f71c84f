"""Queries about sweeps: reads of a script's whole list, and the rows of one under way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Record, Script
from bot.store.tables.sweeps import sweep, sweep_row


@dataclass(frozen=True, slots=True)
class Sweep(Record):
    """One sweep; `state` is running, complete or failed, `failure` why, None when it was broken off."""

    id: int
    guild_id: int
    script_id: int
    started_at: datetime
    ended_at: datetime | None
    state: str
    rows: int
    calls: int
    asked_by: int | None
    failure: str | None = None


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
    """A new running one; the schema refuses a second for the same script."""
    row = await connection.execute(
        insert(sweep)
        .values(
            guild_id=script.guild_id,
            script_id=script.id,
            started_at=at,
            state="running",
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
    """Add one page; a row that was read before counts once, as it is now. Returns how many are new."""
    new = {one.tv_user_id or one.username.casefold(): one for one in found}
    ids = [one.tv_user_id for one in new.values() if one.tv_user_id is not None]
    names = [one.username.casefold() for one in new.values() if one.tv_user_id is None]
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
                "tv_user_id": one.tv_user_id,
                "username": one.username,
                "name_folded": one.username.casefold(),
                "kind": "until" if one.ends_at else "lifetime",
                "ends_at": one.ends_at,
                "created_at": one.created_at,
                "seen_at": at,
            }
            for one in new.values()
        ],
    )
    return len(new) - again


async def count(connection: AsyncConnection, sweep_id: int) -> int:
    """How many different people a sweep under way has read so far."""
    found = await connection.execute(
        select(func.count()).select_from(sweep_row).where(sweep_row.c.sweep_id == sweep_id)
    )
    return int(found.scalar_one())


async def end(
    connection: AsyncConnection, sweep_id: int, at: datetime, state: str, *, rows: int, calls: int
) -> Sweep:
    """It is `complete` or `failed`; what it had read is dropped."""
    await connection.execute(delete(sweep_row).where(sweep_row.c.sweep_id == sweep_id))
    row = await connection.execute(
        update(sweep)
        .where(sweep.c.id == sweep_id)
        .values(state=state, ended_at=at, rows=rows, calls=calls)
        .returning(sweep)
    )
    return Sweep.of(row.one())


async def failed_because(connection: AsyncConnection, script_id: int, why: str) -> None:
    """Why the newest one of a script failed."""
    newest = select(func.max(sweep.c.id)).where(sweep.c.script_id == script_id).scalar_subquery()
    await connection.execute(
        update(sweep).where(sweep.c.id == newest, sweep.c.state == "failed").values(failure=why)
    )


async def drop_running(
    connection: AsyncConnection, at: datetime, script_id: int | None = None
) -> None:
    """What is said to run, of every script or of one, did not finish: nobody reads it any more."""
    running = sweep.c.state == "running"
    if script_id is not None:
        running = and_(running, sweep.c.script_id == script_id)
    ids = select(sweep.c.id).where(running)
    await connection.execute(delete(sweep_row).where(sweep_row.c.sweep_id.in_(ids)))
    await connection.execute(update(sweep).where(running).values(state="failed", ended_at=at))


async def last(connection: AsyncConnection, script_id: int) -> Sweep | None:
    """The last complete one of a script."""
    found = await connection.execute(
        select(sweep)
        .where(sweep.c.script_id == script_id, sweep.c.state == "complete")
        .order_by(sweep.c.started_at.desc(), sweep.c.id.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return None if row is None else Sweep.of(row)


async def newest(connection: AsyncConnection, script_id: int) -> Sweep | None:
    """The newest one of a script, whatever became of it."""
    found = await connection.execute(
        select(sweep).where(sweep.c.script_id == script_id).order_by(sweep.c.id.desc()).limit(1)
    )
    row = found.one_or_none()
    return None if row is None else Sweep.of(row)
