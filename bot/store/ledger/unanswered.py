"""Queries about interactions that were acknowledged and have no answer yet."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.parts import parts
from bot.store.records import Unanswered
from bot.store.tables.ledger import unanswered


async def add(connection: AsyncConnection, new: Sequence[Unanswered]) -> None:
    """Note these; one that was noted before stays once."""
    await forget(connection, [each.interaction_id for each in new])
    if new:
        columns = [column.name for column in unanswered.c]
        await connection.execute(
            insert(unanswered),
            [{column: getattr(each, column) for column in columns} for each in new],
        )


async def forget(connection: AsyncConnection, interaction_ids: Collection[int]) -> None:
    """Take these away: they have their answer."""
    for some in parts(interaction_ids):
        await connection.execute(delete(unanswered).where(unanswered.c.interaction_id.in_(some)))


async def forget_all(connection: AsyncConnection) -> None:
    """Take every one away."""
    await connection.execute(delete(unanswered))


async def listed(connection: AsyncConnection) -> list[Unanswered]:
    """Return every one, oldest first."""
    found = await connection.execute(select(unanswered).order_by(unanswered.c.interaction_id))
    return [Unanswered.of(row) for row in found]
