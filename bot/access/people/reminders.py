"""Who is reminded of which end: what is due, what was said, who wants none, and what a server set."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.people.settings_errors import ReminderDaysUnreadable, TimeZoneUnknown
from bot.access.request import RequestContext
from bot.access.rules.reminders import (
    ENDED_WITHIN,
    Ending,
    Policy,
    Reminder,
    days_text,
    due,
    is_night,
    read_days,
)
from bot.store.catalogue import guilds, products, scripts
from bot.store.engine.database import Database
from bot.store.kinds import ReminderOutcome
from bot.store.ledger import events
from bot.store.people import reminders
from bot.store.people.reminders import EndingScript
from bot.store.records import Guild, Product, Script

AT_ONCE = 100  # customers whose ends are looked at together


@dataclass(frozen=True, slots=True)
class Named:
    """Something that ends, as people know it: a script, or a product with those of its scripts that end."""

    ending: Ending
    item: Script | Product
    only: tuple[Script, ...] = ()  # where a product's other scripts go on


@dataclass(frozen=True, slots=True)
class ReminderSettings:
    """When a server reminds: so many days before the end, never in the night of its time zone."""

    days: tuple[int, ...] = ()  # none: nobody is reminded at all
    time_zone: str = "UTC"


class Reminders:
    """Decides what is said to whom; `bot.notifications.reminders` says it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, but: Collection[int], limit: int) -> list[Reminder]:
        """Return what has to be said now, to `limit` people or some more, without the customers in `but`.

        Nothing while the clock may be wrong, nor in a server's night, nor before a restored database was
        compared with TradingView.
        """
        if clock.is_wrong():
            return []
        now = clock.now()
        async with self._database.read() as connection:
            servers = [server for server in await guilds.listed(connection) if _reminds(server)]
        found: list[Reminder] = []
        for server in servers:
            policy = await _policy(server)
            if not is_night(now, policy.zone):
                found += await self._due(server.id, policy, now, set(but), limit - len(found))
            if len(found) >= limit:
                break
        return found

    async def _due(
        self, guild_id: int, policy: Policy, now: datetime, but: Collection[int], limit: int
    ) -> list[Reminder]:
        found: list[Reminder] = []
        before, beyond = policy.range
        after, is_last = 0, False
        while not is_last and len(found) < limit:
            async with self._database.read() as connection:
                ids = await reminders.due(
                    connection,
                    guild_id,
                    policy.days,
                    now,
                    ENDED_WITHIN,
                    after=after,
                    limit=AT_ONCE,
                )
                rows = await reminders.ending(
                    connection, guild_id, set(ids) - set(but), now - before, now + beyond
                )
            found += due(guild_id, _endings(rows), policy, now)
            is_last = len(ids) < AT_ONCE
            after = ids[-1] if ids else after
        return found

    async def named(self, reminder: Reminder) -> list[Named]:
        """Return what a reminder is about, with the names under which it is sold."""
        async with self._database.read() as connection:
            return await _named(connection, reminder.endings)

    async def note(self, reminder: Reminder, outcome: ReminderOutcome) -> None:
        """Note what became of a reminder: it is not said again."""
        ends = {(ending.purchase_id, ending.ends_at) for ending in reminder.endings}
        async with self._database.write() as connection:
            await reminders.note(connection, sorted(ends), reminder.days, outcome, clock.now())

    # What a member and a server chose

    async def switch(self, request: RequestContext, *, on: bool) -> ReminderSettings:
        """Let the member who asks be reminded, or not; returns when the server reminds at all."""
        guild_id, member_id = request.guild_id, request.member_id
        async with self._database.write() as connection:
            await guilds.ensure(connection, guild_id, request.at)
            if on:
                await reminders.set_on(connection, guild_id, member_id)
            else:
                await reminders.set_off(connection, guild_id, member_id, request.at)
        return await self.settings(guild_id)

    async def settings(self, guild_id: int) -> ReminderSettings:
        """Return when that server reminds."""
        async with self._database.read() as connection:
            server = await guilds.by_id(connection, guild_id)
        return ReminderSettings((7, 3, 1)) if server is None else _settings(server)

    async def set(self, request: RequestContext, days: str, time_zone: str) -> ReminderSettings:
        """Set the days before the end, as "7, 3, 1", and the time zone; without days nobody is reminded.

        Raises:
            ReminderDaysUnreadable: these are no such numbers.
            TimeZoneUnknown: no time zone has that name.
        """
        wanted = read_days(days)
        if wanted is None:
            raise ReminderDaysUnreadable(days)
        after = ReminderSettings(wanted, await asyncio.to_thread(_known_zone, time_zone))
        async with self._database.write() as connection:
            server = await guilds.ensure(connection, request.guild_id, request.at)
            before = _settings(server)
            if before == after:
                return after
            await guilds.set_reminders(
                connection, request.guild_id, days_text(wanted), after.time_zone, request.at
            )
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "setup_reminders",
                actor=request.actor,
                before=_facts(before),
                after=_facts(after),
            )
        return after


