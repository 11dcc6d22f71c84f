"""The history: one entry for everything somebody did, or that happened to their access.

An entry never changes, so it holds ids, kinds and moments. What names a person, and the note, lies
beside it, where it can be erased; whoever reads an entry gets both together.
"""

from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ActorKind, OrderState
from bot.store.records import USHER, Actor, Event, Permission
from bot.store.tables.ledger import event, event_words, order, permission
from bot.store.tables.people import merged_customer

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
    "payment_moved",
)
# Of one script that came to a product, or left it.
_OF_ONE_SCRIPT = ("product_gain", "product_loss")


# What names a person in `before` and `after`.
_NAMING = ("username", "names", "member_id", "members")
_ENTRIES = select(event, event_words.c.words).outerjoin(
    event_words, event_words.c.event_id == event.c.id
)

# Made once: that takes longer than to run it.
_ADD = insert(event)
_ADD_AND_TELL = insert(event).returning(event.c.id)

# The interaction that is worked on: each entry keeps it, so that after a crash it can be told what
# came of one. Whatever Usher itself does meanwhile has it too, under its own name.
interaction: ContextVar[int | None] = ContextVar("interaction", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An entry to add; `before` and `after` hold ids, names, kinds and ISO moments, never a secret."""

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


def about_person(customer_id: int) -> "ColumnElement[bool]":
    """Return the condition that an entry is about that customer, or one who became one with them."""
    merged = select(merged_customer.c.id).where(merged_customer.c.customer_id == customer_id)
    return event.c.customer_id.in_(select(literal(customer_id)).union_all(merged))


def of_batch() -> "ColumnElement[bool]":
    """Return the condition that an entry is about one order of a batch, which is told of as one."""
    return exists().where(order.c.id == event.c.order_id, order.c.batch_id.is_not(None))


async def record_all(connection: AsyncConnection, entries: Sequence[NewEvent]) -> None:
    """Add these entries, in this order, each with what names people beside it."""
    if not entries:
        return
    words = [_words(entry) for entry in entries]
    rows = [_columns(entry) for entry in entries]
    if not any(words):
        await connection.execute(_ADD, rows)
        return
    added = await connection.execute(_ADD_AND_TELL, rows)
    ids = sorted(added.scalars())  # given out in the order of the rows
    await connection.execute(
        insert(event_words),
        [
            {"event_id": event_id, "guild_id": entry.guild_id, "words": named}
            for event_id, entry, named in zip(ids, entries, words, strict=True)
            if named
        ],
    )


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
    """Add one entry; `before` and `after` hold ids, names, kinds and ISO moments, never a secret."""
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
    del values["note"]
    return values | {
        "before": _without_names(entry.before),
        "after": _without_names(entry.after),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "interaction_id": interaction.get() if actor.kind is ActorKind.MEMBER else None,
    }


def _without_names(facts: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if facts is None:
        return None
    return {name: fact for name, fact in facts.items() if name not in _NAMING}


def _words(entry: NewEvent) -> dict[str, Any]:
    """Return what is kept beside the entry: what names people, and the note."""
    named = {
        side: {name: facts[name] for name in _NAMING if name in facts}
        for side, facts in (("before", entry.before or {}), ("after", entry.after or {}))
    }
    return {side: words for side, words in {**named, "note": entry.note}.items() if words}


def _entry(row: "Row[Any]") -> Event:
    """Return an entry with its words put back where they were recorded."""
    columns = row._asdict()
    words = columns.pop("words") or {}
    values = {field.name: columns[field.name] for field in fields(Event) if field.name in columns}
    for side in ("before", "after"):
        if side in words:
            values[side] = (values[side] or {}) | words[side]
    return Event(**values, note=words.get("note"))


async def since(
    connection: AsyncConnection,
    guild_id: int,
    event_id: int,
    limit: int = 50,
    *,
    without: Collection[str] = (),
) -> list[Event]:
    """Return what was recorded after that entry, oldest first, but for the actions in `without`.

    With these, what is one of many in a batch is left out, too: the batch has entries of its own.
    """
    quiet = (event.c.action.not_in(tuple(without)), ~of_batch()) if without else ()
    rows = await connection.execute(
        # With + 0 what is new is found by the ids, not among all of the server's history.
        _ENTRIES.where(event.c.guild_id + 0 == guild_id, event.c.id > event_id, *quiet)
        .order_by(event.c.id)
        .limit(limit)
    )
    return [_entry(row) for row in rows]


async def by_id(connection: AsyncConnection, guild_id: int, event_id: int) -> Event | None:
    """Return that entry of a server."""
    rows = await connection.execute(
        _ENTRIES.where(event.c.guild_id == guild_id, event.c.id == event_id)
    )
    row = rows.one_or_none()
    return None if row is None else _entry(row)


async def by_ids(
    connection: AsyncConnection, guild_id: int, event_ids: Collection[int]
) -> list[Event]:
    """Return those entries of a server, newest first."""
    # As a sum: else SQLite looks through all of the server's entries instead of looking these up.
    is_here = event.c.guild_id + 0 == guild_id
    rows = await connection.execute(
        _ENTRIES.where(is_here, event.c.id.in_(list(event_ids))).order_by(
            event.c.at.desc(), event.c.id.desc()
        )
    )
    return [_entry(row) for row in rows]


async def of_action(
    connection: AsyncConnection, guild_id: int, action: str, since: datetime
) -> list[Event]:
    """Return a server's entries of one kind from that moment on, oldest first."""
    rows = await connection.execute(
        _ENTRIES.where(
            event.c.guild_id == guild_id, event.c.action == action, event.c.at >= since
        ).order_by(event.c.id)
    )
    return [_entry(row) for row in rows]


async def of_orders(
    connection: AsyncConnection, guild_id: int, customer_id: int, order_ids: Collection[int]
) -> list[Event]:
    """Return the entries about these orders of that customer, oldest first."""
    rows = await connection.execute(
        _ENTRIES.where(
            event.c.guild_id == guild_id,
            about_person(customer_id),
            event.c.order_id.in_(list(order_ids)),
        ).order_by(event.c.id)
    )
    return [_entry(row) for row in rows]


async def of_interaction(connection: AsyncConnection, interaction_id: int) -> list[Event]:
    """Return what a person did through one interaction, oldest first."""
    rows = await connection.execute(
        _ENTRIES.where(event.c.interaction_id == interaction_id).order_by(event.c.id)
    )
    return [_entry(row) for row in rows]


async def newest(
    connection: AsyncConnection,
    guild_id: int,
    actions: Collection[str],
    *,
    customer_id: int | None = None,
) -> Event | None:
    """Return a server's newest entry of these kinds, or the newest about one customer."""
    # The sum has SQLite look through an index that holds all of this, instead of whole entries backwards.
    newest_id = select(func.max(event.c.id + 0)).where(
        event.c.guild_id == guild_id, event.c.action.in_(tuple(actions))
    )
    if customer_id is not None:
        newest_id = newest_id.where(about_person(customer_id))
    query = _ENTRIES.where(event.c.id == newest_id.scalar_subquery())
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _entry(row)


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
        _ENTRIES.where(
            event.c.guild_id == guild_id,
            about_person(customer_id),
            or_(
                event.c.order_id.is_(None), event.c.order_id.not_in(_led(customer_id)), _is_other()
            ),
        )
        .order_by(event.c.id.desc())
        .offset(skip)
        .limit(limit)
    )
    return [_entry(row) for row in rows]


async def split_requests(
    connection: AsyncConnection, guild_id: int, customer_id: int, lead_ids: Collection[int]
) -> set[int]:
    """Return which of these orders do not stand for all of their product.

    They lead others that came to something else than they did, or brought or took one script of it.
    """
    split = (
        select(order.c.lead_id)
        .join(event, event.c.order_id == order.c.id)
        .where(
            event.c.guild_id == guild_id,
            about_person(customer_id),
            order.c.lead_id.in_(list(lead_ids)),
            _is_other(),
        )
    )
    single = select(event.c.order_id).where(
        event.c.guild_id == guild_id,
        about_person(customer_id),
        event.c.order_id.in_(list(lead_ids)),
        event.c.action.in_(_OF_ONE_SCRIPT),
    )
    found = await connection.execute(union(split, single))
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
