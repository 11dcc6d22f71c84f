"""Queries about messages of shops, and the connections that they come by."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import DeliveryState
from bot.store.once import insert_once
from bot.store.records import Connection, Delivery
from bot.store.tables import payments

_connection, _delivery = payments.connection, payments.delivery
# A next try that lies further ahead was set by a clock that has been set back since.
_MAX_WAIT = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A message to store, encrypted."""

    connection_id: int
    event_key: str
    kind: str
    received_at: datetime
    body: bytes = field(repr=False)


# Connections


async def source_at(connection: AsyncConnection, public_id: str) -> Connection | None:
    """Return the connection of that address, unless it was removed."""
    found = await connection.execute(
        select(_connection).where(
            _connection.c.public_id == public_id, _connection.c.removed_at.is_(None)
        )
    )
    row = found.one_or_none()
    return None if row is None else Connection.of(row)


async def newest_sources(connection: AsyncConnection, limit: int) -> list[Connection]:
    """Return the newest connections that were not removed."""
    found = await connection.execute(
        select(_connection)
        .where(_connection.c.removed_at.is_(None))
        .order_by(_connection.c.id.desc())
        .limit(limit)
    )
    return [Connection.of(row) for row in found]


async def note_refused(
    connection: AsyncConnection, connection_id: int, number: int, at: datetime, why: str
) -> None:
    """Count messages that were refused, the last one then, and why."""
    await connection.execute(
        update(_connection)
        .where(_connection.c.id == connection_id)
        .values(refused=_connection.c.refused + number, refused_at=at, refused_why=why)
    )


# Taking in


async def add(connection: AsyncConnection, new: Sequence[NewDelivery]) -> None:
    """Store messages, each once, and note when their connections were heard of."""
    await connection.execute(
        insert_once(_delivery),
        [
            {
                "connection_id": each.connection_id,
                "event_key": each.event_key,
                "kind": each.kind,
                "received_at": each.received_at,
                "body": each.body,
                "state": DeliveryState.NEW,
            }
            for each in new
        ],
    )
    for connection_id, last in {each.connection_id: each for each in new}.items():
        await connection.execute(
            update(_connection)
            .where(_connection.c.id == connection_id)
            .values(heard_at=last.received_at, heard_kind=last.kind)
        )


async def is_stored(connection: AsyncConnection, connection_id: int, event_key: str) -> bool:
    """Return whether that message came before."""
    found = await connection.execute(
        select(literal(1)).where(
            _delivery.c.connection_id == connection_id, _delivery.c.event_key == event_key
        )
    )
    return found.first() is not None


# Processing


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[Delivery]:
    """Return messages whose turn it is, the oldest first."""
    next_try = _delivery.c.next_try_at
    # By their ids first: to sort whole rows would read every body that waits.
    ids = await connection.scalars(
        select(_delivery.c.id)
        .where(
            _delivery.c.state == DeliveryState.NEW,
            or_(next_try.is_(None), next_try <= now, next_try > now + _MAX_WAIT),
        )
        .order_by(_delivery.c.id)
        .limit(limit)
    )
    found = await connection.execute(
        select(_delivery).where(_delivery.c.id.in_(ids.all())).order_by(_delivery.c.id)
    )
    return [Delivery.of(row) for row in found]


async def next_try_at(connection: AsyncConnection) -> datetime | None:
    """Return when the first of the messages that failed is tried again."""
    moment: datetime | None = await connection.scalar(
        select(func.min(_delivery.c.next_try_at)).where(_delivery.c.state == DeliveryState.NEW)
    )
    return moment


async def change(connection: AsyncConnection, delivery_id: int, **values: Any) -> None:
    """Set columns of a message."""
    await connection.execute(
        update(_delivery).where(_delivery.c.id == delivery_id).values(**values)
    )


async def has_stuck(connection: AsyncConnection, connection_id: int) -> bool:
    """Return whether a message of that connection is stuck."""
    found = await connection.execute(
        select(literal(1))
        .where(_delivery.c.state == DeliveryState.STUCK, _delivery.c.connection_id == connection_id)
        .limit(1)
    )
    return found.first() is not None


async def process_again(
    connection: AsyncConnection, guild_id: int, delivery_ids: Collection[int]
) -> int:
    """Let those messages of a server be processed again, as far as their bodies are kept; returns how many."""
    mine = select(_connection.c.id).where(_connection.c.guild_id == guild_id)
    return await _renew(
        connection, _delivery.c.id.in_(delivery_ids), _delivery.c.connection_id.in_(mine)
    )


async def process_unmapped(connection: AsyncConnection, connection_id: int) -> int:
    """Let the messages that waited for what a price is be processed again; returns how many."""
    return await _renew(
        connection,
        _delivery.c.state == DeliveryState.UNMAPPED,
        _delivery.c.connection_id == connection_id,
    )


async def _renew(connection: AsyncConnection, *which: Any) -> int:
    result = await connection.execute(
        update(_delivery)
        .where(_delivery.c.body.is_not(None), *which)
        .values(state=DeliveryState.NEW, reason=None, attempts=0, next_try_at=None, done_at=None)
    )
    return result.rowcount


async def forget_bodies(connection: AsyncConnection, before: datetime, limit: int) -> int:
    """Erase the bodies of messages that came before that, so many at most; returns how many."""
    old = (
        select(_delivery.c.id)
        .where(_delivery.c.body.is_not(None), _delivery.c.received_at < before)
        .limit(limit)
    )
    result = await connection.execute(
        update(_delivery).where(_delivery.c.id.in_(old.scalar_subquery())).values(body=None)
    )
    return result.rowcount
