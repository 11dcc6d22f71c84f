"""Paddle Billing: transactions bring paid time, subscriptions how they stand, adjustments what went back."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.access.rules.payments import (
    Dispute,
    DisputeState,
    Fact,
    Failure,
    Heading,
    Line,
    Notice,
    NoticeKind,
    Payment,
    Reading,
    Refund,
    RefundState,
    Refused,
    Snapshot,
    Status,
    Stored,
)
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared import fields, signatures
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.values import at_path, member_of, text

_SIGNATURE = re.compile(r"ts=(\d{1,12})((?:;h1=[0-9A-Fa-f]{64}){1,8})", re.ASCII)
# Seconds; a clock at home is seldom as exact as the 5 s that Paddle's own code asks for.
_LEAST_TOLERANCE, _MOST_TOLERANCE = 60, 86_400

_STATUS = {
    "active": Status.ACTIVE,
    "trialing": Status.TRIAL,
    "past_due": Status.PAST_DUE,
    "paused": Status.PAUSED,
    "canceled": Status.ENDED,
}
_PAID = ("transaction.completed", "transaction.paid")
_FAILED = ("transaction.payment_failed", "transaction.past_due")
_REFUNDS = {
    "approved": RefundState.DONE,
    "rejected": RefundState.FAILED,
    "reversed": RefundState.FAILED,
}


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, options: Options
) -> None:
    """Raise Refused unless Paddle signed these bytes a short while ago."""
    given = signatures.header(headers, "Paddle-Signature")
    found = _SIGNATURE.fullmatch(given.strip())
    if found is None:
        raise Refused("the signature is missing or not readable")
    sent, digests = found.groups()
    signed = sent.encode() + b":" + body
    signatures.insist(
        [signatures.digest(key, signed) for key in fields.keys(secrets)],
        [signatures.from_hex(part.partition("=")[2]) for part in digests[1:].split(";")],
    )
    signatures.insist_on_time(sent, now, _tolerance(options))


def _tolerance(options: Options) -> float:
    return float(options.get("tolerance") or signatures.MAX_AGE)


def _checked_tolerance(written: str) -> int:
    if not (written.isascii() and written.isdigit()):
        raise ValueError("Write whole seconds.")
    if not _LEAST_TOLERANCE <= int(written) <= _MOST_TOLERANCE:
        raise ValueError(f"Write {_LEAST_TOLERANCE} to {_MOST_TOLERANCE} seconds.")
    return int(written)


def head(_: Headers, body: bytes, _options: Options) -> Heading | None:
    """Return Paddle's own id and type of the event."""
    event = json_of(body)
    return Heading(
        fields.needed(event.get("event_id"), "event_id"),
        fields.needed(event.get("event_type"), "event_type"),
    )


def read(stored: Stored, options: Options) -> Reading:
    """Return the facts of an event; `occurred_at` orders them."""
    event = json_of(stored.body)
    at = fields.needed_moment(event.get("occurred_at"), "occurred_at")
    data = event.get("data")
    if not isinstance(data, dict):
        raise Refused("the message has no data")
    return Reading(tuple(_facts(stored.kind, data, at, options)), at, is_test=_is_simulated(event))


def _is_simulated(event: dict[str, Any]) -> bool:
    """Return whether Paddle's simulator made it; the sandbox is an account of its own, with its own secret."""
    return any(
        (text(event.get(name)) or "").startswith("ntfsim")
        for name in ("event_id", "notification_id")
    )


def _facts(kind: str, data: dict[str, Any], at: datetime, options: Options) -> list[Fact]:
    if kind in _PAID:
        return _paid(data, at, options)
    if kind in _FAILED:
        return _failed(data, at)
    if kind.startswith("subscription."):
        return _subscription(kind, data, at, options)
    if kind in ("adjustment.created", "adjustment.updated"):
        return _adjustment(data, at)
    if kind in ("customer.created", "customer.updated"):
        customer = fields.needed(data.get("id"), "customer")
        told = fields.answers(_custom(data), options)
        return [*fields.buyer(told, customer=customer, address=data.get("email"))]
    return []


def _paid(data: dict[str, Any], at: datetime, options: Options) -> list[Fact]:
    transaction = fields.needed(data.get("id"), "transaction")
    subscription = text(data.get("subscription_id"))
    origin = text(data.get("origin"))
    told = fields.buyer(
        fields.answers(_custom(data), options),
        contract=subscription or transaction,
        customer=text(data.get("customer_id")),
    )
    if origin == "subscription_payment_method_change":
        return [*told]  # an amount of 0, to check a new card
    ends_at = fields.moment_if_any(at_path(data, "billing_period.ends_at"), "end of the period")
    # A charge besides the running period is a sale of its own; what else has no period paid for none.
    is_sale = ends_at is None and (subscription is None or origin == "subscription_charge")
    payment = Payment(
        key=transaction,
        contract=transaction if is_sale else subscription or transaction,
        at=fields.moment_if_any(data.get("billed_at"), "billed_at") or at,
        lines=_lines(data),
        starts_at=fields.moment_if_any(
            at_path(data, "billing_period.starts_at"), "start of the period"
        ),
        ends_at=ends_at,
        amount=fields.amount_if_any(at_path(data, "details.totals.grand_total")),
        currency=text(data.get("currency_code")),
        is_receipt=ends_at is None and not is_sale,
    )
    return [payment, *told]


