"""Ties many TradingView names to members: first what would happen, then, upon a yes, all at once."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.people.claims import Claims
from bot.access.people.import_records import (
    BEST,
    Columns,
    Line,
    LookUp,
    MatchedLine,
    Outcome,
    Pair,
    People,
    Proposals,
    Taken,
    Wanted,
)
from bot.access.people.import_register import Register
from bot.access.request import RequestContext
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.ledger.events import NewEvent
from bot.store.people import claims, imports as store


@dataclass(frozen=True, slots=True)
class Tied:
    """What was tied; `changed` counts what no longer fitted when the yes came."""

    pairs: tuple[Pair, ...]
    changed: int


class Imports:
    """Compares a vendor's list, or plain names, with the people that Usher knows."""

    def __init__(self, database: Database, claims: Claims) -> None:
        self._database = database
        self._claims = claims

    async def columns(self, data: bytes) -> Columns:
        """Return which columns of that file may name whom. Raises as `compare`."""
        return await asyncio.to_thread(_columns, data)

    async def compare(
        self, guild_id: int, data: bytes, look_up: LookUp, taken: Taken = BEST
    ) -> tuple[MatchedLine, ...]:
        """Return what every line of that file comes to; nothing is changed.

        Raises FileTooLarge, FileUnreadable, EncodingUnclear, ColumnsMissing, LinesRunTogether, or what
        `look_up` raises.
        """
        lines = await asyncio.to_thread(_read, data, taken)
        people = await look_up(await asyncio.to_thread(_wanted, lines))
        async with self._database.read() as connection:
            register = await _register(connection, guild_id)
        return tuple(await asyncio.to_thread(_match, lines, people, register))

    async def proposals(self, guild_id: int, look_up: LookUp) -> Proposals:
        """Return the names that are equal on both sides; nothing is changed. Raises what `look_up` raises."""
        async with self._database.read() as connection:
            register = await _register(connection, guild_id)
        people = await look_up(Wanted(frozenset(), register.untied()))
        return await asyncio.to_thread(_propose, people, register)

    async def tie(
        self, request: RequestContext, pairs: Sequence[Pair], here: Collection[int]
    ) -> Tied:
        """Tie what still fits, to members who are `here`: one transaction, an entry in the history for each."""
        async with self._database.write() as connection:
            register = await _register(connection, request.guild_id)
            fitting = [
                pair
                for pair in pairs
                if pair.member_id in here
                and register.is_still(pair)
                and register.judge(pair.member_id, pair.username) is Outcome.FITS
            ]
            asked_for = await store.tie_many(
                connection,
                request.guild_id,
                [(pair.customer_id, pair.username, pair.member_id) for pair in fitting],
                request.member_id,
                request.at,
            )
            for claim in asked_for:
                await self._claims.settle(connection, request, claim, accept=True)
            await events.record_all(connection, _entries(request, fitting))
        self._claims.wake()
        return Tied(tuple(fitting), len(pairs) - len(fitting))


def _entries(request: RequestContext, tied: Sequence[Pair]) -> list[NewEvent]:
    """Return the history of what was tied: an entry for each name, and one that counts them."""
    common: dict[str, Any] = {
        "guild_id": request.guild_id,
        "at": request.at,
        "actor": request.actor,
    }
    entries = [
        NewEvent(
            action="matched",
            customer_id=pair.customer_id,
            member_id=pair.member_id,
            after={"username": pair.username},
            **common,
        )
        for pair in tied
    ]
    if entries:
        entries.append(NewEvent(action="match", after={"number": len(tied)}, **common))
    return entries


async def _register(connection: AsyncConnection, guild_id: int) -> Register:
    return Register(
        await store.everybody(connection, guild_id),
        await claims.waiting(connection, guild_id),
    )


# Lists are rare: what reads them is imported in the thread that does, and takes no memory before.


def _columns(data: bytes) -> Columns:
    from bot.access.people import import_csv

    return import_csv.columns(data)


def _read(data: bytes, taken: Taken) -> list[Line]:
    from bot.access.people import import_csv

    return import_csv.read(data, taken)


def _wanted(lines: Sequence[Line]) -> Wanted:
    from bot.access.people import import_csv

    return import_csv.wanted(lines)


def _match(lines: Sequence[Line], people: People, register: Register) -> list[MatchedLine]:
    from bot.access.people import import_csv

    return import_csv.match(lines, people, register)


def _propose(people: People, register: Register) -> Proposals:
    from bot.access.people import import_csv

    return import_csv.propose(people, register)
