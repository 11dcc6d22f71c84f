"""What a contract comes to: its facts merged without regard to their order (payments-wire, section 7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.access.rules.contract_facts import buyer_of, merge, snapshot_order
from bot.access.rules.contract_money import Money, money_of
from bot.access.rules.payments import Buyer, Fact, Failure, Line, Payment, Snapshot, Status


@dataclass(frozen=True, slots=True)
class Terms:
    """What a vendor decided for a connection; the defaults are the safe ones."""

    slack_days: int = 2  # beyond the paid end of what renews: the next payment comes an hour late
    grace_days: int = 3  # beyond the paid end once a payment failed, unless the product has its own
    cancel_ends_now: bool = (
        False  # of a contract that the shop ended before its paid end, unrefunded
    )
    partial_refund_ends: bool = False
    dispute_holds: bool = True


class Why(StrEnum):
    """Why a contract gives what it gives, for people."""

    PAID = "paid"
    TRIAL = "trial"
    CANCELLED = "cancelled"  # it goes on until its paid end
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PENDING = "pending"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    LOST = "lost"  # a dispute
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Given:
    """What one line of a contract gives.

    A period ends at `ends_at`, with `grace_days` on top of it; a sale has `payment`, which tells it from
    another sale of the same contract, and a `length`, or that of its item where None.
    """

    line: Line
    at: datetime  # time counts from here: when it was paid
    ends_at: datetime | None = None
    grace_days: int = 0
    is_late: bool = False  # a payment failed: the product's own grace days take the place of these
    payment: str | None = None
    length: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a contract comes to at a moment; what it gave before and does not name now is over."""

    why: Why
    gives: tuple[Given, ...] = ()
    paid_end: datetime | None = None  # without slack and grace days
    renews: bool = False
    buyer: Buyer = field(
        default_factory=Buyer
    )  # all that is known of whom, the better word for each part
    partly_refunded: tuple[str, ...] = ()  # payments
    inquiries: tuple[str, ...] = ()  # disputes


_LIVE = frozenset({Status.ACTIVE, Status.TRIAL})
_OVER = frozenset({Status.ENDED, Status.UNPAID})
_UNPAID_YET = {
    Status.ENDED: Why.ENDED,
    Status.UNPAID: Why.UNPAID,
    Status.PAST_DUE: Why.PAST_DUE,
    Status.TRIAL: Why.TRIAL,
}


def derive(facts: Iterable[Fact], terms: Terms, now: datetime) -> Standing:
    """Return what a contract comes to: the same for every order in which its facts came.

    An end that lies in the past is named all the same; what went back is not named at all.
    """
    facts = _completed(merge(tuple(facts), ()))
    money = money_of(facts, terms.dispute_holds, terms.partial_refund_ends)
    course = _course(facts, money)
    paid_end = _paid_end(money.periods)
    return Standing(
        why=_why(course, money, terms, now),
        gives=(*_periods(course, money, terms), *_sales(course, money, terms)),
        paid_end=paid_end,
        renews=course.renews and not course.is_late and (paid_end is not None or course.is_told),
        buyer=buyer_of(facts),
        partly_refunded=money.partly_refunded,
        inquiries=money.inquiries,
    )


def _completed(facts: Sequence[Fact]) -> Sequence[Fact]:
    """Return the facts with the whole time of the last payment, where its message was cut."""
    snapshot = _newest(facts)
    payments = [fact for fact in facts if isinstance(fact, Payment) and fact.ends_at is not None]
    last = max(payments, key=lambda payment: (payment.at, payment.key), default=None)
    if last is None or not last.is_cut or snapshot is None or snapshot.ends_at is None:
        return facts
    whole = replace(last, ends_at=max(_end_of(last), snapshot.ends_at))
    is_live = snapshot.status in _LIVE
    return [whole if fact is last and is_live else fact for fact in facts]


def _newest(facts: Iterable[Fact]) -> Snapshot | None:
    snapshots = (fact for fact in facts if isinstance(fact, Snapshot))
    return max(snapshots, key=snapshot_order, default=None)


@dataclass(frozen=True, slots=True)
class _Course:
    """How a contract goes on after its paid end."""

    snapshot: Snapshot | None
    renews: bool  # another payment is awaited at the paid end
    is_late: bool  # it was tried in vain, and is tried again
    due_at: datetime | None = None  # of what was tried in vain; None: the paid end

    @property
    def is_told(self) -> bool:
        """Return whether the provider said how it stands."""
        return self.snapshot is not None

    @property
    def is_over(self) -> bool:
        """Return whether nothing is awaited any more."""
        return self.snapshot is not None and self.snapshot.status in _OVER


def _course(facts: Sequence[Fact], money: Money) -> _Course:
    snapshot = _newest(facts)
    failures = [
        failure
        for failure in facts
        if isinstance(failure, Failure) and not _is_settled(failure, snapshot, money)
    ]
    # A payment that came after the word "not paid" is the newer word.
    is_behind = snapshot is not None and (
        snapshot.status is Status.PENDING
        or (snapshot.status is Status.PAST_DUE and money.came_after(snapshot.at))
    )
    if snapshot is None or is_behind:
        return _Course(snapshot, renews=True, is_late=bool(failures), due_at=_due(failures))
    is_past_due = snapshot.status is Status.PAST_DUE
    return _Course(
        snapshot,
        renews=snapshot.status in _LIVE and snapshot.renews,
        is_late=is_past_due or (bool(failures) and snapshot.status in _LIVE),
        due_at=_due(failures),
    )


