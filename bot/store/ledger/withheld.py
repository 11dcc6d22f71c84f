"""Queries about what staff gave to a name: the member who merely claims it is not to know of it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.parts import parts
from bot.store.tables.ledger import entitlement, order, permission


def is_withheld() -> "ColumnElement[bool]":
    """Return that condition on an order: of the reason that it gave, or of all that there was."""
    whole = entitlement.c.permission_id == order.c.permission_id
    return or_(
        exists().where(entitlement.c.id == order.c.entitlement_id, entitlement.c.withheld),
        and_(
            order.c.entitlement_id.is_(None),
            exists().where(whole, entitlement.c.withheld),
            ~exists().where(whole, ~entitlement.c.withheld),
        ),
    )


async def since(connection: AsyncConnection, guild_id: int, name: str, moment: datetime) -> None:
    """Withhold what that name was given after that moment from the member who holds it."""
    theirs = select(permission.c.id).where(
        permission.c.guild_id == guild_id, permission.c.name_folded == name.casefold()
    )
    await connection.execute(
        update(entitlement)
        .where(entitlement.c.permission_id.in_(theirs), entitlement.c.asked_at > moment)
        .values(withheld=True)
    )


async def hidden(connection: AsyncConnection, permission_ids: Collection[int]) -> set[int]:
    """Return which of these permissions have reasons, of which the member is to know none."""
    found: set[int] = set()
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(entitlement.c.permission_id)
            .where(entitlement.c.permission_id.in_(some))
            .group_by(entitlement.c.permission_id)
            .having(func.min(case((entitlement.c.withheld, 1), else_=0)) == 1)
        )
        found.update(rows.scalars())
    return found
