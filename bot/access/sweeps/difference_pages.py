"""What differs on TradingView, to be paged through: all scripts of a server, and the people of one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bot import clock
from bot.access.catalogue.lookup import script_of
from bot.access.sweeps.drift import Difference, Kind, of_permissions, of_scripts, of_stranger
from bot.access.sweeps.reports import Overall, Report, report_of
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.records import Script, Untaken
from bot.store.sweeps import drift, sweeps
from bot.store.sweeps.sweeps import Sweep

PAGE = 50


@dataclass(frozen=True, slots=True)
class ScriptDrift:
    """How one script stands: its last complete full check, and how much of each kind differs."""

    script: Script
    sweep: Sweep | None
    counts: Mapping[Kind, int]  # of people whom Usher knows
    strangers: int

    @property
    def stuck(self) -> int:
        return self.counts.get(Kind.STUCK, 0)

    @property
    def differing(self) -> int:
        """Return how much differs from what should be; stuck orders are counted as such."""
        return sum(self.counts.values()) - self.stuck


@dataclass(frozen=True, slots=True)
class ScriptPage:
    """Some of a server's scripts."""

    overall: Overall  # of all of them
    scripts: tuple[ScriptDrift, ...]
    page: int  # from 0
    pages: int


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """What differs for one script, and some of those who differ in one way; `kind` None: nobody does."""

    report: Report
    kind: Kind | None
    people: tuple[Difference, ...]
    page: int  # from 0
    pages: int


class DifferencePages:
    """Reads; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def scripts(self, guild_id: int, page: int = 0) -> ScriptPage:
        """Return how the scripts of a server stand, those where something differs first."""
        now = clock.now()
        async with self._database.read() as connection:
            listed = await scripts.listed(connection, guild_id)
            ids = [script.id for script in listed]
            known = await of_scripts(connection, ids, now)
            strangers = await drift.count_strangers_of(connection, ids, now)
            nobody = not any(strangers.values())
            untaken = Untaken(0, 0) if nobody else await drift.untaken(connection, ids, now)
            last = await sweeps.last_of(connection, ids)
        rows = [
            ScriptDrift(
                script,
                last.get(script.id),
                Counter(each.kind for each in known[script.id] if not each.is_ignored),
                strangers[script.id],
            )
            for script in listed
        ]
        overall = Overall(
            tuple((row.script, row.differing) for row in rows if row.differing),
            tuple((row.script, row.strangers) for row in rows if row.strangers),
            untaken,
        )
        rows.sort(key=lambda row: (not (row.differing or row.stuck), not row.strangers))
        page, pages = _within(page, len(rows))
        return ScriptPage(overall, tuple(rows[page * PAGE : (page + 1) * PAGE]), page, pages)

    async def people(
        self, guild_id: int, script_id: int, kind: Kind | None = None, page: int = 0
    ) -> PeoplePage:
        """Return some of the people who differ on a script, in that way or in the first that there is.

        Raises ButtonGone when that server has no such script.
        """
        now = clock.now()
        async with self._database.read() as connection:
            script = await script_of(connection, guild_id, script_id)
            known = await of_permissions(connection, script.id, now)
            report = await report_of(connection, script, known, now)
            if kind not in report.counts:
                kind = next(iter(report.counts), None)
            if kind is None:
                return PeoplePage(report, None, (), 0, 1)
            found = [each for each in known if each.kind is kind and not each.is_ignored]
            page, pages = _within(page, report.counts[kind])
            shown = found[page * PAGE : (page + 1) * PAGE]
            if kind is Kind.EXTRA and len(shown) < PAGE:  # whom nobody knows here comes after them
                skip = max(page * PAGE - len(found), 0)
                new = await drift.strangers(
                    connection, script.id, now, skip=skip, limit=PAGE - len(shown)
                )
                shown += map(of_stranger, new)
        return PeoplePage(report, kind, tuple(shown), page, pages)


def _within(page: int, number: int) -> tuple[int, int]:
    """Return the page, or the last one where it is beyond that, and how many there are."""
    pages = max(1, -(-number // PAGE))
    return min(max(page, 0), pages - 1), pages
