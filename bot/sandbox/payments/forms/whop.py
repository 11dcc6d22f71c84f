"""Whop: v1 webhooks without a pinned date."""

import secrets
from datetime import datetime

from bot.sandbox.payments import signing
from bot.sandbox.payments.form import Form, Json, Letter, in_json, iso, message_id, unix
from bot.sandbox.payments.orders import PRICE, Deed, Order


def _write(order: Order, deed: Deed, _: str) -> list[Letter]:
    def letter(kind: str, data: Json) -> Letter:
        number = message_id("msg_")
        body = {
            "id": number,
            "api_version": "v1",
            "api_version_date": None,
            "timestamp": iso(order.changed_at),
            "type": kind,
            "company_id": "biz_harbor",
            "data": data,
        }
        return Letter(kind, number, in_json(body))

    match deed:
        case Deed.BUY:
            return [
                letter("membership.activated", _membership(order)),
                letter("payment.succeeded", _payment(order)),
            ]
        case Deed.RENEW:
            return [
                letter("payment.succeeded", _payment(order)),
                letter("membership.updated", _membership(order)),
            ]
        case Deed.FAIL:
            return [
                letter("payment.failed", _payment(order)),
                letter("membership.updated", _membership(order)),
            ]
        case Deed.CANCEL:
            return [letter("membership.cancel_at_period_end_changed", _membership(order))]
        case Deed.REFUND | Deed.REFUND_PART:
            return [letter("refund.created", _refund(order))]
        case Deed.DISPUTE:
            return [letter("dispute.created", _dispute(order))]
        case Deed.WIN:
            return [letter("dispute.updated", _dispute(order))]


def _membership(order: Order) -> Json:
    buyer, paid = order.buyer, order.paid
    answer = {"id": "cfrp_1", "question": "TradingView username", "answer": buyer.username}
    status = "past_due" if order.is_past_due else "active"
    return {
        "id": f"mem_{order.id}",
        "status": status if order.is_subscription else "completed",
        "user": _user(order),
        "member": {"id": f"mber_{order.id}"},
        **_what(order),
        "renewal_period_start": iso(paid.starts_at) if order.is_subscription else None,
        "renewal_period_end": iso(paid.ends_at) if order.is_subscription else None,
        "cancel_at_period_end": order.is_cancelled,
        "canceled_at": iso(order.changed_at) if order.is_cancelled else None,
        "created_at": iso(order.began_at),
        "updated_at": iso(order.changed_at),
        "metadata": {"discord_id": buyer.discord_id} if buyer.discord_id else {},
        "license_key": None,
        "custom_field_responses": [answer] if buyer.username else [],
    }


def _user(order: Order) -> Json:
    buyer = order.buyer
    return {
        "id": f"user_{order.id}",
        "username": buyer.name.casefold(),
        "name": buyer.name,
        "email": buyer.email,
    }


def _what(order: Order) -> Json:
    return {
        "product": {"id": f"prod_{order.product}", "title": order.product},
        "plan": {"id": f"plan_{order.product}", "metadata": {}},
    }


def _payment(order: Order) -> Json:
    last = order.last
    cycle = "subscription_create" if last.number == 1 else "subscription_cycle"
    return {
        "id": f"pay_{last.id}",
        "status": "open" if last.is_failed else "paid",
        "substatus": "failed" if last.is_failed else "succeeded",
        "billing_reason": cycle if order.is_subscription else "one_time",
        "membership": {"id": f"mem_{order.id}"},
        "user": _user(order),
        **_what(order),
        "total": PRICE / 100,
        "currency": "usd",
        "paid_at": None if last.is_failed else iso(last.at),
        "created_at": iso(last.at),
    }


def _refund(order: Order) -> Json:
    paid, newest = order.paid, order.paid.refunds[-1]
    return {
        "id": f"rfnd_{newest.id}",
        "status": "succeeded",
        "amount": newest.cents / 100,
        "currency": "usd",
        "created_at": iso(order.changed_at),
        "payment": {
            "id": f"pay_{paid.id}",
            "total": PRICE / 100,
            "substatus": "refunded" if paid.is_fully_refunded else "partially_refunded",
        },
    }


def _dispute(order: Order) -> Json:
    paid = order.paid
    return {
        "id": f"dspt_{paid.dispute}",
        "status": "won" if paid.dispute_won else "needs_response",
        "amount": PRICE / 100,
        "currency": "usd",
        "created_at": iso(order.changed_at),
        "payment": {"id": f"pay_{paid.id}"},
    }


def _sign(letter: Letter, secret: str, at: datetime) -> signing.Headers:
    return signing.whop(secret, letter.body, unix(at), letter.id)


FORM = Form("whop", "Whop", _write, _sign, lambda: f"ws_{secrets.token_hex(24)}")
