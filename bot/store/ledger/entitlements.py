"""Queries about entitlements: why somebody may use a script, and how long."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from sqlalchemy import ColumnElement, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import EntitlementKind
from bot.store.ledger.changes import EntitlementChange
from bot.store.parts import parts
from bot.store.records import Entitlement, Permission, Purchase
from bot.store.tables.ledger import entitlement, order, source


@dataclass(frozen=True, slots=True)
class FixedEnd:
    """The start and the end of one reason, when they were fixed, and the day of its row of months."""

    entitlement_id: int
    start_at: datetime | None
    ends_at: datetime | None
    settled_at: datetime | None
    row_day: int | None


# Made once: what every order asks takes longer to make than to run.
_ADD = insert(entitlement).returning(entitlement)
_ACTIVE = (
    select(entitlement)
    .where(entitlement.c.permission_id == bindparam("about"), entitlement.c.ended_at.is_(None))
    .order_by(entitlement.c.asked_at, entitlement.c.id)
)


async def add(
    connection: AsyncConnection,
    purchase: Purchase,
    script_id: int,
    permission: Permission | None,
    *,
    asked_at: datetime,
    ends_at: datetime | None = None,
    ended_at: datetime | None = None,
    ended_by: int | None = None,
    row_day: int | None = None,
    withheld: bool = False,
    moved_by: int | None = None,
    paused_at: datetime | None = None,
) -> Entitlement:
    """Add the reason that a purchase gives for one script; without a permission it waits for a name.

    A length is settled later, anything else at once. What is `moved_by` an order may have come from here
    before, so it is told apart by that order.
    """
    open_length = purchase.length is not None and ends_at is None
    row = await connection.execute(
        _ADD,
        {
            "guild_id": purchase.guild_id,
            "purchase_id": purchase.id,
            "script_id": script_id,
            "permission_id": None if permission is None else permission.id,
            "source": purchase.source,
            "reference": purchase.reference
            if moved_by is None
            else f"{purchase.reference[:80]} moved {moved_by}",
            "kind": purchase.kind,
            "length": purchase.length,
            "grace_days": purchase.grace_days,
            "asked_at": asked_at,
            "asked_by": purchase.actor.member_id,
            "start_at": asked_at
            if purchase.kind is EntitlementKind.UNTIL and not open_length
            else None,
            "ends_at": ends_at or purchase.ends_at,
            "settled_at": None if open_length else asked_at,
            "ended_at": ended_at,
            "ended_by": ended_by,
            "note": purchase.note,
            "row_day": row_day,
            "withheld": withheld,
            "moved_by": moved_by,
            "paused_at": paused_at or purchase.paused_at,
        },
    )
    return Entitlement.of(row.one())


async def know_sources(connection: AsyncConnection, names: Iterable[str]) -> None:
    """Let reasons come from these sources; what was known stays so."""
    known = set((await connection.execute(select(source.c.name))).scalars())
    if new := [{"name": name} for name in names if name not in known]:
        await connection.execute(insert(source), new)


async def by_id(connection: AsyncConnection, entitlement_id: int) -> Entitlement:
    """Return that reason, which must exist."""
    found = await connection.execute(select(entitlement).where(entitlement.c.id == entitlement_id))
    return Entitlement.of(found.one())


async def by_ids(
    connection: AsyncConnection, entitlement_ids: Collection[int]
) -> dict[int, Entitlement]:
    """Return these reasons by their ids; unknown ids are left out."""
    found: dict[int, Entitlement] = {}
    for some in parts(entitlement_ids):
        rows = await connection.execute(select(entitlement).where(entitlement.c.id.in_(some)))
        found |= {reason.id: reason for reason in map(Entitlement.of, rows)}
    return found


async def active(connection: AsyncConnection, permission_id: int) -> list[Entitlement]:
    """Return the reasons that still count, in the order asked."""
    found = await connection.execute(_ACTIVE, {"about": permission_id})
    return [Entitlement.of(row) for row in found]


async def active_of(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> dict[int, list[Entitlement]]:
    """Return, by permission, the reasons that still count, in the order asked."""
    return await _of_permissions(connection, permission_ids, entitlement.c.ended_at.is_(None))


async def ever_of(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> dict[int, list[Entitlement]]:
    """Return, by permission, every reason that there ever was, in the order asked."""
    return await _of_permissions(connection, permission_ids)


async def _of_permissions(
    connection: AsyncConnection, permission_ids: Collection[int], *which: "ColumnElement[bool]"
) -> dict[int, list[Entitlement]]:
    found: dict[int, list[Entitlement]] = {each: [] for each in permission_ids}
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(entitlement)
            .where(entitlement.c.permission_id.in_(some), *which)
            .order_by(entitlement.c.asked_at, entitlement.c.id)
        )
        for reason in map(Entitlement.of, rows):
            if reason.permission_id is not None:
                found[reason.permission_id].append(reason)
    return found


async def some_active(
    connection: AsyncConnection, permission_ids: Collection[int], at_once: int
) -> AsyncIterator[list[Entitlement]]:
    """Yield the reasons that still count, so many at a time, that others get their turn between."""
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(entitlement)
            .where(entitlement.c.permission_id.in_(some), entitlement.c.ended_at.is_(None))
            .order_by(entitlement.c.asked_at, entitlement.c.id)
        )
        while found := rows.fetchmany(at_once):
            yield [Entitlement.of(row) for row in found]


async def ended_since(
    connection: AsyncConnection, permission_ids: Collection[int], since: datetime
) -> list[Entitlement]:
    """Return the reasons of these permissions that were ended since then, newest first."""
    found: list[Entitlement] = []
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(entitlement)
            .where(entitlement.c.permission_id.in_(some), entitlement.c.ended_at >= since)
            .order_by(entitlement.c.ended_at.desc(), entitlement.c.id.desc())
        )
        found += map(Entitlement.of, rows)
    return found


async def of_purchases(
    connection: AsyncConnection, purchase_ids: Collection[int]
) -> dict[int, list[Entitlement]]:
    """Return, by purchase, every reason it gave, ended ones too, script by script."""
    found: dict[int, list[Entitlement]] = {each: [] for each in purchase_ids}
    for some in parts(purchase_ids):
        rows = await connection.execute(
            select(entitlement)
            .where(entitlement.c.purchase_id.in_(some))
            .order_by(entitlement.c.script_id)
        )
        for reason in map(Entitlement.of, rows):
            found[reason.purchase_id].append(reason)
    return found


async def attach(
    connection: AsyncConnection, entitlement_id: int, permission_id: int, at: datetime
) -> None:
    """Tie a reason that waited to the permission it is for; its time counts from then on."""
    await connection.execute(
        update(entitlement)
        .where(entitlement.c.id == entitlement_id)
        .values(permission_id=permission_id, asked_at=at)
    )


async def ended_by(connection: AsyncConnection, order_id: int) -> list[Entitlement]:
    """Return the reasons that one order took away."""
    found = await connection.execute(
        select(entitlement).where(entitlement.c.ended_by == order_id).order_by(entitlement.c.id)
    )
    return [Entitlement.of(row) for row in found]


async def ended_by_any(
    connection: AsyncConnection, order_ids: Collection[int]
) -> dict[int, list[Entitlement]]:
    """Return, by order, the reasons that each of these took away."""
    found: dict[int, list[Entitlement]] = {each: [] for each in order_ids}
    for some in parts(order_ids):
        rows = await connection.execute(
            select(entitlement).where(entitlement.c.ended_by.in_(some)).order_by(entitlement.c.id)
        )
        for reason in map(Entitlement.of, rows):
            found[reason.ended_by or 0].append(reason)
    return found


async def taken_by(connection: AsyncConnection, order_ids: Collection[int]) -> set[int]:
    """Return which of these orders took a reason away that is still ended."""
    found: set[int] = set()
    for some in parts(order_ids):
        rows = await connection.execute(
            select(entitlement.c.ended_by).where(entitlement.c.ended_by.in_(some)).distinct()
        )
        found.update(rows.scalars())
    return found


async def hand_over(connection: AsyncConnection, from_id: int, to_id: int) -> None:
    """Let the reasons that still count for one permission count for another one, as they are.

    What was given to the bare name stays with it.
    """
    await connection.execute(
        update(entitlement)
        .where(
            entitlement.c.permission_id == from_id,
            entitlement.c.ended_at.is_(None),
            ~entitlement.c.withheld,
        )
        .values(permission_id=to_id)
    )


async def end(
    connection: AsyncConnection,
    entitlement_ids: Collection[int],
    at: datetime,
    order_id: int | None = None,
) -> None:
    """End these reasons, by an order that may be put back."""
    for some in parts(entitlement_ids):
        await connection.execute(
            update(entitlement)
            .where(entitlement.c.id.in_(some), entitlement.c.ended_at.is_(None))
            .values(ended_at=at, ended_by=order_id)
        )


async def restore(connection: AsyncConnection, order_ids: Collection[int]) -> list[Entitlement]:
    """Let what these orders took away count again; return which."""
    found = await connection.execute(
        update(entitlement)
        .where(entitlement.c.ended_by.in_(list(order_ids)))
        .values(ended_at=None, ended_by=None)
        .returning(entitlement)
    )
    return [Entitlement.of(row) for row in found]


async def end_made_by(
    connection: AsyncConnection, order_ids: Collection[int], at: datetime
) -> None:
    """End the reasons that these orders made."""
    made = select(order.c.entitlement_id).where(
        order.c.id.in_(list(order_ids)), order.c.entitlement_id.is_not(None)
    )
    await connection.execute(
        update(entitlement)
        .where(entitlement.c.id.in_(made), entitlement.c.ended_at.is_(None))
        .values(ended_at=at)
    )


async def pause(
    connection: AsyncConnection, entitlement_ids: Collection[int], at: datetime
) -> None:
    """Note that the time of these stands still from that moment on."""
    for some in parts(entitlement_ids):
        await connection.execute(
            update(entitlement)
            .where(entitlement.c.id.in_(some), entitlement.c.paused_at.is_(None))
            .values(paused_at=at)
        )


async def go_on(connection: AsyncConnection, entitlement_ids: Collection[int]) -> None:
    """Note that the time of these stands still no longer."""
    for some in parts(entitlement_ids):
        await connection.execute(
            update(entitlement).where(entitlement.c.id.in_(some)).values(paused_at=None)
        )


async def end_moved_by(connection: AsyncConnection, order_id: int, at: datetime) -> None:
    """End the reasons that this order of a move brought."""
    await connection.execute(
        update(entitlement)
        .where(entitlement.c.moved_by == order_id, entitlement.c.ended_at.is_(None))
        .values(ended_at=at)
    )


async def unsettle(connection: AsyncConnection, entitlement_ids: Collection[int]) -> None:
    """Have the ends of these, asked for as a length, fixed anew once."""
    if not entitlement_ids:
        return
    await connection.execute(
        update(entitlement)
        .where(entitlement.c.id.in_(list(entitlement_ids)))
        .values(start_at=None, ends_at=None, settled_at=None, row_day=None)
    )


async def settle(connection: AsyncConnection, ends: Sequence[FixedEnd]) -> None:
    """Fix the start and the end of each of these reasons."""
    if not ends:
        return
    await connection.execute(
        update(entitlement)
        .where(entitlement.c.id == bindparam("of_id"))
        .values(
            start_at=bindparam("start"),
            ends_at=bindparam("end"),
            settled_at=bindparam("fixed"),
            row_day=bindparam("day"),
        ),
        [
            {
                "of_id": fixed.entitlement_id,
                "start": fixed.start_at,
                "end": fixed.ends_at,
                "fixed": fixed.settled_at,
                "day": fixed.row_day,
            }
            for fixed in ends
        ],
    )


async def change(
    connection: AsyncConnection, entitlement_id: int, **values: Unpack[EntitlementChange]
) -> None:
    """Set these columns of one reason."""
    await connection.execute(
        update(entitlement).where(entitlement.c.id == entitlement_id).values(**values)
    )
