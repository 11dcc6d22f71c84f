"""Lemon Squeezy: JSON:API bodies, without a time in the signature and without an id of the message."""

import secrets
from datetime import datetime

from bot.sandbox.payments import signing
from bot.sandbox.payments.form import ONCE, Form, Json, Letter, in_json, iso, kept
from bot.sandbox.payments.orders import PRICE, Deed, Order

_DEEDS = frozenset(Deed) - {Deed.DISPUTE, Deed.WIN}


def _write(order: Order, deed: Deed, _: str) -> list[Letter]:
    def letter(event: str, kind: str, number: int, attributes: Json) -> Letter:
        buyer = order.buyer
        meta = {
            "event_name": event,
            "test_mode": False,
            "custom_data": kept(tv=buyer.username, discord_id=buyer.discord_id),
        }
        data = {"type": kind, "id": str(number), "attributes": attributes}
        return Letter(event, "", in_json({"meta": meta, "data": data}))

    def subscription(event: str) -> Letter:
        return letter(event, "subscriptions", _number(order.id), _subscription(order))

    def invoice(event: str) -> Letter:
        number = _number(order.paid.id if "refund" in event else order.last.id)
        return letter(event, "subscription-invoices", number, _invoice(order, event))

    def sale(event: str) -> Letter:
        return letter(event, "orders", _number(order.payments[0].id) + 1, _sale(order))

    refund = invoice("subscription_payment_refunded") if order.is_subscription else None
    match deed:
        case Deed.BUY if not order.is_subscription:
            return [sale("order_created")]
        case Deed.BUY:
            first, paid = subscription("subscription_created"), "subscription_payment_success"
            return [sale("order_created"), first, invoice(paid)]
        case Deed.RENEW:
            return [invoice("subscription_payment_success"), subscription("subscription_updated")]
        case Deed.FAIL:
            return [invoice("subscription_payment_failed"), subscription("subscription_updated")]
        case Deed.CANCEL:
            return [subscription("subscription_cancelled")]
        case _:
            return [refund or sale("order_refunded")]


def _number(text: str) -> int:
    """Return one of the numbers that Lemon Squeezy has for ids."""
    return int(text, 16) % 10**9


def _what(order: Order) -> Json:
    return {
        "product_id": _number(order.product.encode().hex()),
        "product_name": order.product,
        "variant_id": _number(order.product.encode().hex()) + 1,
        "variant_name": "Default",
    }


def _buyer(order: Order) -> Json:
    return {"user_name": order.buyer.name, "user_email": order.buyer.email}


def _subscription(order: Order) -> Json:
    end = iso(order.paid.ends_at)
    status = "past_due" if order.is_past_due else "active"
    return {
        "store_id": 1,
        "customer_id": _number(order.id) + 1,
        "order_id": _number(order.payments[0].id) + 1,
        **_what(order),
        **_buyer(order),
        "status": "cancelled" if order.is_cancelled else status,
        "cancelled": order.is_cancelled,
        "renews_at": end,
        "ends_at": end if order.is_cancelled else None,
        "created_at": iso(order.began_at),
        "updated_at": iso(order.changed_at),
        "test_mode": False,
    }


def _invoice(order: Order, event: str) -> Json:
    payment = order.paid if "refund" in event else order.last
    status = "pending" if payment.is_failed else "paid"
    if payment.refunded:
        status = "refunded" if payment.is_fully_refunded else "partial_refund"
    return {
        "store_id": 1,
        "subscription_id": _number(order.id),
        "customer_id": _number(order.id) + 1,
        **_buyer(order),
        "billing_reason": "initial" if payment.number == 1 else "renewal",
        "currency": "USD",
        "status": status,
        "refunded": payment.is_fully_refunded,
        "refunded_amount": payment.refunded,
        "total": PRICE,
        "created_at": iso(payment.at),
        "updated_at": iso(order.changed_at),
        "test_mode": False,
    }


def _sale(order: Order) -> Json:
    paid = order.payments[0]
    status = "paid"
    if paid.refunded:
        status = "refunded" if paid.is_fully_refunded else "partial_refund"
    return {
        "store_id": 1,
        "customer_id": _number(order.id) + 1,
        "identifier": order.id,
        "order_number": 1,
        **_buyer(order),
        "currency": "USD",
        "status": status,
        "refunded": paid.is_fully_refunded,
        "refunded_amount": paid.refunded,
        "total": PRICE,
        "first_order_item": {"id": 1, **_what(order), "price": PRICE},
        "created_at": iso(paid.at),
        "updated_at": iso(order.changed_at),
        "test_mode": False,
    }


def _sign(letter: Letter, secret: str, _: datetime) -> signing.Headers:
    return signing.lemon_squeezy(secret, letter.body, letter.event)


FORM = Form(
    "lemonsqueezy",
    "Lemon Squeezy",
    _write,
    _sign,
    lambda: secrets.token_hex(16),
    deeds=_DEEDS,
    once=_DEEDS & ONCE,
)
