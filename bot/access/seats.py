"""Seats: how many people have access to anything, and what TradingView may charge for them."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.asking import Asked
from bot.access.census import (
    FREE,
    Census,
    Fee,
    MonthEnd,
    Reason,
    level_of,
    month_end,
)
from bot.access.refusals import OverTheLine
from bot.store import events, guilds, scripts, seats, sweeps
from bot.store.database import Database
from bot.store.records import Permission, Script
from bot.tradingview import End, Lifetime

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
        """How that server stands now."""
        now = clock.now()
        end = month_end(now)
        async with self._database.read() as connection:
            census = await _census(connection, guild_id)
            watch = await seats.watch(connection, guild_id)
            past = await seats.days(connection, guild_id, (now - PAST).date())
            unread = []
            for script in await scripts.listed(connection, guild_id):
                last = await sweeps.last(connection, script.id)
                if last is None or last.started_at < now - STALE:
                    unread.append(script)

        def add_up() -> Seats:
            return Seats(
                today=census.count(now),
                then=census.count(end.start),
                end=end,
                reasons_today=census.by_reason(now),
                reasons_then=census.by_reason(end.start),
                fee=census.fee(end.start),
                guard=watch.guard,
                unread=tuple(unread),
                line=_line(census, past, now, end),
            )

        return await asyncio.to_thread(add_up)

    async def set_guard(self, asked: Asked, *, on: bool) -> None:
        """Ask a manager before somebody becomes number 101, or no longer."""
        async with self._database.write() as connection:
            before = await seats.watch(connection, asked.guild_id)
            if before.guard is on:
                return
            await seats.set_guard(connection, asked.guild_id, on=on)
            await events.record(
                connection,
                asked.guild_id,
                asked.at,
                "seat_guard",
                actor_id=asked.by,
                after={"on": on},
            )

    async def watch(self) -> None:
        """Keep today's number of every server, and warn of each number once a month."""
        async with self._database.read() as connection:
            here = [one.id for one in await guilds.listed(connection)]
        for guild_id in here:
            await self._watch(guild_id)

    async def _watch(self, guild_id: int) -> None:
        now = clock.now()
        end = month_end(now)
        async with self._database.read() as connection:
            census = await _census(connection, guild_id)
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
    connection: AsyncConnection, permission: Permission, until: End, *, allowed: bool, asked: Asked
) -> None:
    """Before time is given to somebody new: is a manager's yes needed, and is it there?

    In the transaction that gives it, so that two at once do not both become number 100.

    Raises:
        OverTheLine: they would be one too many at the month's end, and nobody `allowed` it.
    """
    if not (await seats.watch(connection, permission.guild_id)).guard:
        return
    end = month_end(asked.at)
    if not isinstance(until, Lifetime) and until <= end.start:
        return
    census = await _census(connection, permission.guild_id)
    if census.has(permission.tv_user_id, permission.name_folded, end.start):
        return
    number = census.count(end.start) + 1
    if number <= FREE:
        return
    if not allowed:
        raise OverTheLine(number)
    await events.record(
        connection,
        permission.guild_id,
        asked.at,
        "seat_allowed",
        actor_id=asked.by,
        script_id=permission.script_id,
        customer_id=permission.customer_id,
        permission_id=permission.id,
        after={"number": number},
    )


async def _census(connection: AsyncConnection, guild_id: int) -> Census:
    rows = (
        await seats.held(connection, guild_id),
        await seats.reasons(connection, guild_id),
        await seats.listed(connection, guild_id),
    )
    return await asyncio.to_thread(Census, *rows)


def _line(census: Census, past: list[tuple[date, int]], now: datetime, end: MonthEnd) -> Line:
    last = max(end.start.date(), (now + AHEAD).date())
    expected = []
    for number in range((last - now.date()).days + 1):
        moment = now + timedelta(days=number)
        expected.append((moment.date(), census.count(moment)))
    return Line(
        tuple(one for one in past if one[0] < now.date()), tuple(expected), end.start.date()
    )
