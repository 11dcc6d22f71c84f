"""Patreon: its members as they are after each change."""

import secrets
from datetime import datetime

from bot.sandbox.payments import signing
from bot.sandbox.payments.form import Form, Json, Letter, in_json, iso
from bot.sandbox.payments.orders import PRICE, Deed, Order

_DEEDS = frozenset(Deed) - {Deed.REFUND_PART, Deed.WIN}
_EVENTS = {Deed.BUY: "members:pledge:create", Deed.CANCEL: "members:pledge:delete"}


def _write(order: Order, deed: Deed, _: str) -> list[Letter]:
    event = _EVENTS.get(deed, "members:update")
    return [Letter(event, "", in_json(_member(order)))]


def _member(order: Order) -> Json:
    buyer, paid = order.buyer, order.paid
    charge = "Declined" if order.is_past_due else "Paid"
    if paid.dispute is not None:
        charge = "Fraud"
    if paid.refunded:
        charge = "Refunded"
    status = "declined_patron" if order.is_past_due else "active_patron"
    user: Json = {"full_name": buyer.name}
    if buyer.discord_id:
        user["social_connections"] = {"discord": {"user_id": buyer.discord_id}}
    tiers = [] if order.is_cancelled else [{"type": "tier", "id": order.product}]
    number = str(int(order.id, 16) % 10**9)
    return {
        "data": {
            "type": "member",
            "id": f"{order.id}-patron",
            "attributes": {
                "full_name": buyer.name,
                "email": buyer.email,
                "patron_status": "former_patron" if order.is_cancelled else status,
                "last_charge_status": charge,
                "last_charge_date": iso(order.last.at),
                "next_charge_date": None if order.is_cancelled else iso(paid.ends_at),
                "pledge_relationship_start": iso(order.began_at),
                "currently_entitled_amount_cents": 0 if order.is_cancelled else PRICE,
            },
            "relationships": {
                "user": {"data": {"type": "user", "id": number}},
                "currently_entitled_tiers": {"data": tiers},
            },
        },
        "included": [{"type": "user", "id": number, "attributes": user}],
    }


def _sign(letter: Letter, secret: str, _: datetime) -> signing.Headers:
    return signing.patreon(secret, letter.body, letter.event)


FORM = Form(
    "patreon",
    "Patreon",
    _write,
    _sign,
    lambda: secrets.token_urlsafe(24),
    deeds=_DEEDS,
    once=frozenset(),
    note="A Discord role from Patreon is usually simpler than this.",
)
