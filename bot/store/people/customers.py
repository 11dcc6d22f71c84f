"""Queries about people: members, TradingView users, what ties them, and who claims a name."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import Tie
from bot.store.parts import parts
from bot.store.records import Customer
from bot.store.tables.ledger import entitlement, permission
from bot.store.tables.people import customer, merged_customer


async def by_ids(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Customer]:
    """Return these customers by their ids, by an earlier id too; unknown ids are left out."""
    found: dict[int, Customer] = {}
    for some in parts(ids):
        rows = await connection.execute(select(customer).where(customer.c.id.in_(some)))
        found |= {person.id: person for person in map(Customer.of, rows)}
    if len(found) < len(set(ids)):
        found |= await _merged(connection, set(ids) - set(found))
    return found


async def _merged(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Customer]:
    """Return, by the ids that they had, the customers with whom others became one."""
    found: dict[int, Customer] = {}
    earlier = merged_customer.c.id.label("earlier_id")
    for some in parts(ids):
        rows = await connection.execute(
            select(customer, earlier)
            .join(merged_customer, merged_customer.c.customer_id == customer.c.id)
            .where(merged_customer.c.id.in_(some))
        )
        found |= {row.earlier_id: Customer.of(row) for row in rows}
    return found


async def by_id(connection: AsyncConnection, customer_id: int) -> Customer | None:
    """Return that customer."""
    return await _first(connection, customer.c.id == customer_id)


async def by_member(connection: AsyncConnection, guild_id: int, member_id: int) -> Customer | None:
    """Return who that Discord member is."""
    return await _first(
        connection, customer.c.guild_id == guild_id, customer.c.member_id == member_id
    )


async def by_name(connection: AsyncConnection, guild_id: int, name: str) -> Customer | None:
    """Return who has that TradingView name, in any case."""
    return await _first(
        connection, customer.c.guild_id == guild_id, customer.c.name_folded == name.casefold()
    )


async def by_user_id(connection: AsyncConnection, guild_id: int, user_id: int) -> list[Customer]:
    """Return who has that TradingView number; one person, unless a new name could not be followed."""
    found = await connection.execute(
        select(customer)
        .where(customer.c.guild_id == guild_id, customer.c.tv_user_id == user_id)
        .order_by(customer.c.id)
    )
    return [Customer.of(row) for row in found]


def highest_id() -> "ColumnElement[int]":
    """Return the highest number that anybody has or had; the next ones are free.

    SQLite would give the number of the newest one that is gone again, and with it their history.
    """
    numbers = union(
        select(func.max(customer.c.id).label("id")), select(func.max(merged_customer.c.id))
    ).subquery()
    return func.coalesce(select(func.max(numbers.c.id)).scalar_subquery(), 0)


async def add(
    connection: AsyncConnection,
    guild_id: int,
    *,
    username: str | None = None,
    member_id: int | None = None,
    tv_user_id: int | None = None,
) -> Customer:
    """Add a person; at least one of `username` and `member_id`."""
    row = await connection.execute(
        insert(customer)
        .values(
            id=highest_id() + 1,
            guild_id=guild_id,
            member_id=member_id,
            username=username,
            name_folded=None if username is None else username.casefold(),
            tv_user_id=tv_user_id,
        )
        .returning(customer)
    )
    return Customer.of(row.one())


async def tie(
    connection: AsyncConnection,
    customer_id: int,
    member_id: int,
    by: int,
    at: datetime,
    tie: Tie = Tie.STAFF,
) -> None:
    """Note that this TradingView name belongs to that member, and how that is known."""
    await connection.execute(
        update(customer)
        .where(customer.c.id == customer_id)
        .values(member_id=member_id, linked_by=by, linked_at=at, tie=tie)
    )


async def claim_tie(connection: AsyncConnection, customer_id: int, by: int, at: datetime) -> None:
    """Note that the name is the member's by nothing but their own word, from now on."""
    await connection.execute(
        update(customer)
        .where(customer.c.id == customer_id)
        .values(linked_by=by, linked_at=at, tie=Tie.CLAIMED)
    )


async def confirm(connection: AsyncConnection, customer_id: int, by: int | None, tie: Tie) -> None:
    """Note that more than the member's own word says whose the name is; what was withheld is theirs."""
    values = {"tie": tie} if by is None else {"tie": tie, "linked_by": by}
    await connection.execute(update(customer).where(customer.c.id == customer_id).values(values))
    theirs = select(permission.c.id).where(permission.c.customer_id == customer_id)
    await connection.execute(
        update(entitlement)
        .where(entitlement.c.permission_id.in_(theirs), entitlement.c.withheld)
        .values(withheld=False)
    )


async def untie(connection: AsyncConnection, customer_id: int) -> None:
    """Forget which member it was; the customer needs a name, or the schema refuses.

    A block was meant for the person: it stays with the name, and with the member.
    """
    before = await by_id(connection, customer_id)
    await connection.execute(
        update(customer)
        .where(customer.c.id == customer_id)
        .values(member_id=None, linked_by=None, linked_at=None, tie=None)
    )
    if before is None or before.member_id is None or before.blocked_at is None:
        return
    alone = await add(connection, before.guild_id, member_id=before.member_id)
    await connection.execute(
        update(customer)
        .where(customer.c.id == alone.id)
        .values(
            blocked_at=before.blocked_at,
            blocked_by=before.blocked_by,
            block_reason=before.block_reason,
        )
    )


