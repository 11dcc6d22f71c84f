"""A product's script comes or goes: what that does for all its holders, in a few statements for any number.

What an order of this kind took away is told from what staff ended by its kind and its product.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import (
    ActorKind,
    EntitlementKind,
    PermissionState,
    StateKind,
)
from bot.store.ledger.holders import is_live, took_out
from bot.store.ledger.press import Press
from bot.store.parts import parts
from bot.store.tables.ledger import entitlement, order, permission, purchase
from bot.store.tables.people import customer


@dataclass(frozen=True, slots=True)
class Ended:
    """A reason that a product gave for a script, before it is taken out."""

    id: int
    permission_id: int
    ends_at: datetime | None
    grace_days: int
    paused_at: datetime | None


# A script comes


async def add_permissions(connection: AsyncConnection, press: Press, script_id: int) -> None:
    """Add what is missing for holders whose name is known; it wants nothing yet."""
    known = and_(
        permission.c.script_id == script_id, permission.c.name_folded == customer.c.name_folded
    )
    holds = customer.c.id.in_(
        select(purchase.c.customer_id).where(
            purchase.c.product_id == press.product_id, is_live(press.at)
        )
    )
    unknown = literal(StateKind.UNKNOWN, permission.c.seen.type)
    values: dict[str, Any] = {
        "guild_id": customer.c.guild_id,
        "script_id": literal(script_id),
        "customer_id": customer.c.id,
        "username": customer.c.username,
        "name_folded": customer.c.name_folded,
        "tv_user_id": customer.c.tv_user_id,
        "checked": customer.c.tv_user_id.is_not(None),
        "wanted": literal(StateKind.NOTHING, permission.c.wanted.type),
        "revision": literal(0),
        "synced_revision": literal(0),
        "seen": unknown,
        "ours": unknown,
        "before": unknown,
        "state": literal(PermissionState.DONE, permission.c.state.type),
        "asked_at": literal(press.at, permission.c.asked_at.type),
    }
    await connection.execute(
        insert(permission).from_select(
            list(values),
            select(*values.values()).where(
                customer.c.guild_id == press.guild_id,
                customer.c.username.is_not(None),
                holds,
                ~exists().where(known),
            ),
        )
    )
    # A row that is left of a name's earlier owner is the present one's.
    rows = await connection.execute(
        select(permission.c.id.label("of_id"), customer.c.id.label("owner"))
        .select_from(permission.join(customer, known))
        .where(
            customer.c.guild_id == press.guild_id, holds, permission.c.customer_id != customer.c.id
        )
    )
    if owners := [{"of_id": row.of_id, "owner": row.owner} for row in rows]:
        await connection.execute(
            update(permission)
            .where(permission.c.id == bindparam("of_id"))
            .values(customer_id=bindparam("owner")),
            owners,
        )


async def give(
    connection: AsyncConnection, press: Press, script_id: int, returning_sources: Collection[str]
) -> dict[int, int]:
    """Give every live purchase of the product this script; return, by permission, the newest reason.

    It lasts as the others of the purchase do: until the latest of their ends, else for the same length.
    What an earlier change took away counts again; what staff ended stays so, and what they hold back
    does not come from sources that return by themselves.
    """
    latest, moment = latest_end(), literal(press.at, entitlement.c.asked_at.type)
    live = select(purchase.c.id).where(purchase.c.product_id == press.product_id, is_live(press.at))
    back = await connection.execute(
        update(entitlement)
        .where(
            entitlement.c.script_id == script_id,
            entitlement.c.purchase_id.in_(live),
            took_out(entitlement, literal(press.product_id)),
        )
        .values(
            ended_at=None,
            ended_by=None,
            ends_at=case((entitlement.c.ends_at.is_not(None), _latest_beside()), else_=null()),
            paused_at=select(purchase.c.paused_at)
            .where(purchase.c.id == entitlement.c.purchase_id)
            .scalar_subquery(),
        )
        .returning(entitlement.c.id, entitlement.c.permission_id)
    )
    given = {row.permission_id: row.id for row in back if row.permission_id is not None}
    is_dated = purchase.c.kind == EntitlementKind.UNTIL
    end = case((is_dated, func.coalesce(latest, purchase.c.ends_at)), else_=null())
    is_settled = or_(~is_dated, latest.is_not(None), purchase.c.ends_at.is_not(None))
    asked_at = func.coalesce(_first_asked(), purchase.c.asked_at)
    values: dict[str, Any] = {
        "guild_id": purchase.c.guild_id,
        "purchase_id": purchase.c.id,
        "script_id": literal(script_id),
        "permission_id": permission.c.id,
        "source": purchase.c.source,
        "reference": purchase.c.reference,
        "kind": purchase.c.kind,
        "length": purchase.c.length,
        "grace_days": purchase.c.grace_days,
        "asked_at": asked_at,
        "asked_by": case(
            (
                purchase.c.actor_kind == ActorKind.MEMBER,
                cast(purchase.c.actor_id, BigInteger),
            ),
            else_=null(),
        ),
        "start_at": case((and_(is_dated, is_settled), moment), else_=null()),
        "ends_at": end,
        "row_day": _row_day(),
        "settled_at": case((is_settled, moment), else_=null()),
        "note": purchase.c.note,
        "paused_at": purchase.c.paused_at,
        "withheld": _is_withheld(),
    }
    there = exists().where(
        entitlement.c.source == purchase.c.source,
        entitlement.c.reference == purchase.c.reference,
        entitlement.c.script_id == script_id,
    )
    new = await connection.execute(
        insert(entitlement)
        .from_select(
            list(values),
            select(*values.values())
            .select_from(
                purchase.join(customer, customer.c.id == purchase.c.customer_id).outerjoin(
                    permission,
                    and_(
                        permission.c.script_id == script_id,
                        permission.c.name_folded == customer.c.name_folded,
                    ),
                )
            )
            .where(
                purchase.c.product_id == press.product_id,
                is_live(press.at),
                ~there,
                or_(permission.c.id.is_(None), ~is_held_back(returning_sources)),
            ),
        )
        .returning(entitlement.c.id, entitlement.c.permission_id)
    )
    return given | {row.permission_id: row.id for row in new if row.permission_id is not None}


def is_held_back(sources: Collection[str]) -> "ColumnElement[bool]":
    """Return whether staff ended it, and it is not to come back from such a source by itself."""
    return and_(permission.c.held_back.is_(true()), purchase.c.source.in_(tuple(sources)))


def _of_purchase(reason: Any) -> "ColumnElement[bool]":
    return and_(
        reason.c.purchase_id == purchase.c.id,
        or_(reason.c.ended_at.is_(None), took_out(reason, purchase.c.product_id)),
    )


def latest_end() -> "ScalarSelect[datetime | None]":
    reason = entitlement.alias()
    return (
        select(func.max(reason.c.ends_at))
        .where(_of_purchase(reason))
        .correlate(purchase)
        .scalar_subquery()
    )


def _latest_beside() -> "ScalarSelect[datetime | None]":
    """Return the same for a reason that comes back."""
    reason = entitlement.alias()
    return (
        select(func.max(reason.c.ends_at))
        .join(purchase, purchase.c.id == reason.c.purchase_id)
        .where(reason.c.purchase_id == entitlement.c.purchase_id, _of_purchase(reason))
        .correlate(entitlement)
        .scalar_subquery()
    )


def _first_asked() -> "ScalarSelect[datetime | None]":
    reason = entitlement.alias()
    return (
        select(func.min(reason.c.asked_at))
        .where(_of_purchase(reason), reason.c.settled_at.is_(None))
        .correlate(purchase)
        .scalar_subquery()
    )


def _is_withheld() -> "ColumnElement[bool]":
    """Return whether the member who claims the name is not to know of what the purchase gives."""
    reason = entitlement.alias()
    return exists().where(_of_purchase(reason), reason.c.withheld).correlate(purchase)


def _row_day() -> "ScalarSelect[int | None]":
    reason = entitlement.alias()
    return (
        select(reason.c.row_day)
        .where(_of_purchase(reason), reason.c.ends_at.is_not(None))
        .order_by(reason.c.ends_at.desc(), reason.c.id)
        .limit(1)
        .correlate(purchase)
        .scalar_subquery()
    )


# A script goes


async def forget_waiting(connection: AsyncConnection, press: Press, script_id: int) -> None:
    """Delete what waited for a name: no order was made for it, and none will be."""
    bought = select(purchase.c.id).where(purchase.c.product_id == press.product_id)
    await connection.execute(
        delete(entitlement).where(
            entitlement.c.script_id == script_id,
            entitlement.c.permission_id.is_(None),
            entitlement.c.ended_at.is_(None),
            entitlement.c.purchase_id.in_(bought),
        )
    )


async def given(connection: AsyncConnection, product_id: int, script_id: int) -> list[Ended]:
    """Return the reasons that a product gives for a script, of people whose name is known."""
    rows = await connection.execute(
        select(
            entitlement.c.id,
            entitlement.c.permission_id,
            entitlement.c.ends_at,
            entitlement.c.grace_days,
            entitlement.c.paused_at,
        )
        .join(purchase, purchase.c.id == entitlement.c.purchase_id)
        .where(
            purchase.c.product_id == product_id,
            entitlement.c.script_id == script_id,
            entitlement.c.permission_id.is_not(None),
            entitlement.c.ended_at.is_(None),
        )
        .order_by(entitlement.c.id)
    )
    return [
        Ended(row.id, row.permission_id, row.ends_at, row.grace_days, row.paused_at) for row in rows
    ]


async def end(connection: AsyncConnection, press: Press, reason_ids: Collection[int]) -> None:
    """End these reasons, each by the order of this press for its permission."""
    by = (
        select(order.c.id)
        .where(
            order.c.permission_id == entitlement.c.permission_id,
            order.c.idempotency_key.startswith(f"{press.key}:", autoescape=True),
        )
        .correlate(entitlement)
        .scalar_subquery()
    )
    for some in parts(reason_ids):
        await connection.execute(
            update(entitlement)
            .where(entitlement.c.id.in_(some))
            .values(ended_at=press.at, ended_by=by)
        )
