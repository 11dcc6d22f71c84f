"""What became of the payments of a contract: which are good, and which went back (payments-wire, section 7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.access.rules.contract_facts import names_of
from bot.access.rules.payments import (
    Dispute,
    DisputeState,
    Fact,
    Payment,
    Refund,
    RefundState,
    Same,
)


class Fate(StrEnum):
    """What became of a payment; the later one of this list counts before the earlier."""

    GOOD = "good"
    DISPUTED = "disputed"
    LOST = "lost"
    REFUNDED = "refunded"


_FATES = tuple(Fate)


@dataclass(frozen=True, slots=True)
class Money:
    """The payments of a contract: good periods and sales, and what went back, with its fate."""

    periods: tuple[Payment, ...]
    sales: tuple[Payment, ...]
    void: tuple[tuple[Payment, Fate], ...]
    partly_refunded: tuple[str, ...]
    inquiries: tuple[str, ...]  # disputes that change nothing
    came: frozenset[str]  # every id of every payment that came, whatever became of it
    last_at: datetime | None  # when the last good one came

    def came_after(self, at: datetime) -> bool:
        """Return whether a good payment came after a moment."""
        return self.last_at is not None and self.last_at > at


def money_of(facts: Iterable[Fact], dispute_holds: bool, partial_ends: bool) -> Money:
    """Return what became of the payments among merged facts."""
    facts = tuple(facts)
    book = _Book(facts)
    fates = dict.fromkeys(book.groups, Fate.GOOD)
    partly: list[str] = []
    for group, payments in book.groups.items():
        back = _went_back(book.refunds.get(group, []), _amount(payments))
        if back is not None and not back:
            partly.append(payments[0].key)
        if back or (partial_ends and back is not None):
            fates[group] = Fate.REFUNDED
        fates[group] = max(fates[group], book.verdict(group, dispute_holds), key=_FATES.index)
    for group, payments in book.groups.items():
        if all(payment.is_receipt for payment in payments):
            for period in book.near(payments[0].contract, payments[0].at)[:1]:
                ours = book.name(period.key)
                fates[ours] = max(fates[ours], fates[group], key=_FATES.index)

    def fate(payment: Payment) -> Fate:
        return fates[book.name(payment.key)]

    given = [payment for group in book.groups.values() for payment in _counted(group)]
    good = [payment for payment in given if fate(payment) is Fate.GOOD]
    return Money(
        periods=tuple(payment for payment in good if payment.ends_at is not None),
        sales=tuple(payment for payment in good if payment.ends_at is None),
        void=tuple((one, fate(one)) for one in given if fate(one) is not Fate.GOOD),
        partly_refunded=tuple(sorted(partly)),
        inquiries=tuple(
            sorted(one.key for one in book.open_disputes if not _is_held(one, dispute_holds))
        ),
        came=frozenset(ref for ref in book.ids if book.name(ref) in book.groups),
        last_at=max((one.at for one in book.payments if fate(one) is Fate.GOOD), default=None),
    )


class _Book:
    """The payments of one contract by any of their ids, with what was said of each."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        links = [fact for fact in facts if isinstance(fact, Same)]
        self.name = names_of(links)
        self.payments = [fact for fact in facts if isinstance(fact, Payment)]
        self.ids = {payment.key for payment in self.payments}
        self.ids.update(ref for link in links for ref in (link.one, link.other))
        self.groups: dict[str, list[Payment]] = {}
        for payment in sorted(self.payments, key=_order):
            self.groups.setdefault(self.name(payment.key), []).append(payment)
        self.refunds: dict[str, list[Refund]] = {}
        self.disputes: dict[str, list[Dispute]] = {}
        for fact in facts:
            if isinstance(fact, Refund):
                for group in self._meant(fact):
                    self.refunds.setdefault(group, []).append(fact)
            elif isinstance(fact, Dispute):
                for group in self._meant(fact):
                    self.disputes.setdefault(group, []).append(fact)
        self.open_disputes = [
            fact
            for fact in facts
            if isinstance(fact, Dispute) and fact.state in (DisputeState.INQUIRY, DisputeState.OPEN)
        ]

    def verdict(self, group: str, dispute_holds: bool) -> Fate:
        """Return what disputes do to a payment."""
        disputes = self.disputes.get(group, [])
        if any(dispute.state is DisputeState.LOST for dispute in disputes):
            return Fate.LOST
        if any(_is_held(dispute, dispute_holds) for dispute in disputes):
            return Fate.DISPUTED
        return Fate.GOOD

    def near(self, contract: str | None, at: datetime) -> list[Payment]:
        """Return what gives the time in which a moment lies, else the nearest; the latest start first."""
        given = [payment for payment in self.payments if not payment.is_receipt]
        ours = [payment for payment in given if payment.contract == contract] or given
        within = [payment for payment in ours if _holds(payment, at)]
        nearest = sorted(within or ours, key=lambda payment: (_distance(payment, at), payment.key))
        return nearest if within else nearest[:1]

    def _meant(self, fact: Refund | Dispute) -> list[str]:
        """Return which payments a message is about: by their ids, else by the contract it names."""
        group = self.name(fact.payment)
        if group in self.groups:
            return [group]
        contracts = {payment.contract for payment in self.payments}
        if fact.payment in contracts:
            return [self.name(payment.key) for payment in self.near(fact.payment, fact.at)]
        told = any(payment.is_receipt for payment in self.payments)
        if fact.contract in contracts and not told:
            return [self.name(payment.key) for payment in self.near(fact.contract, fact.at)[:1]]
        return []  # of a payment that nobody has told of yet


