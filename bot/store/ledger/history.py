"""Searches of a server's history: which entries fit, newest first, and who made most of the latest."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, cast, false, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ActorKind
from bot.store.ledger.events import QUIET, about_person, of_batch
from bot.store.tables.ledger import event, event_words

_NEWEST = 5_000  # entries among which those who made them are looked for
_BUSIEST = 25
_FEW = 1_000  # entries whose note holds some words


@dataclass(frozen=True, slots=True)
class Search:
    """What entries must have; what is None, any may have. Of many alike only what counts them is found.

    `words`: what the note holds, or the number of an order. Only those of one customer are found one by one.
    """

    customer_id: int | None = None
    script_id: int | None = None
    product_id: int | None = None
    actions: Collection[str] | None = None
    actor_kind: ActorKind | None = None
    actor_id: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    words: str | None = None


async def find(
    connection: AsyncConnection, guild_id: int, search: Search, older_than: int | None, limit: int
) -> list[int]:
    """Return the ids of a server's entries that fit, newest first, older than that entry."""
    is_here = event.c.guild_id == guild_id
    conditions = _conditions(search)
    if search.words is not None:
        found = await _saying(connection, guild_id, search.words)
        if found is None:
            conditions.append(_says(guild_id, search.words))
        else:
            is_here = event.c.guild_id + 0 == guild_id  # SQLite looks these few up by their ids
            conditions.append(event.c.id.in_(found))
    conditions.append(is_here)
    if older_than is not None:
        that = select(event.c.at, event.c.id).where(
            event.c.guild_id == guild_id, event.c.id == older_than
        )
        row = (await connection.execute(that)).one_or_none()
        if row is None:
            return []
        conditions.append(tuple_(event.c.at, event.c.id) < tuple_(row.at, row.id))
    ids = await connection.scalars(
        select(event.c.id)
        .where(*conditions)
        .order_by(event.c.at.desc(), event.c.id.desc())
        .limit(limit)
    )
    return list(ids)


def _conditions(search: Search) -> "list[ColumnElement[bool]]":
    conditions: list[ColumnElement[bool]] = []
    if search.customer_id is None:
        conditions += [event.c.action.not_in(QUIET), ~of_batch()]
    else:
        conditions.append(about_person(search.customer_id))
    if search.actions is not None:
        conditions.append(event.c.action.in_(sorted(search.actions)))
    for column, wanted in (
        (event.c.script_id, search.script_id),
        (event.c.product_id, search.product_id),
        (event.c.actor_kind, search.actor_kind),
        (event.c.actor_id, search.actor_id),
    ):
        if wanted is not None:
            conditions.append(column == wanted)
    if search.since is not None:
        conditions.append(event.c.at >= search.since)
    if search.before is not None:
        conditions.append(event.c.at < search.before)
    return conditions


async def _saying(connection: AsyncConnection, guild_id: int, words: str) -> list[int] | None:
    """Return which entries' note holds these words, or whose order has that number; None where many do.

    Few are looked up by their ids. Of many, the newest are soon met by looking through the history.
    """
    noted = await connection.scalars(
        select(event_words.c.event_id).where(*_notes(guild_id, words)).limit(_FEW + 1)
    )
    found = list(noted)
    number = _order_number(words)
    if number is not None and len(found) <= _FEW:
        of_order = select(event.c.id).where(
            event.c.guild_id == guild_id, event.c.order_id == number
        )
        found.extend(await connection.scalars(of_order))
    return found if len(found) <= _FEW else None


def _says(guild_id: int, words: str) -> "ColumnElement[bool]":
    """Return the condition that an entry's note holds these words, or its order has that number."""
    noted = select(literal(1)).where(event_words.c.event_id == event.c.id, *_notes(guild_id, words))
    number = _order_number(words)
    of_order = false() if number is None else event.c.order_id == number
    return or_(of_order, noted.correlate(event).exists())


def _notes(guild_id: int, words: str) -> "list[ColumnElement[bool]]":
    # As it is written there; the whole of it is read only where these letters are. The sum has SQLite
    # read the notes in a row, instead of by the server's index in as many steps.
    written = cast(event_words.c.words, String).contains(json.dumps(words)[1:-1], autoescape=True)
    note = event_words.c.words["note"].as_string()
    return [
        event_words.c.guild_id + 0 == guild_id,
        and_(written, note.contains(words, autoescape=True)),
    ]


def _order_number(words: str) -> int | None:
    number = words.removeprefix("#")
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 18 else None


async def busiest_members(connection: AsyncConnection, guild_id: int) -> list[int]:
    """Return the members who made most of a server's newest entries."""
    newest = (
        select(event.c.actor_kind, event.c.actor_id)
        .where(event.c.guild_id == guild_id)
        .order_by(event.c.at.desc())
        .limit(_NEWEST)
        .subquery()
    )
    rows = await connection.execute(
        select(newest.c.actor_id)
        .where(newest.c.actor_kind == ActorKind.MEMBER)
        .group_by(newest.c.actor_id)
        .order_by(func.count().desc(), newest.c.actor_id)
        .limit(_BUSIEST)
    )
    return [int(member_id) for member_id in rows.scalars()]
