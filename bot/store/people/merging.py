"""Lets two records of one person become one: whatever points at the one that goes points at the other."""

from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Customer
from bot.store.tables.batches import batch_row
from bot.store.tables.columns import metadata
from bot.store.tables.ledger import permission
from bot.store.tables.people import customer, merged_customer


async def absorb(connection: AsyncConnection, kept: Customer, gone: Customer) -> list[int]:
    """Give everything of `gone` to `kept`, with its member and its block; the history keeps its ids.

    Both may have the same script under two names: then one permission holds the reasons and orders of
    both. Returns the permissions whose reasons are others now, or that go by another name.
    """
    touched = await _permissions(connection, kept, gone)
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column is customer.c.id:
                await connection.execute(
                    update(table).where(key.parent == gone.id).values({key.parent: kept.id})
                )
    # A row of a batch may outlive its customer, so it has no key to it.
    await connection.execute(
        update(batch_row).where(batch_row.c.customer_id == gone.id).values(customer_id=kept.id)
    )
    await connection.execute(insert(merged_customer).values(id=gone.id, customer_id=kept.id))
    await connection.execute(delete(customer).where(customer.c.id == gone.id))
    await connection.execute(
        update(customer).where(customer.c.id == kept.id).values(**_together(kept, gone))
    )
    return touched


def _together(kept: Customer, gone: Customer) -> dict[str, Any]:
    """Return what the record is that is left: what `kept` lacks comes from `gone`."""
    values: dict[str, Any] = {}
    if kept.member_id is None and gone.member_id is not None:
        values |= {
            name: getattr(gone, name) for name in ("member_id", "linked_at", "linked_by", "tie")
        }
    if kept.username is None and gone.username is not None:
        values |= {name: getattr(gone, name) for name in ("username", "name_folded", "tv_user_id")}
    elif kept.tv_user_id is None and gone.name_folded == kept.name_folded:
        values["tv_user_id"] = gone.tv_user_id
    if kept.blocked_at is None and gone.blocked_at is not None:
        values |= {
            name: getattr(gone, name) for name in ("blocked_at", "blocked_by", "block_reason")
        }
    return values or {"guild_id": kept.guild_id}


async def _permissions(connection: AsyncConnection, kept: Customer, gone: Customer) -> list[int]:
    """Let one permission hold what both have of a script; return which were touched."""
    if kept.name_folded is None or gone.name_folded is None:
        return []
    mine, theirs = permission.alias(), permission.alias()
    both = await connection.execute(
        select(mine.c.id.label("kept"), theirs.c.id.label("gone"))
        .join(theirs, theirs.c.script_id == mine.c.script_id)
        .where(mine.c.customer_id == kept.id, theirs.c.customer_id == gone.id)
    )
    pairs = both.all()
    for pair in pairs:
        await _one_permission(connection, pair.kept, pair.gone)
    renamed = await connection.execute(
        update(permission)
        .where(permission.c.customer_id == gone.id)
        .values(username=kept.username, name_folded=kept.name_folded)
        .returning(permission.c.id)
    )
    return [*(pair.kept for pair in pairs), *renamed.scalars()]


async def _one_permission(connection: AsyncConnection, kept: int, gone: int) -> None:
    """Move the reasons and orders of one permission to another, whose next revision is above both.

    What staff hold back of one of the two stays held back.
    """
    both = permission.alias()
    newest = select(func.max(both.c.revision)).where(both.c.id.in_((kept, gone)))
    held_back = exists().where(both.c.id.in_((kept, gone)), both.c.held_back)
    await connection.execute(
        update(permission)
        .where(permission.c.id == kept)
        .values(revision=newest.scalar_subquery(), held_back=held_back)
    )
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column is permission.c.id:
                await connection.execute(
                    update(table).where(key.parent == gone).values({key.parent: kept})
                )
    await connection.execute(delete(permission).where(permission.c.id == gone))