def _order(payment: Payment) -> tuple[bool, datetime, str]:
    return payment.is_receipt, payment.at, payment.key


def _counted(payments: Sequence[Payment]) -> list[Payment]:
    """Return what one payment gives: a sale that two messages name by two ids counts once."""
    given = [payment for payment in payments if not payment.is_receipt]
    periods = [payment for payment in given if payment.ends_at is not None]
    return periods or given[:1]


def _is_held(dispute: Dispute, dispute_holds: bool) -> bool:
    return dispute.state is DisputeState.OPEN and dispute_holds


def _start(payment: Payment) -> datetime:
    return payment.starts_at or payment.at


def _holds(payment: Payment, at: datetime) -> bool:
    return payment.ends_at is not None and _start(payment) <= at < payment.ends_at


def _distance(payment: Payment, at: datetime) -> timedelta:
    return abs(_start(payment) - at)


def _amount(payments: Sequence[Payment]) -> Decimal | None:
    return max((payment.amount for payment in payments if payment.amount is not None), default=None)


def _went_back(refunds: Sequence[Refund], amount: Decimal | None) -> bool | None:
    """Return whether all of a payment went back; False: a part of it; None: nothing."""
    failed = [refund for refund in refunds if refund.state is RefundState.FAILED]
    done = [refund for refund in refunds if refund.state is RefundState.DONE]
    standing = [refund for refund in done if refund.total is None or not _since(failed, refund)]
    if any(refund.is_full for refund in standing):
        return True
    single = sum((refund.amount for refund in done if refund.amount is not None), Decimal())
    total = max([single, *(_left(refund, failed) for refund in done)])
    if amount and total >= amount:
        return True
    is_told = any(refund.amount is None and refund.total is None for refund in done)
    return False if total > 0 or is_told else None


def _left(refund: Refund, failed: Sequence[Refund]) -> Decimal:
    """Return a running total without what failed after it was told."""
    if refund.total is None:
        return Decimal()
    since = _since(failed, refund)
    if any(other.amount is None for other in since):
        return Decimal()
    return refund.total - sum((other.amount or Decimal() for other in since), Decimal())


def _since(failed: Sequence[Refund], refund: Refund) -> list[Refund]:
    return [other for other in failed if other.at >= refund.at]
