"""Makes an order of each row of a batch, through the one door."""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.errors import ProductEmpty
from bot.access.catalogue.lookup import Item, item_of
from bot.access.ledger.changes import Change, NewOrder, Recorded, Target
from bot.access.ledger.errors import OvertakenSince
from bot.access.ledger.record import record_for
from bot.access.orders.bulk.dry_run import scripts_shown
from bot.access.orders.bulk.forecast import before_of
from bot.access.orders.bulk.records import TAKING
from bot.access.orders.put_backs import put_back_in
from bot.access.people.errors import (
    BeingForgotten,
    CustomerBlocked,
    GivesToBlocked,
    MemberHasOtherName,
    NameTaken,
)
from bot.access.people.identity import resolve
from bot.access.people.username_lookup import Spelling
from bot.access.request import STAFF, Consent, RequestContext, Subject
from bot.access.rules.duration import Length, parse_length
from bot.access.rules.entitlements import State
from bot.errors import UserError
from bot.store.kinds import BatchKind, EntitlementKind, OrderKind, RowProblem, RowState, StateKind
from bot.store.ledger import batch_orders, batch_rows, orders, put_backs
from bot.store.people import customers, imports
from bot.store.records import Batch, BatchRow, Customer
from bot.store.vault import Vault

# Whoever saw the dry run agreed to all of it; a member who merely claims a name is not to know.
_AGREED = Consent(confirmed=True, unknown_name=True, bare_name=True)
_ENDING = (OrderKind.REVOKE, OrderKind.SET, OrderKind.PAUSE, OrderKind.MOVE)


@dataclass(slots=True)
class RowRecorder:
    """Records rows of one batch, some in one transaction that writes."""

    connection: AsyncConnection
    vault: Vault
    batch: Batch
    superseded: list[int] = field(default_factory=list)  # orders whose place these took
    _items: dict[tuple[int | None, int | None], Item] = field(default_factory=dict)
    _people: dict[int, Customer] = field(default_factory=dict)
    _known_by_now: dict[str, int] = field(default_factory=dict)  # names that nobody had before
    _ended: dict[int, set[int]] = field(default_factory=dict)  # by customer: scripts ordered since
    _changed: dict[int, set[int]] = field(default_factory=dict)

    async def record(self, rows: list[BatchRow], request: RequestContext) -> None:
        """Record an order for each of these rows, or note why there is none; `request` is asked anew for each."""
        ids = {row.customer_id for row in rows if row.customer_id is not None}
        self._people |= await customers.by_ids(self.connection, ids)
        if self.batch.undoes_id is None:
            names = {row.username for row in rows if row.customer_id is None and row.username}
            self._known_by_now = await imports.by_names(self.connection, request.guild_id, names)
            await self._look_since(ids.union(self._known_by_now.values()))
        try:
            async with self.connection.begin_nested():
                outcomes = [await self._outcome(row, request) for row in rows]
        except UserError:  # nothing of the refused row may stay: each by itself
            outcomes = [await self._alone(row, request) for row in rows]
        made: dict[int, int] = {}
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, RowProblem):
                await batch_rows.change(
                    self.connection,
                    row.id,
                    RowState.PLANNED,
                    state=RowState.LEFT_OUT,
                    problem=outcome,
                )
            else:
                made[row.id] = outcome.order.id
                self.superseded += outcome.superseded
        await batch_rows.ordered(self.connection, made)

    async def _look_since(self, people: set[int]) -> None:
        """Note what others ordered for these people since the dry run."""
        found = await batch_orders.others_since(
            self.connection, self.batch.id, self.batch.newest_order_id, people
        )
        for each in found:
            self._changed.setdefault(each.customer_id, set()).add(each.script_id)
            if each.kind in _ENDING:
                self._ended.setdefault(each.customer_id, set()).add(each.script_id)

    async def _alone(self, row: BatchRow, request: RequestContext) -> Recorded | RowProblem:
        try:
            async with self.connection.begin_nested():
                return await self._outcome(row, request)
        except UserError as refusal:
            return _PROBLEMS.get(type(refusal), RowProblem.CHANGED_SINCE)

    async def _outcome(self, row: BatchRow, request: RequestContext) -> Recorded | RowProblem:
        """Record one row, or return why nothing was; raises as the one door does."""
        key = f"batch {self.batch.id}/{row.id}"
        asked = RequestContext(request.guild_id, request.actor, key, request.at, consent=_AGREED)
        recorded = await self._recorded(row, asked)
        if recorded is None:
            return RowProblem.CHANGED_SINCE
        if row.undoes_order_id is not None and not recorded.is_new:
            return RowProblem.UNDONE_ALREADY
        return recorded

    async def _recorded(self, row: BatchRow, request: RequestContext) -> Recorded | None:
        """Record one row; None where somebody else changed since what the dry run showed."""
        if row.undoes_order_id is not None:
            undone = await orders.by_id(self.connection, row.undoes_order_id)
            assert undone is not None  # noqa: S101 - a foreign key
            return await put_back_in(
                self.connection,
                self.vault,
                request,
                undone,
                batch_id=self.batch.id,
                unless=put_backs.decisions,
            )
        item = await self._item(row)
        if self.batch.kind in TAKING and not self._shown(item):
            return None
        since = self._changed if self.batch.kind in TAKING else self._ended
        who = row.customer_id or self._known_by_now.get((row.username or "").casefold(), 0)
        if since.get(who, set()) & {script.id for script in item.scripts}:
            return None
        person = await self._person(row, request)
        subject = Subject(row.member_id, person.username)
        spelling = _spelled(row, person)
        single = before_of(row) if item.product is None else None
        new = NewOrder(
            request,
            _KINDS[self.batch.kind],
            Target(item.slug, subject, spelling),
            self._change(row),
            row.note or self.batch.note,
            single if self.batch.kind in TAKING else None,
            batch_id=self.batch.id,
        )
        return await record_for(self.connection, self.vault, new, item, person, spelling)

    async def _item(self, row: BatchRow) -> Item:
        """Return what the row is about. Raises ProductEmpty where it is not on sale any more."""
        key = row.product_id, row.script_id
        if key not in self._items:
            self._items[key] = await item_of(self.connection, *key)
        item = self._items[key]
        scripts = [script for script in item.scripts if script.archived_at is None]
        if not scripts or (item.product is not None and item.product.archived_at is not None):
            raise ProductEmpty(item.title)
        return item

    def _shown(self, item: Item) -> bool:
        """Return whether the dry run looked at every script of a product: one that was added since was not seen."""
        if item.product is None:
            return True
        seen = scripts_shown(self.batch.chosen, item.product.id)
        return all(script.id in seen for script in item.scripts)

    async def _person(self, row: BatchRow, request: RequestContext) -> Customer:
        """Return whose access it is: as at the dry run, by another name too; or found anew by the name."""
        known = self._people.get(row.customer_id or 0)
        if known is not None and known.username and row.member_id in (None, known.member_id):
            return known
        subject = Subject(row.member_id, row.username)
        return await resolve(self.connection, request, subject, user_id=row.tv_user_id)

    def _change(self, row: BatchRow) -> Change:
        kind = self.batch.kind
        if kind is BatchKind.REVOKE:
            return Change(ends_all=True, overrules=True, held_back=True)
        given = _given(row)
        if kind is BatchKind.SET:
            return Change(gives=given, source=STAFF, ends_all=True, overrules=True, held_back=False)
        return Change(
            gives=given,
            source=STAFF,
            grace=True,
            since=self.batch.started_at,
            held_back=False,
        )