def _failed(data: dict[str, Any], at: datetime) -> list[Fact]:
    subscription = text(data.get("subscription_id"))
    if subscription is None:
        return []  # a card that was declined at the till: nothing was bought yet
    due_at = None
    if data.get("origin") == "subscription_recurring":
        due_at = fields.moment_if_any(
            at_path(data, "billing_period.starts_at"), "start of the period"
        )
    return [Failure(fields.needed(data.get("id"), "transaction"), subscription, at, due_at)]


def _subscription(kind: str, data: dict[str, Any], at: datetime, options: Options) -> list[Fact]:
    subscription = fields.needed(data.get("id"), "subscription")
    customer = text(data.get("customer_id"))
    told = fields.buyer(
        fields.answers(_custom(data), options), contract=subscription, customer=customer
    )
    status = _STATUS.get(fields.needed(data.get("status"), "status"))
    if status is None:
        return [*told]
    change = data.get("scheduled_change")
    is_ending = member_of(change, "action") in ("cancel", "pause")
    end = (
        member_of(change, "effective_at")
        if is_ending
        else at_path(data, "current_billing_period.ends_at")
    )
    snapshot = Snapshot(
        subscription,
        at,
        status,
        renews=status in (Status.ACTIVE, Status.TRIAL) and not is_ending,
        rank=0 if kind == "subscription.created" else 2 if status is Status.ENDED else 1,
        ends_at=fields.moment_if_any(end, "end of the period"),
        lines=_lines(data),
        customer=customer,
    )
    return [snapshot, *told]


def _adjustment(data: dict[str, Any], at: datetime) -> list[Fact]:
    """Return what went back: a refund waits for approval first, and a credit moves no money."""
    status = text(data.get("status"))
    action = text(data.get("action"))
    key = fields.needed(data.get("id"), "adjustment")
    transaction = fields.needed(data.get("transaction_id"), "transaction")
    subscription = text(data.get("subscription_id"))
    if action == "refund" and status in _REFUNDS:
        refund = Refund(
            key,
            transaction,
            at,
            _REFUNDS[status],
            amount=fields.amount_if_any(at_path(data, "totals.total")),
            is_full=data.get("type") == "full" or None,
            contract=subscription,
        )
        return [refund]
    if action == "chargeback" and status in ("approved", "reversed"):
        state = DisputeState.OPEN if status == "approved" else DisputeState.WON
    elif action == "chargeback_reverse" and status == "approved":
        state = DisputeState.WON
    elif action == "chargeback_warning" and status == "approved":
        return [Notice(NoticeKind.DISPUTE_WARNING, transaction)]
    else:
        return []
    # A chargeback and its reversal are two adjustments of one dispute.
    return [Dispute(f"chargeback:{transaction}", transaction, at, state, subscription)]


def _lines(data: dict[str, Any]) -> tuple[Line, ...]:
    found = []
    for item in fields.objects(data.get("items")):
        price = member_of(item, "price")
        product = text(member_of(price, "product_id")) or text(at_path(item, "product.id"))
        keys = fields.some(text(member_of(price, "id")), product)
        name = text(at_path(item, "product.name")) or text(member_of(price, "name"))
        if keys:
            found.append(Line(keys, name or text(member_of(price, "description"))))
    return tuple(found)


def _custom(data: dict[str, Any]) -> list[tuple[str, Any]]:
    custom = data.get("custom_data")
    return list(custom.items()) if isinstance(custom, dict) else []


PROVIDER = Provider(
    name="paddle",
    label="Paddle",
    verify=verify,
    head=head,
    read=read,
    where=(
        "In Paddle open Developer tools, Notifications, New destination, paste the address, choose"
        " Webhook, and tick everything under transaction, subscription, adjustment and customer."
    ),
    secret=(
        "In Paddle open Developer tools, Notifications, press the three dots beside the destination,"
        " Edit destination, and copy the secret key; it begins with pdl_ntfset_."
    ),
    name_field=(
        "Paddle's checkout asks no questions of its own: hand the name over as custom data named"
        " tradingview when your page opens the checkout, or let buyers link it in Discord."
    ),
    secret_pattern=r"pdl_ntfset_\S{4,200}",
    check_options=fields.options_with(name_field=str, tolerance=_checked_tolerance),
)
