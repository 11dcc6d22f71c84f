"""What the events of Stripe mean (payments-wire, section 2); those that are not named here mean nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.access.rules.payments import (
    Dispute,
    DisputeState,
    Fact,
    Failure,
    Line,
    Notice,
    NoticeKind,
    Payment,
    Refund,
    RefundState,
    Same,
    Snapshot,
    Status,
)
from bot.access.sources.payments import Options
from bot.access.sources.payments.stripe.buyers import buyer_at_checkout, buyer_of_subscription
from bot.access.sources.payments.stripe.shapes import (
    amount,
    currency,
    id_of,
    inside,
    invoice_metadata,
    invoice_payments,
    invoice_period,
    invoice_subscription,
    moment,
    objects,
    price_line,
    subscription_end,
    subscription_lines,
    text,
)

_STATUSES = {
    "incomplete": Status.PENDING,
    "incomplete_expired": Status.ENDED,
    "trialing": Status.TRIAL,
    "active": Status.ACTIVE,
    "past_due": Status.PAST_DUE,
    "unpaid": Status.UNPAID,
    "paused": Status.PAUSED,
    "canceled": Status.ENDED,
}
_LIVE = (Status.ACTIVE, Status.TRIAL)
_REFUNDS = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.DONE,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
_DISPUTES = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.CLOSED,
    "needs_response": DisputeState.OPEN,
    "under_review": DisputeState.OPEN,
    "appeal_needs_response": DisputeState.OPEN,
    "appeal_under_review": DisputeState.OPEN,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "prevented": DisputeState.LOST,  # the money went back before it became a dispute
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, when it happened, and the object as it stood then."""

    kind: str
    at: datetime
    thing: dict[str, Any]
    options: Options


def facts_of(event: Event) -> Iterator[Fact]:
    """Yield what an event says."""
    reader = _READERS.get(event.kind)
    if reader is not None:
        yield from reader(event)


def _checkout(event: Event) -> Iterator[Fact]:
    session = event.thing
    code, intent = id_of(session), id_of(inside(session, "payment_intent"))
    subscription, invoice = (id_of(inside(session, name)) for name in ("subscription", "invoice"))
    mode = inside(session, "mode")
    if mode == "subscription" and subscription:  # its time comes with the invoice
        yield buyer_at_checkout(session, subscription, invoice, event.at, event.options)
        return
    payment = intent or code
    if mode != "payment" or payment is None:
        return
    yield buyer_at_checkout(session, payment, payment, event.at, event.options)
    yield from _same(payment, code, invoice)
    if event.kind == "checkout.session.async_payment_failed":
        yield Failure(payment, payment, event.at)
    elif inside(session, "payment_status") in ("paid", "no_payment_required"):
        yield Payment(
            key=payment,
            contract=payment,
            at=event.at,
            lines=_bought(session),
            amount=amount(inside(session, "amount_total"), inside(session, "currency")),
            currency=currency(inside(session, "currency")),
        )


def _bought(session: dict[str, Any]) -> tuple[Line, ...]:
    """Return what a checkout sold, by the best that the message tells."""
    rows = objects(inside(session, "line_items"))
    lines = (price_line(inside(row, "price"), None, inside(row, "description")) for row in rows)
    found = {line.keys: line for line in lines if line is not None}
    if found:
        return tuple(found.values())
    item = text(inside(session, "metadata", "item"))
    keys = tuple(key for key in (id_of(inside(session, "payment_link")), item) if key)
    if keys:
        return (Line(keys, item),)
    total, code = inside(session, "amount_total"), inside(session, "currency")
    price = f"{amount(total, code) or 0} {currency(code) or ''}".strip()
    return (Line((f"checkout {price}",), f"a checkout of {price}"),)


def _invoice_paid(event: Event) -> Iterator[Fact]:
    invoice, key = event.thing, id_of(event.thing)
    if key is None:
        return
    yield from _same(key, *invoice_payments(invoice))
    subscription = invoice_subscription(invoice)
    if subscription is None:
        return  # of a checkout, which told of it itself, or of something else
    period = invoice_period(invoice)
    code = inside(invoice, "currency")
    yield Payment(
        key=key,
        contract=subscription,
        at=moment(inside(invoice, "status_transitions", "paid_at")) or event.at,
        lines=period.lines if period else (),
        starts_at=period.starts_at if period else None,
        ends_at=period.ends_at if period else None,
        amount=amount(inside(invoice, "amount_paid"), code),
        currency=currency(code),
        is_receipt=period is None,
        is_cut=period is not None and period.is_cut,
    )
    yield _subscriber(subscription, invoice_metadata(invoice), event)


def _invoice_failed(event: Event) -> Iterator[Fact]:
    invoice, key = event.thing, id_of(event.thing)
    subscription = invoice_subscription(invoice)
    if key is None or subscription is None:
        return
    attempt = inside(invoice, "attempt_count")
    yield from _same(key, *invoice_payments(invoice))
    yield Failure(
        key=key,
        contract=subscription,
        at=event.at,
        attempt=attempt if type(attempt) is int and 0 <= attempt < 1000 else None,
        needs_buyer=event.kind == "invoice.payment_action_required",
    )
    yield _subscriber(subscription, invoice_metadata(invoice), event)


