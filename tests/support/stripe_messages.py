"""Messages of Stripe as they come over the wire, in the shapes of before and after 2025-03-31."""

import hashlib
import hmac
import itertools
import json
from datetime import UTC, datetime

from bot.access.rules.payments import Stored
from bot.access.sources.payments import provider

START = 1_760_000_000
DAY = 86_400
MONTH = 30 * DAY
_numbers = itertools.count(1)


def moment(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def event(kind, thing, at=START, **more):
    return {
        "id": f"evt_{next(_numbers)}", "object": "event", "api_version": "2025-03-31.basil",
        "created": at, "livemode": True, "type": kind, "data": {"object": thing}, **more,
    }  # fmt: skip


def body_of(message):
    return json.dumps(message).encode()


def stored(message, received_at=START):
    return Stored(message["id"], message["type"], body_of(message), moment(received_at))


def reading(message, **options):
    return provider("stripe").read(stored(message), options)


def facts(*messages, **options):
    return [fact for message in messages for fact in reading(message, **options).facts]


def signed(body, secret, at):
    digest = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={digest}"}


def session(**more):
    return {
        "object": "checkout.session", "id": "cs_1", "mode": "subscription", "status": "complete",
        "payment_status": "paid", "customer": "cus_1", "subscription": "sub_1", "invoice": "in_1",
        "payment_intent": None, "payment_link": "plink_1", "client_reference_id": "u-7f3a",
        "metadata": {}, "customer_details": {"email": "a@example.org"},
        "custom_fields": [{
            "key": "tradingviewusername", "type": "text", "optional": False,
            "label": {"type": "custom", "custom": "TradingView username"},
            "text": {"value": " Trader_Joe "},
        }], **more,
    }  # fmt: skip


def sale(**more):
    return session(**{
        "mode": "payment", "subscription": None, "invoice": None, "payment_intent": "pi_1",
        "amount_total": 2900, "currency": "usd", **more,
    })  # fmt: skip


def line(price="price_1", start=START, end=START + MONTH, cents=2900, proration=False, old=False):
    period = {"start": start, "end": end}
    if old:
        return {
            "amount": cents, "period": period, "type": "subscription", "proration": proration,
            "price": {"id": price, "product": f"prod_{price}"}, "subscription": "sub_1",
        }  # fmt: skip
    return {
        "amount": cents, "period": period,
        "pricing": {"price_details": {"price": price, "product": f"prod_{price}"}},
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {"subscription": "sub_1", "proration": proration},
        },
    }  # fmt: skip


def invoice(number=1, lines=None, cents=2900, old=False, metadata=None, **more):
    start = START + (number - 1) * MONTH
    lines = lines or [line(start=start, end=start + MONTH, cents=cents, old=old)]
    details = {"subscription": "sub_1", "metadata": metadata or {}}
    shape = (
        {
            "subscription": "sub_1", "subscription_details": {"metadata": metadata or {}},
            "payment_intent": f"pi_{number}", "charge": f"ch_{number}",
        }
        if old
        else {"parent": {"type": "subscription_details", "subscription_details": details}}
    )  # fmt: skip
    return {
        "object": "invoice", "id": f"in_{number}", "status": "paid", "customer": "cus_1",
        "customer_email": "a@example.org", "amount_paid": cents, "currency": "usd",
        "attempt_count": 1, "period_end": START, "lines": {"has_more": False, "data": lines},
        **shape, **more,
    }  # fmt: skip


def paid(number=1, at=None, **more):
    at = START + (number - 1) * MONTH + 60 if at is None else at
    return event("invoice.paid", invoice(number, **more), at)


def invoice_payment(number=1):
    payment = {"type": "payment_intent", "payment_intent": f"pi_{number}"}
    thing = {"object": "invoice_payment", "invoice": f"in_{number}", "payment": payment}
    return event("invoice_payment.paid", thing, START + (number - 1) * MONTH + 60)


def failed(number=2, at=None, attempt=1, **more):
    at = START + (number - 1) * MONTH + 3600 if at is None else at
    thing = {**invoice(number, **more), "status": "open", "attempt_count": attempt}
    return event("invoice.payment_failed", thing, at)


def subscription(kind="updated", status="active", at=START, price="price_1", end=None, **more):
    end = START + MONTH if end is None else end
    thing = {
        "object": "subscription", "id": "sub_1", "status": status, "customer": "cus_1",
        "cancel_at_period_end": False, "cancel_at": None, "canceled_at": None, "ended_at": None,
        "pause_collection": None, "metadata": {},
        "items": {"data": [{
            "id": "si_1", "price": {"id": price, "product": f"prod_{price}"},
            "current_period_end": end,
        }]}, **more,
    }  # fmt: skip
    return event(f"customer.subscription.{kind}", thing, at)


def refunded(total, number=1, at=START + DAY, amount=2900):
    thing = {
        "object": "charge", "id": f"ch_{number}", "payment_intent": f"pi_{number}",
        "amount": amount, "amount_refunded": total, "refunded": total == amount, "currency": "usd",
    }  # fmt: skip
    return event("charge.refunded", thing, at)


def refund(key, cents, status="succeeded", at=START + DAY, kind="created", number=1):
    thing = {
        "object": "refund", "id": key, "charge": f"ch_{number}", "currency": "usd",
        "payment_intent": f"pi_{number}", "amount": cents, "status": status,
    }  # fmt: skip
    return event(f"refund.{kind}", thing, at)


def dispute(kind, status, at=START + DAY, number=1):
    thing = {
        "object": "dispute", "id": "du_1", "charge": f"ch_{number}", "amount": 2900,
        "payment_intent": f"pi_{number}", "status": status, "reason": "fraudulent",
    }  # fmt: skip
    return event(f"charge.dispute.{kind}", thing, at)
