"""Queries about messages to a vendor's own programs: where they go, what is to be told, how each stands."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import (
    EndpointState,
    OrderKind,
    OrderState,
    OutgoingState,
    PostResult,
    StateKind,
)
from bot.store.records import OutgoingEndpoint, OutgoingEvent, Record
from bot.store.tables.catalogue import product, script
from bot.store.tables.ledger import event, order, permission
from bot.store.tables.outgoing import outgoing_endpoint, outgoing_event
from bot.store.tables.people import customer

# What the history calls it when a login died, or could not be read any more.
LOGIN_DEAD = ("session_dead", "session_lost")
_TOLD = (OrderState.DONE, OrderState.STUCK, *LOGIN_DEAD)


class EndpointChange(TypedDict, total=False):
    """What can change of an endpoint."""

    state: EndpointState
    read_event_id: int
    read_ends_at: datetime
    tried_at: datetime
    result: PostResult
    status: int | None
    failing_since: datetime | None


class EventChange(TypedDict, total=False):
    """What can change of a message."""

    state: OutgoingState
    attempts: int
    next_try_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told(Record):
    """An entry of the history that programs are told of, with what it is about."""

    id: int
    at: datetime
    action: str
    after: Mapping[str, Any] | None
    order_id: int | None
    kind: OrderKind | None  # of the order
    customer_id: int | None
    username: str | None
    member_id: int | None
    slug: str | None  # of the script
    pine_id: str | None
    product_slug: str | None


@dataclass(frozen=True, slots=True)
class Lapsed(Record):
    """A permission whose end came by itself."""

    permission_id: int
    ends_at: datetime
    customer_id: int
    username: str
    member_id: int | None
    slug: str
    pine_id: str


# Endpoints


async def add_endpoint(connection: AsyncConnection, **values: Any) -> OutgoingEndpoint:
    """Add an endpoint that is told of everything from now on."""
    newest = await newest_event(connection)
    row = await connection.execute(
        insert(outgoing_endpoint)
        .values(
            state=EndpointState.ON, read_event_id=newest, read_ends_at=values["made_at"], **values
        )
        .returning(outgoing_endpoint)
    )
    return OutgoingEndpoint.of(row.one())


async def endpoints(
    connection: AsyncConnection,
    guild_id: int | None = None,
    *,
    state: EndpointState | None = None,
) -> list[OutgoingEndpoint]:
    """Return the endpoints, of one server or in that state where given, oldest first."""
    query = select(outgoing_endpoint).order_by(outgoing_endpoint.c.id)
    if guild_id is not None:
        query = query.where(outgoing_endpoint.c.guild_id == guild_id)
    if state is not None:
        query = query.where(outgoing_endpoint.c.state == state)
    return [OutgoingEndpoint.of(row) for row in await connection.execute(query)]


async def by_reference(
    connection: AsyncConnection, guild_id: int, reference: str
) -> OutgoingEndpoint | None:
    """Return the endpoint that a request made; asked twice, it is there once."""
    found = await connection.execute(
        select(outgoing_endpoint).where(
            outgoing_endpoint.c.guild_id == guild_id, outgoing_endpoint.c.reference == reference
        )
    )
    row = found.one_or_none()
    return None if row is None else OutgoingEndpoint.of(row)


async def change_endpoint(
    connection: AsyncConnection, endpoint_id: int, **values: Unpack[EndpointChange]
) -> None:
    """Change an endpoint."""
    await connection.execute(
        update(outgoing_endpoint).where(outgoing_endpoint.c.id == endpoint_id).values(**values)
    )


async def remove_endpoint(connection: AsyncConnection, endpoint_id: int) -> None:
    """Delete an endpoint with all of its messages."""
    await connection.execute(
        delete(outgoing_event).where(outgoing_event.c.endpoint_id == endpoint_id)
    )
    await connection.execute(delete(outgoing_endpoint).where(outgoing_endpoint.c.id == endpoint_id))


# What is to be told


async def newest_event(connection: AsyncConnection) -> int:
    """Return the id of the newest entry of the history; 0 without any."""
    found = await connection.execute(select(func.max(event.c.id)))
    return int(found.scalar_one() or 0)


async def told_since(
    connection: AsyncConnection, guild_id: int, event_id: int, upto: int, limit: int
) -> list[Told]:
    """Return what a server's history says of ends of orders and of logins, in its order."""
    query: Select[Any] = (
        select(
            event.c.id,
            event.c.at,
            event.c.action,
            event.c.after,
            event.c.order_id,
            order.c.kind,
            permission.c.customer_id,
            permission.c.username,
            customer.c.member_id,
            script.c.slug,
            script.c.pine_id,
            product.c.slug.label("product_slug"),
        )
        .select_from(
            event.outerjoin(order, order.c.id == event.c.order_id)
            .outerjoin(permission, permission.c.id == order.c.permission_id)
            .outerjoin(customer, customer.c.id == permission.c.customer_id)
            .outerjoin(script, script.c.id == permission.c.script_id)
            .outerjoin(product, product.c.id == order.c.product_id)
        )
        .where(
            # With + 0 no index by the server: what is new is found by the ids, not among all of its history.
            event.c.guild_id + 0 == guild_id,
            event.c.id > event_id,
            event.c.id <= upto,
            event.c.action.in_(_TOLD),
            customer.c.forgotten.is_(None),  # also where there is no customer
        )
        .order_by(event.c.id)
        .limit(limit)
    )
    return [Told.of(row) for row in await connection.execute(query)]


