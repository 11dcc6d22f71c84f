"""Reports what differs on TradingView, and remembers what was told and what staff leave alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import script_of
from bot.access.request import RequestContext
from bot.access.sweeps.drift import (
    Difference,
    Kind,
    differences_of_kind,
    of_permissions,
    of_scripts,
    of_stranger,
)
from bot.access.sweeps.errors import IgnoresMany, NothingDiffers
from bot.access.sweeps.sweep import Swept
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.records import Numbers, Script, Untaken
from bot.store.sweeps import drift, sweeps
from bot.store.sweeps.sweeps import Sweep

SHOWN = 8  # of each kind in a report
MANY = 5  # differences that are left alone without a question


@dataclass(frozen=True, slots=True)
class Report:
    """What differs for one script: how many of each kind, and the first of them."""

    script: Script
    sweep: Sweep | None  # the last complete one
    numbers: Numbers
    counts: Mapping[Kind, int]
    shown: Mapping[Kind, tuple[Difference, ...]]
    longer: int  # of OTHER_END: how many have more on TradingView than they should
    ignored: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def extra(self) -> int:
        """Return how many whom Usher knows have access without a reason."""
        return self.counts.get(Kind.EXTRA, 0) - self.numbers.strangers

    @property
    def differing(self) -> int:
        """Return how much differs; whom Usher does not know yet differs from nothing."""
        return self.total - self.numbers.strangers


@dataclass(frozen=True, slots=True)
class Overall:
    """How all scripts of a server stand: what differs, and who was not taken over yet."""

    differing: tuple[tuple[Script, int], ...]  # only those where something does
    strangers: tuple[tuple[Script, int], ...]  # only those that have any
    untaken: Untaken

    @property
    def scripts(self) -> tuple[Script, ...]:
        """Return the scripts with either, in their order."""
        about = {script.id: script for script, _ in (*self.differing, *self.strangers)}
        return tuple(sorted(about.values(), key=lambda script: script.slug))


class Drift:
    """Reports what differs, and remembers what was told and what staff ignore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, guild_id: int, script_id: int) -> Report:
        """Return what differs for one script. Raises ButtonGone when that server has no such script."""
        now = clock.now()
        async with self._database.read() as connection:
            script = await script_of(connection, guild_id, script_id)
            known = await of_permissions(connection, script.id, now)
            return await report_of(connection, script, known, now)

    async def overall(self, guild_id: int) -> Overall:
        """Return how many differences and how many strangers each script of a server has."""
        now = clock.now()
        async with self._database.read() as connection:
            listed = await scripts.listed(connection, guild_id)
            ids = [script.id for script in listed]
            known = await of_scripts(connection, ids, now)
            strangers = await drift.count_strangers_of(connection, ids, now)
            nobody = not any(strangers.values())
            untaken = Untaken(0, 0) if nobody else await drift.untaken(connection, ids, now)
        differing = {
            # Stuck orders are counted as such.
            script_id: sum(not each.is_ignored and each.kind is not Kind.STUCK for each in found)
            for script_id, found in known.items()
        }
        return Overall(
            tuple((script, differing[script.id]) for script in listed if differing[script.id]),
            tuple((script, strangers[script.id]) for script in listed if strangers[script.id]),
            untaken,
        )

    async def note(self, swept: Swept, by: int | None) -> int:
        """Remember what differs after a sweep; returns how much of it is news.

        News of a sweep that was not asked for goes into the history, and so into the log channel, in one line.
        """
        now, script = clock.now(), swept.script
        async with self._database.write() as connection:
            known = await of_permissions(connection, script.id, now)
            new = [
                difference
                for difference in known
                if difference.permission is not None
                and not difference.is_ignored
                and difference.kind is not Kind.STUCK  # told when it happened
                and difference.marks.noted_difference != difference.mark
            ]
            marks = [
                (difference.permission.id, difference.mark)
                for difference in new
                if difference.permission is not None
            ]
            strangers = await drift.note(connection, script.id, marks, now)
            counts = {
                kind.value: sum(difference.kind is kind for difference in new) for kind in Kind
            } | {"strangers": strangers}
            if by is None and any(counts.values()):
                await events.record(
                    connection,
                    script.guild_id,
                    now,
                    "drift",
                    script_id=script.id,
                    after={what: number for what, number in counts.items() if number},
                )
        return sum(counts.values())

    async def ignore(
        self,
        request: RequestContext,
        script_id: int,
        kind: Kind,
        names: Collection[str] | None = None,
    ) -> int:
        """Leave all of a kind as they are, or these people, until they differ in another way; returns how many.

        Raises:
            IgnoresMany: they are more than `MANY`, and the person who asks did not agree yet.
            NothingDiffers: there is none of that kind any more.
            ButtonGone: that server has no such script.
        """
        now = clock.now()
        async with self._database.write() as connection:
            script = await script_of(connection, request.guild_id, script_id)
            found = await differences_of_kind(connection, script.id, kind, now, names)
            if not found:
                raise NothingDiffers
            if len(found) > MANY and not request.consent.confirmed:
                raise IgnoresMany(script, len(found), kind is Kind.EXTRA)
            marks = [
                (difference.permission.id, difference.mark)
                for difference in found
                if difference.permission is not None
            ]
            ids = [
                difference.sighting.id
                for difference in found
                if difference.sighting and difference.permission is None
            ]
            await drift.ignore(connection, marks, ids, now)
            facts = {"kind_of": kind.value, "number": len(found)}
            await _record_ignored(connection, request, script, facts)
        return len(found)

    async def count_again(
        self, request: RequestContext, script_id: int, kind: Kind | None = None
    ) -> int:
        """Count again what staff left alone, of one kind or of all; returns how many.

        Raises NothingDiffers, or ButtonGone when that server has no such script.
        """
        now = clock.now()
        async with self._database.write() as connection:
            script = await script_of(connection, request.guild_id, script_id)
            marks = [
                (difference.permission.id, None)
                for difference in await of_permissions(connection, script.id, now)
                if difference.permission is not None
                and difference.is_ignored
                and kind in (None, difference.kind)
            ]
            ids = []
            if kind in (None, Kind.EXTRA):
                everybody = await drift.strangers(connection, script.id, now, ignored=True)
                ids = [found.id for found in everybody if found.ignored_at is not None]
            number = len(marks) + len(ids)
            if not number:
                raise NothingDiffers
            await drift.ignore(connection, marks, ids, None)
            facts = {"kind_of": kind and kind.value, "number": number, "undone": True}
            await _record_ignored(connection, request, script, facts)
        return number


