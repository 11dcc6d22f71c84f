"""Queries about the roles that members have because they hold a product."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import HolderRoleState, PermissionState
from bot.store.records import HolderRole
from bot.store.tables.catalogue import guild, product
from bot.store.tables.holder_roles import holder_role
from bot.store.tables.ledger import entitlement, has_time_left, permission, purchase
from bot.store.tables.people import customer

MAX_GRACE = timedelta(days=90)


async def to_give(
    connection: AsyncConnection, now: datetime, but: Collection[tuple[int, int]], limit: int
) -> list[HolderRole]:
    """Return who holds a product, verified on TradingView, and was not given its role yet.

    Left out are the roles in `but`: pairs of a server and a role.
    """
    rows = await connection.execute(
        select(product.c.guild_id, customer.c.member_id, product.c.role_id, holder_role.c.state)
        .select_from(
            product.join(guild, guild.c.id == product.c.guild_id)
            .join(purchase, purchase.c.product_id == product.c.id)
            .join(customer, customer.c.id == purchase.c.customer_id)
            .join(entitlement, entitlement.c.purchase_id == purchase.c.id)
            .join(permission, permission.c.id == entitlement.c.permission_id)
            .outerjoin(
                holder_role,
                and_(
                    holder_role.c.guild_id == product.c.guild_id,
                    holder_role.c.member_id == customer.c.member_id,
                    holder_role.c.role_id == product.c.role_id,
                ),
            )
        )
        .where(
            product.c.role_id.is_not(None),
            guild.c.left_at.is_(None),
            customer.c.member_id.is_not(None),
            _counts(now),
            entitlement.c.paused_at.is_(None),
            permission.c.state == PermissionState.DONE,
            or_(holder_role.c.state.is_(None), holder_role.c.state == HolderRoleState.GIVING),
            *(
                or_(product.c.guild_id != guild_id, product.c.role_id != role_id)
                for guild_id, role_id in but
            ),
        )
        .distinct()
        .limit(limit)
    )
    return [HolderRole(row.guild_id, row.member_id, row.role_id, row.state) for row in rows]


async def to_take(
    connection: AsyncConnection, now: datetime, but: Collection[tuple[int, int]], limit: int
) -> list[HolderRole]:
    """Return who has the role of a product by no purchase any more, the grace days over."""
    bought = (
        select(entitlement.c.id)
        .select_from(
            entitlement.join(purchase, purchase.c.id == entitlement.c.purchase_id)
            .join(product, product.c.id == purchase.c.product_id)
            .join(customer, customer.c.id == purchase.c.customer_id)
        )
        .where(
            _is_of_product(),
            customer.c.member_id == holder_role.c.member_id,
            _counts(now),
        )
        .correlate(holder_role)
        .exists()
    )
    closed = (
        or_(holder_role.c.guild_id != guild_id, holder_role.c.role_id != role_id)
        for guild_id, role_id in but
    )
    is_due = and_(
        holder_role.c.guild_id.in_(select(guild.c.id).where(guild.c.left_at.is_(None))),
        ~bought,
        *closed,
    )
    rows = await connection.execute(select(holder_role).where(is_due))
    over = [HolderRole(row.guild_id, row.member_id, row.role_id, row.state) for row in rows]
    kept = await _in_grace(connection, is_due, now) if over else set()
    return [each for each in over if (each.guild_id, each.member_id, each.role_id) not in kept][
        :limit
    ]


async def _in_grace(
    connection: AsyncConnection, which: "ColumnElement[bool]", now: datetime
) -> set[tuple[int, int, int]]:
    """Return by server, member and role who of these has grace days left."""
    rows = await connection.execute(
        select(
            holder_role.c.guild_id,
            holder_role.c.member_id,
            holder_role.c.role_id,
            entitlement.c.ends_at,
            entitlement.c.grace_days,
        )
        .select_from(
            holder_role.join(product, _is_of_product())
            .join(purchase, purchase.c.product_id == product.c.id)
            .join(customer, customer.c.id == purchase.c.customer_id)
            .join(entitlement, entitlement.c.purchase_id == purchase.c.id)
        )
        .where(
            which,
            customer.c.member_id == holder_role.c.member_id,
            entitlement.c.ended_at.is_(None),
            ~entitlement.c.withheld,
            entitlement.c.grace_days > 0,
            entitlement.c.ends_at > now - MAX_GRACE,
        )
    )
    return {
        (row.guild_id, row.member_id, row.role_id)
        for row in rows
        if row.ends_at + timedelta(days=row.grace_days) > now
    }


def _is_of_product() -> "ColumnElement[bool]":
    return and_(
        product.c.guild_id == holder_role.c.guild_id, product.c.role_id == holder_role.c.role_id
    )


def _counts(now: datetime) -> "ColumnElement[bool]":
    """Return the condition that somebody holds a product by a reason, of which they are to know."""
    return and_(
        purchase.c.ended_at.is_(None),
        entitlement.c.ended_at.is_(None),
        ~entitlement.c.withheld,
        has_time_left(entitlement, now),
    )


async def keep(
    connection: AsyncConnection, wished: HolderRole, state: HolderRoleState, at: datetime
) -> None:
    """Note what was done about a member's role."""
    done = await connection.execute(
        update(holder_role).where(_is(wished)).values(state=state, at=at)
    )
    if not done.rowcount:
        await connection.execute(
            insert(holder_role).values(
                guild_id=wished.guild_id,
                member_id=wished.member_id,
                role_id=wished.role_id,
                state=state,
                at=at,
            )
        )


async def drop(connection: AsyncConnection, wished: HolderRole) -> None:
    """Forget a member's role: it was taken, or is not ours to take."""
    await connection.execute(delete(holder_role).where(_is(wished)))


async def is_to_be_taken(connection: AsyncConnection, guild_id: int, member_id: int) -> bool:
    """Return whether a member has a role from Usher, of a server that it is in, and nothing prevents taking it."""
    found = await connection.execute(
        select(holder_role.c.member_id)
        .join(guild, guild.c.id == holder_role.c.guild_id)
        .join(product, _is_of_product())
        .where(
            holder_role.c.guild_id == guild_id,
            holder_role.c.member_id == member_id,
            holder_role.c.state.in_((HolderRoleState.GIVING, HolderRoleState.GIVEN)),
            guild.c.left_at.is_(None),
            product.c.role_trouble.is_(None),
        )
        .limit(1)
    )
    return found.first() is not None


async def forget_member(connection: AsyncConnection, guild_id: int, member_id: int) -> None:
    """Forget all roles of a member who came back to the server: they have none."""
    await connection.execute(
        delete(holder_role).where(
            holder_role.c.guild_id == guild_id, holder_role.c.member_id == member_id
        )
    )


async def look_again(connection: AsyncConnection, before: datetime) -> None:
    """Forget who was not in the server when last looked for, where that is as long ago."""
    await connection.execute(
        delete(holder_role).where(
            holder_role.c.state == HolderRoleState.GONE, holder_role.c.at < before
        )
    )


def _is(wished: HolderRole) -> "ColumnElement[bool]":
    return and_(
        holder_role.c.guild_id == wished.guild_id,
        holder_role.c.member_id == wished.member_id,
        holder_role.c.role_id == wished.role_id,
    )
