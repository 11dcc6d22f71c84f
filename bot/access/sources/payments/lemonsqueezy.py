"""Lemon Squeezy: paid time is what a subscription says of its next renewal; invoices and orders say what was paid.

A success message names no period, so it is a receipt alone. The order beside a new subscription is that
subscription's first payment, told once more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.access.rules.payments import (
    Fact,
    Failure,
    Heading,
    Line,
    Payment,
    Reading,
    Refund,
    Refused,
    Same,
    Snapshot,
    Status,
    Stored,
)
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared import fields
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.values import at_path, member_of, text

_INVOICE_LEADS = timedelta(hours=1)  # it is made a little before the subscription says it is paid
_STATUS = {
    "on_trial": Status.TRIAL,
    "active": Status.ACTIVE,
    "paused": Status.PAUSED,
    "past_due": Status.PAST_DUE,
    "unpaid": Status.UNPAID,
    "cancelled": Status.ACTIVE,  # until its end
    "expired": Status.ENDED,
}
_PAID_UNTIL_ITS_END = ("on_trial", "active", "cancelled")


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], _: datetime, _options: Options
) -> None:
    """Raise Refused unless Lemon Squeezy signed these bytes; its messages carry no time to check."""
    fields.insist_on_hex(headers, "X-Signature", secrets, body)


def head(_: Headers, body: bytes, _options: Options) -> Heading | None:
    """Return the name of the event that the signed body holds, and an id made of all that is known."""
    message = json_of(body)
    kind = _kind(message)
    data = message.get("data")
    updated_at = at_path(data, "attributes.updated_at")
    parts = (member_of(data, "type"), member_of(data, "id"), updated_at)
    return Heading(fields.event_id(kind, *parts, body=body), kind)


def _kind(message: dict[str, Any]) -> str:
    return fields.needed(at_path(message, "meta.event_name"), "event_name")


def read(stored: Stored, options: Options) -> Reading:
    """Return the facts of a message by the type of its object, whatever the event is called."""
    message = json_of(stored.body)
    told = at_path(message, "data.attributes")
    is_test = at_path(message, "meta.test_mode") is True or member_of(told, "test_mode") is True
    kind = text(at_path(message, "data.type"))
    if kind not in ("orders", "subscriptions", "subscription-invoices", "license-keys"):
        return Reading(is_test=is_test)
    if not isinstance(told, dict):
        raise Refused("the message has no attributes")
    name = fields.needed(at_path(message, "data.id"), "id")
    at = fields.needed_moment(told.get("updated_at") or told.get("created_at"), "updated_at")
    custom = at_path(message, "meta.custom_data")
    answers = fields.answers(list(custom.items()) if isinstance(custom, dict) else [], options)
    match kind:
        case "orders":
            facts = _order(f"order:{name}", told, at, answers)
        case "subscriptions":
            facts = _subscription(f"subscription:{name}", _kind(message), told, at, answers)
        case "subscription-invoices":
            facts = _invoice(f"invoice:{name}", _kind(message), told, at, answers)
        case _:
            facts = _license_key(told)
    return Reading(tuple(facts), at, is_test)


def _order(order: str, told: dict[str, Any], at: datetime, answers: fields.Answers) -> list[Fact]:
    facts = _buyer(order, told, answers)
    if told.get("status") in ("paid", "refunded", "partial_refund"):
        facts.append(
            Payment(
                order,
                order,
                _created_at(told) or at,
                _lines(member_of(told, "first_order_item")),
                amount=fields.amount_if_any(told.get("total")),
                currency=text(told.get("currency")),
            )
        )
    return [*facts, *_refund(order, order, told, at)]


def _subscription(
    subscription: str, kind: str, told: dict[str, Any], at: datetime, answers: fields.Answers
) -> list[Fact]:
    facts = _buyer(subscription, told, answers)
    name = fields.needed(told.get("status"), "status")
    status = _STATUS.get(name)
    if status is None:
        return facts
    planned = fields.moment_if_any(told.get("ends_at"), "ends_at")
    ends_at = planned or fields.moment_if_any(told.get("renews_at"), "renews_at")
    snapshot = Snapshot(
        subscription,
        at,
        status,
        renews=name in ("on_trial", "active") and planned is None,
        rank=0 if kind == "subscription_created" else 2 if status is Status.ENDED else 1,
        ends_at=ends_at,
        lines=_lines(told),
        customer=_customer(told),
    )
    period = _period(subscription, told, at, ends_at) if name in _PAID_UNTIL_ITS_END else None
    return [
        *facts,
        snapshot,
        *([period] if period else []),
        *_first(kind, subscription, told, period),
    ]


def _period(
    subscription: str, told: dict[str, Any], at: datetime, ends_at: datetime | None
) -> Payment | None:
    if ends_at is None:
        return None
    began_at = max(_created_at(told) or at, at - _INVOICE_LEADS)
    # By the day: cancelled, a period may end some seconds beside its renewal, and stays that period.
    key = f"{subscription}:{ends_at.date().isoformat()}"
    return Payment(
        key, subscription, at, _lines(told), starts_at=min(began_at, ends_at), ends_at=ends_at
    )


def _first(
    kind: str, subscription: str, told: dict[str, Any], period: Payment | None
) -> list[Fact]:
    """Return that the order pays for nothing of its own: it began the subscription, and paid its first period."""
    number, at = text(told.get("order_id")), _created_at(told)
    if number is None or at is None:
        return []
    order = f"order:{number}"
    facts: list[Fact] = [Payment(order, subscription, at, _lines(told), starts_at=at, ends_at=at)]
    if kind == "subscription_created" and period is not None:
        facts.append(Same(order, period.key))
    return facts


def _invoice(
    invoice: str, kind: str, told: dict[str, Any], at: datetime, answers: fields.Answers
) -> list[Fact]:
    """Return what became of an invoice: the object's own id is the invoice's, not the subscription's."""
    number = fields.needed(told.get("subscription_id"), "subscription_id")
    subscription = f"subscription:{number}"
    facts = _buyer(subscription, told, answers)
    made_at = _created_at(told) or at
    if kind == "subscription_payment_failed":
        return [*facts, Failure(invoice, subscription, at, due_at=made_at)]
    if told.get("status") in ("paid", "refunded", "partial_refund"):
        facts.append(
            Payment(
                invoice,
                subscription,
                made_at,
                amount=fields.amount_if_any(told.get("total")),
                currency=text(told.get("currency")),
                is_receipt=True,
            )
        )
    return [*facts, *_refund(invoice, subscription, told, at)]


