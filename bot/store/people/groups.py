"""Queries about groups of people: one condition for each, by which they are both counted and listed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import PermissionState, StateKind
from bot.store.people.directory import fits
from bot.store.records import Customer
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.people import customer

WEEK = timedelta(days=7)
_ENDLESS = (StateKind.OPEN, StateKind.LIFETIME)
_ON_ITS_WAY = (PermissionState.WAITING, PermissionState.WORKING)


class Group(StrEnum):
    """Which people are meant."""

    ALL = "all"
    ACCESS = "access"  # some access is in force
    WEEK = "week"  # some access ends within seven days
    LAPSED = "lapsed"  # some access ran out this month, and nobody renewed it
    WAITING = "waiting"  # an order is on its way
    STUCK = "stuck"  # an order needs a person
    UNLINKED = "unlinked"  # has access, and nobody knows which Discord member that is
    NAMELESS = "nameless"  # got something, and told no TradingView name yet
    LIFETIME = "lifetime"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose people, and now; `text` and `members` (of such a name in Discord) find some, an item is held or was."""

    guild_id: int
    now: datetime
    text: str = ""
    members: frozenset[int] = frozenset()
    script_id: int | None = None
    product_id: int | None = None

    @property
    def has_item(self) -> bool:
        """Return whether only the people of one item are meant."""
        return self.script_id is not None or self.product_id is not None


@dataclass(frozen=True, slots=True)
class Listed:
    """A person with what is in force, by numbers; `ends_at` is the soonest end among it."""

    customer: Customer
    accesses: int = 0
    endless: int = 0
    waiting: int = 0
    stuck: int = 0
    ends_at: datetime | None = None
    ended_at: datetime | None = None  # the last end that has passed


async def count(
    connection: AsyncConnection, asked: Asked, groups: Collection[Group]
) -> dict[Group, int]:
    """Count the people of these groups, in one statement."""
    numbers = [
        select(func.count()).where(_meant(group, asked)).scalar_subquery().label(group.value)
        for group in groups
    ]
    row: Any = (await connection.execute(select(*numbers))).one()
    return {group: row._mapping[group.value] for group in groups}  # noqa: SLF001 - its public name


async def count_accesses(connection: AsyncConnection, guild_id: int, now: datetime) -> int:
    """Count what is in force, of everybody."""
    found = await connection.execute(
        select(func.count()).where(permission.c.guild_id == guild_id, runs(now))
    )
    return int(found.scalar_one())


async def anybody(connection: AsyncConnection, guild_id: int) -> bool:
    """Return whether a server has a customer."""
    found = await connection.execute(
        select(literal(1))
        .where(customer.c.guild_id == guild_id, customer.c.forgotten.is_(None))
        .limit(1)
    )
    return found.first() is not None


async def page(
    connection: AsyncConnection, group: Group, asked: Asked, *, skip: int, limit: int
) -> tuple[list[int], int]:
    """Return the ids of some people of a group, and how many it has; no ids, and 0, beyond its end.

    The soonest end first, then what has none, by name; whose time ran out, the last of it first.
    """
    place = _order(group, asked).label("place")
    rows = (
        await connection.execute(
            select(customer.c.id, func.count().over().label("total"), place)
            .where(_meant(group, asked))
            .order_by(
                place.desc() if group is Group.LAPSED else place.asc().nulls_last(),
                customer.c.name_folded.asc().nulls_last(),
                customer.c.id,
            )
            .offset(skip)
            .limit(limit)
        )
    ).all()
    return [row.id for row in rows], rows[0].total if rows else 0


async def listed(
    connection: AsyncConnection, customer_ids: Sequence[int], now: datetime
) -> list[Listed]:
    """Return these people, in this order."""
    end = permission.c.wanted_ends_at

    def many(what: "ColumnElement[bool]", label: str) -> "ColumnElement[Any]":
        return func.sum(case((what, 1), else_=0)).label(label)

    rows = await connection.execute(
        select(
            permission.c.customer_id,
            many(runs(now), "accesses"),
            many(permission.c.wanted.in_(_ENDLESS), "endless"),
            many(permission.c.state.in_(_ON_ITS_WAY), "waiting"),
            many(permission.c.state == PermissionState.STUCK, "stuck"),
            func.min(case((end > now, end))).label("ends_at"),
            func.max(case((end <= now, end))).label("ended_at"),
        )
        .where(permission.c.customer_id.in_(customer_ids))
        .group_by(permission.c.customer_id)
    )
    numbers = {row.customer_id: row for row in rows}
    found = await connection.execute(select(customer).where(customer.c.id.in_(customer_ids)))
    people = {person.id: person for person in map(Customer.of, found)}
    return [
        Listed(people[each], *tuple(numbers[each])[1:]) if each in numbers else Listed(people[each])
        for each in customer_ids
    ]


async def scripts_of(
    connection: AsyncConnection, customer_ids: Collection[int], now: datetime
) -> dict[int, list[int]]:
    """Return, by customer, the scripts to which they have access now."""
    rows = await connection.execute(
        select(permission.c.customer_id, permission.c.script_id)
        .where(permission.c.customer_id.in_(list(customer_ids)), runs(now))
        .order_by(permission.c.customer_id, permission.c.script_id)
    )
    found: dict[int, list[int]] = {each: [] for each in customer_ids}
    for row in rows:
        found[row.customer_id].append(row.script_id)
    return found