def _reminds(server: Guild) -> bool:
    return bool(server.reminder_days) and server.restored_at is None


def _settings(server: Guild) -> ReminderSettings:
    return ReminderSettings(read_days(server.reminder_days) or (), server.time_zone)


def _facts(settings: ReminderSettings) -> Mapping[str, str]:
    return {"days": days_text(settings.days), "time_zone": settings.time_zone}


async def _policy(server: Guild) -> Policy:
    settings = _settings(server)
    zone = await asyncio.to_thread(zone_named, settings.time_zone) or UTC
    return Policy(settings.days, zone, server.reminders_from)


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo | None:
    """Return that time zone, read from the disk once; None where this computer knows none of that name."""
    if name == "UTC":  # also where there is no list of zones
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - for servers that chose a zone alone

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _known_zone(typed: str) -> str:
    """Return how the time zone is written that was typed. Raises TimeZoneUnknown."""
    import difflib  # noqa: PLC0415 - needed for a form that is rarely filled in
    from zoneinfo import available_timezones  # noqa: PLC0415

    text = "_".join(typed.split())
    known = {name.casefold(): name for name in {"UTC", *available_timezones()}}
    if (name := known.get(text.casefold())) and zone_named(name) is not None:
        return name
    cities = {name.rpartition("/")[2]: full for name, full in known.items()}
    words = text.casefold().rpartition("/")[2]
    close = difflib.get_close_matches(words, cities, n=3)
    raise TimeZoneUnknown(typed, tuple(cities[each] for each in close))


def _endings(rows: Iterable[EndingScript]) -> list[Ending]:
    """Return the endings of purchases: scripts of one that end together are one of these."""
    together: dict[tuple[int, datetime], list[EndingScript]] = {}
    for row in rows:
        together.setdefault((row.purchase_id, row.ends_at), []).append(row)
    return [
        Ending(
            customer_id=some[0].customer_id,
            member_id=some[0].member_id,
            purchase_id=purchase_id,
            product_id=some[0].product_id,
            script_ids=frozenset(row.script_id for row in some),
            ends_at=ends_at,
            held_until=max(row.held_until for row in some),
            fixed_at=max(row.fixed_at for row in some),
            reminded=some[0].reminded,
        )
        for (purchase_id, ends_at), some in together.items()
    ]


async def _named(connection: AsyncConnection, endings: Sequence[Ending]) -> list[Named]:
    sold = await products.by_ids(
        connection, {each.product_id for each in endings if each.product_id is not None}
    )
    parts = await products.scripts_of(connection, sold)
    known = await scripts.by_ids(connection, {one for each in endings for one in each.script_ids})
    found = []
    for ending in endings:
        its = tuple(known[each] for each in sorted(ending.script_ids))
        if ending.product_id is None:
            found.append(Named(ending, its[0]))
            continue
        rest = {script.id for script in parts[ending.product_id]} - ending.script_ids
        found.append(Named(ending, sold[ending.product_id], its if rest else ()))
    return found