def _refund(payment: str, contract: str, told: dict[str, Any], at: datetime) -> list[Fact]:
    """Return what went back, all of it so far: the status tells it, or else the amounts."""
    status = told.get("status")
    if told.get("refunded") is not True and status not in ("refunded", "partial_refund"):
        return []
    back = fields.amount_if_any(told.get("refunded_amount")) or None
    total = fields.amount_if_any(told.get("total"))
    if status in ("refunded", "partial_refund"):
        is_full = status == "refunded" or (back is not None and back == total)
    else:
        is_full = back is None or total is None or back >= total
    return [
        Refund(f"refund:{payment}", payment, at, total=back, is_full=is_full, contract=contract)
    ]


def _license_key(told: dict[str, Any]) -> list[Fact]:
    order, key = text(told.get("order_id")), text(told.get("key"))
    if order is None:
        return []
    return [
        *fields.buyer(fields.Answers(), contract=f"order:{order}", claim_codes=fields.some(key))
    ]


def _lines(holder: Any) -> tuple[Line, ...]:
    variant, product = (text(member_of(holder, name)) for name in ("variant_id", "product_id"))
    keys = fields.some(
        f"variant:{variant}" if variant else None, f"product:{product}" if product else None
    )
    names = fields.some(
        text(member_of(holder, "product_name")), text(member_of(holder, "variant_name"))
    )
    return (Line(keys, text(" · ".join(names))),) if keys else ()


def _buyer(contract: str, told: dict[str, Any], answers: fields.Answers) -> list[Fact]:
    return [
        *fields.buyer(
            answers, contract=contract, customer=_customer(told), address=told.get("user_email")
        )
    ]


def _customer(told: dict[str, Any]) -> str | None:
    number = text(told.get("customer_id"))
    return f"customer:{number}" if number else None


def _created_at(told: dict[str, Any]) -> datetime | None:
    return fields.moment_if_any(told.get("created_at"), "created_at")


PROVIDER = Provider(
    name="lemonsqueezy",
    label="Lemon Squeezy",
    verify=verify,
    head=head,
    read=read,
    where=(
        "In Lemon Squeezy open Settings, Webhooks, press the plus, paste the address as the callback URL,"
        " and tick every event of orders and subscriptions, and license_key_created. What the shop sends"
        " while Usher is off for more than two minutes is not sent again."
    ),
    secret=(
        "In Lemon Squeezy the signing secret is yours to choose: a random text of 6 to 40 letters and"
        " digits, put here and into the webhook."
    ),
    name_field=(
        "Add checkout[custom][tradingview]= and the name to the checkout link, or let buyers link their"
        " TradingView name in Discord."
    ),
    secret_pattern=r"\S{6,40}",
    check_options=fields.options_with(name_field=str),
    link_parameter="checkout[custom][usher]",
)
