"""Queries about roles that many lost at once, and what managers decided."""

from collections.abc import Collection
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import RoleLoss
from bot.store.tables.roles import role_loss


class LossChange(TypedDict, total=False):
    """Columns of a loss that may change."""

    is_deleted: bool
    asked_at: datetime
    decided_at: datetime
    decided_by: int | None
    is_kept: bool


async def add(
    connection: AsyncConnection, guild_id: int, role_id: int, at: datetime, *, is_deleted: bool
) -> RoleLoss:
    """Add the loss of a role; none of it waits to be decided."""
    row = await connection.execute(
        insert(role_loss)
        .values(guild_id=guild_id, role_id=role_id, began_at=at, is_deleted=is_deleted)
        .returning(role_loss)
    )
    return RoleLoss.of(row.one())


async def change(
    connection: AsyncConnection, loss_id: int, **values: Unpack[LossChange]
) -> RoleLoss:
    """Set these columns; return the loss as it is then."""
    row = await connection.execute(
        update(role_loss).where(role_loss.c.id == loss_id).values(**values).returning(role_loss)
    )
    return RoleLoss.of(row.one())


async def by_id(connection: AsyncConnection, guild_id: int, loss_id: int) -> RoleLoss | None:
    """Return that loss of a server."""
    found = await _all(connection, role_loss.c.guild_id == guild_id, role_loss.c.id == loss_id)
    return found[0] if found else None


async def undecided(
    connection: AsyncConnection, guild_id: int | None = None, role_ids: Collection[int] = ()
) -> list[RoleLoss]:
    """Return what waits for a manager, oldest first: everywhere, in one server, or about some roles."""
    conditions: list[ColumnElement[bool]] = [role_loss.c.decided_at.is_(None)]
    if guild_id is not None:
        conditions.append(role_loss.c.guild_id == guild_id)
    if role_ids:
        conditions.append(role_loss.c.role_id.in_(list(role_ids)))
    return await _all(connection, *conditions)


async def _all(connection: AsyncConnection, *conditions: "ColumnElement[bool]") -> list[RoleLoss]:
    rows = await connection.execute(select(role_loss).where(*conditions).order_by(role_loss.c.id))
    return [RoleLoss.of(row) for row in rows]
