"""Searches of a server's history: which entries fit, newest first, and who made most of the latest."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, cast, false, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ActorKind
from bot.store.ledger.events import QUIET, about_person
from bot.store.tables.ledger import event, event_words

_NEWEST = 5_000  # entries among which those who made them are looked for
_BUSIEST = 25


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
    conditions = [event.c.guild_id == guild_id, *_conditions(guild_id, search)]
    if older_than is not None:
        that = select(event.c.at, event.c.id).where(
            event.c.guild_id == guild_id, event.c.id == older_than
        )
        row = (await connection.execute(that)).one_or_none()
        if row is None:
            return []
        conditions.append(tuple_(event.c.at, event.c.id) < tuple_(row.at, row.id))
    found = await connection.execute(
        select(event.c.id)
        .where(*conditions)
        .order_by(event.c.at.desc(), event.c.id.desc())
        .limit(limit)
    )
    return list(found.scalars())


def _conditions(guild_id: int, search: Search) -> "list[ColumnElement[bool]]":
    conditions: list[ColumnElement[bool]] = []
    if search.customer_id is None:
        conditions.append(event.c.action.not_in(QUIET))
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
    if search.words is not None:
        conditions.append(_says(guild_id, search.words))
    return conditions


def _says(guild_id: int, words: str) -> "ColumnElement[bool]":
    """Return whether an entry's note holds these words, or its order has that number."""
    # As it is written there; the whole of it is read only where these letters are.
    written = cast(event_words.c.words, String).contains(json.dumps(words)[1:-1], autoescape=True)
    noted = select(event_words.c.event_id).where(
        event_words.c.guild_id == guild_id,
        and_(written, event_words.c.words["note"].as_string().contains(words, autoescape=True)),
    )
    number = words.removeprefix("#")
    is_number = number.isascii() and number.isdigit() and len(number) <= 18
    of_order = event.c.order_id == int(number) if is_number else false()
    return or_(of_order, event.c.id.in_(noted))


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