async def rename(
    connection: AsyncConnection, customer_id: int, username: str, tv_user_id: int | None
) -> None:
    """Set the exact spelling of the name; an id that is known already is not forgotten."""
    await connection.execute(
        update(customer)
        .where(customer.c.id == customer_id)
        .values(
            username=username,
            name_folded=username.casefold(),
            tv_user_id=func.coalesce(tv_user_id, customer.c.tv_user_id),
        )
    )


async def roles_asked(
    connection: AsyncConnection, guild_id: int, member_id: int, at: datetime
) -> None:
    """Note that Discord was asked for the roles of that member."""
    await connection.execute(
        update(customer)
        .where(customer.c.guild_id == guild_id, customer.c.member_id == member_id)
        .values(roles_asked_at=at)
    )


async def longest_unasked(
    connection: AsyncConnection, guild_ids: Collection[int], limit: int
) -> list[tuple[int, int, datetime | None]]:
    """Return server, member and when Discord was last asked for their roles, the longest ago first."""
    rows = await connection.execute(
        select(customer.c.guild_id, customer.c.member_id, customer.c.roles_asked_at)
        .where(customer.c.guild_id.in_(list(guild_ids)), customer.c.member_id.is_not(None))
        .order_by(customer.c.roles_asked_at.asc().nulls_first(), customer.c.id)
        .limit(limit)
    )
    return [(row.guild_id, row.member_id, row.roles_asked_at) for row in rows]


async def members(connection: AsyncConnection, guild_id: int) -> list[int]:
    """Return the members of a server who are known as customers."""
    rows = await connection.execute(
        select(customer.c.member_id).where(
            customer.c.guild_id == guild_id, customer.c.member_id.is_not(None)
        )
    )
    return [member_id for member_id in rows.scalars() if member_id is not None]


async def change_account(
    connection: AsyncConnection, person: Customer, username: str, tv_user_id: int | None
) -> Customer:
    """Give the person another TradingView account; returns who has the name of the former one."""
    folded = username.casefold()
    bare = await by_name(connection, person.guild_id, username)
    if bare is not None:  # of whom Usher knew no more than the name: one person, one row
        await connection.execute(
            update(permission)
            .where(permission.c.customer_id == bare.id)
            .values(customer_id=person.id)
        )
        await remove(connection, bare.id, person.id)
    await connection.execute(
        update(customer)
        .where(customer.c.id == person.id)
        .values(username=username, name_folded=folded, tv_user_id=tv_user_id)
    )
    former = await add(
        connection, person.guild_id, username=person.username, tv_user_id=person.tv_user_id
    )
    await connection.execute(
        update(permission)
        .where(
            permission.c.customer_id == person.id,
            permission.c.name_folded == person.name_folded,
        )
        .values(customer_id=former.id)
    )
    return former


async def remove(connection: AsyncConnection, customer_id: int, kept_id: int) -> None:
    """Drop a record that has nothing left, of the same person as `kept_id`; the schema refuses any other."""
    await connection.execute(
        update(merged_customer)
        .where(merged_customer.c.customer_id == customer_id)
        .values(customer_id=kept_id)
    )
    await connection.execute(insert(merged_customer).values(id=customer_id, customer_id=kept_id))
    await connection.execute(customer.delete().where(customer.c.id == customer_id))


async def to_forget(connection: AsyncConnection) -> list[Customer]:
    """Return who is to be erased once TradingView shows no access, in every server."""
    found = await connection.execute(
        select(customer).where(customer.c.forget_at.is_not(None)).order_by(customer.c.id)
    )
    return [Customer.of(row) for row in found]


async def forget(connection: AsyncConnection, customer_id: int, at: datetime, by: int) -> None:
    """Note that this customer is to be erased once TradingView shows no access."""
    await connection.execute(
        update(customer).where(customer.c.id == customer_id).values(forget_at=at, forget_by=by)
    )


async def block(
    connection: AsyncConnection, customer_id: int, at: datetime, *, by: int, reason: str | None
) -> None:
    """Note that this customer gets nothing new."""
    await connection.execute(
        update(customer)
        .where(customer.c.id == customer_id)
        .values(blocked_at=at, blocked_by=by, block_reason=reason)
    )


async def unblock(connection: AsyncConnection, customer_id: int) -> None:
    """Note that this customer may get something new again."""
    await connection.execute(
        update(customer)
        .where(customer.c.id == customer_id)
        .values(blocked_at=None, blocked_by=None, block_reason=None)
    )


async def _first(connection: AsyncConnection, *conditions: "object") -> Customer | None:
    found = await connection.execute(select(customer).where(*conditions))  # type: ignore[arg-type]
    row = found.one_or_none()
    return None if row is None else Customer.of(row)
