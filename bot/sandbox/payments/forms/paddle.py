"""Paddle Billing: notifications of transactions, subscriptions and adjustments."""

import secrets
from datetime import datetime, timedelta

from bot.sandbox.payments import signing
from bot.sandbox.payments.form import Form, Json, Letter, in_json, iso, kept, message_id, unix
from bot.sandbox.payments.orders import PRICE, Deed, Order


def _write(order: Order, deed: Deed, _: str) -> list[Letter]:
    def letter(kind: str, data: Json) -> Letter:
        number = message_id("evt_")
        body = {
            "event_id": number,
            "event_type": kind,
            "occurred_at": iso(order.changed_at),
            "notification_id": message_id("ntf_"),
            "data": data,
        }
        return Letter(kind, number, in_json(body))

    def subscription(kind: str) -> list[Letter]:
        return [letter(kind, _subscription(order))] if order.is_subscription else []

    match deed:
        case Deed.BUY:
            sold = letter("transaction.completed", _transaction(order))
            return [*subscription("subscription.created"), sold]
        case Deed.RENEW:
            sold = letter("transaction.completed", _transaction(order))
            return [sold, *subscription("subscription.updated")]
        case Deed.FAIL:
            failed = letter("transaction.payment_failed", _transaction(order))
            return [failed, *subscription("subscription.past_due")]
        case Deed.CANCEL:
            return subscription("subscription.updated")
        case Deed.REFUND | Deed.REFUND_PART:
            asked, approved = (
                _adjustment(order, "refund", state) for state in ("pending_approval", "approved")
            )
            return [letter("adjustment.created", asked), letter("adjustment.updated", approved)]
        case Deed.DISPUTE:
            return [letter("adjustment.created", _adjustment(order, "chargeback", "approved"))]
        case Deed.WIN:
            back = _adjustment(order, "chargeback_reverse", "approved")
            return [letter("adjustment.created", back)]


def _shared(order: Order) -> Json:
    buyer = order.buyer
    price = {"id": f"pri_{order.product}", "product_id": f"pro_{order.product}"}
    return {
        "customer_id": f"ctm_{order.id}",
        "custom_data": kept(tv=buyer.username, discord_id=buyer.discord_id) or None,
        "items": [{"price": price, "quantity": 1}],
        "currency_code": "USD",
    }


def _period(start: datetime, end: datetime) -> Json:
    return {"starts_at": iso(start), "ends_at": iso(end)}


def _transaction(order: Order) -> Json:
    last = order.last
    origin = "web" if last.number == 1 else "subscription_recurring"
    return {
        "id": f"txn_{last.id}",
        "status": "past_due" if last.is_failed else "completed",
        "origin": origin,
        "subscription_id": f"sub_{order.id}" if order.is_subscription else None,
        **_shared(order),
        "billing_period": _period(last.starts_at, last.ends_at) if order.is_subscription else None,
        "billed_at": iso(last.at),
        "details": {"totals": {"grand_total": str(PRICE), "currency_code": "USD"}},
    }


def _subscription(order: Order) -> Json:
    paid = order.paid
    planned = {"action": "cancel", "effective_at": iso(paid.ends_at), "resume_at": None}
    next_at = order.changed_at + timedelta(days=1) if order.is_past_due else paid.ends_at
    return {
        "id": f"sub_{order.id}",
        "status": "past_due" if order.is_past_due else "active",
        **_shared(order),
        "current_billing_period": _period(order.last.starts_at, order.last.ends_at),
        "next_billed_at": None if order.is_cancelled else iso(next_at),
        "scheduled_change": planned if order.is_cancelled else None,
        "canceled_at": None,
        "created_at": iso(order.began_at),
        "updated_at": iso(order.changed_at),
    }


def _adjustment(order: Order, action: str, status: str) -> Json:
    paid = order.paid
    number, cents = paid.dispute, PRICE
    if action == "refund":
        number, cents = paid.refunds[-1].id, paid.refunds[-1].cents
    return {
        "id": f"adj_{number}{'r' if action == 'chargeback_reverse' else ''}",
        "action": action,
        "type": "full" if cents == PRICE else "partial",
        "status": status,
        "reason": "requested",
        "transaction_id": f"txn_{paid.id}",
        "subscription_id": f"sub_{order.id}" if order.is_subscription else None,
        "customer_id": f"ctm_{order.id}",
        "currency_code": "USD",
        "totals": {"total": str(cents), "currency_code": "USD"},
        "created_at": iso(order.changed_at),
        "updated_at": iso(order.changed_at),
    }


def _sign(letter: Letter, secret: str, at: datetime) -> signing.Headers:
    return signing.paddle(secret, letter.body, unix(at))


FORM = Form(
    "paddle",
    "Paddle Billing",
    _write,
    _sign,
    lambda: f"pdl_ntfset_{secrets.token_hex(13)}_{secrets.token_hex(16)}",
)
