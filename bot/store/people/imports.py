"""Queries that tie many TradingView names to members at once."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Integer, Update, bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import Tie
from bot.store.parts import parts
from bot.store.people import claims
from bot.store.records import Claim, Customer
from bot.store.tables.ledger import purchase
from bot.store.tables.people import customer, merged_customer


async def everybody(connection: AsyncConnection, guild_id: int) -> list[Customer]:
    """Return all people of a server, but for those who were forgotten."""
    found = await connection.execute(
        select(customer).where(customer.c.guild_id == guild_id, customer.c.forgotten.is_(None))
    )
    return [Customer.of(row) for row in found]


async def tie_many(
    connection: AsyncConnection,
    guild_id: int,
    ties: Sequence[tuple[int, str, int]],
    by: int,
    at: datetime,
) -> list[Claim]:
    """Tie these customers (id, name, member id) to these members.

    Members who were known without a name so far become the same person. Returns their requests for the
    same names, which are to be accepted with it.
    """
    if not ties:
        return []
    bare = customer.alias()
    await connection.execute(
        update(purchase)
        .where(
            purchase.c.customer_id.in_(
                select(bare.c.id).where(
                    bare.c.guild_id == guild_id,
                    bare.c.member_id == bindparam("c_member"),
                    bare.c.name_folded.is_(None),
                )
            )
        )
        .values(customer_id=bindparam("c_id")),
        [{"c_id": customer_id, "c_member": member_id} for customer_id, _, member_id in ties],
    )
    await connection.execute(
        _carry_block(guild_id),
        [{"c_id": customer_id, "c_member": member_id} for customer_id, _, member_id in ties],
    )
    await connection.execute(  # so that nobody gets their numbers, and their history with them
        insert(merged_customer).from_select(
            ["id", "customer_id"],
            select(bare.c.id, bindparam("c_id", type_=Integer)).where(
                bare.c.guild_id == guild_id,
                bare.c.member_id == bindparam("c_member"),
                bare.c.name_folded.is_(None),
            ),
        ),
        [{"c_id": customer_id, "c_member": member_id} for customer_id, _, member_id in ties],
    )
    await connection.execute(
        delete(customer).where(
            customer.c.guild_id == guild_id,
            customer.c.member_id == bindparam("c_member"),
            customer.c.name_folded.is_(None),
        ),
        [{"c_member": member_id} for _, _, member_id in ties],
    )
    await connection.execute(
        update(customer)
        .where(customer.c.id == bindparam("c_id"))
        .values(member_id=bindparam("c_member"), linked_by=by, linked_at=at, tie=Tie.STAFF),
        [{"c_id": customer_id, "c_member": member_id} for customer_id, _, member_id in ties],
    )
    claimed = {(member_id, name.casefold()) for _, name, member_id in ties}
    waiting = await claims.waiting(connection, guild_id)
    return [each for each in waiting if (each.member_id, each.username.casefold()) in claimed]


def _carry_block(guild_id: int) -> Update:
    """Let who is blocked as a member stay blocked once they have a name."""
    bare = customer.alias()
    columns = ("blocked_at", "blocked_by", "block_reason")
    blocked = (
        bare.c.guild_id == guild_id,
        bare.c.member_id == bindparam("c_member"),
        bare.c.name_folded.is_(None),
        bare.c.blocked_at.is_not(None),
    )
    kept = {name: select(bare.c[name]).where(*blocked).scalar_subquery() for name in columns}
    return (
        update(customer)
        .where(customer.c.id == bindparam("c_id"), exists().where(*blocked))
        .values(**kept)
    )


async def by_names(
    connection: AsyncConnection, guild_id: int, names: Collection[str]
) -> dict[str, int]:
    """Return, by the name in lower case, who has each of these TradingView names."""
    found: dict[str, int] = {}
    for some in parts({name.casefold() for name in names}):
        rows = await connection.execute(
            select(customer.c.name_folded, customer.c.id).where(
                customer.c.guild_id == guild_id, customer.c.name_folded.in_(some)
            )
        )
        found |= {row.name_folded: row.id for row in rows}
    return found
