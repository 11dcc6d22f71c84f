"""Facts of one contract, merged so that neither their order nor their number matters (payments-wire, section 7).

Each kind has a key, and of two facts with the same key a rule that looks at nothing but the two tells
what stays: the result of `merge` is the same for every order of arrival, and for every repetition.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Fact,
    Failure,
    Notice,
    Payment,
    Refund,
    RefundState,
    Same,
    Snapshot,
    Status,
)

_Value = TypeVar("_Value", bound=Any)

_REFUND_STATES = (RefundState.PENDING, RefundState.DONE, RefundState.FAILED)
_CLOSED = frozenset({DisputeState.WON, DisputeState.LOST, DisputeState.CLOSED})
_DISPUTE_STATES = (
    DisputeState.INQUIRY,
    DisputeState.OPEN,
    DisputeState.CLOSED,
    DisputeState.LOST,
    DisputeState.WON,
)
# Of one moment and rank: what keeps access beats what ends it, and the end beats everything.
_STATUSES = (
    Status.PENDING,
    Status.UNPAID,
    Status.PAUSED,
    Status.PAST_DUE,
    Status.TRIAL,
    Status.ACTIVE,
    Status.ENDED,
)
_LAST = datetime.max.replace(tzinfo=UTC)


def refs(fact: Fact) -> frozenset[str]:
    """Return the ids that a fact has in common with all others of its contract.

    The provider's id of the person is none of them: a person may have many contracts.
    """
    found: tuple[str | None, ...]
    match fact:
        case Payment() | Failure():
            found = (fact.key, fact.contract)
        case Same():
            found = (fact.one, fact.other)
        case Refund() | Dispute():
            found = (fact.key, fact.payment, fact.contract)
        case Snapshot():
            found = (fact.contract,)
        case Buyer():
            found = (fact.contract, fact.payment)
        case Notice():
            found = (fact.about,)
    return frozenset(ref for ref in found if ref)


def merge(known: Sequence[Fact], new: Iterable[Fact]) -> list[Fact]:
    """Return what is known once the new facts have come, in an order of its own.

    Notices are left out: they are told when they come, and nothing follows from them later.
    """
    merged: dict[tuple[str, str], Fact] = {}
    links: list[Same] = []
    for fact in (*known, *new):
        if isinstance(fact, Same):
            links.append(fact)
        elif not isinstance(fact, Notice):
            key = _key(fact)
            before = merged.get(key, fact)
            merged[key] = _joined(before, fact)
            links += _linked(before, fact)
    others = [merged[key] for key in sorted(merged)]
    return [*others, *_tidied(links)]


def buyer_of(facts: Iterable[Fact]) -> Buyer:
    """Return all that is known of the buyer, the better word for each part."""
    found = Buyer()
    for fact in facts:
        if isinstance(fact, Buyer):
            found = _joined_buyers(found, fact)
    return found


def without_people(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts that tell of no person."""
    return [fact for fact in facts if not isinstance(fact, Buyer)]


def names_of(links: Iterable[Same]) -> Callable[[str], str]:
    """Return what names a payment in one way, whichever of its ids is given."""
    above: dict[str, str] = {}

    def name(ref: str) -> str:
        while ref in above:
            ref = above[ref]
        return ref

    for link in links:
        first, second = sorted((name(link.one), name(link.other)))
        if first != second:
            above[second] = first
    return name


def snapshot_order(snapshot: Snapshot) -> tuple[Any, ...]:
    """Return what orders snapshots: the greatest one counts."""
    return (
        snapshot.at,
        snapshot.status is Status.ENDED,
        snapshot.rank,
        _STATUSES.index(snapshot.status),
        snapshot.renews,
        repr(snapshot),  # any order, as long as it is one
    )


def _key(fact: Fact) -> tuple[str, str]:
    kind = type(fact).__name__
    match fact:
        case Snapshot():
            return kind, fact.contract
        case Payment() | Failure() | Refund() | Dispute():
            return kind, fact.key
        case _:
            return kind, ""  # all that tells of the buyer is one


