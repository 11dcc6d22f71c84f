"""Recording people found on TradingView as ours: whole lists in a few statements."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    cast,
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

from bot.store.records import Script
from bot.store.sightings import has_permission, is_live
from bot.store.sweep_tables import sighting
from bot.store.tables import customer, entitlement, event, permission

_CHUNK = 100


async def adopt(
    connection: AsyncConnection,
    script: Script,
    at: datetime,
    by: int,
    ids: Collection[int] | None = None,
) -> int:
    """Take over the live sightings of a script (or those of these ids) that have no permission.

    What is wanted is what was seen, so nothing is to be written; undated rows are `open`. Somebody
    whose name is kept for another TradingView user is left out. Returns how many were taken.
    """
    chosen = and_(
        sighting.c.script_id == script.id,
        is_live(at),
        ~has_permission(),
        true() if ids is None else sighting.c.id.in_(list(ids)),
        ~_namesake(),
        _first_of_its_name(),
    )
    await _add_customers(connection, script, chosen)
    newest = await connection.execute(select(func.coalesce(func.max(permission.c.id), 0)))
    since = int(newest.scalar_one())
    await _add_permissions(connection, script, at, chosen)
    new = and_(permission.c.id > since, permission.c.script_id == script.id)
    await _add_reasons(connection, at, by, new)
    await _learn_ids(connection, new)
    return await _add_history(connection, script, at, by, new)


def _namesake() -> "ColumnElement[bool]":
    """The name is a customer's whose id is another one, and nobody here has this id."""
    other = customer.alias()
    return and_(
        exists().where(
            customer.c.guild_id == sighting.c.guild_id,
            customer.c.name_folded == sighting.c.name_folded,
            customer.c.tv_user_id != sighting.c.tv_user_id,
        ),
        ~exists().where(
            other.c.guild_id == sighting.c.guild_id, other.c.tv_user_id == sighting.c.tv_user_id
        ),
    )


def _first_of_its_name() -> "ColumnElement[bool]":
    """Names that moved while the list was read may stand there twice."""
    other = sighting.alias()
    return ~exists().where(
        other.c.script_id == sighting.c.script_id,
        other.c.name_folded == sighting.c.name_folded,
        other.c.id < sighting.c.id,
    )


def _whose() -> "ColumnElement[int]":
    """The customer of a sighting: by id, else by the name of somebody whose id is not known."""
    mine = customer.c.guild_id == sighting.c.guild_id
    by_id = select(func.min(customer.c.id)).where(
        mine, customer.c.tv_user_id == sighting.c.tv_user_id
    )
    by_name = select(func.min(customer.c.id)).where(
        mine,
        customer.c.name_folded == sighting.c.name_folded,
        or_(customer.c.tv_user_id.is_(None), sighting.c.tv_user_id.is_(None)),
    )
    return func.coalesce(by_id.scalar_subquery(), by_name.scalar_subquery())


async def _add_customers(
    connection: AsyncConnection, script: Script, chosen: "ColumnElement[bool]"
) -> None:
    columns = (sighting.c.username, sighting.c.name_folded, sighting.c.tv_user_id)
    await connection.execute(
        insert(customer).from_select(
            ["guild_id", *(column.name for column in columns)],
            select(literal(script.guild_id), *columns).where(chosen, _whose().is_(None)),
        )
    )


async def _add_permissions(
    connection: AsyncConnection, script: Script, at: datetime, chosen: "ColumnElement[bool]"
) -> None:
    wanted = case((sighting.c.kind == "lifetime", "open"), else_="until")
    values: dict[str, Any] = {
        "guild_id": literal(script.guild_id),
        "script_id": literal(script.id),
        "customer_id": _whose(),
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
        "before": literal("unknown"),
        "state": literal("done"),
        "asked_at": literal(at, permission.c.asked_at.type),
    }
    await connection.execute(
        insert(permission).from_select(
            list(values), select(*values.values()).where(chosen, _whose().is_not(None))
        )
    )


async def _add_reasons(
    connection: AsyncConnection, at: datetime, by: int, new: "ColumnElement[bool]"
) -> None:
    moment = literal(at, entitlement.c.asked_at.type)
    values: dict[str, Any] = {
        "guild_id": permission.c.guild_id,
        "script_id": permission.c.script_id,
        "permission_id": permission.c.id,
        "source": literal("found"),
        "reference": literal("taken over ") + cast(permission.c.id, String),
        "kind": permission.c.wanted,
        "length": null(),
        "asked_at": moment,
        "asked_by": literal(by),
        "start_at": moment,
        "ends_at": permission.c.wanted_ends_at,
        "settled_at": moment,
    }
    await connection.execute(
        insert(entitlement).from_select(list(values), select(*values.values()).where(new))
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
    found: Any = await connection.execute(
        select(
            permission.c.id,
            permission.c.customer_id,
            permission.c.wanted,
            permission.c.wanted_ends_at,
        )
        .where(new)
        .order_by(permission.c.id)
    )
    rows = found.all()
    for start in range(0, len(rows), _CHUNK):
        await connection.execute(
            insert(event),
            [
                {
                    "guild_id": script.guild_id,
                    "at": at,
                    "actor_id": by,
                    "action": "found",
                    "script_id": script.id,
                    "customer_id": row.customer_id,
                    "permission_id": row.id,
                    "after": {
                        "kind": row.wanted,
                        "ends_at": row.wanted_ends_at and row.wanted_ends_at.isoformat(),
                    },
                }
                for row in rows[start : start + _CHUNK]
            ],
        )
    return len(rows)
