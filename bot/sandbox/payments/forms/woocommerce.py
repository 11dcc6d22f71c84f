"""WooCommerce: its orders as they are after each change; a renewal is an order of its own."""

import secrets
from datetime import UTC, datetime

from bot.sandbox.payments import signing
from bot.sandbox.payments.form import Form, Json, Letter, in_json
from bot.sandbox.payments.orders import PRICE, Deed, Order, Payment

# Without a paid plug-in it knows no cancelling, and banks' disputes it never tells of.
_DEEDS = frozenset({Deed.BUY, Deed.RENEW, Deed.FAIL, Deed.REFUND, Deed.REFUND_PART})


def _write(order: Order, deed: Deed, _: str) -> list[Letter]:
    refunds = deed in (Deed.REFUND, Deed.REFUND_PART)
    payment = order.paid if refunds else order.last
    topics = ["order.created", "order.updated"] if deed is Deed.BUY else ["order.updated"]
    if deed is Deed.RENEW:
        topics = ["order.created"]
    body = in_json(_order(order, payment))
    return [Letter(topic, "", body) for topic in topics]


def _order(order: Order, payment: Payment) -> Json:
    buyer = order.buyer
    status = "failed" if payment.is_failed else "completed"
    name = {"id": 5, "key": "_tradingview_username", "value": buyer.username}
    discord = {"id": 6, "key": "_discord_id", "value": buyer.discord_id}
    return {
        "id": int(payment.id, 16) % 10**9,
        "status": "refunded" if payment.is_fully_refunded else status,
        "currency": "USD",
        "date_created_gmt": _gmt(payment.at),
        "date_paid_gmt": None if payment.is_failed else _gmt(payment.at),
        "date_modified_gmt": _gmt(order.changed_at),
        "customer_id": 0,
        "billing": {"first_name": buyer.name, "email": buyer.email},
        "customer_note": "",
        "total": _dollars(PRICE),
        "line_items": [
            {
                "id": 1,
                "name": order.product,
                "product_id": int(order.product.encode().hex(), 16) % 10**6,
                "variation_id": 0,
                "sku": order.product,
                "quantity": 1,
                "total": _dollars(PRICE),
                "meta_data": [],
            }
        ],
        "meta_data": [each for each in (name, discord) if each["value"]],
        "refunds": [
            {"id": int(each.id, 16) % 10**9, "reason": "", "total": f"-{_dollars(each.cents)}"}
            for each in payment.refunds
        ],
    }


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _gmt(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _sign(letter: Letter, secret: str, _: datetime) -> signing.Headers:
    return signing.woocommerce(secret, letter.body, letter.event)


FORM = Form(
    "woocommerce",
    "WooCommerce",
    _write,
    _sign,
    lambda: secrets.token_urlsafe(24),
    deeds=_DEEDS,
    once=_DEEDS - {Deed.RENEW, Deed.FAIL},
)
