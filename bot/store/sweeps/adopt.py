"""Recording people found on TradingView as ours: whole lists in a few statements."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    and_,
    case,
    cast,
    distinct,
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

from bot.store.kinds import ActorKind, PermissionState, StateKind, Tie
from bot.store.people import customers
from bot.store.records import Script
from bot.store.sweeps.sightings import has_permission, is_live
from bot.store.tables.ledger import entitlement, event, permission, purchase
from bot.store.tables.people import customer
from bot.store.tables.sweeps import sighting

_CHUNK = 100


async def people_taken(connection: AsyncConnection, guild_id: int, at: datetime, by: int) -> int:
    """Count the people whom that member took over at that moment, each once."""
    found = await connection.execute(
        select(func.count(distinct(permission.c.customer_id)))
        .select_from(entitlement.join(permission, permission.c.id == entitlement.c.permission_id))
        .where(
            entitlement.c.guild_id == guild_id,
            entitlement.c.asked_at == at,
            entitlement.c.asked_by == by,
        )
    )
    return int(found.scalar_one())


async def adopt(
    connection: AsyncConnection,
    script: Script,
    at: datetime,
    by: int,
    source: str,
    ids: Collection[int] | None = None,
) -> int:
    """Take over the live sightings of a script that have no permission: of these ids, or all.

    What is wanted is what was seen, so nothing is to be written; undated rows are `open`. Left out
    are, of all, the ignored ones, and whoever has a name that is kept for another TradingView user.
    Returns how many were taken.
    """
    chosen = and_(
        sighting.c.script_id == script.id,
        is_live(at),
        ~has_permission(),
        sighting.c.ignored_at.is_(None) if ids is None else sighting.c.id.in_(list(ids)),
        ~_namesake(script),
        _first_of_its_name(),
    )
    await _add_customers(connection, script, chosen)
    newest = await connection.execute(select(func.coalesce(func.max(permission.c.id), 0)))
    since = int(newest.scalar_one())
    await _add_permissions(connection, script, at, chosen)
    new = and_(permission.c.id > since, permission.c.script_id == script.id)
    await _add_reasons(connection, at, by, source, new)
    await _learn_ids(connection, new)
    return await _add_history(connection, script, at, by, new)


def _ids(script: Script) -> "Select[tuple[int | None]]":
    """The TradingView ids of the server's customers: a set that is made once for a query."""
    return select(customer.c.tv_user_id).where(
        customer.c.guild_id == script.guild_id, customer.c.tv_user_id.is_not(None)
    )


def _is_known(script: Script) -> "ColumnElement[bool]":
    return and_(sighting.c.tv_user_id.is_not(None), sighting.c.tv_user_id.in_(_ids(script)))


def _namesake(script: Script) -> "ColumnElement[bool]":
    """The name is a customer's whose id is another one, and nobody here has this id."""
    return and_(
        exists().where(
            customer.c.guild_id == script.guild_id,
            customer.c.name_folded == sighting.c.name_folded,
            customer.c.tv_user_id != sighting.c.tv_user_id,
        ),
        ~_is_known(script),
    )


def _first_of_its_name() -> "ColumnElement[bool]":
    """Names that moved while the list was read may stand there twice."""
    other = sighting.alias()
    return ~exists().where(
        other.c.script_id == sighting.c.script_id,
        other.c.name_folded == sighting.c.name_folded,
        other.c.id < sighting.c.id,
    )


def _by_name(script: Script) -> "ScalarSelect[int]":
    """The customer of that name whose id is not known."""
    return (
        select(customer.c.id)
        .where(
            customer.c.guild_id == script.guild_id,
            customer.c.name_folded == sighting.c.name_folded,
            or_(customer.c.tv_user_id.is_(None), sighting.c.tv_user_id.is_(None)),
        )
        .scalar_subquery()
    )


async def _add_customers(
    connection: AsyncConnection, script: Script, chosen: "ColumnElement[bool]"
) -> None:
    columns = (sighting.c.username, sighting.c.name_folded, sighting.c.tv_user_id)
    new = and_(~_is_known(script), _by_name(script).is_(None))
    await connection.execute(
        insert(customer).from_select(
            ["id", "guild_id", *(column.name for column in columns)],
            select(
                customers.highest_id() + func.row_number().over(order_by=sighting.c.name_folded),
                literal(script.guild_id),
                *columns,
            ).where(chosen, new),
        )
    )