def _joined(one: Fact, other: Fact) -> Fact:
    match one, other:
        case Payment(), Payment():
            return min(one, other, key=_payment_order)
        case Failure(), Failure():
            return _joined_failures(one, other)
        case Refund(), Refund():
            return _joined_refunds(one, other)
        case Dispute(), Dispute():
            return _joined_disputes(one, other)
        case Snapshot(), Snapshot():
            return max(one, other, key=snapshot_order)
        case Buyer(), Buyer():
            return _joined_buyers(one, other)
        case _:
            raise TypeError("two kinds of facts have one key")


def _payment_order(payment: Payment) -> tuple[Any, ...]:
    """Order the words on one payment: those that say what it pays for come first, then the earliest."""
    says_nothing = (payment.is_receipt, payment.ends_at is None, not payment.lines)
    return (*says_nothing, payment.at, repr(payment))


def _joined_failures(one: Failure, other: Failure) -> Failure:
    return Failure(
        key=one.key,
        contract=min(one.contract, other.contract),
        at=max(one.at, other.at),
        due_at=_least(one.due_at, other.due_at),  # a retry moves nothing
        attempt=_greatest(one.attempt, other.attempt),
        needs_buyer=one.needs_buyer or other.needs_buyer,
    )


def _joined_refunds(one: Refund, other: Refund) -> Refund:
    newest = max(one, other, key=lambda refund: (_REFUND_STATES.index(refund.state), refund.at))
    return replace(
        newest,
        payment=min(one.payment, other.payment),
        amount=_greatest(one.amount, other.amount),
        total=_greatest(one.total, other.total),
        is_full=_greatest(one.is_full, other.is_full),
        contract=_least(one.contract, other.contract),
    )


def _joined_disputes(one: Dispute, other: Dispute) -> Dispute:
    def order(dispute: Dispute) -> tuple[bool, datetime, int]:
        is_closed = dispute.state in _CLOSED
        return is_closed, dispute.at, _DISPUTE_STATES.index(dispute.state)

    return replace(
        max(one, other, key=order),
        payment=min(one.payment, other.payment),
        contract=_least(one.contract, other.contract),
    )


def _joined_buyers(one: Buyer, other: Buyer) -> Buyer:
    named = min(one, other, key=_name_order)
    return Buyer(
        contract=_least(one.contract, other.contract),
        payment=_least(one.payment, other.payment),
        customer=_least(one.customer, other.customer),
        token=_least(one.token, other.token),
        username=named.username,
        discord_id=_least(one.discord_id, other.discord_id),
        email=_least(one.email, other.email),
        claim_codes=tuple(sorted({*one.claim_codes, *other.claim_codes})),
        rank=named.rank,
        at=named.at,
    )


def _name_order(buyer: Buyer) -> tuple[Any, ...]:
    """Order the words on a name: the strongest first, of the same strength the first one said."""
    return (
        buyer.username is None,
        -buyer.rank,
        buyer.at is None,
        buyer.at or _LAST,
        buyer.username or "",
    )


def _linked(one: Fact, other: Fact) -> list[Same]:
    """Return that two ids mean one payment, where one refund or dispute names both."""
    if isinstance(one, Refund | Dispute) and isinstance(other, Refund | Dispute):
        return [Same(one.payment, other.payment)]
    return []


def _tidied(links: Sequence[Same]) -> list[Same]:
    """Return the same links, each id tied to the first of its payment once."""
    name = names_of(links)
    ids = sorted({ref for link in links for ref in (link.one, link.other)})
    return [Same(name(ref), ref) for ref in ids if name(ref) != ref]


def _least(one: _Value | None, other: _Value | None) -> _Value | None:
    known = [value for value in (one, other) if value is not None]
    return min(known, default=None)


def _greatest(one: _Value | None, other: _Value | None) -> _Value | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)
