"""Queries about batches: many orders from one file or filter."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ActorKind, BatchKind, BatchState
from bot.store.parts import parts
from bot.store.records import Actor, Batch
from bot.store.tables.batches import batch, batch_row

MARK = "mark"  # of what is chosen: to whom the rows give what, in short


class BatchChange(TypedDict, total=False):
    """What can change about a batch."""

    state: BatchState
    started_at: datetime
    actor_kind: ActorKind
    actor_id: str | None
    approved_by: int
    approved_at: datetime
    ended_at: datetime
    channel_id: int | None
    message_id: int | None
    answer_token: bytes | None
    told_at: datetime


async def add(
    connection: AsyncConnection,
    guild_id: int,
    *,
    kind: BatchKind,
    idempotency_key: str,
    actor: Actor,
    made_at: datetime,
    note: str | None,
    file_name: str | None,
    chosen: Mapping[str, Any],
    forecast: Mapping[str, Any],
    newest_order_id: int,
    undoes_id: int | None = None,
) -> Batch:
    """Add a batch of which nothing is ordered yet."""
    row = await connection.execute(
        insert(batch)
        .values(
            guild_id=guild_id,
            kind=kind,
            state=BatchState.DRAFT,
            idempotency_key=idempotency_key,
            actor_kind=actor.kind,
            actor_id=actor.id,
            made_at=made_at,
            note=note,
            file_name=file_name,
            chosen=chosen,
            forecast=forecast,
            newest_order_id=newest_order_id,
            undoes_id=undoes_id,
        )
        .returning(batch)
    )
    return Batch.of(row.one())


async def by_id(connection: AsyncConnection, guild_id: int, batch_id: int) -> Batch | None:
    """Return that batch of that server."""
    found = await connection.execute(
        select(batch).where(batch.c.id == batch_id, batch.c.guild_id == guild_id)
    )
    row = found.one_or_none()
    return None if row is None else Batch.of(row)


async def by_key(connection: AsyncConnection, guild_id: int, key: str) -> Batch | None:
    """Return the batch that a request made."""
    found = await connection.execute(
        select(batch).where(batch.c.guild_id == guild_id, batch.c.idempotency_key == key)
    )
    row = found.one_or_none()
    return None if row is None else Batch.of(row)


async def under_way(connection: AsyncConnection) -> list[Batch]:
    """Return the batches of all servers that were started and have not ended, oldest first."""
    started = (BatchState.RUNNING, BatchState.PAUSED, BatchState.CANCELLED)
    found = await connection.execute(
        select(batch)
        .where(batch.c.state.in_(started), batch.c.ended_at.is_(None))
        .order_by(batch.c.id)
    )
    return [Batch.of(row) for row in found]


async def drafts(connection: AsyncConnection, made_before: datetime) -> list[int]:
    """Return the dry runs made before then that were never started."""
    found = await connection.execute(
        select(batch.c.id).where(batch.c.state == BatchState.DRAFT, batch.c.made_at < made_before)
    )
    return list(found.scalars())


async def unapproved(connection: AsyncConnection, asked_before: datetime) -> list[Batch]:
    """Return what was asked for before then and still waits for a second manager."""
    found = await connection.execute(
        select(batch).where(batch.c.state == BatchState.APPROVAL, batch.c.started_at < asked_before)
    )
    return [Batch.of(row) for row in found]


async def listed(
    connection: AsyncConnection, guild_id: int, *states: BatchState, skip: int = 0, limit: int
) -> list[Batch]:
    """Return a server's batches in such a state, newest first; without states, those that were started."""
    wanted = states or tuple(each for each in BatchState if each is not BatchState.DRAFT)
    found = await connection.execute(
        select(batch)
        .where(batch.c.guild_id == guild_id, batch.c.state.in_(wanted))
        .order_by(batch.c.id.desc())
        .offset(skip)
        .limit(limit)
    )
    return [Batch.of(row) for row in found]


async def alike(connection: AsyncConnection, of: Batch, since: datetime) -> list[Batch]:
    """Return the batches started after that moment that give the same people the same as that one, newest first.

    What was undone is none of them.
    """
    mark = of.chosen.get(MARK)
    if mark is None:
        return []
    undo = batch.alias()
    is_undone = (
        select(undo.c.id)
        .where(undo.c.undoes_id == batch.c.id, undo.c.state != BatchState.DRAFT)
        .exists()
    )
    found = await connection.execute(
        select(batch)
        .where(
            batch.c.guild_id == of.guild_id,
            batch.c.kind == of.kind,
            batch.c.id != of.id,
            batch.c.started_at > since,
            ~is_undone,
            batch.c.chosen[MARK].as_string() == mark,
        )
        .order_by(batch.c.id.desc())
    )
    return [Batch.of(row) for row in found]


async def count(connection: AsyncConnection, guild_id: int) -> int:
    """Count a server's batches that were started."""
    found = await connection.execute(
        select(func.count())
        .select_from(batch)
        .where(batch.c.guild_id == guild_id, batch.c.state != BatchState.DRAFT)
    )
    return int(found.scalar_one())


async def untold(connection: AsyncConnection) -> list[tuple[Batch, bytes | None]]:
    """Return the batches that were started and whose end was not told yet, oldest first, each with its token."""
    found = await connection.execute(
        select(batch)
        .where(batch.c.state != BatchState.DRAFT, batch.c.told_at.is_(None))
        .order_by(batch.c.id)
    )
    return [(Batch.of(row), row.answer_token) for row in found]


async def change(
    connection: AsyncConnection,
    batch_id: int,
    *states: BatchState,
    **values: Unpack[BatchChange],
) -> bool:
    """Set these columns; False where the batch is in none of these states, when they are given."""
    conditions = [batch.c.id == batch_id]
    if states:
        conditions.append(batch.c.state.in_(states))
    changed = await connection.execute(update(batch).where(*conditions).values(**values))
    return changed.rowcount > 0


async def undone_by(
    connection: AsyncConnection, batch_ids: Collection[int]
) -> dict[int, list[Batch]]:
    """Return, by batch, those that undo it, oldest first; drafts that were never started too."""
    found = await connection.execute(
        select(batch).where(batch.c.undoes_id.in_(list(batch_ids))).order_by(batch.c.id)
    )
    undoing: dict[int, list[Batch]] = {each: [] for each in batch_ids}
    for row in found:
        undoing[row.undoes_id].append(Batch.of(row))
    return undoing


async def drop(connection: AsyncConnection, batch_ids: Collection[int]) -> None:
    """Drop batches that were never started, with their rows."""
    for some in parts(batch_ids):
        await connection.execute(delete(batch_row).where(batch_row.c.batch_id.in_(some)))
        await connection.execute(delete(batch).where(batch.c.id.in_(some)))
