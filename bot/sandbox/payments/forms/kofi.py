"""Ko-fi: a form with JSON inside, and a token in the JSON; it tells of payments alone."""

import json
import secrets
from datetime import datetime

from bot.sandbox.payments.form import FORM_TYPE, Form, Letter, as_form, iso
from bot.sandbox.payments.orders import PRICE, Deed, Order
from bot.sandbox.payments.signing import Headers


def body_of(data: dict[str, object]) -> bytes:
    """Return the form around the JSON."""
    return as_form({"data": json.dumps(data, separators=(",", ":"))})


def _write(order: Order, _: Deed, token: str) -> list[Letter]:
    paid, buyer = order.paid, order.buyer
    kind = "Subscription" if order.is_subscription else "Shop Order"
    item = {"direct_link_code": order.product, "variation_name": "", "quantity": 1}
    data: dict[str, object] = {
        "verification_token": token,
        "message_id": paid.id,
        "timestamp": iso(paid.at),
        "type": kind,
        "is_public": False,
        "from_name": buyer.name,
        "message": buyer.username or None,
        "amount": f"{PRICE / 100:.2f}",
        "url": "https://ko-fi.example/",
        "email": buyer.email,
        "currency": "USD",
        "is_subscription_payment": order.is_subscription,
        "is_first_subscription_payment": order.is_subscription and paid.number == 1,
        "kofi_transaction_id": f"t{paid.id}",
        "shop_items": None if order.is_subscription else [item],
        "tier_name": order.product if order.is_subscription else None,
        "shipping": None,
    }
    return [Letter(kind, paid.id, body_of(data), FORM_TYPE)]


def _sign(_: Letter, __: str, ___: datetime) -> Headers:
    return {}


FORM = Form(
    "kofi",
    "Ko-fi",
    _write,
    _sign,
    lambda: secrets.token_hex(16),
    deeds=frozenset({Deed.BUY, Deed.RENEW}),
    once=frozenset({Deed.BUY}),
    note="Ko-fi tells of payments alone: what ends is ended by hand.",
)
