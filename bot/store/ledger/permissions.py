"""Queries about permissions: what TradingView should hold, beside what was seen there."""

from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime, timedelta
from typing import Unpack

from sqlalchemy import (
    and_,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import OrderState, PermissionState, Reason, StateKind
from bot.store.ledger.changes import PermissionChange
from bot.store.ledger.orders import PARKED
from bot.store.parts import parts
from bot.store.records import Customer, Permission
from bot.store.tables.catalogue import script
from bot.store.tables.ledger import order, permission

# Made once: what every order asks takes longer to make than to run.
_BY_ID = select(permission).where(permission.c.id == bindparam("of_id"))
_BY_NAME = select(permission).where(
    permission.c.script_id == bindparam("script"), permission.c.name_folded == bindparam("name")
)
_CHANGE = update(permission).where(permission.c.id == bindparam("of_id")).returning(permission)


async def by_id(connection: AsyncConnection, permission_id: int) -> Permission:
    """Return that permission, which must exist."""
    found = await connection.execute(_BY_ID, {"of_id": permission_id})
    return Permission.of(found.one())


async def by_ids(connection: AsyncConnection, permission_ids: Collection[int]) -> list[Permission]:
    """Return these permissions, oldest first."""
    found: list[Permission] = []
    for some in parts(permission_ids):
        rows = await connection.execute(select(permission).where(permission.c.id.in_(some)))
        found += map(Permission.of, rows)
    return sorted(found, key=lambda held: held.id)


async def some_by_ids(
    connection: AsyncConnection, permission_ids: Collection[int], at_once: int
) -> AsyncIterator[list[Permission]]:
    """Yield these permissions, so many at a time, that others get their turn between."""
    for some in parts(permission_ids):
        rows = await connection.execute(select(permission).where(permission.c.id.in_(some)))
        while found := rows.fetchmany(at_once):
            yield [Permission.of(row) for row in found]


async def revisions(connection: AsyncConnection, permission_ids: Collection[int]) -> dict[int, int]:
    """Return, by permission, the newest order that is in it."""
    found = await connection.execute(
        select(permission.c.id, permission.c.revision).where(
            permission.c.id.in_(list(permission_ids))
        )
    )
    return {row.id: row.revision for row in found}


async def by_name(connection: AsyncConnection, script_id: int, name: str) -> Permission | None:
    """Return the permission of that TradingView name, in any case, for one script."""
    found = await connection.execute(_BY_NAME, {"script": script_id, "name": name.casefold()})
    row = found.one_or_none()
    return None if row is None else Permission.of(row)


async def of_scripts(
    connection: AsyncConnection, script_ids: Collection[int], name: str
) -> list[Permission]:
    """Return the permissions of that TradingView name, in any case, for these scripts."""
    found = await connection.execute(
        select(permission).where(
            permission.c.script_id.in_(list(script_ids)),
            permission.c.name_folded == name.casefold(),
        )
    )
    return [Permission.of(row) for row in found]


async def of_name(connection: AsyncConnection, guild_id: int, name: str) -> list[Permission]:
    """Return every permission that a TradingView name ever had in a server."""
    found = await connection.execute(
        select(permission).where(
            # By script, as the index begins so: by server it would look through everybody's.
            permission.c.script_id.in_(select(script.c.id).where(script.c.guild_id == guild_id)),
            permission.c.name_folded == name.casefold(),
        )
    )
    return [Permission.of(row) for row in found]


async def of_customer(connection: AsyncConnection, customer_id: int) -> list[Permission]:
    """Return every permission that a customer ever had, oldest first."""
    found = await connection.execute(
        select(permission).where(permission.c.customer_id == customer_id).order_by(permission.c.id)
    )
    return [Permission.of(row) for row in found]


async def touch(
    connection: AsyncConnection, person: Customer, script_id: int, at: datetime
) -> Permission:
    """Return the permission of that person and script; a new one wants nothing yet."""
    assert person.username is not None  # noqa: S101 - resolved before anything is wanted
    found = await by_name(connection, script_id, person.username)
    if found is not None:
        if found.customer_id == person.id:
            return found
        return await change(connection, found.id, customer_id=person.id)
    row = await connection.execute(
        insert(permission)
        .values(
            guild_id=person.guild_id,
            script_id=script_id,
            customer_id=person.id,
            username=person.username,
            name_folded=person.username.casefold(),
            tv_user_id=person.tv_user_id,
            wanted=StateKind.NOTHING,
            revision=0,
            synced_revision=0,
            seen=StateKind.UNKNOWN,
            ours=StateKind.UNKNOWN,
            before=StateKind.UNKNOWN,
            state=PermissionState.DONE,
            asked_at=at,
        )
        .returning(permission)
    )
    return Permission.of(row.one())


async def change(
    connection: AsyncConnection, permission_id: int, **values: Unpack[PermissionChange]
) -> Permission:
    """Set these columns; return the permission as it is then."""
    row = await connection.execute(_CHANGE, {"of_id": permission_id, **values})
    return Permission.of(row.one())


async def retry(connection: AsyncConnection, script_id: int, now: datetime) -> list[int]:
    """Let what is stuck or waiting for a script be tried now, but for what is parked; returns which."""
    is_parked = and_(permission.c.state == PermissionState.STUCK, permission.c.reason.in_(PARKED))
    found = await connection.execute(
        update(permission)
        .where(
            permission.c.script_id == script_id,
            permission.c.state.in_(
                (PermissionState.STUCK, PermissionState.WAITING, PermissionState.WORKING)
            ),
            ~is_parked,
        )
        .values(
            state=PermissionState.WAITING, reason=None, detail=None, attempts=0, next_try_at=now
        )
        .returning(permission.c.id)
    )
    return list(found.scalars())


async def try_now(connection: AsyncConnection, permission_id: int, now: datetime) -> None:
    """Let one that waits be due now."""
    await connection.execute(
        update(permission)
        .where(permission.c.id == permission_id, permission.c.state == PermissionState.WAITING)
        .values(next_try_at=now)
    )


async def hold(
    connection: AsyncConnection, permission_ids: Collection[int], reason: Reason = Reason.HELD
) -> None:
    """Let these wait until they were compared with TradingView, or for another `reason`."""
    for some in parts(permission_ids):
        await connection.execute(
            update(permission)
            .where(permission.c.id.in_(some))
            .values(state=PermissionState.STUCK, reason=reason, next_try_at=None)
        )


async def release(
    connection: AsyncConnection,
    permission_ids: Collection[int],
    now: datetime,
    reason: Reason = Reason.HELD,
) -> None:
    """Let those of these wait for their turn that were held for that `reason`."""
    for some in parts(permission_ids):
        await connection.execute(
            update(permission)
            .where(
                permission.c.id.in_(some),
                permission.c.state == PermissionState.STUCK,
                permission.c.reason == reason,
            )
            .values(state=PermissionState.WAITING, reason=None, next_try_at=now)
        )


async def hurry(connection: AsyncConnection, guild_id: int, now: datetime) -> None:
    """Let what waits in a server be tried now: its login works again."""
    await connection.execute(
        update(permission)
        .where(
            permission.c.guild_id == guild_id,
            permission.c.state.in_((PermissionState.WAITING, PermissionState.WORKING)),
        )
        .values(attempts=0, next_try_at=now)
    )


async def bring_forward(
    connection: AsyncConnection,
    guild_id: int,
    now: datetime,
    own_pause: Callable[[Permission], timedelta] = lambda _: timedelta(),
) -> None:
    """Let what waits in a server be tried now where its moment lies further ahead than its own pause.

    A clock that was set back puts it there.
    """
    found = await connection.execute(
        select(permission).where(
            permission.c.guild_id == guild_id,
            permission.c.state.in_((PermissionState.WAITING, PermissionState.WORKING)),
            permission.c.next_try_at > now,
        )
    )
    ahead = [
        held.id
        for held in map(Permission.of, found)
        if held.next_try_at is not None and held.next_try_at > now + own_pause(held)
    ]
    for some in parts(ahead):
        await connection.execute(
            update(permission).where(permission.c.id.in_(some)).values(next_try_at=now)
        )


async def unfinished(connection: AsyncConnection, guild_id: int) -> list[Permission]:
    """Return everything that waits, is worked on or is stuck, oldest first."""
    found = await connection.execute(
        select(permission)
        .where(permission.c.guild_id == guild_id, permission.c.state != PermissionState.DONE)
        .order_by(permission.c.asked_at, permission.c.id)
    )
    return [Permission.of(row) for row in found]


async def last_changed(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> dict[int, datetime]:
    """Return, by permission, when its last order was done; none for one without."""
    found: dict[int, datetime] = {}
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(order.c.permission_id, order.c.ended_at)
            .where(order.c.permission_id.in_(some), order.c.state == OrderState.DONE)
            .order_by(order.c.id)
        )
        found |= {row.permission_id: row.ended_at for row in rows if row.ended_at is not None}
    return found
