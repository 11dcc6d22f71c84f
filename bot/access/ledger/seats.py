"""Seats: how many people have access to anything, and what TradingView may charge for them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Unpack

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.errors import OverTheLine
from bot.access.request import RequestContext
from bot.access.rules.entitlements import State
from bot.access.rules.seat_fee import (
    FREE,
    Census,
    Fee,
    MonthEnd,
    Reason,
    Seated,
    level_of,
    month_end,
)
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import Database
from bot.store.kinds import PermissionState
from bot.store.ledger import events, permissions
from bot.store.records import Script
from bot.store.sweeps import seats, sweeps

PAST = timedelta(days=60)  # how far back the picture goes
AHEAD = timedelta(days=14)  # and at least ahead
STALE = timedelta(hours=48)  # a full read that is older may miss people


@dataclass(frozen=True, slots=True)
class Line:
    """The numbers for the picture: day by day counted, and as far as it is known expected."""

    counted: tuple[tuple[date, int], ...]
    expected: tuple[tuple[date, int], ...]  # begins today
    month_end: date  # the last day of the month


@dataclass(frozen=True, slots=True)
class Seats:
    """How a server stands."""

    today: int
    then: int  # at the month's end
    end: MonthEnd
    reasons_today: dict[Reason, int]
    reasons_then: dict[Reason, int]
    fee: Fee
    guard: bool
    unread: tuple[Script, ...]  # whose list was not fully read lately: people may be missing
    line: Line


class SeatCounts:
    """Counts, warns, and keeps the daily numbers. Never touches access."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self, guild_id: int) -> Seats:
        """Return how that server stands now."""
        now = clock.now()
        end = month_end(now)
        async with self._database.read() as connection:
            census = await census_of(connection, guild_id)
            watch = await seats.watch(connection, guild_id)
            past = await seats.days(connection, guild_id, (now - PAST).date())
            listed = await scripts.listed(connection, guild_id)
            last = await sweeps.last_of(connection, [script.id for script in listed])
        fresh = {script_id for script_id, read in last.items() if read.started_at >= now - STALE}

        def add_up() -> Seats:
            return Seats(
                today=census.count(now),
                then=census.count(end.start),
                end=end,
                reasons_today=census.by_reason(now),
                reasons_then=census.by_reason(end.start),
                fee=census.fee(end.start),
                guard=watch.guard,
                unread=tuple(script for script in listed if script.id not in fresh),
                line=_line(census, past, now, end),
            )

        return await asyncio.to_thread(add_up)

    async def set_guard(self, request: RequestContext, *, on: bool) -> None:
        """Ask a manager before somebody becomes number 101, or no longer."""
        async with self._database.write() as connection:
            before = await seats.watch(connection, request.guild_id)
            if before.guard is on:
                return
            await seats.set_guard(connection, request.guild_id, on=on)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "seat_guard",
                actor=request.actor,
                after={"on": on},
            )

    async def watch(self) -> None:
        """Keep today's number of every server, and warn of each number once a month."""
        async with self._database.read() as connection:
            guild_ids = [guild.id for guild in await guilds.listed(connection)]
        for guild_id in guild_ids:
            await self._watch(guild_id)

    async def _watch(self, guild_id: int) -> None:
        now = clock.now()
        end = month_end(now)
        async with self._database.read() as connection:
            census = await census_of(connection, guild_id)
        today, then = census.count(now), census.count(end.start)
        async with self._database.write() as connection:
            await seats.note_day(connection, guild_id, now.date(), today)
            before = await seats.watch(connection, guild_id)
            warned = (before.warned_at or 0) if before.warned_month == end.month else 0
            level = level_of(max(today, then))
            if level <= warned:
                return
            await seats.set_warned(connection, guild_id, end.month, level)
            await events.record(
                connection,
                guild_id,
                now,
                "seats",
                after={"level": level, "today": today, "then": then, "month": end.month},
            )


