"""Queries about what waits for staff: payment messages, and what was paid by nobody who is known."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import DeliveryState
from bot.store.records import Contract, Delivery
from bot.store.tables.payments import connection as shop, contract, delivery

# Both wait until a person did something.
_OPEN = (DeliveryState.STUCK, DeliveryState.UNMAPPED)


async def open_ids(
    connection: AsyncConnection,
    guild_id: int,
    *,
    connection_id: int | None = None,
    delivery_id: int | None = None,
) -> list[int]:
    """Return the messages that wait or are stuck: one, those of a shop, or all of a server."""
    conditions: list[ColumnElement[bool]] = [
        shop.c.guild_id == guild_id,
        delivery.c.state.in_(_OPEN),
        delivery.c.body.is_not(None),
    ]
    if connection_id is not None:
        conditions.append(shop.c.id == connection_id)
    if delivery_id is not None:
        conditions.append(delivery.c.id == delivery_id)
    found = await connection.execute(
        select(delivery.c.id)
        .join(shop, shop.c.id == delivery.c.connection_id)
        .where(*conditions)
        .order_by(delivery.c.id)
    )
    return list(found.scalars())


async def messages(
    connection: AsyncConnection, guild_id: int, *, limit: int, connection_id: int | None = None
) -> list[Delivery]:
    """Return the newest messages that wait or are stuck: of a server, or of one of its shops."""
    # By their ids first: to sort whole rows would read every body that waits.
    ids = await connection.scalars(
        select(delivery.c.id)
        .join(shop, shop.c.id == delivery.c.connection_id)
        .where(
            shop.c.guild_id == guild_id,
            delivery.c.state.in_(_OPEN),
            shop.c.id == (shop.c.id if connection_id is None else connection_id),
        )
        .order_by(delivery.c.id.desc())
        .limit(limit)
    )
    rows = await connection.execute(
        select(delivery).where(delivery.c.id.in_(ids.all())).order_by(delivery.c.id.desc())
    )
    return [Delivery.of(row) for row in rows]


async def counts(
    connection: AsyncConnection, guild_id: int
) -> dict[tuple[int, DeliveryState], int]:
    """Return, by shop and state, how many messages wait or are stuck."""
    rows = await connection.execute(
        select(delivery.c.connection_id, delivery.c.state, func.count().label("number"))
        .join(shop, shop.c.id == delivery.c.connection_id)
        .where(shop.c.guild_id == guild_id, delivery.c.state.in_(_OPEN))
        .group_by(delivery.c.connection_id, delivery.c.state)
    )
    return {(row.connection_id, row.state): row.number for row in rows}


async def newest(connection: AsyncConnection, connection_id: int) -> Delivery | None:
    """Return the message of that shop that came last."""
    newest_id = select(func.max(delivery.c.id)).where(delivery.c.connection_id == connection_id)
    rows = await connection.execute(
        select(delivery).where(delivery.c.id == newest_id.scalar_subquery())
    )
    row = rows.one_or_none()
    return None if row is None else Delivery.of(row)


# What was paid, and nobody knows by whom


async def unclaimed(
    connection: AsyncConnection,
    guild_id: int,
    whys: Collection[str],
    since: datetime,
    *,
    skip: int = 0,
    limit: int,
) -> list[Contract]:
    """Return what was paid and is nobody's, newest first; not what ended before `since`."""
    rows = await connection.execute(
        select(contract)
        .where(*_unclaimed(guild_id, whys, since))
        .order_by(contract.c.id.desc())
        .offset(skip)
        .limit(limit)
    )
    return [Contract.of(row) for row in rows]


async def unclaimed_number(
    connection: AsyncConnection, guild_id: int, whys: Collection[str], since: datetime
) -> int:
    """Return how many these are."""
    found = await connection.execute(
        select(func.count()).select_from(contract).where(*_unclaimed(guild_id, whys, since))
    )
    return int(found.scalar_one())


def _unclaimed(
    guild_id: int, whys: Collection[str], since: datetime
) -> tuple["ColumnElement[bool]", ...]:
    return (
        contract.c.guild_id == guild_id,
        contract.c.customer_id.is_(None),
        contract.c.why.in_(list(whys)),
        contract.c.paid_end.is_(None) | (contract.c.paid_end > since),
    )
