"""Queries about sightings: the rows of each script's list, as the last complete sweep found them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import StateKind
from bot.store.records import Record
from bot.store.sweeps.sweeps import Sweep
from bot.store.tables.catalogue import script
from bot.store.tables.ledger import permission
from bot.store.tables.sweeps import sighting, sweep_row


@dataclass(frozen=True, slots=True)
class Sighting(Record):
    """One row of a list; `kind` is until or lifetime."""

    id: int
    script_id: int
    guild_id: int
    tv_user_id: int | None
    username: str
    name_folded: str
    kind: StateKind
    ends_at: datetime | None
    created_at: datetime | None
    sweep_id: int
    seen_at: datetime
    noted_at: datetime | None
    ignored_at: datetime | None


async def take(connection: AsyncConnection, sweep: Sweep) -> None:
    """Put the rows that a sweep has read in place of the earlier ones of its script."""
    mine = sweep_row.c.sweep_id == sweep.id
    here = sighting.c.script_id == sweep.script_id
    by_id = sighting.c.tv_user_id == sweep_row.c.tv_user_id
    by_name = and_(
        sighting.c.tv_user_id.is_(None),
        sweep_row.c.tv_user_id.is_(None),
        sighting.c.name_folded == sweep_row.c.name_folded,
    )
    same_end = or_(
        sighting.c.ends_at == sweep_row.c.ends_at,
        and_(sighting.c.ends_at.is_(None), sweep_row.c.ends_at.is_(None)),
    )
    copied = ("username", "name_folded", "kind", "ends_at", "created_at", "seen_at")
    for same in (by_id, by_name):
        await connection.execute(
            update(sighting)
            .where(mine, here, same)
            .values(
                {
                    **{sighting.c[name]: sweep_row.c[name] for name in copied},
                    sighting.c.sweep_id: sweep.id,
                    # Another end is another difference: told again, and no longer ignored.
                    sighting.c.noted_at: case((same_end, sighting.c.noted_at), else_=null()),
                    sighting.c.ignored_at: case((same_end, sighting.c.ignored_at), else_=null()),
                }
            )
        )
    await connection.execute(delete(sighting).where(here, sighting.c.sweep_id != sweep.id))
    columns = ("tv_user_id", *copied)
    await connection.execute(
        insert(sighting).from_select(
            ["script_id", "guild_id", "sweep_id", *columns],
            select(
                literal(sweep.script_id),
                literal(sweep.guild_id),
                literal(sweep.id),
                *(sweep_row.c[name] for name in columns),
            ).where(mine, ~exists().where(here, or_(by_id, by_name))),
        )
    )


def is_live(now: datetime) -> "ColumnElement[bool]":
    """Return the condition that a row gives access at `now`: one whose end has passed stays listed (wire §5)."""
    return or_(sighting.c.kind == StateKind.LIFETIME, sighting.c.ends_at > now)


def has_permission() -> "ColumnElement[bool]":
    """Return the condition that Usher keeps a permission, whose `seen` is newer, for that row."""
    # Sets that are made once for the query: an EXISTS by id would look through all for each row.
    ids = select(permission.c.script_id, permission.c.tv_user_id).where(
        permission.c.tv_user_id.is_not(None)
    )
    names = select(permission.c.script_id, permission.c.name_folded)
    return or_(
        and_(
            sighting.c.tv_user_id.is_not(None),
            tuple_(sighting.c.script_id, sighting.c.tv_user_id).in_(ids),
        ),
        tuple_(sighting.c.script_id, sighting.c.name_folded).in_(names),
    )


def is_counted(*, was_read: bool = False) -> "ColumnElement[bool]":
    """Return the condition that a permission is that very person's, not a namesake's.

    `was_read`: one alone that TradingView has been read for since it was ordered first.
    """
    such = permission.c.seen != StateKind.UNKNOWN if was_read else true()
    mine = select(permission.c.script_id, permission.c.tv_user_id).where(
        permission.c.tv_user_id.is_not(None), such
    )
    names = select(permission.c.script_id, permission.c.name_folded).where(such)
    by_name = tuple_(sighting.c.script_id, sighting.c.name_folded)
    return or_(
        and_(
            sighting.c.tv_user_id.is_not(None),
            tuple_(sighting.c.script_id, sighting.c.tv_user_id).in_(mine),
        ),
        by_name.in_(names.where(permission.c.tv_user_id.is_(None))),
        and_(sighting.c.tv_user_id.is_(None), by_name.in_(names)),
    )


async def of_script(
    connection: AsyncConnection, script_id: int, *, skip: int = 0, limit: int | None = None
) -> list[Sighting]:
    """Return the rows of a script by name."""
    found = await connection.execute(
        select(sighting)
        .where(sighting.c.script_id == script_id)
        .order_by(sighting.c.name_folded, sighting.c.id)
        .offset(skip)
        .limit(limit)
    )
    return [Sighting.of(row) for row in found]


def _in_server(guild_id: int) -> "ColumnElement[bool]":
    """Return that condition by script, as the index begins so: by server it would look through every row."""
    return sighting.c.script_id.in_(select(script.c.id).where(script.c.guild_id == guild_id))


async def of_name(connection: AsyncConnection, guild_id: int, name: str) -> list[Sighting]:
    """Return the rows of that name, on any script of a server."""
    found = await connection.execute(
        select(sighting)
        .where(_in_server(guild_id), sighting.c.name_folded == name.casefold())
        .order_by(sighting.c.script_id, sighting.c.id)
    )
    return [Sighting.of(row) for row in found]


async def newest_name(connection: AsyncConnection, guild_id: int, tv_user_id: int) -> str | None:
    """Return the name under which that TradingView user was last found; None: nowhere."""
    found = await connection.execute(
        select(sighting.c.username)
        .where(sighting.c.guild_id == guild_id, sighting.c.tv_user_id == tv_user_id)
        .order_by(sighting.c.seen_at.desc(), sighting.c.id.desc())
        .limit(1)
    )
    name: str | None = found.scalar_one_or_none()
    return name


async def ended_of(
    connection: AsyncConnection, guild_id: int, name: str, now: datetime
) -> list[Sighting]:
    """Return the rows of that name whose end has passed, and for which Usher keeps no permission."""
    found = await connection.execute(
        select(sighting)
        .where(
            _in_server(guild_id),
            sighting.c.name_folded == name.casefold(),
            sighting.c.ends_at <= now,
            ~has_permission(),
        )
        .order_by(sighting.c.script_id)
    )
    return [Sighting.of(row) for row in found]


async def by_ids(connection: AsyncConnection, guild_id: int, ids: Sequence[int]) -> list[Sighting]:
    """Return those of these ids that are there still, in that server."""
    found = await connection.execute(
        select(sighting)
        .where(sighting.c.guild_id == guild_id, sighting.c.id.in_(list(ids)))
        .order_by(sighting.c.name_folded, sighting.c.id)
    )
    return [Sighting.of(row) for row in found]


async def count_live(connection: AsyncConnection, script_id: int, now: datetime) -> int:
    """Count the rows of a script that give access."""
    found = await connection.execute(
        select(func.count())
        .select_from(sighting)
        .where(sighting.c.script_id == script_id, is_live(now))
    )
    return int(found.scalar_one())