def _invoice_payment(event: Event) -> Iterator[Fact]:
    payment = inside(event.thing, "payment")
    invoice = id_of(inside(event.thing, "invoice"))
    if invoice:
        names = ("payment_intent", "charge")
        yield from _same(invoice, *(id_of(inside(payment, name)) for name in names))


def _subscription(event: Event) -> Iterator[Fact]:
    thing, contract = event.thing, id_of(event.thing)
    word = inside(thing, "status")
    is_deleted = event.kind == "customer.subscription.deleted"
    status = Status.ENDED if is_deleted else _STATUSES.get(word) if isinstance(word, str) else None
    if contract is None or status is None:
        return
    cancel_at = moment(inside(thing, "cancel_at"))
    # Each of the two may stand alone: it depends on how and where it was cancelled.
    ends = cancel_at is not None or inside(thing, "cancel_at_period_end") is True
    is_paused = inside(thing, "pause_collection") is not None
    ended_at = moment(inside(thing, "ended_at")) if status is Status.ENDED else None
    yield Snapshot(
        contract=contract,
        at=event.at,
        status=status,
        renews=status in _LIVE and not ends and not is_paused,
        rank=_rank(event.kind),
        ends_at=ended_at or cancel_at or subscription_end(thing),
        lines=subscription_lines(thing),
        customer=id_of(inside(thing, "customer")),
    )
    yield _subscriber(contract, inside(thing, "metadata"), event)


def _rank(kind: str) -> int:
    if kind == "customer.subscription.created":
        return 0
    return 2 if kind == "customer.subscription.deleted" else 1


def _charge_refunded(event: Event) -> Iterator[Fact]:
    charge, key = event.thing, id_of(event.thing)
    code = inside(charge, "currency")
    total = amount(inside(charge, "amount_refunded"), code)
    if key is None or total is None:
        return
    intent, invoice = (id_of(inside(charge, name)) for name in ("payment_intent", "invoice"))
    yield from _same(key, intent, invoice)
    yield Refund(
        key=f"{key} {total}",  # a running total: each of them is a word of its own
        payment=key,
        at=event.at,
        total=total,
        is_full=inside(charge, "refunded") is True or None,
    )


def _refund(event: Event) -> Iterator[Fact]:
    refund, key = event.thing, id_of(event.thing)
    word = inside(refund, "status")
    state = _REFUNDS.get(word) if isinstance(word, str) else None
    if event.kind == "refund.failed":
        state = RefundState.FAILED
    charge, intent = (id_of(inside(refund, name)) for name in ("charge", "payment_intent"))
    payment = charge or intent
    if key is None or payment is None or state is None:
        return
    yield from _same(payment, intent)
    yield Refund(
        key=key,
        payment=payment,
        at=event.at,
        state=state,
        amount=amount(inside(refund, "amount"), inside(refund, "currency")),
    )


def _dispute(event: Event) -> Iterator[Fact]:
    dispute, key = event.thing, id_of(event.thing)
    word = inside(dispute, "status")
    state = _DISPUTES.get(word) if isinstance(word, str) else None
    charge, intent = (id_of(inside(dispute, name)) for name in ("charge", "payment_intent"))
    payment = charge or intent
    if key is None or payment is None or state is None:
        return
    yield from _same(payment, intent, id_of(inside(dispute, "charge", "invoice")))
    yield Dispute(key=key, payment=payment, at=event.at, state=state)


def _fraud_warning(event: Event) -> Iterator[Fact]:
    charge, intent = (id_of(inside(event.thing, name)) for name in ("charge", "payment_intent"))
    yield Notice(NoticeKind.FRAUD_WARNING, charge or intent)


def _subscriber(subscription: str, metadata: Any, event: Event) -> Fact:
    return buyer_of_subscription(subscription, event.thing, metadata, event.at, event.options)


def _same(known: str, *others: str | None) -> Iterator[Fact]:
    for other in others:
        if other and other != known:
            yield Same(known, other)


_READERS: Mapping[str, Callable[[Event], Iterator[Fact]]] = {
    "checkout.session.completed": _checkout,
    "checkout.session.async_payment_succeeded": _checkout,
    "checkout.session.async_payment_failed": _checkout,
    # Not invoice.payment_succeeded too: it tells of the same money, and not of all of it.
    "invoice.paid": _invoice_paid,
    "invoice_payment.paid": _invoice_payment,
    "invoice.payment_failed": _invoice_failed,
    "invoice.payment_action_required": _invoice_failed,
    "customer.subscription.created": _subscription,
    "customer.subscription.updated": _subscription,
    "customer.subscription.deleted": _subscription,
    "customer.subscription.paused": _subscription,
    "customer.subscription.resumed": _subscription,
    "customer.subscription.pending_update_applied": _subscription,
    "customer.subscription.pending_update_expired": _subscription,
    "charge.refunded": _charge_refunded,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refund.updated": _refund,  # as refund.updated was called before 2024-10
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "radar.early_fraud_warning.created": _fraud_warning,
}