async def lapsed(
    connection: AsyncConnection, guild_id: int, after: datetime, upto: datetime
) -> list[Lapsed]:
    """Return whose access ended by itself in that time, as nothing longer is wanted."""
    query: Select[Any] = (
        select(
            permission.c.id.label("permission_id"),
            permission.c.seen_ends_at.label("ends_at"),
            permission.c.customer_id,
            permission.c.username,
            customer.c.member_id,
            script.c.slug,
            script.c.pine_id,
        )
        .select_from(
            permission.join(customer, customer.c.id == permission.c.customer_id).join(
                script, script.c.id == permission.c.script_id
            )
        )
        .where(
            permission.c.guild_id == guild_id,
            permission.c.seen == StateKind.UNTIL,
            permission.c.seen_ends_at > after,
            permission.c.seen_ends_at <= upto,
            or_(
                permission.c.wanted == StateKind.NOTHING,
                and_(permission.c.wanted == StateKind.UNTIL, permission.c.wanted_ends_at <= upto),
            ),
            customer.c.forgotten.is_(None),
        )
        .order_by(permission.c.seen_ends_at, permission.c.id)
    )
    return [Lapsed.of(row) for row in await connection.execute(query)]


async def add_events(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add messages of one endpoint; one that it has already, by its key, is not added again."""
    if not rows:
        return
    there = await connection.execute(
        select(outgoing_event.c.event_key).where(
            outgoing_event.c.endpoint_id == rows[0]["endpoint_id"],
            outgoing_event.c.event_key.in_([row["event_key"] for row in rows]),
        )
    )
    known = set(there.scalars())
    new = [row for row in rows if row["event_key"] not in known]
    if new:
        await connection.execute(
            insert(outgoing_event), [{"state": OutgoingState.WAITING, **row} for row in new]
        )


# The messages, and how they stand


async def heads(connection: AsyncConnection) -> list[OutgoingEvent]:
    """Return, of each endpoint that is on, the message that comes next."""
    of_one = (
        select(func.min(outgoing_event.c.id))
        .where(
            outgoing_event.c.endpoint_id == outgoing_endpoint.c.id,
            outgoing_event.c.state == OutgoingState.WAITING,
        )
        .scalar_subquery()
    )
    first = select(of_one).where(outgoing_endpoint.c.state == EndpointState.ON)
    found = await connection.execute(
        select(outgoing_event).where(outgoing_event.c.id.in_(first)).order_by(outgoing_event.c.id)
    )
    return [OutgoingEvent.of(row) for row in found]


async def head_of(connection: AsyncConnection, endpoint_id: int) -> OutgoingEvent | None:
    """Return the message that comes next at one endpoint."""
    found = await connection.execute(
        select(outgoing_event)
        .where(
            outgoing_event.c.endpoint_id == endpoint_id,
            outgoing_event.c.state == OutgoingState.WAITING,
        )
        .order_by(outgoing_event.c.id)
        .limit(1)
    )
    row = found.one_or_none()
    return None if row is None else OutgoingEvent.of(row)


async def change_event(
    connection: AsyncConnection, event_id: int, **values: Unpack[EventChange]
) -> None:
    """Change how a message stands."""
    await connection.execute(
        update(outgoing_event).where(outgoing_event.c.id == event_id).values(**values)
    )


async def wait_again(connection: AsyncConnection, endpoint_id: int) -> int:
    """Let every message that was not taken be tried at once, from its first try on; return how many."""
    result = await connection.execute(
        update(outgoing_event)
        .where(
            outgoing_event.c.endpoint_id == endpoint_id,
            outgoing_event.c.state != OutgoingState.SENT,
        )
        .values(state=OutgoingState.WAITING, attempts=0, next_try_at=None, ended_at=None)
    )
    return result.rowcount


async def counts(
    connection: AsyncConnection, endpoint_ids: Collection[int]
) -> dict[int, dict[OutgoingState, int]]:
    """Count, by endpoint, its messages in each state."""
    found = await connection.execute(
        select(outgoing_event.c.endpoint_id, outgoing_event.c.state, func.count().label("number"))
        .where(outgoing_event.c.endpoint_id.in_(list(endpoint_ids)))
        .group_by(outgoing_event.c.endpoint_id, outgoing_event.c.state)
    )
    numbers: dict[int, dict[OutgoingState, int]] = {each: {} for each in endpoint_ids}
    for row in found:
        numbers[row.endpoint_id][row.state] = row.number
    return numbers


async def clean(connection: AsyncConnection, before: datetime) -> None:
    """Delete what was sent or given up before that moment."""
    await connection.execute(delete(outgoing_event).where(outgoing_event.c.ended_at < before))
