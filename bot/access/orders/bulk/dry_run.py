"""The dry run: what a batch would come to, compared with what people have; nothing is kept or ordered."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.seats import seated_at
from bot.access.orders.bulk.facts import AT_ONCE, Facts, facts_for, folded
from bot.access.orders.bulk.forecast import Forecast, calls_for, forecast
from bot.access.orders.bulk.planning import Planner
from bot.access.orders.bulk.records import Draft, Entry
from bot.access.request import RequestContext
from bot.access.rules.seat_fee import Seated, month_end
from bot.store.engine.database import Database
from bot.store.kinds import BatchKind, RowState
from bot.store.ledger import batches, work
from bot.store.records import BatchRow

_DOUBLES = (BatchKind.GRANT, BatchKind.EXTEND, BatchKind.COMPENSATE)
_SCRIPTS = "scripts"  # of what is chosen: by product, what it consisted of


@dataclass(frozen=True, slots=True)
class DryRun:
    """What each row comes to, all of them together, and what is kept beside them."""

    rows: Sequence[BatchRow]
    whole: Forecast
    chosen: Mapping[str, Any]
    newest_order_id: int  # of the server, when what people have was read


class Comparison:
    """Compares rows of one dry run with what people have, some at a time, and tells what all come to.

    `seated`: whom TradingView counts for its fee at the month's end.
    """

    def __init__(self, kind: BatchKind, facts: Facts, seated: Seated) -> None:
        self._kind = kind
        self.facts = facts
        self._seated = seated
        self._planner = Planner(kind, facts)
        self._rows: list[BatchRow] = []
        self._marks: list[str] = []  # of each entry, whom it gives what

    async def look(self, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
        """Compare these, having looked at what some people have after the other."""
        for start in range(0, len(entries), AT_ONCE):
            some = entries[start : start + AT_ONCE]
            people = await asyncio.to_thread(self._planner.people, some)
            await asyncio.to_thread(self.add, some, await self.facts.at(connection, people))

    def add(self, entries: Sequence[Entry], facts: Facts) -> None:
        """Compare these; `facts` have what their people have."""
        self._rows += self._planner.plan(entries, facts)
        if self._kind in _DOUBLES:
            self._marks += (_marked(self._kind, each) for each in entries)

    async def ended(
        self, connection: AsyncConnection, request: RequestContext, draft: Draft
    ) -> DryRun:
        """Return what all of them come to, with the draft's rows that could not be understood; once."""
        del self._planner  # it remembers every row
        mark = await asyncio.to_thread(self._mark)
        rows = await asyncio.to_thread(self._with, draft.faulty)
        calls = await _calls(connection, self.facts, rows)
        end = month_end(request.at).start
        whole = await asyncio.to_thread(
            forecast, self._kind, rows, request.at, self._seated, end, calls
        )
        chosen = {**(draft.chosen or {}), **_scripts_of(self.facts), **mark}
        return DryRun(rows, whole, chosen, self.facts.newest_order_id)

    def _with(self, faulty: Sequence[BatchRow]) -> list[BatchRow]:
        self._rows += faulty
        self._rows.sort(key=lambda row: row.line)
        return self._rows

    def _mark(self) -> dict[str, Any]:
        """Return in short to whom it gives what, so that it is known again; what cannot double has none."""
        marks: Collection[str] = self._marks
        if self._kind is BatchKind.COMPENSATE:
            marks = set(marks)
        elif len(marks) < 2:
            return {}
        found = hashlib.sha256("\n".join(sorted(marks)).encode())
        self._marks.clear()
        return {batches.MARK: found.hexdigest()[:16]}


async def begun(
    connection: AsyncConnection, request: RequestContext, kind: BatchKind, typed: Collection[str]
) -> Comparison:
    """Return the comparison of rows that are about these items, before the first of them."""
    end = month_end(request.at).start
    # Alone: to gather whom the fee counts takes much memory.
    seated = await seated_at(connection, request.guild_id, end)
    facts = await facts_for(connection, request.guild_id, typed, request.at)
    return Comparison(kind, facts, seated)


async def compare(database: Database, request: RequestContext, draft: Draft) -> DryRun:
    """Return what a batch would come to."""
    async with database.read() as connection:
        typed = {entry.item for entry in draft.entries}
        comparison = await begun(connection, request, draft.kind, typed)
        await comparison.look(connection, draft.entries)
        return await comparison.ended(connection, request, draft)


def _marked(kind: BatchKind, each: Entry) -> str:
    """Return by what an entry is known again; a compensation by what it gives, whoever is there by then."""
    if kind is BatchKind.COMPENSATE:
        return f"{folded(each.item)} {each.length}"
    name = (each.username or "").casefold()
    return f"{name} {each.member_id} {folded(each.item)} {each.length} {each.until}"


def _scripts_of(facts: Facts) -> dict[str, Any]:
    """Return what scripts each product has at the dry run, as the batch keeps it."""
    return {
        _SCRIPTS: {
            str(item.product.id): [script.id for script in item.scripts]
            for item in facts.items.values()
            if item.product is not None
        }
    }


def scripts_shown(chosen: Mapping[str, Any], product_id: int) -> Collection[int]:
    """Return the scripts of a product at which the dry run of a batch looked."""
    found: Collection[int] = chosen.get(_SCRIPTS, {}).get(str(product_id), ())
    return found


async def calls_of(connection: AsyncConnection, changes: Mapping[int, int]) -> int:
    """Return about how many calls of TradingView so many changes of each script take."""
    calls = 0
    for script_id, number in changes.items():
        calls += calls_for(number, await work.rows_known(connection, script_id))
    return calls


async def _calls(connection: AsyncConnection, facts: Facts, rows: Sequence[BatchRow]) -> int:
    """Return about how many calls of TradingView the planned rows take."""

    def counted() -> Counter[int]:
        planned = (row for row in rows if row.state is RowState.PLANNED)
        found: Counter[int] = Counter()
        for item, number in Counter((row.product_id, row.script_id) for row in planned).items():
            found.update(dict.fromkeys(facts.scripts_of(*item), number))
        return found

    return await calls_of(connection, await asyncio.to_thread(counted))