async def refuse_over_line(
    connection: AsyncConnection, request: RequestContext, coming: Mapping[int, State]
) -> None:
    """Refuse orders for too many people; `coming` is, by permission, what each is to have.

    Asks once for all of them; `within_the_line` looks again as each part is recorded.

    Raises:
        OverTheLine: they are too many at the month's end, and no manager agreed to so many yet.
    """
    before = await _seated(connection, request)
    if before is not None:
        after = await _seated(connection, request, coming) or {}
        is_agreed(len(after), len(after) - len(before), request.consent.seats)


@asynccontextmanager
async def within_the_line(
    connection: AsyncConnection, request: RequestContext
) -> AsyncIterator[None]:
    """Refuse what is done inside when it gives too many people time, and no manager agreed.

    In the transaction that gives it, so that two at once do not both become number 100.

    Raises:
        OverTheLine: there is one too many at the month's end, and no manager agreed to so many.
    """
    before = await _seated(connection, request)
    yield
    if before is None:
        return
    after = await _seated(connection, request) or {}
    number, more = len(after), len(after) - len(before)
    if not is_agreed(number, more, request.consent.seats):
        return
    new = [after[who] for who in after.keys() - before.keys()]
    subject: events.Subject = {}
    if len(new) == 1 and new[0] is not None:
        subject = events.about(await permissions.by_id(connection, new[0]))
    await note_agreed(connection, request, number, more, **subject)


async def note_agreed(
    connection: AsyncConnection,
    request: RequestContext,
    number: int,
    more: int,
    **subject: Unpack[events.Subject],
) -> None:
    """Note in the history that a manager agreed to so many people, of whom so many come on top."""
    await events.record(
        connection,
        request.guild_id,
        request.at,
        "seat_allowed",
        actor=request.actor,
        after={"number": number, "more": more},
        **subject,
    )


def is_agreed(number: int, more: int, agreed: int) -> bool:
    """Return whether `more` come on top and all of them cost something, to which a manager agreed.

    Raises OverTheLine where no manager agreed to so many.
    """
    if more <= 0 or number <= FREE:
        return False
    if number > agreed:
        raise OverTheLine(number, more)
    return True


async def _seated(
    connection: AsyncConnection, request: RequestContext, coming: Mapping[int, State] | None = None
) -> dict[str, int | None] | None:
    """Return who counts at the month's end, once `coming` is on its way; None without a guard."""
    if not (await seats.watch(connection, request.guild_id)).guard:
        return None
    census = await census_of(connection, request.guild_id, coming)
    return await asyncio.to_thread(census.seated, month_end(request.at).start)


async def census_of(
    connection: AsyncConnection, guild_id: int, coming: Mapping[int, State] | None = None
) -> Census:
    """Return everybody who counts in a server, once `coming` is on its way: by permission, what each is to have."""
    held = await seats.held(connection, guild_id)
    reasons = await seats.reasons(connection, guild_id)
    listed = await seats.listed(connection, guild_id)

    def counted() -> Census:
        return Census(
            (_then(access, (coming or {}).get(access.id)) for access in held), reasons, listed
        )

    return await asyncio.to_thread(counted)


async def seated_at(connection: AsyncConnection, guild_id: int, moment: datetime) -> Seated:
    """Return who counts in a server at that moment, which is little to keep."""
    held = await seats.held(connection, guild_id)
    reasons = await seats.reasons(connection, guild_id, unsettled=True)  # the others say only why
    listed = await seats.listed(connection, guild_id)
    return await asyncio.to_thread(lambda: Census(held, reasons, listed).at(moment))


def _then(held: seats.Held, to_have: State | None) -> seats.Held:
    if to_have is None:
        return held
    return replace(
        held, wanted=to_have.kind, wanted_ends_at=to_have.ends_at, state=PermissionState.WAITING
    )


def _line(census: Census, past: list[tuple[date, int]], now: datetime, end: MonthEnd) -> Line:
    last = max(end.start.date(), (now + AHEAD).date())
    expected = []
    for number in range((last - now.date()).days + 1):
        moment = now + timedelta(days=number)
        expected.append((moment.date(), census.count(moment)))
    return Line(
        tuple((day, number) for day, number in past if day < now.date()),
        tuple(expected),
        end.start.date(),
    )
