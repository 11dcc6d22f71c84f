"""What the rows of a sweep tell about permissions and customers, before the sweep is closed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import PermissionState, Reason, StateKind
from bot.store.ledger import events
from bot.store.people import access, customers
from bot.store.records import Permission, Record
from bot.store.sweeps.sweeps import Sweep
from bot.store.tables.ledger import permission
from bot.store.tables.people import customer
from bot.store.tables.sweeps import sweep_row


@dataclass(frozen=True, slots=True)
class Renamed(Record):
    """Somebody whose TradingView name is another one than Usher knows; the id is the same."""

    customer_id: int
    tv_user_id: int
    before: str
    username: str


_BY_ID = permission.c.tv_user_id == sweep_row.c.tv_user_id
_BY_NAME = and_(
    permission.c.name_folded == sweep_row.c.name_folded,
    or_(permission.c.tv_user_id.is_(None), sweep_row.c.tv_user_id.is_(None)),
)


def _pairs(sweep: Sweep) -> "ColumnElement[bool]":
    return and_(sweep_row.c.sweep_id == sweep.id, permission.c.script_id == sweep.script_id)


def _untouched(sweep: Sweep) -> "ColumnElement[bool]":
    """Nothing was read or written for it since the sweep began, and nothing is on its way.

    Nor is it to be compared with what a backup saw: that stays until it was, and staff have decided.
    """
    return and_(
        permission.c.state.in_((PermissionState.DONE, PermissionState.STUCK)),
        or_(
            permission.c.state == PermissionState.DONE,
            permission.c.reason.is_(None),
            permission.c.reason.not_in((Reason.HELD, Reason.UNDECIDED)),
        ),
        or_(permission.c.seen_at.is_(None), permission.c.seen_at < sweep.started_at),
    )


async def learn_ids(connection: AsyncConnection, sweep: Sweep) -> None:
    """Note TradingView's id and spelling for whom only the name was known.

    A customer whose id is known to be another one is somebody else of the same name.
    """
    other = exists().where(
        customer.c.id == permission.c.customer_id,
        customer.c.tv_user_id.is_not(None),
        customer.c.tv_user_id != sweep_row.c.tv_user_id,
    )
    await connection.execute(
        update(permission)
        .where(
            _pairs(sweep),
            permission.c.tv_user_id.is_(None),
            sweep_row.c.tv_user_id.is_not(None),
            permission.c.name_folded == sweep_row.c.name_folded,
            ~other,
        )
        .values(
            {
                permission.c.tv_user_id: sweep_row.c.tv_user_id,
                permission.c.username: sweep_row.c.username,
                permission.c.checked: True,
            }
        )
    )
    await connection.execute(
        update(customer)
        .where(
            customer.c.tv_user_id.is_(None),
            permission.c.customer_id == customer.c.id,
            permission.c.script_id == sweep.script_id,
            permission.c.tv_user_id.is_not(None),
            permission.c.name_folded == customer.c.name_folded,
        )
        .values({customer.c.tv_user_id: permission.c.tv_user_id})
    )


async def renamed(connection: AsyncConnection, sweep: Sweep) -> list[Renamed]:
    """Return the people whose name changed on TradingView."""
    here = sweep_row.c.sweep_id == sweep.id
    of_permission = select(
        permission.c.customer_id,
        permission.c.tv_user_id,
        permission.c.username.label("before"),
        sweep_row.c.username,
    ).where(_pairs(sweep), _BY_ID, permission.c.name_folded != sweep_row.c.name_folded)
    of_customer = select(
        customer.c.id.label("customer_id"),
        customer.c.tv_user_id,
        customer.c.username.label("before"),
        sweep_row.c.username,
    ).where(
        here,
        customer.c.guild_id == sweep.guild_id,
        customer.c.tv_user_id == sweep_row.c.tv_user_id,
        customer.c.name_folded != sweep_row.c.name_folded,
    )
    found: Any = await connection.execute(union(of_permission, of_customer).order_by("customer_id"))
    return [Renamed.of(row) for row in found]


async def follow(
    connection: AsyncConnection, guild_id: int, renamed: Renamed, now: datetime
) -> bool:
    """Give the new name to the customer and every permission; False when it is somebody else's.

    Somebody of that name who may be the same and never had anything becomes one with the customer.
    """
    folded = renamed.username.casefold()
    mine = and_(permission.c.guild_id == guild_id, permission.c.tv_user_id == renamed.tv_user_id)
    scripts = select(permission.c.script_id).where(mine)
    taken = select(permission.c.id).where(
        permission.c.guild_id == guild_id,
        permission.c.name_folded == folded,
        permission.c.script_id.in_(scripts),
        or_(permission.c.tv_user_id.is_(None), permission.c.tv_user_id != renamed.tv_user_id),
    )
    if (await connection.execute(taken.limit(1))).first() is not None:
        return False
    if not await _merge_namesake(connection, guild_id, renamed):
        return False
    await connection.execute(
        update(permission).where(mine).values(username=renamed.username, name_folded=folded)
    )
    await connection.execute(
        update(customer)
        .where(customer.c.id == renamed.customer_id)
        .values(username=renamed.username, name_folded=folded, tv_user_id=renamed.tv_user_id)
    )
    await events.record(
        connection,
        guild_id,
        now,
        "renamed",
        customer_id=renamed.customer_id,
        before={"username": renamed.before},
        after={"username": renamed.username},
    )
    return True


async def _merge_namesake(connection: AsyncConnection, guild_id: int, renamed: Renamed) -> bool:
    """Make room for the new name; False when whoever has it may be somebody else."""
    other = await customers.by_name(connection, guild_id, renamed.username)
    if other is None or other.id == renamed.customer_id:
        return True
    if other.tv_user_id not in (None, renamed.tv_user_id):
        return False
    if await access.ever_was(connection, other.id):
        return False
    person = await customers.by_id(connection, renamed.customer_id)
    if other.member_id is not None and (person is None or person.member_id is not None):
        return False
    link: Any = await connection.execute(
        select(
            customer.c.member_id, customer.c.linked_by, customer.c.linked_at, customer.c.tie
        ).where(customer.c.id == other.id)
    )
    tied = link.one()._asdict()
    await customers.remove(connection, other.id, renamed.customer_id)
    if other.member_id is not None:
        await connection.execute(
            update(customer).where(customer.c.id == renamed.customer_id).values(**tied)
        )
    return True


async def note_seen(connection: AsyncConnection, sweep: Sweep) -> None:
    """Keep what the rows show as what was last seen, where nothing was read or written since."""
    for same in (_BY_ID, _BY_NAME):
        await connection.execute(
            update(permission)
            .where(_pairs(sweep), same, _untouched(sweep))
            .values(
                {
                    permission.c.seen: sweep_row.c.kind,
                    permission.c.seen_ends_at: sweep_row.c.ends_at,
                    permission.c.seen_at: sweep_row.c.seen_at,
                }
            )
        )


async def not_listed(connection: AsyncConnection, sweep: Sweep, now: datetime) -> list[Permission]:
    """Return who should have access, or was seen with it, and has no row: to be read by name.

    Whoever was found absent that way before need not be read again.
    """
    alive = or_(
        permission.c.seen == StateKind.LIFETIME,
        and_(permission.c.seen == StateKind.UNTIL, permission.c.seen_ends_at > now),
        and_(
            permission.c.seen != StateKind.NOTHING,
            or_(
                permission.c.wanted.in_((StateKind.OPEN, StateKind.LIFETIME)),
                permission.c.wanted_ends_at > now,
            ),
        ),
    )
    found = await connection.execute(
        select(permission)
        .where(
            permission.c.script_id == sweep.script_id,
            _untouched(sweep),
            alive,
            ~exists().where(sweep_row.c.sweep_id == sweep.id, or_(_BY_ID, _BY_NAME)),
        )
        .order_by(permission.c.id)
    )
    return [Permission.of(row) for row in found]