def _is_settled(failure: Failure, snapshot: Snapshot | None, money: Money) -> bool:
    """Return whether a failed payment came after all, or a newer word says that all is well."""
    if failure.key in money.came or money.came_after(failure.at):
        return True
    return snapshot is not None and snapshot.status in _LIVE and snapshot.at > failure.at


def _due(failures: Sequence[Failure]) -> datetime | None:
    return min((failure.due_at for failure in failures if failure.due_at is not None), default=None)


def _paid_end(periods: Sequence[Payment]) -> datetime | None:
    return max((payment.ends_at for payment in periods if payment.ends_at), default=None)


def _periods(course: _Course, money: Money, terms: Terms) -> list[Given]:
    """Return what the paid time of a contract gives: each of its lines to the same end."""
    paid_end = _paid_end(money.periods)
    if paid_end is None:
        return []
    last = max(
        (payment for payment in money.periods if payment.ends_at == paid_end),
        key=lambda payment: (payment.at, payment.starts_at or payment.at, payment.key),
    )
    ends_at, days, is_late = _end(course, money, terms, paid_end)
    return [
        Given(line, at=last.at, ends_at=ends_at, grace_days=days, is_late=is_late)
        for line in _lines(course, money, last)
    ]


def _end(
    course: _Course, money: Money, terms: Terms, paid_end: datetime
) -> tuple[datetime, int, bool]:
    """Return when paid time ends, the days on top of it, and whether a payment is late."""
    snapshot = course.snapshot
    if snapshot is not None and course.is_over:
        if terms.cancel_ends_now and snapshot.status is Status.ENDED:
            return min(paid_end, snapshot.at, snapshot.ends_at or snapshot.at), 0, False
        return paid_end, 0, False
    if any(_end_of(payment) > paid_end for payment, _ in money.void):
        return paid_end, 0, False  # what was awaited came, and went back
    if course.is_late:
        return max(paid_end, course.due_at or paid_end), terms.grace_days, True
    return paid_end, terms.slack_days if course.renews else 0, False


def _lines(course: _Course, money: Money, last: Payment) -> list[Line]:
    """Return what a running contract is for: as its provider says while that is paid, else as paid last."""
    snapshot = course.snapshot
    # Before the paid end: what it is for after that is not paid yet.
    if (
        snapshot is not None
        and snapshot.lines
        and snapshot.status in _LIVE
        and not course.is_late
        and last.ends_at is not None
        and snapshot.at < last.ends_at
    ):
        return _once(snapshot.lines)
    together = [
        payment
        for payment in money.periods
        if payment.ends_at == last.ends_at and payment.at == last.at
    ]
    return _once(line for payment in together for line in payment.lines)


def _sales(course: _Course, money: Money, terms: Terms) -> list[Given]:
    snapshot = course.snapshot
    if terms.cancel_ends_now and snapshot is not None and snapshot.status is Status.ENDED:
        return []
    return [
        Given(line, at=payment.at, payment=payment.key, length=payment.length)
        for payment in sorted(money.sales, key=lambda payment: (payment.at, payment.key))
        for line in _once(payment.lines)
    ]


def _once(lines: Iterable[Line]) -> list[Line]:
    """Return the lines without those whose ids came before: two of a thing are one."""
    found: dict[tuple[str, ...], Line] = {}
    for line in lines:
        found.setdefault(line.keys, line)
    return list(found.values())


def _why(course: _Course, money: Money, terms: Terms, now: datetime) -> Why:
    paid_end, status = _paid_end(money.periods), course.snapshot and course.snapshot.status
    void_end = max((_end_of(payment) for payment, _ in money.void), default=None)
    if void_end is not None and not money.sales and (paid_end is None or paid_end <= now):
        _, fate = max(money.void, key=lambda void: (_end_of(void[0]), void[0].key))
        if paid_end is None or void_end > paid_end:
            return Why(fate)
    if paid_end is None:
        if money.sales:
            return Why.PAID
        return _UNPAID_YET.get(status, Why.PENDING) if status else Why.PENDING
    if course.is_over:
        return _why_over(course, terms, paid_end > now)
    if course.is_late:
        return Why.PAST_DUE
    if not course.renews:
        return Why.CANCELLED if paid_end > now else Why.ENDED
    if paid_end + timedelta(days=terms.slack_days) <= now:
        return Why.PENDING
    return Why.TRIAL if status is Status.TRIAL else Why.PAID


def _why_over(course: _Course, terms: Terms, has_time: bool) -> Why:
    is_unpaid = course.snapshot is not None and course.snapshot.status is Status.UNPAID
    if is_unpaid:
        return Why.PAID if has_time else Why.UNPAID
    return Why.CANCELLED if has_time and not terms.cancel_ends_now else Why.ENDED


def _end_of(payment: Payment) -> datetime:
    return payment.ends_at or payment.at