async def _record_ignored(
    connection: AsyncConnection,
    request: RequestContext,
    script: Script,
    facts: Mapping[str, object],
) -> None:
    await events.record(
        connection,
        request.guild_id,
        request.at,
        "drift_ignored",
        actor=request.actor,
        script_id=script.id,
        after=facts,
    )


async def report_of(
    connection: AsyncConnection, script: Script, known: Sequence[Difference], now: datetime
) -> Report:
    """Return the report about a script, with the differences `known` of people whom Usher knows."""
    numbers = await drift.numbers(connection, script.id, now)
    strangers = await drift.strangers(connection, script.id, now, limit=SHOWN)
    ignored = await drift.count_strangers(connection, script.id, now, ignored=True)
    counts: dict[Kind, int] = {}
    shown: dict[Kind, tuple[Difference, ...]] = {}
    for kind in Kind:
        listed = [
            difference
            for difference in known
            if difference.kind is kind and not difference.is_ignored
        ]
        number = len(listed)
        if kind is Kind.EXTRA:
            number += numbers.strangers
            listed += map(of_stranger, strangers)
        if number:
            counts[kind], shown[kind] = number, tuple(listed[:SHOWN])
    return Report(
        script,
        await sweeps.last(connection, script.id),
        numbers,
        counts,
        shown,
        sum(difference.shortens(now) for difference in _others(known)),
        sum(difference.is_ignored for difference in known) + ignored - numbers.strangers,
    )


def _others(known: Sequence[Difference]) -> list[Difference]:
    return [
        difference
        for difference in known
        if difference.kind is Kind.OTHER_END and not difference.is_ignored
    ]