def _spelled(row: BatchRow, person: Customer) -> Spelling:
    """Return the name as TradingView spells it: that of the dry run, or the one that the person has by now."""
    name = row.username or ""
    if person.name_folded in (None, name.casefold()):
        return Spelling(name, checked=row.tv_user_id is not None, user_id=row.tv_user_id)
    known = person.tv_user_id is not None
    return Spelling(person.username or name, checked=known, user_id=person.tv_user_id)


def _given(row: BatchRow) -> Length | State:
    """Return what a row gives: so much more time, or exactly that."""
    if row.length is not None:
        return parse_length(row.length)
    if row.kind is EntitlementKind.LIFETIME:
        return State(StateKind.LIFETIME)
    return State(StateKind.UNTIL, row.ends_at)


_KINDS = {
    BatchKind.GRANT: OrderKind.GRANT,
    BatchKind.EXTEND: OrderKind.GRANT,
    BatchKind.COMPENSATE: OrderKind.GRANT,
    BatchKind.SET: OrderKind.SET,
    BatchKind.REVOKE: OrderKind.REVOKE,
}
_PROBLEMS: dict[type[UserError], RowProblem] = {
    NameTaken: RowProblem.NAME_TAKEN,
    MemberHasOtherName: RowProblem.OTHER_NAME,
    CustomerBlocked: RowProblem.BLOCKED,
    GivesToBlocked: RowProblem.BLOCKED,
    BeingForgotten: RowProblem.FORGOTTEN,
    ProductEmpty: RowProblem.ITEM_EMPTY,
    OvertakenSince: RowProblem.CHANGED_SINCE,
}
