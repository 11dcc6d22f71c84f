"""The dry run: what every row of a batch comes to, compared with what people have; pure, no I/O."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.access.catalogue.lookup import Item, near_slugs
from bot.access.orders.bulk.facts import Facts, OfScript, barred, folded, most_of
from bot.access.orders.bulk.records import Entry, faulty, left_out
from bot.access.rules.duration import Length, cut, plus
from bot.access.rules.entitlements import NOTHING, State, preview, still_gives, want
from bot.store.kinds import BatchKind, EntitlementKind, Lookup, RowProblem, RowState, StateKind
from bot.store.records import BatchRow, Customer
from bot.tradingview import End, Lifetime

_MAX_NEAR = 50  # rows for which near short names are looked up: that is slow


@dataclass(frozen=True, slots=True)
class _After:
    """What somebody has of an item once a row is carried out, or why it is left out."""

    state: State = NOTHING
    problem: RowProblem | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """One row with what its person has of each script of the item, and the most of it."""

    entry: Entry
    item: Item
    scripts: Sequence[OfScript]
    before: State
    now: datetime


class Planner:
    """Plans one row after another; it remembers whom it planned something for."""

    def __init__(self, kind: BatchKind, facts: Facts) -> None:
        self._kind = kind
        self._facts = facts
        self._lines: dict[str, dict[str, int]] = {}  # by item and person
        self._names: dict[int, str] = {}  # that the rows say of members, each the first time
        self._near = 0

    def people(self, entries: Sequence[Entry]) -> list[Customer]:
        """Return the customers whom these may be about."""
        by_name, by_member = self._facts.by_name, self._facts.by_member
        found = [by_name.get((entry.username or "").casefold()) for entry in entries]
        found += [by_member.get(entry.member_id or 0) for entry in entries]
        return [person for person in found if person is not None]

    def plan(self, entries: Sequence[Entry], facts: Facts) -> list[BatchRow]:
        """Return a row for each entry: planned, left out, or faulty where it names nobody or nothing.

        `facts` have what their people have.
        """
        self._facts = facts
        return [self._row(entry) for entry in entries]

    def _row(self, entry: Entry) -> BatchRow:
        slug = folded(entry.item)
        item = self._facts.items.get(slug)
        if item is None:
            return self._item_unknown(entry, slug)
        if not item.scripts:
            if entry.is_exported:
                return left_out(entry, RowProblem.ITEM_EMPTY, item.title, item.product_id)
            return faulty(entry, RowProblem.ITEM_EMPTY, item.title)
        person, problem, detail = self._person(entry)
        if problem is not None:
            if self._waits_for_name(entry):
                return left_out(entry, problem)
            return faulty(entry, problem, detail)
        name = person.username if person is not None and person.username else entry.username or ""
        known = person is not None and person.name_folded  # one text for each, of many rows
        first = self._lines.setdefault(item.slug, {}).setdefault(
            known or name.casefold(), entry.line
        )
        if first != entry.line:
            return faulty(entry, RowProblem.TWICE, str(first))
        said = self._names.setdefault(entry.member_id or 0, name)
        if entry.member_id is not None and said.casefold() != name.casefold():
            return faulty(entry, RowProblem.OTHER_NAME, said)
        return self._planned(entry, item, person, name)

    def _item_unknown(self, entry: Entry, slug: str) -> BatchRow:
        if not slug:
            return faulty(entry, RowProblem.NO_ITEM)
        if slug in self._facts.archived:
            made = left_out if entry.is_exported else faulty
            return made(entry, RowProblem.ITEM_ARCHIVED)
        self._near += 1
        near = near_slugs(slug, list(self._facts.sold)) if self._near <= _MAX_NEAR else ()
        return faulty(entry, RowProblem.ITEM_UNKNOWN, ", ".join(near) or None)

    def _waits_for_name(self, entry: Entry) -> bool:
        """Return whether a row of an export is about a customer whose access waits for a name."""
        person = self._facts.by_member.get(entry.member_id or 0)
        is_nameless = person is not None and person.username is None
        return entry.is_exported and entry.username is None and is_nameless

    def _person(self, entry: Entry) -> tuple[Customer | None, RowProblem | None, str | None]:
        """Return who is meant: None for a name that nobody has yet; or why that is not clear."""
        holder = None
        if entry.username is not None:
            holder = self._facts.by_name.get(entry.username.casefold())
        if entry.member_id is None:
            return holder, None if entry.username else RowProblem.NOBODY_NAMED, None
        member = self._facts.by_member.get(entry.member_id)
        if entry.username is None:
            if member is None or member.username is None:
                return None, RowProblem.NO_NAME_KNOWN, None
            return member, None, None
        if holder is not None and holder.member_id not in (None, entry.member_id):
            return None, RowProblem.NAME_TAKEN, None
        if member is not None and member.name_folded not in (None, entry.username.casefold()):
            return None, RowProblem.OTHER_NAME, member.username
        return holder, None, None

    def _planned(self, entry: Entry, item: Item, person: Customer | None, name: str) -> BatchRow:
        now, scripts = self._facts.now, self._facts.of(person, name, item)
        before = most_of(each.most(now) for each in scripts)
        after = _AFTER[self._kind](_Case(entry, item, scripts, before, now))
        if after.problem is RowProblem.DATE_PAST:
            return faulty(entry, after.problem)
        if after.problem is None and self._kind is not BatchKind.REVOKE:
            after = replace(after, problem=barred(person))
        state = after.state if after.problem is None else before
        length, kind, ends_at = _given(entry)
        return BatchRow(
            entry.line,
            RowState.PLANNED if after.problem is None else RowState.LEFT_OUT,
            after.problem,
            customer_id=None if person is None else person.id,
            member_id=entry.member_id,
            username=name,
            tv_user_id=None if person is None else person.tv_user_id,
            product_id=item.product_id,
            script_id=item.script_id,
            length=length,
            kind=kind,
            ends_at=ends_at,
            note=entry.note,
            lookup=self._lookup(person, name, scripts),
            before=before.kind,
            before_ends_at=before.ends_at,
            after=state.kind,
            after_ends_at=state.ends_at,
        )

    def _lookup(self, person: Customer | None, name: str, scripts: Sequence[OfScript]) -> Lookup:
        """Return whether TradingView has yet to be asked if it knows the name."""
        if person is not None and person.tv_user_id is not None:
            return Lookup.KNOWN
        if any(each.held is not None and each.held.checked for each in scripts):
            return Lookup.KNOWN
        if self._facts.is_listed(name) or self._kind is BatchKind.REVOKE:
            return Lookup.KNOWN
        return Lookup.OPEN


def _given(entry: Entry) -> tuple[str | None, EntitlementKind | None, datetime | None]:
    """Return what the row gives, as it is kept: a length, a kind, an end."""
    if entry.length is not None and not entry.length.lifetime:
        return entry.length.text, EntitlementKind.UNTIL, None
    if entry.until is not None and not isinstance(entry.until, Lifetime):
        return None, EntitlementKind.UNTIL, cut(entry.until)
    if entry.length is None and entry.until is None:
        return None, None, None
    return None, EntitlementKind.LIFETIME, None


def _state(end: End) -> State:
    return State(StateKind.LIFETIME) if isinstance(end, Lifetime) else State(StateKind.UNTIL, end)


def _is_endless(state: State) -> bool:
    return isinstance(state.end, Lifetime)


def _added(case: _Case) -> _After:
    """Return what there is after more time; an end that is given only makes it longer."""
    entry, before = case.entry, case.before
    if entry.until is not None:
        after = most_of((before, _state(entry.until)))
        return _After(after, RowProblem.SAME_ALREADY if after == before else None)
    assert entry.length is not None  # noqa: S101 - the file or the command gives one of them
    if entry.length.lifetime:
        is_so = before.kind is StateKind.LIFETIME
        return _After(State(StateKind.LIFETIME), RowProblem.SAME_ALREADY if is_so else None)
    if _is_endless(before):
        return _After(problem=RowProblem.ENDLESS)
    return _After(most_of(_longer(case, each, entry.length) for each in case.scripts))


def _longer(case: _Case, of_script: OfScript, length: Length) -> State:
    """Return what there is of one script with that much more time, grace days on top."""
    end = preview(of_script.counted(case.now), length, case.now)
    if isinstance(end, Lifetime):
        return _state(end)
    grace = case.item.product.grace_days if case.item.product is not None else 0
    with_grace = _state(plus(end, timedelta(days=grace)))
    return most_of((with_grace, of_script.most(case.now)))


def _extended(case: _Case) -> _After:
    """Return what there is after more time, for those alone who have dated access, or paused."""
    counted = [reason for each in case.scripts for reason in each.counted(case.now)]
    giving = [reason for reason in counted if still_gives(reason, case.now)]
    if not giving:
        return _After(problem=RowProblem.NO_ACCESS)
    if any(reason.kind is not EntitlementKind.UNTIL for reason in giving):  # paused ones, too
        return _After(problem=RowProblem.ENDLESS)
    return _added(case)


def _compensated(case: _Case) -> _After:
    """Return the same for those alone whose access is live: what is paused lost nothing."""
    if not case.before.gives_access(case.now):
        return _After(problem=RowProblem.NO_ACCESS)
    return _extended(case)


def _set(case: _Case) -> _After:
    """Return exactly the end that is given; what another product gives of the same script stays."""
    if case.entry.until is None:  # only an export may say none
        return _After(problem=_why_no_end(case))
    given = _state(case.entry.until)
    if not given.gives_access(case.now):
        return _After(
            problem=RowProblem.SAME_ALREADY if _is_over(given, case) else RowProblem.DATE_PAST
        )
    after = [most_of((given, _stays(each, case.item))) for each in case.scripts]
    same = all(
        _is_known(each) and before.agrees_with(then) and before.kind is then.kind
        for each, before, then in zip(
            case.scripts, (each.most(case.now) for each in case.scripts), after, strict=True
        )
    )
    if same or all(_is_paid_until(given, each, case) for each in case.scripts):
        return _After(case.before, RowProblem.SAME_ALREADY)
    return _After(most_of(after))


def _is_known(of_script: OfScript) -> bool:
    """Return whether Usher knows why somebody has that, and nothing waits to be worked out.

    What only TradingView shows is yet to be noted.
    """
    reasons = [reason for _, reason in of_script.reasons]
    return bool(reasons) and all(reason.settled_at is not None for reason in reasons)


def _why_no_end(case: _Case) -> RowProblem:
    """Return why an export said no end, as far as that can be seen now."""
    reasons = [reason for each in case.scripts for _, reason in each.reasons]
    is_paused = any(reason.paused_at is not None for reason in reasons)
    return RowProblem.PAUSED if is_paused else RowProblem.NO_END


def _is_over(given: State, case: _Case) -> bool:
    """Return whether an end that has passed is what there is: nothing any more, or days of grace."""
    if all(_is_paid_until(given, each, case) for each in case.scripts):
        return True
    counted = [reason for each in case.scripts for reason in each.counted(case.now)]
    return not any(still_gives(reason, case.now) for reason in counted)


def _is_paid_until(given: State, of_script: OfScript, case: _Case) -> bool:
    """Return whether just that was paid or given: grace days come on top, and stay, as in an export read back."""
    every = [reason for _, reason in of_script.reasons]
    mine = [
        reason
        for of, reason in of_script.reasons
        if case.item.product is None or of in (None, case.item.product_id)
    ]
    if any(reason.settled_at is None or reason.paused_at is not None for reason in mine):
        return False
    paid = want(replace(reason, grace_days=0) for reason in mine)
    is_ours = of_script.most(case.now) == want(every)  # nobody gave more on TradingView itself
    return is_ours and paid.kind is given.kind and paid.agrees_with(given)


def _revoked(case: _Case) -> _After:
    """Return what stays after every reason for the item ended: what another product gives."""
    product = case.item.product
    ends = any(
        still_gives(reason, case.now) and (product is None or of in (None, product.id))
        for each in case.scripts
        for of, reason in each.reasons
    )
    shown = any(
        each.most(case.now).gives_access(case.now) and not each.reasons for each in case.scripts
    )
    if not ends and not shown:
        return _After(problem=RowProblem.NO_ACCESS)
    return _After(most_of(_stays(each, case.item) for each in case.scripts))


def _stays(of_script: OfScript, item: Item) -> State:
    """Return what other products give of a script, which an order about this product leaves alone."""
    if item.product is None:
        return NOTHING
    return want(reason for of, reason in of_script.reasons if of not in (None, item.product_id))


_AFTER: dict[BatchKind, Callable[[_Case], _After]] = {
    BatchKind.GRANT: _added,
    BatchKind.EXTEND: _extended,
    BatchKind.COMPENSATE: _compensated,
    BatchKind.SET: _set,
    BatchKind.REVOKE: _revoked,
}
