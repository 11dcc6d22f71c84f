"""The plain message for shops without a form of their own, sent as Standard Webhooks or with a generic HMAC."""

from bot.sandbox.payments.form import JSON_TYPE, Json, Letter, in_json, iso, kept, message_id
from bot.sandbox.payments.orders import Deed, Order

# It has no word for a part that goes back.
DEEDS = frozenset(Deed) - {Deed.REFUND_PART}
_TYPES = {
    Deed.BUY: "paid",
    Deed.RENEW: "paid",
    Deed.FAIL: "payment_failed",
    Deed.CANCEL: "cancelled",
    Deed.REFUND: "refunded",
    Deed.DISPUTE: "disputed",
    Deed.WIN: "dispute_won",
}


def write(order: Order, deed: Deed, _: str) -> list[Letter]:
    """Return the one message that tells of it."""
    number = message_id("m")
    buyer = order.buyer
    data: Json = {
        "order": order.id,
        "product": order.product,
        **kept(username=buyer.username, discord_id=buyer.discord_id, email=buyer.email),
    }
    if deed in (Deed.BUY, Deed.RENEW):
        data |= {"until": iso(order.paid.ends_at)} if order.is_subscription else {"duration": "1M"}
    kind = _TYPES[deed]
    body = {"id": number, "type": kind, "timestamp": iso(order.changed_at), "data": data}
    return [Letter(kind, number, in_json(body), JSON_TYPE)]
