"""Queries about the roles that members have because they hold a product."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import HolderRoleState, PermissionState
from bot.store.records import HolderRole
from bot.store.tables.catalogue import guild, product
from bot.store.tables.holder_roles import holder_role
from bot.store.tables.ledger import entitlement, permission, purchase
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
            product.c.guild_id == holder_role.c.guild_id,
            product.c.role_id == holder_role.c.role_id,
            customer.c.member_id == holder_role.c.member_id,
            _counts(now),
        )
        .correlate(holder_role)
        .exists()
    )
    in_grace = (
        select(entitlement.c.ends_at, entitlement.c.grace_days)
        .select_from(
            entitlement.join(purchase, purchase.c.id == entitlement.c.purchase_id)
            .join(product, product.c.id == purchase.c.product_id)
            .join(customer, customer.c.id == purchase.c.customer_id)
        )
        .where(
            entitlement.c.ended_at.is_(None),
            entitlement.c.grace_days > 0,
            entitlement.c.ends_at > now - MAX_GRACE,
        )
    )
    rows = await connection.execute(
        select(holder_role)
        .join(guild, guild.c.id == holder_role.c.guild_id)
        .where(
            guild.c.left_at.is_(None),
            ~bought,
            *(
                or_(holder_role.c.guild_id != guild_id, holder_role.c.role_id != role_id)
                for guild_id, role_id in but
            ),
        )
    )
    found = []
    for row in rows.all():
        graced = await connection.execute(
            in_grace.where(
                product.c.guild_id == row.guild_id,
                product.c.role_id == row.role_id,
                customer.c.member_id == row.member_id,
            )
        )
        if all(each.ends_at + timedelta(days=each.grace_days) <= now for each in graced):
            found.append(HolderRole(row.guild_id, row.member_id, row.role_id, row.state))
            if len(found) == limit:
                break
    return found


def _counts(now: datetime) -> "ColumnElement[bool]":
    return and_(
        purchase.c.ended_at.is_(None),
        entitlement.c.ended_at.is_(None),
        or_(entitlement.c.ends_at.is_(None), entitlement.c.ends_at > now),
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