async def _add_permissions(
    connection: AsyncConnection, script: Script, at: datetime, chosen: "ColumnElement[bool]"
) -> None:
    by_id = (
        select(customer.c.tv_user_id, func.min(customer.c.id).label("id"))
        .where(customer.c.guild_id == script.guild_id, customer.c.tv_user_id.is_not(None))
        .group_by(customer.c.tv_user_id)
        .subquery()
    )
    whose = func.coalesce(by_id.c.id, _by_name(script))
    opened, until = (
        literal(kind, permission.c.wanted.type) for kind in (StateKind.OPEN, StateKind.UNTIL)
    )
    wanted = case((sighting.c.kind == StateKind.LIFETIME, opened), else_=until)
    values: dict[str, Any] = {
        "guild_id": literal(script.guild_id),
        "script_id": literal(script.id),
        "customer_id": whose,
        "username": sighting.c.username,
        "name_folded": sighting.c.name_folded,
        "tv_user_id": sighting.c.tv_user_id,
        "checked": true(),
        "wanted": wanted,
        "wanted_ends_at": sighting.c.ends_at,
        "revision": literal(0),
        "synced_revision": literal(0),
        "seen": sighting.c.kind,
        "seen_ends_at": sighting.c.ends_at,
        "seen_at": sighting.c.seen_at,
        "ours": sighting.c.kind,
        "ours_ends_at": sighting.c.ends_at,
        "before": literal(StateKind.UNKNOWN, permission.c.before.type),
        "state": literal(PermissionState.DONE, permission.c.state.type),
        "asked_at": literal(at, permission.c.asked_at.type),
    }
    await connection.execute(
        insert(permission).from_select(
            list(values),
            select(*values.values())
            .select_from(sighting.outerjoin(by_id, by_id.c.tv_user_id == sighting.c.tv_user_id))
            .where(chosen, whose.is_not(None)),
        )
    )


async def _add_reasons(
    connection: AsyncConnection,
    at: datetime,
    by: int,
    source: str,
    new: "ColumnElement[bool]",
) -> None:
    moment = literal(at, entitlement.c.asked_at.type)
    reference = literal("taken over ") + cast(permission.c.id, String)
    member = literal(ActorKind.MEMBER, purchase.c.actor_kind.type)
    bought: dict[str, Any] = {
        "guild_id": permission.c.guild_id,
        "customer_id": permission.c.customer_id,
        "script_id": permission.c.script_id,
        "source": literal(source),
        "reference": reference,
        "kind": permission.c.wanted,
        "ends_at": permission.c.wanted_ends_at,
        "actor_kind": member,
        "actor_id": literal(str(by)),
        "asked_at": moment,
    }
    await connection.execute(
        insert(purchase).from_select(list(bought), select(*bought.values()).where(new))
    )
    values: dict[str, Any] = {
        "guild_id": permission.c.guild_id,
        "purchase_id": purchase.c.id,
        "script_id": permission.c.script_id,
        "permission_id": permission.c.id,
        "source": literal(source),
        "reference": reference,
        "kind": permission.c.wanted,
        "length": null(),
        "asked_at": moment,
        "asked_by": literal(by),
        "start_at": moment,
        "ends_at": permission.c.wanted_ends_at,
        "settled_at": moment,
        # Found under a name that a member merely claims: they are not to know of it.
        "withheld": exists().where(
            customer.c.id == permission.c.customer_id, customer.c.tie == Tie.CLAIMED
        ),
    }
    its_purchase = and_(
        purchase.c.guild_id == permission.c.guild_id,
        purchase.c.source == source,
        purchase.c.reference == reference,
    )
    await connection.execute(
        insert(entitlement).from_select(
            list(values),
            select(*values.values())
            .select_from(permission.join(purchase, its_purchase))
            .where(new),
        )
    )


async def _learn_ids(connection: AsyncConnection, new: "ColumnElement[bool]") -> None:
    await connection.execute(
        update(customer)
        .where(
            new,
            permission.c.customer_id == customer.c.id,
            customer.c.tv_user_id.is_(None),
            permission.c.tv_user_id.is_not(None),
        )
        .values({customer.c.tv_user_id: permission.c.tv_user_id})
    )


async def _add_history(
    connection: AsyncConnection, script: Script, at: datetime, by: int, new: "ColumnElement[bool]"
) -> int:
    """One entry for each person; in chunks, as each is put together here."""
    number = last = 0
    while True:
        found: Any = await connection.execute(
            select(
                permission.c.id,
                permission.c.customer_id,
                permission.c.wanted,
                permission.c.wanted_ends_at,
            )
            .where(new, permission.c.id > last)
            .order_by(permission.c.id)
            .limit(_CHUNK)
        )
        rows = found.all()
        if not rows:
            return number
        number, last = number + len(rows), rows[-1].id
        await connection.execute(
            insert(event),
            [
                {
                    "guild_id": script.guild_id,
                    "at": at,
                    "actor_kind": ActorKind.MEMBER,
                    "actor_id": str(by),
                    "action": "found",
                    "script_id": script.id,
                    "customer_id": row.customer_id,
                    "permission_id": row.id,
                    "after": {
                        "kind": row.wanted,
                        "ends_at": row.wanted_ends_at and row.wanted_ends_at.isoformat(),
                    },
                }
                for row in rows
            ],
        )
