"""Many permissions of one script at once: two full reads of its list instead of two reads for each.

Full reads are used only where they cost fewer calls: N changes among L rows cost N writes and the
pages of both reads, single reads 2 x N calls beside the writes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing

from bot.access.rules.entitlements import seen_in
from bot.access.sync.reconcile import NotYetError, Plan, Sync, UnexpectedRowError, took_effect
from bot.store.records import Permission, Script
from bot.tradingview import Row, TradingViewClient, TradingViewError

SMALLEST = 20  # fewer are read one by one: that answers sooner
LARGEST = 100  # so that no verification waits for more than that many writes
PAGE = 30
TOGETHER = 12  # enough for the account's own pace to decide how fast they go

Report = Callable[[int, Exception | None], Awaitable[None]]


def is_cheaper(changes: int, rows: int) -> bool:
    """Return whether full reads of a list of `rows` take fewer calls than reading each person."""
    return changes >= SMALLEST and _with_full_reads(changes, rows) < _one_by_one(changes)


def calls_of_chunk(changes: int, rows: int) -> int:
    """Return how many calls so many changes take of a script whose list has so many rows."""
    return _with_full_reads(changes, rows) if is_cheaper(changes, rows) else _one_by_one(changes)


def _with_full_reads(changes: int, rows: int) -> int:
    return changes + max(1, -(-rows // PAGE)) + max(1, -(-(rows + changes) // PAGE))


def _one_by_one(changes: int) -> int:
    return 3 * changes


class Chunk:
    """At most `LARGEST` permissions of one script.

    `report` is told how each of them ended: without an error when it agrees, or starts over. Chunks
    with the same `writing` write one after the other: one is read back while the next is written.
    """

    def __init__(
        self, sync: Sync, tradingview: TradingViewClient, report: Report, writing: asyncio.Lock
    ) -> None:
        self._sync = sync
        self._tradingview = tradingview
        self._report = report
        self._writing = writing
        self._turns = asyncio.Semaphore(TOGETHER)

    async def run(self, script: Script, permission_ids: Sequence[int]) -> None:
        """Take them to agreement; what could not be taken there is tried again alone.

        Raises:
            TradingViewError: the list could not be read, so nothing was begun or reported.
        """
        before = await self._rows(script)
        async with self._writing:
            plans = await asyncio.gather(
                *(self._write(script, permission_id, before) for permission_id in permission_ids)
            )
        sent = [plan for plan in plans if plan is not None]
        if not sent:
            return
        try:
            after = await self._rows(script)
        except TradingViewError:
            after = None  # then each is read for itself
        for plan in sent:
            await self._verify(plan, after)

    async def _rows(self, script: Script) -> "_People":
        people = _People()
        async with aclosing(self._tradingview.pages(script.pine_id)) as pages:
            async for page in pages:
                people.add(page.rows)
        return people

    async def _write(self, script: Script, permission_id: int, people: "_People") -> Plan | None:
        """Settle, announce and send; what fails, or needs no write, is reported here."""
        async with self._turns:
            try:
                permission, _, known = await self._sync.begin(permission_id)
                row = people.row_of(permission)
                plan = await self._sync.plan(permission, script, row, known)
                if plan is not None:
                    await self._send(plan)
                    return plan
            except Exception as error:  # noqa: BLE001 - each permission ends for itself
                await self._report(permission_id, error)
            else:
                await self._report(permission_id, None)
        return None

    async def _send(self, plan: Plan) -> None:
        try:
            await self._sync.send(plan, read_by_name=False)
        except UnexpectedRowError:  # the list moved while it was read: read this person alone
            await self._sync.unsettle(plan)
            raise NotYetError from None

    async def _verify(self, plan: Plan, people: "_People | None") -> None:
        try:
            seen = None if people is None else seen_in(people.row_of(plan.permission))
            if seen is None or not took_effect(plan.permission, seen):
                raise NotYetError  # noqa: TRY301 - one way to report
            await self._sync.conclude(plan.permission, seen)
        except Exception as error:  # noqa: BLE001 - as above
            await self._report(plan.permission.id, error)
        else:
            await self._report(plan.permission.id, None)


class _People:
    """The rows of one full read, found by person."""

    def __init__(self) -> None:
        self._by_id: dict[int, Row] = {}
        self._by_name: dict[str, Row] = {}

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row.user_id is not None:
                self._by_id[row.user_id] = row
            self._by_name[row.username.casefold()] = row

    def row_of(self, permission: Permission) -> Row | None:
        """Find a row by TradingView's number of the user when it is known, else by name."""
        known = permission.tv_user_id
        if known is not None and known in self._by_id:
            return self._by_id[known]
        return self._by_name.get(permission.name_folded)
