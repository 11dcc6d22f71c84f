"""Queries about what members gained by roles: held, lost, and what those may get again who were ended."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, Select, and_, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import OrderKind
from bot.store.parts import parts
from bot.store.records import HeldRole, RoleGain, RoleRule
from bot.store.tables.ledger import entitlement, has_time_left, order, permission, purchase
from bot.store.tables.people import customer
from bot.store.tables.roles import role_gain, role_loss, role_rule


class GainChange(TypedDict, total=False):
    """Columns of a gain that may change."""

    lost_at: datetime | None
    loss_id: int | None


async def add(
    connection: AsyncConnection, purchase_id: int, rule: RoleRule, member_id: int
) -> None:
    """Note that this purchase is what a member got by that rule."""
    await connection.execute(
        insert(role_gain).values(
            purchase_id=purchase_id,
            guild_id=rule.guild_id,
            rule_id=rule.id,
            role_id=rule.role_id,
            member_id=member_id,
        )
    )


async def change(
    connection: AsyncConnection, purchase_ids: Collection[int], **values: Unpack[GainChange]
) -> None:
    """Set these columns of each of these gains."""
    for some in parts(purchase_ids):
        await connection.execute(
            update(role_gain).where(role_gain.c.purchase_id.in_(some)).values(**values)
        )


async def held(
    connection: AsyncConnection, guild_id: int, member_ids: Collection[int]
) -> dict[int, list[HeldRole]]:
    """Return, by member, what they have by roles: also what waits for its end, or was ended by staff."""
    found: dict[int, list[HeldRole]] = {each: [] for each in member_ids}
    given = exists().where(entitlement.c.purchase_id == role_gain.c.purchase_id)
    is_stopped = and_(given, ~given.where(entitlement.c.ended_at.is_(None))).label("is_stopped")
    # The member let go of the name that got it, and has another one now.
    moved = (
        exists()
        .where(
            customer.c.guild_id == role_gain.c.guild_id,
            customer.c.member_id == role_gain.c.member_id,
            customer.c.username.is_not(None),
            customer.c.id != purchase.c.customer_id,
        )
        .label("has_moved")
    )
    for some in parts(member_ids):
        query = _live(role_gain, is_stopped, moved).where(
            role_gain.c.guild_id == guild_id, role_gain.c.member_id.in_(some)
        )
        rows = (await connection.execute(query)).all()
        stopped = {row.purchase_id for row in rows if row.is_stopped}
        again = await given_since(connection, stopped)
        for row in rows:
            gain = RoleGain.of(row)
            is_due = gain.purchase_id in again or (row.has_moved and not row.is_stopped)
            found[gain.member_id].append(HeldRole(gain, bool(row.is_stopped), bool(is_due)))
    return found


async def given_since(connection: AsyncConnection, purchase_ids: Collection[int]) -> set[int]:
    """Return which of these staff revoked, and gave to the same person again since.

    What staff gave an exact end (`set`) is theirs to change.
    """
    ending, later = order.alias("ending"), order.alias("later")

    def since(kind: OrderKind) -> "ColumnElement[bool]":
        return exists().where(
            later.c.permission_id == entitlement.c.permission_id,
            later.c.id > ending.c.id,
            later.c.kind == kind,
        )

    found: set[int] = set()
    for some in parts(purchase_ids):
        rows = await connection.execute(
            select(
                entitlement.c.purchase_id,
                and_(
                    ending.c.kind == OrderKind.REVOKE,
                    since(OrderKind.GRANT),
                    ~since(OrderKind.SET),
                ).label("is_given"),
                permission.c.held_back,
            )
            .join(ending, ending.c.id == entitlement.c.ended_by)
            .join(permission, permission.c.id == entitlement.c.permission_id)
            .where(entitlement.c.purchase_id.in_(some))
        )
        by: dict[int, list[Any]] = {}
        for row in rows:
            by.setdefault(row.purchase_id, []).append(row)
        found |= {
            each
            for each, of in by.items()
            if any(row.is_given for row in of) and not any(row.held_back for row in of)
        }
    return found


async def members(connection: AsyncConnection, guild_id: int) -> set[int]:
    """Return who has something by a role in that server."""
    query = _live(role_gain.c.member_id).where(role_gain.c.guild_id == guild_id).distinct()
    return set((await connection.execute(query)).scalars())


async def of_role(connection: AsyncConnection, guild_id: int, role_id: int) -> list[RoleGain]:
    """Return what members have by that role."""
    return await _of(connection, role_gain.c.guild_id == guild_id, role_gain.c.role_id == role_id)


async def of_rule(connection: AsyncConnection, rule_id: int) -> list[RoleGain]:
    """Return what members have by that rule."""
    return await _of(connection, role_gain.c.rule_id == rule_id)


async def of_loss(connection: AsyncConnection, loss_id: int) -> list[RoleGain]:
    """Return what members still have who lost the role then, in the order of their purchases."""
    return await _of(connection, role_gain.c.loss_id == loss_id)


async def numbers(connection: AsyncConnection, guild_id: int) -> dict[int, int]:
    """Return, by rule, how many have something by it."""
    query = (
        _live(role_gain.c.rule_id, func.count().label("number"))
        .where(role_gain.c.guild_id == guild_id)
        .group_by(role_gain.c.rule_id)
    )
    return {row.rule_id: row.number for row in await connection.execute(query)}


async def lost_since(
    connection: AsyncConnection, guild_id: int, role_id: int, since: datetime
) -> set[int]:
    """Return who lost that role from then on, and was in no question to managers; ended ones too."""
    rows = await connection.execute(
        select(role_gain.c.member_id)
        .where(
            role_gain.c.guild_id == guild_id,
            role_gain.c.role_id == role_id,
            role_gain.c.lost_at >= since,
            role_gain.c.loss_id.is_(None),
        )
        .distinct()
    )
    return set(rows.scalars())


async def gained_since(
    connection: AsyncConnection, guild_id: int, member_id: int, since: datetime
) -> bool:
    """Return whether that member gained anything by a role from then on, ended or not."""
    query = (
        select(role_gain.c.purchase_id)
        .join(purchase, purchase.c.id == role_gain.c.purchase_id)
        .where(
            role_gain.c.guild_id == guild_id,
            role_gain.c.member_id == member_id,
            purchase.c.asked_at >= since,
        )
        .limit(1)
    )
    return (await connection.execute(query)).first() is not None


async def number_holding(connection: AsyncConnection, guild_id: int, role_id: int) -> int:
    """Return how many members have that role, and something by it."""
    query = _live(func.count(role_gain.c.member_id.distinct())).where(
        role_gain.c.guild_id == guild_id,
        role_gain.c.role_id == role_id,
        role_gain.c.lost_at.is_(None),
    )
    return int((await connection.execute(query)).scalar_one())


async def number_losing(connection: AsyncConnection, rule_id: int, now: datetime) -> int:
    """Return how many would lose a script, did that rule give nothing any more."""
    mine, other = entitlement.alias("mine"), entitlement.alias("other")
    another = exists().where(
        other.c.permission_id == mine.c.permission_id,
        other.c.id != mine.c.id,
        other.c.ended_at.is_(None),
        has_time_left(other, now),
    )
    query = (
        _live(func.count(role_gain.c.member_id.distinct()))
        .join(mine, mine.c.purchase_id == role_gain.c.purchase_id)
        .where(role_gain.c.rule_id == rule_id, mine.c.ended_at.is_(None), ~another)
    )
    return int((await connection.execute(query)).scalar_one())


async def behind_orders(
    connection: AsyncConnection, order_ids: Collection[int]
) -> dict[int, tuple[RoleRule, bool]]:
    """Return, by order, the rule that gave what it gives or ends, and whether the role was deleted."""
    found: dict[int, tuple[RoleRule, bool]] = {}
    for some in parts(order_ids):
        rows = await connection.execute(
            select(order.c.id.label("order_id"), role_loss.c.is_deleted, role_rule)
            .join(
                entitlement,
                or_(
                    entitlement.c.id == order.c.entitlement_id,
                    entitlement.c.ended_by == order.c.id,
                ),
            )
            .join(role_gain, role_gain.c.purchase_id == entitlement.c.purchase_id)
            .join(role_rule, role_rule.c.id == role_gain.c.rule_id)
            .outerjoin(role_loss, role_loss.c.id == role_gain.c.loss_id)
            .where(order.c.id.in_(some))
        )
        for row in rows:
            found[row.order_id] = (RoleRule.of(row, role_rule), bool(row.is_deleted))
    return found


def _live(*columns: Any) -> "Select[Any]":
    """Return the query for gains whose purchase goes on with its role."""
    return (
        select(*columns)
        .select_from(role_gain)
        .join(purchase, purchase.c.id == role_gain.c.purchase_id)
        .where(purchase.c.source_ended_at.is_(None))
    )


async def _of(connection: AsyncConnection, *conditions: "ColumnElement[bool]") -> list[RoleGain]:
    query = _live(role_gain).where(*conditions).order_by(role_gain.c.purchase_id)
    return [RoleGain.of(row, role_gain) for row in await connection.execute(query)]
