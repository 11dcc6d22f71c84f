"""Gumroad: forms without a signature, so that the address itself is the secret."""

import secrets
from datetime import datetime

from bot.sandbox.payments.form import FORM_TYPE, Form, Letter, as_form, iso
from bot.sandbox.payments.orders import PRICE, Deed, Order
from bot.sandbox.payments.signing import Headers

# A failed payment is told of only when it ends the subscription, and never which part went back.
_DEEDS = frozenset(Deed) - {Deed.FAIL, Deed.REFUND_PART}
_RESOURCES = {
    Deed.BUY: "sale",
    Deed.RENEW: "sale",
    Deed.CANCEL: "cancellation",
    Deed.REFUND: "refund",
    Deed.DISPUTE: "dispute",
    Deed.WIN: "dispute_won",
}


def _write(order: Order, deed: Deed, _: str) -> list[Letter]:
    resource = _RESOURCES[deed]
    fields = _cancellation(order) if deed is Deed.CANCEL else _sale(order)
    body = as_form({**fields, "resource_name": resource})
    return [Letter(resource, "", body, FORM_TYPE)]


def _sale(order: Order) -> dict[str, str]:
    """Write a product without licence keys: of one with them the bot asks Gumroad itself, which is not here."""
    paid, buyer = order.paid, order.buyer
    fields = {
        "seller_id": "seller_harbor",
        "sale_id": paid.id,
        "order_number": str(int(paid.id, 16) % 10**9),
        "sale_timestamp": iso(paid.at),
        "product_id": order.product,
        "product_name": order.product,
        "permalink": order.product,
        "email": buyer.email,
        "full_name": buyer.name,
        "price": str(PRICE),
        "currency": "usd",
        "quantity": "1",
        "refunded": _flag(paid.is_fully_refunded),
        "disputed": _flag(paid.dispute is not None),
        "dispute_won": _flag(paid.dispute_won),
    }
    if buyer.username:
        fields |= {
            "custom_fields[TradingView username]": buyer.username,
            "TradingView username": buyer.username,
        }
    if buyer.discord_id:
        fields["url_params[discord_id]"] = buyer.discord_id
    if order.is_subscription:
        fields |= {
            "subscription_id": order.id,
            "recurrence": "monthly",
            "is_recurring_charge": _flag(paid.number > 1),
        }
    return fields


def _cancellation(order: Order) -> dict[str, str]:
    return {
        "subscription_id": order.id,
        "product_id": order.product,
        "product_name": order.product,
        "user_email": order.buyer.email,
        "created_at": iso(order.began_at),
        "cancelled": "true",
        "cancelled_at": iso(order.changed_at),
        "cancelled_by_buyer": "true",
    }


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _sign(_: Letter, __: str, ___: datetime) -> Headers:
    return {}


FORM = Form(
    "gumroad",
    "Gumroad",
    _write,
    _sign,
    lambda: secrets.token_hex(16),
    deeds=_DEEDS,
    once=_DEEDS - {Deed.RENEW, Deed.CANCEL},
    note="Gumroad signs nothing: leave the form's secret empty, and the whole address is the secret. Or paste the "
    "address with ?secret= and the secret below behind it.",
)
