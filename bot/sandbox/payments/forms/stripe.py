"""Stripe: snapshot events in the shape since 2025 (basil), and in the one before it."""

import secrets
from collections.abc import Callable
from datetime import datetime

from bot.sandbox.payments import signing
from bot.sandbox.payments.form import Form, Json, Letter, in_json, message_id, unix
from bot.sandbox.payments.orders import PRICE, Deed, Order

_NEW, _OLD = "2026-10-28.endive", "2024-06-20"


class _Writer:
    """Writes the events of one order in one of the two shapes."""

    def __init__(self, order: Order, *, is_old: bool) -> None:
        self._order = order
        self._is_old = is_old
        self._deeds: dict[Deed, Callable[[], list[Letter]]] = {
            Deed.BUY: self._buy,
            Deed.RENEW: self._renew,
            Deed.FAIL: self._fail,
            Deed.CANCEL: lambda: [self._changed()],
            Deed.REFUND: self._refund,
            Deed.REFUND_PART: self._refund,
            Deed.DISPUTE: lambda: [self._event("charge.dispute.created", self._dispute())],
            Deed.WIN: lambda: [self._event("charge.dispute.closed", self._dispute())],
        }

    def write(self, deed: Deed) -> list[Letter]:
        """Return the events that tell of it, in the order in which Stripe made them."""
        return self._deeds[deed]()

    def _event(self, kind: str, subject: Json, before: Json | None = None) -> Letter:
        number = message_id("evt_")
        data: Json = {"object": subject}
        if before is not None:
            data["previous_attributes"] = before
        body = {
            "id": number,
            "object": "event",
            "api_version": _OLD if self._is_old else _NEW,
            "created": unix(self._order.changed_at),
            "livemode": True,
            "type": kind,
            "account": None,
            "data": data,
        }
        return Letter(kind, number, in_json(body))

    # What happens

    def _buy(self) -> list[Letter]:
        session = self._event("checkout.session.completed", self._session())
        if not self._order.is_subscription:
            return [session]
        created = self._event("customer.subscription.created", self._subscription())
        return [created, *self._paid("subscription_create"), session]

    def _renew(self) -> list[Letter]:
        return [*self._paid("subscription_cycle"), self._changed()]

    def _fail(self) -> list[Letter]:
        invoice = self._invoice("subscription_cycle", is_paid=False)
        return [self._event("invoice.payment_failed", invoice), self._changed()]

    def _refund(self) -> list[Letter]:
        newest = self._order.paid.refunds[-1]
        refund = {
            "object": "refund",
            "id": f"re_{newest.id}",
            "amount": newest.cents,
            "charge": self._charge_id,
            "payment_intent": self._intent_id,
            "status": "succeeded",
        }
        return [
            self._event("refund.created", refund),
            self._event("charge.refunded", self._charge()),
        ]

    def _paid(self, reason: str) -> list[Letter]:
        letters = [self._event("invoice.paid", self._invoice(reason, is_paid=True))]
        if not self._is_old:
            pair = {
                "object": "invoice_payment",
                "id": f"inpay_{self._order.paid.id}",
                "invoice": self._invoice_id,
                "status": "paid",
                "payment": {"type": "payment_intent", "payment_intent": self._intent_id},
            }
            letters.append(self._event("invoice_payment.paid", pair))
        return letters

    def _changed(self) -> Letter:
        return self._event("customer.subscription.updated", self._subscription(), {"status": None})

    # Stripe's objects

    @property
    def _invoice_id(self) -> str:
        return f"in_{self._order.last.id}"

    @property
    def _intent_id(self) -> str:
        return f"pi_{self._order.paid.id}"

    @property
    def _charge_id(self) -> str:
        return f"ch_{self._order.paid.id}"

    @property
    def _subscription_id(self) -> str:
        return f"sub_{self._order.id}"

    @property
    def _customer_id(self) -> str:
        return f"cus_{self._order.id}"

    def _session(self) -> Json:
        order = self._order
        once = not order.is_subscription
        name = order.buyer.username
        field: Json = {
            "key": "tradingviewusername",
            "type": "text",
            "optional": True,
            "label": {"type": "custom", "custom": "TradingView username"},
            "text": {"value": name or None},
        }
        return {
            "object": "checkout.session",
            "id": f"cs_{order.id}",
            "mode": "payment" if once else "subscription",
            "status": "complete",
            "payment_status": "paid",
            "livemode": True,
            "customer": self._customer_id,
            "subscription": None if once else self._subscription_id,
            "invoice": None if once else self._invoice_id,
            "payment_intent": self._intent_id if once else None,
            "payment_link": f"plink_{order.product}",
            "client_reference_id": None,
            "amount_total": PRICE,
            "currency": "usd",
            "created": unix(order.changed_at),
            "metadata": {"discord_id": order.buyer.discord_id} if order.buyer.discord_id else {},
            "customer_details": {"email": order.buyer.email, "name": order.buyer.name},
            "custom_fields": [field],
        }

    def _invoice(self, reason: str, *, is_paid: bool) -> Json:
        order, last = self._order, self._order.last
        period = {"start": unix(last.starts_at), "end": unix(last.ends_at)}
        line: Json = {"id": f"il_{last.id}", "amount": PRICE, "period": period}
        invoice: Json = {
            "object": "invoice",
            "id": self._invoice_id,
            "status": "paid" if is_paid else "open",
            "billing_reason": reason,
            "customer": self._customer_id,
            "customer_email": order.buyer.email,
            "currency": "usd",
            "amount_paid": PRICE if is_paid else 0,
            "attempt_count": 1,
            "next_payment_attempt": None if is_paid else unix(order.changed_at) + 3 * 86_400,
            # The window for collecting items: on renewals the period that is over.
            "period_start": unix(order.began_at),
            "period_end": unix(last.starts_at),
        }
        if self._is_old:
            line |= {
                "type": "subscription",
                "subscription": self._subscription_id,
                "proration": False,
                "price": self._price,
                "plan": {"id": self._price["id"]},
            }
            invoice |= {
                "subscription": self._subscription_id,
                "subscription_details": {"metadata": {}},
                "payment_intent": self._intent_id,
                "charge": self._charge_id,
            }
        else:
            details = {"subscription": self._subscription_id, "metadata": {}}
            item = {
                "subscription": self._subscription_id,
                "subscription_item": f"si_{order.id}",
                "proration": False,
            }
            prices = {"price": self._price["id"], "product": self._price["product"]}
            line |= {
                "pricing": {"price_details": prices, "type": "price_details"},
                "parent": {"type": "subscription_item_details", "subscription_item_details": item},
            }
            invoice["parent"] = {"type": "subscription_details", "subscription_details": details}
        return invoice | {"lines": {"has_more": False, "data": [line]}}

    @property
    def _price(self) -> Json:
        product = self._order.product
        return {"id": f"price_{product}", "product": f"prod_{product}"}

    def _subscription(self) -> Json:
        order = self._order
        end = unix(order.last.ends_at)
        item: Json = {"id": f"si_{order.id}", "price": self._price}
        # Since flexible billing a planned end is a date, and the flag stays as it was.
        subscription: Json = {
            "object": "subscription",
            "id": self._subscription_id,
            "status": "past_due" if order.is_past_due else "active",
            "customer": self._customer_id,
            "cancel_at_period_end": order.is_cancelled and self._is_old,
            "cancel_at": end if order.is_cancelled and not self._is_old else None,
            "canceled_at": unix(order.changed_at) if order.is_cancelled else None,
            "ended_at": None,
            "pause_collection": None,
            "collection_method": "charge_automatically",
            "metadata": {},
        }
        if self._is_old:
            subscription["current_period_end"] = end
        else:
            item["current_period_end"] = end
        return subscription | {"items": {"data": [item]}}

    def _charge(self) -> Json:
        paid = self._order.paid
        charge: Json = {
            "object": "charge",
            "id": self._charge_id,
            "payment_intent": self._intent_id,
            "customer": self._customer_id,
            "amount": PRICE,
            "currency": "usd",
            "amount_refunded": paid.refunded,
            "refunded": paid.is_fully_refunded,
            "disputed": paid.dispute is not None,
        }
        if self._is_old and self._order.is_subscription:
            charge["invoice"] = f"in_{paid.id}"
        return charge

    def _dispute(self) -> Json:
        paid = self._order.paid
        return {
            "object": "dispute",
            "id": f"du_{paid.dispute}",
            "charge": self._charge_id,
            "payment_intent": self._intent_id,
            "status": "won" if paid.dispute_won else "needs_response",
            "amount": PRICE,
            "reason": "fraudulent",
        }


def _sign(letter: Letter, secret: str, at: datetime) -> signing.Headers:
    return signing.stripe(secret, letter.body, unix(at))


def _new_secret() -> str:
    return f"whsec_{secrets.token_hex(16)}"


FORM = Form(
    "stripe",
    "Stripe",
    lambda order, deed, _: _Writer(order, is_old=False).write(deed),
    _sign,
    _new_secret,
    note="Only the first purchase tells the TradingView name, as at a real checkout.",
)
OLD_FORM = Form(
    "stripe",
    "Stripe, as before 2025",
    lambda order, deed, _: _Writer(order, is_old=True).write(deed),
    _sign,
    _new_secret,
    key="stripe-old",
    note="An endpoint keeps the shape of the day on which it was made.",
)