def runs(now: datetime) -> "ColumnElement[bool]":
    """Return the condition that a permission gives access now, as it should be."""
    return or_(permission.c.wanted.in_(_ENDLESS), _ends(now))


def month_begins(now: datetime) -> datetime:
    """Return when the present month began, in UTC."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _ends(after: datetime, until: datetime | None = None) -> "ColumnElement[bool]":
    """Return the condition that access ends after one moment, and at another one at the latest."""
    ends_at = permission.c.wanted_ends_at
    dated = and_(permission.c.wanted == StateKind.UNTIL, ends_at > after)
    return dated if until is None else and_(dated, ends_at <= until)


def _meant(group: Group, asked: Asked) -> "ColumnElement[bool]":
    """Return the condition that a customer is of a group, and asked for."""
    # As a sum: SQLite reads the customers in a row, or looks few up by their ids, instead of going by
    # the server's index in as many steps.
    is_here = customer.c.guild_id + 0 == asked.guild_id
    here = and_(is_here, customer.c.forgotten.is_(None), _is_of(group, asked))
    if not asked.text:
        return here
    return and_(here, fits(asked.guild_id, asked.text, asked.members))


def _is_of(group: Group, asked: Asked) -> "ColumnElement[bool]":
    """Return the condition of a group; with an item, it is about what people have or had of that."""
    somehow = _has(asked) if asked.has_item else true()
    match group:
        case Group.ALL:
            return somehow
        case Group.BLOCKED:
            return and_(customer.c.blocked_at.is_not(None), somehow)
        case Group.NAMELESS:
            return and_(customer.c.username.is_(None), customer.c.id.in_(_got(asked)))
        case Group.ACCESS:
            return _has(asked, runs(asked.now))
        case Group.UNLINKED:
            return and_(customer.c.member_id.is_(None), _has(asked, runs(asked.now)))
        case _:
            return _among(asked, _held(group, asked.now))


def _held(group: Group, now: datetime) -> "ColumnElement[bool]":
    """Return the condition on a permission by which its customer is of a group."""
    match group:
        case Group.WEEK:
            return _ends(now, now + WEEK)
        case Group.LAPSED:
            return _ends(month_begins(now), now)
        case Group.WAITING:
            return permission.c.state.in_(_ON_ITS_WAY)
        case Group.STUCK:
            return permission.c.state == PermissionState.STUCK
        case Group.LIFETIME:
            return permission.c.wanted == StateKind.LIFETIME
        case _:
            return _ends(now)


def _has(asked: Asked, *what: "ColumnElement[bool]") -> "ColumnElement[bool]":
    """Return the condition that a customer has such a permission, looked up for each: of many, or most."""
    theirs = permission.c.customer_id == customer.c.id
    return select(literal(1)).where(theirs, *what, *_of_item(asked)).correlate(customer).exists()


def _among(asked: Asked, what: "ColumnElement[bool]") -> "ColumnElement[bool]":
    """Return the same of few, who are found first."""
    here = permission.c.guild_id == asked.guild_id
    return customer.c.id.in_(select(permission.c.customer_id).where(here, what, *_of_item(asked)))


def _order(group: Group, asked: Asked) -> "ColumnElement[Any]":
    """Return the moment by which the people of a group stand in their order."""
    held, ends_at = _held(group, asked.now), permission.c.wanted_ends_at
    match group:
        case Group.LAPSED:
            return _moment(asked, held, func.max(ends_at))
        case Group.WAITING | Group.STUCK:
            return _moment(asked, held, func.min(permission.c.asked_at))
        case _:
            return _moment(asked, _ends(asked.now), func.min(ends_at))


def _moment(
    asked: Asked, what: "ColumnElement[bool]", place: "ColumnElement[Any]"
) -> "ColumnElement[Any]":
    return (
        select(place)
        .where(permission.c.customer_id == customer.c.id, what, *_of_item(asked))
        .correlate(customer)
        .scalar_subquery()
    )


def _of_item(asked: Asked) -> "list[ColumnElement[bool]]":
    if asked.script_id is not None:
        return [permission.c.script_id == asked.script_id]
    if asked.product_id is None:
        return []
    sold = select(literal(1)).where(
        entitlement.c.permission_id == permission.c.id,
        entitlement.c.ended_at.is_(None),
        purchase.c.id == entitlement.c.purchase_id,
        purchase.c.product_id == asked.product_id,
    )
    return [sold.correlate(permission).exists()]


def _got(asked: Asked) -> "Select[Any]":
    """Return the customers for whom something waits until they tell a TradingView name."""
    query = (
        select(purchase.c.customer_id)
        .join(entitlement, entitlement.c.purchase_id == purchase.c.id)
        .where(
            purchase.c.guild_id == asked.guild_id,
            entitlement.c.permission_id.is_(None),
            entitlement.c.ended_at.is_(None),
        )
    )
    if asked.script_id is not None:
        query = query.where(entitlement.c.script_id == asked.script_id)
    if asked.product_id is not None:
        query = query.where(purchase.c.product_id == asked.product_id)
    return query
