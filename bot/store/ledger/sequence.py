"""Queries about what is not begun before something else is done: a removal of what goes on elsewhere."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, FromClause, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import PermissionState, Reason
from bot.store.parts import parts
from bot.store.tables.ledger import order, permission

_UNDONE = (PermissionState.WAITING, PermissionState.WORKING, PermissionState.STUCK)

# Made once: an alias copies every column of its table when it is first used, which is most of what
# these queries cost.
_first, _ordered = permission.alias(), order.alias()


def waits_for_another(
    held: FromClause, states: Collection[PermissionState] = _UNDONE
) -> "ColumnElement[bool]":
    """Return that condition: what goes on for it elsewhere does not stand there yet, but is in these states.

    What goes together waits for none of its own. Nor is there anything left to wait for where the time of
    what goes on ran out.
    """
    return and_(
        held.c.after_id.is_not(None),
        exists().where(
            or_(_ordered.c.id == held.c.after_id, _ordered.c.lead_id == held.c.after_id),
            _first.c.id == _ordered.c.permission_id,
            _first.c.after_id.is_distinct_from(held.c.after_id),
            _first.c.state.in_(list(states)),
            or_(
                _first.c.state != PermissionState.STUCK,
                _first.c.reason.is_distinct_from(Reason.TOO_LATE),
            ),
        ),
    )


async def behind(connection: AsyncConnection, permission_ids: Collection[int]) -> dict[int, bool]:
    """Return which of these wait for another one, and whether that one is stuck."""
    found: dict[int, bool] = {}
    is_stuck = waits_for_another(permission, (PermissionState.STUCK,))
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(permission.c.id, is_stuck.label("is_stuck")).where(
                permission.c.id.in_(some), waits_for_another(permission)
            )
        )
        found |= {row.id: bool(row.is_stuck) for row in rows}
    return found
