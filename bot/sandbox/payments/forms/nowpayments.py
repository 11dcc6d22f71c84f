"""NOWPayments: one message for each state of a payment; nothing renews by itself."""

import secrets
from datetime import datetime

from bot.sandbox.payments import signing
from bot.sandbox.payments.form import Form, Json, Letter, in_json, unix
from bot.sandbox.payments.orders import Deed, Order

_STATES = {Deed.BUY: ("waiting", "finished"), Deed.REFUND: ("refunded",)}


def _write(order: Order, deed: Deed, _: str) -> list[Letter]:
    return [Letter(state, "", in_json(_payment(order, state))) for state in _STATES[deed]]


def _payment(order: Order, state: str) -> Json:
    return {
        "payment_id": int(order.paid.id, 16) % 10**10,
        "payment_status": state,
        "order_id": order.id,
        "order_description": order.product,
        "price_amount": 29,
        "price_currency": "usd",
        "pay_amount": 0.00029,
        "pay_currency": "btc",
        "fee": {"currency": "btc", "depositFee": 0.1, "withdrawalFee": 0},
        "updated_at": unix(order.changed_at) * 1000,
    }


def _sign(letter: Letter, secret: str, _: datetime) -> signing.Headers:
    return signing.nowpayments(secret, letter.body)


FORM = Form(
    "nowpayments",
    "NOWPayments",
    _write,
    _sign,
    lambda: secrets.token_urlsafe(24),
    deeds=frozenset(),
    once=frozenset({Deed.BUY, Deed.REFUND}),
    note="Each payment is for itself, and tells of no buyer.",
)
