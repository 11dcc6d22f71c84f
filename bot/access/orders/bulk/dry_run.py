"""The dry run: what a batch would come to, compared with what people have; nothing is kept or ordered."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.seats import census_of
from bot.access.orders.bulk.facts import AT_ONCE, Facts, facts_for, folded
from bot.access.orders.bulk.forecast import Forecast, calls_for, forecast
from bot.access.orders.bulk.planning import Planner
from bot.access.orders.bulk.records import Draft
from bot.access.request import RequestContext
from bot.access.rules.seat_fee import month_end
from bot.store.engine.database import Database
from bot.store.kinds import BatchKind, RowState
from bot.store.ledger import batches, work
from bot.store.records import BatchRow

_DOUBLES = (BatchKind.GRANT, BatchKind.EXTEND)
_SCRIPTS = "scripts"  # of what is chosen: by product, what it consisted of


@dataclass(frozen=True, slots=True)
class DryRun:
    """What each row comes to, all of them together, and what is kept beside them."""

    rows: Sequence[BatchRow]
    whole: Forecast
    chosen: Mapping[str, Any]
    newest_order_id: int  # of the server, when what people have was read


async def compare(
    database: Database, request: RequestContext, draft: Draft, facts: Facts | None
) -> DryRun:
    """Return what a batch would come to; `facts`, where they were read already, are of the request's moment."""
    async with database.read() as connection:
        if facts is None:
            typed = {entry.item for entry in draft.entries}
            facts = await facts_for(connection, request.guild_id, typed, request.at)
        census = await census_of(connection, request.guild_id)
        planned = await _planned(connection, draft, facts)
        rows = sorted([*draft.faulty, *planned], key=lambda row: row.line)
        calls = await _calls(connection, facts.scripts_of, rows)
    end = month_end(request.at).start
    whole = await asyncio.to_thread(forecast, rows, request.at, census, end, calls)
    mark = await asyncio.to_thread(_mark, draft)
    chosen = {**(draft.chosen or {}), **_scripts_of(facts), **mark}
    return DryRun(rows, whole, chosen, facts.newest_order_id)


def _mark(draft: Draft) -> dict[str, Any]:
    """Return in short to whom it gives what, so that it is known again; what cannot double has none.

    A compensation is known by what it gives alone: whoever comes or goes meanwhile makes no other of it.
    """
    if draft.kind is BatchKind.COMPENSATE:
        return _hashed(sorted({f"{folded(each.item)} {each.length}" for each in draft.entries}))
    if draft.kind not in _DOUBLES or len(draft.entries) < 2:
        return {}
    rows = sorted(
        f"{(each.username or '').casefold()} {each.member_id} {folded(each.item)} {each.length} {each.until}"
        for each in draft.entries
    )
    return _hashed(rows)


def _hashed(rows: Sequence[str]) -> dict[str, Any]:
    return {batches.MARK: hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]}


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


async def _planned(connection: AsyncConnection, draft: Draft, facts: Facts) -> list[BatchRow]:
    """Return a row for each entry, having looked at what some people have after the other."""
    planner = Planner(draft.kind, facts)
    rows: list[BatchRow] = []
    for start in range(0, len(draft.entries), AT_ONCE):
        some = draft.entries[start : start + AT_ONCE]
        people = await asyncio.to_thread(planner.people, some)
        rows += await asyncio.to_thread(planner.plan, some, await facts.at(connection, people))
    return rows


async def calls_of(connection: AsyncConnection, changes: Mapping[int, int]) -> int:
    """Return about how many calls of TradingView so many changes of each script take."""
    calls = 0
    for script_id, number in changes.items():
        calls += calls_for(number, await work.rows_known(connection, script_id))
    return calls


async def _calls(
    connection: AsyncConnection,
    scripts_of: Callable[[BatchRow], Sequence[int]],
    rows: Sequence[BatchRow],
) -> int:
    """Return about how many calls of TradingView the planned rows take."""

    def counted() -> Counter[int]:
        planned = (row for row in rows if row.state is RowState.PLANNED)
        return Counter(script_id for row in planned for script_id in scripts_of(row))

    return await calls_of(connection, await asyncio.to_thread(counted))
