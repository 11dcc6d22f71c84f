"""The history: one entry for everything somebody did, or that happened to their access."""

from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ActorKind, OrderState
from bot.store.records import USHER, Actor, Event, Permission
from bot.store.tables.ledger import event, order, permission

# One for each of many people, under one entry that counts them: in their history, not in the log.
QUIET = (
    "matched",
    "found",
    "repair",
    "restore_checked",
    "was_there",
    "restore_carried_one",
    "restore_dropped_one",
    "product_gain",
    "product_loss",
)


# The interaction that is worked on: each entry keeps it, so that after a crash it can be told what
# came of one. Whatever Usher itself does meanwhile has it too, under its own name.
interaction: ContextVar[int | None] = ContextVar("interaction", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An entry to add; `before` and `after` hold ids, kinds and ISO moments, never a secret."""

    guild_id: int
    at: datetime
    action: str
    actor: Actor = USHER
    script_id: int | None = None
    product_id: int | None = None
    customer_id: int | None = None
    permission_id: int | None = None
    order_id: int | None = None
    member_id: int | None = None
    note: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


class Subject(TypedDict, total=False):
    """Whose access to which script an entry is about."""

    script_id: int
    customer_id: int
    permission_id: int


def about(permission: Permission) -> Subject:
    """Return the columns by which an entry is about that permission."""
    return {
        "script_id": permission.script_id,
        "customer_id": permission.customer_id,
        "permission_id": permission.id,
    }


async def record_all(connection: AsyncConnection, entries: Sequence[NewEvent]) -> None:
    """Add these entries, in this order."""
    if entries:
        await connection.execute(insert(event), [_columns(entry) for entry in entries])


async def record(
    connection: AsyncConnection,
    guild_id: int,
    at: datetime,
    action: str,
    *,
    actor: Actor = USHER,
    script_id: int | None = None,
    product_id: int | None = None,
    customer_id: int | None = None,
    permission_id: int | None = None,
    order_id: int | None = None,
    member_id: int | None = None,
    note: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry; `before` and `after` hold ids, kinds and ISO moments, never a secret."""
    entry = NewEvent(
        guild_id=guild_id,
        at=at,
        action=action,
        actor=actor,
        script_id=script_id,
        product_id=product_id,
        customer_id=customer_id,
        permission_id=permission_id,
        order_id=order_id,
        member_id=member_id,
        note=note,
        before=before,
        after=after,
    )
    await record_all(connection, [entry])


def _columns(entry: NewEvent) -> dict[str, Any]:
    values = {field.name: getattr(entry, field.name) for field in fields(entry)}
    actor: Actor = values.pop("actor")
    return values | {
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "interaction_id": interaction.get() if actor.kind is ActorKind.MEMBER else None,
    }


async def since(
    connection: AsyncConnection,
    guild_id: int,
    event_id: int,
    limit: int = 50,
    *,
    without: Collection[str] = (),
) -> list[Event]:
    """Return what was recorded after that entry, oldest first, but for the actions in `without`."""
    rows = await connection.execute(
        select(event)
        .where(
            event.c.guild_id == guild_id,
            event.c.id > event_id,
            event.c.action.not_in(tuple(without)),
        )
        .order_by(event.c.id)
        .limit(limit)
    )
    return [Event.of(row) for row in rows]


async def by_id(connection: AsyncConnection, guild_id: int, event_id: int) -> Event | None:
    """Return that entry of a server."""
    rows = await connection.execute(
        select(event).where(event.c.guild_id == guild_id, event.c.id == event_id)
    )
    row = rows.one_or_none()
    return None if row is None else Event.of(row)


async def of_action(
    connection: AsyncConnection, guild_id: int, action: str, since: datetime
) -> list[Event]:
    """Return a server's entries of one kind from that moment on, oldest first."""
    rows = await connection.execute(
        select(event)
        .where(event.c.guild_id == guild_id, event.c.action == action, event.c.at >= since)
        .order_by(event.c.id)
    )
    return [Event.of(row) for row in rows]


async def of_orders(
    connection: AsyncConnection, guild_id: int, customer_id: int, order_ids: Collection[int]
) -> list[Event]:
    """Return the entries about these orders of that customer, oldest first."""
    rows = await connection.execute(
        select(event)
        .where(
            event.c.guild_id == guild_id,
            event.c.customer_id == customer_id,
            event.c.order_id.in_(list(order_ids)),
        )
        .order_by(event.c.id)
    )
    return [Event.of(row) for row in rows]


async def of_interaction(connection: AsyncConnection, interaction_id: int) -> list[Event]:
    """Return what a person did through one interaction, oldest first."""
    rows = await connection.execute(
        select(event).where(event.c.interaction_id == interaction_id).order_by(event.c.id)
    )
    return [Event.of(row) for row in rows]


async def newest(
    connection: AsyncConnection,
    guild_id: int,
    actions: Collection[str],
    *,
    customer_id: int | None = None,
) -> Event | None:
    """Return a server's newest entry of these kinds, or the newest about one customer."""
    query = select(event).where(event.c.guild_id == guild_id, event.c.action.in_(tuple(actions)))
    if customer_id is not None:
        query = query.where(event.c.customer_id == customer_id)
    row = (await connection.execute(query.order_by(event.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else Event.of(row)


async def last_said(connection: AsyncConnection, actions: Collection[str]) -> dict[int, str]:
    """Return which of these actions each server's history names last, where it names one."""
    newest_ids = (
        select(func.max(event.c.id))
        .where(event.c.action.in_(tuple(actions)))
        .group_by(event.c.guild_id)
    )
    rows = await connection.execute(
        select(event.c.guild_id, event.c.action).where(event.c.id.in_(newest_ids))
    )
    return {row.guild_id: row.action for row in rows}


async def of_customer(
    connection: AsyncConnection, guild_id: int, customer_id: int, *, skip: int = 0, limit: int = 10
) -> list[Event]:
    """Return one customer's entries, newest first.

    Of what was asked about a product, the other scripts' entries only where they say something else.
    """
    rows = await connection.execute(
        select(event)
        .where(
            event.c.guild_id == guild_id,
            event.c.customer_id == customer_id,
            or_(
                event.c.order_id.is_(None), event.c.order_id.not_in(_led(customer_id)), _is_other()
            ),
        )
        .order_by(event.c.id.desc())
        .offset(skip)
        .limit(limit)
    )
    return [Event.of(row) for row in rows]


async def split_requests(
    connection: AsyncConnection, guild_id: int, customer_id: int, lead_ids: Collection[int]
) -> set[int]:
    """Return which of these orders lead others that came to something else than they did."""
    found = await connection.execute(
        select(order.c.lead_id)
        .join(event, event.c.order_id == order.c.id)
        .where(
            event.c.guild_id == guild_id,
            event.c.customer_id == customer_id,
            order.c.lead_id.in_(list(lead_ids)),
            _is_other(),
        )
        .distinct()
    )
    return set(found.scalars())


def _led(customer_id: int) -> "Select[tuple[int]]":
    """Return the orders of that customer that another one leads."""
    return (
        select(order.c.id)
        .join(permission, permission.c.id == order.c.permission_id)
        .where(permission.c.customer_id == customer_id, order.c.lead_id.is_not(None))
    )


def _is_other() -> "ColumnElement[bool]":
    """Return whether what came of an order is not what came of the one that leads it."""
    leading, led = event.alias(), order.alias()
    same = exists().where(
        led.c.id == event.c.order_id,
        leading.c.guild_id == event.c.guild_id,
        leading.c.customer_id == event.c.customer_id,
        leading.c.order_id == led.c.lead_id,
        leading.c.action == event.c.action,
        cast(leading.c.after, String) == cast(event.c.after, String),
    )
    return and_(event.c.action.in_(tuple(OrderState)), ~same)
