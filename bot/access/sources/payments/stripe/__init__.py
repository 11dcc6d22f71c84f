"""Stripe: its signature, and its events in all the shapes that they have had (payments-wire, section 2)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bot.access.rules.payments import Heading, Notice, NoticeKind, Reading, Refused, Stored
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.signatures import (
    MAX_AGE,
    digest,
    from_hex,
    insist,
    insist_on_time,
)
from bot.access.sources.payments.stripe.events import Event, facts_of
from bot.access.sources.payments.stripe.shapes import id_of, inside, moment, text

_HEADER = "stripe-signature"
_MAX_KIND = 100
_THIN = "v2.core.event"
_THIN_TWIN = "v1."  # before the type of an event that exists in the other form too


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, options: Options
) -> None:
    """Raise Refused unless one of the secrets signed these bytes a short while ago."""
    values = [value for name, value in headers.items() if name.lower() == _HEADER]
    parts = [part.strip().partition("=") for value in values for part in value.split(",")]
    times = {value for name, _, value in parts if name == "t"}
    if len(times) != 1:
        raise Refused("the signature is missing or not readable")
    sent = times.pop()
    insist_on_time(sent, now, _tolerance(options))
    signed = sent.encode() + b"." + body
    # The whole secret is the key, with "whsec_" and not as base64: unlike Standard Webhooks.
    expected = [digest(secret.encode(), signed) for secret in secrets if secret]
    insist(expected, [from_hex(value) for name, _, value in parts if name == "v1"])


def head(_headers: Headers, body: bytes, _options: Options) -> Heading:
    """Return the id and the type of an event. Raises Refused for what is none."""
    event = json_of(body)
    event_id, kind = id_of(event), text(inside(event, "type"), _MAX_KIND)
    if event_id is None or kind is None:
        raise Refused("the body is no event of Stripe")
    return Heading(event_id, kind)


def read(stored: Stored, options: Options) -> Reading:
    """Return what an event says; nothing of it where it is of no use here."""
    event = json_of(stored.body)
    kind = text(inside(event, "type"), _MAX_KIND) or ""
    occurred_at = moment(inside(event, "created")) or _written_moment(inside(event, "created"))
    is_test = inside(event, "livemode") is False
    if inside(event, "object") == _THIN or kind.startswith(_THIN_TWIN):
        about = id_of(inside(event, "related_object"))
        return Reading((Notice(NoticeKind.THIN_EVENT, about),), occurred_at, is_test)
    thing = inside(event, "data", "object")
    if not isinstance(thing, dict):
        return Reading((), occurred_at, is_test)
    at = occurred_at or stored.received_at
    return Reading(tuple(facts_of(Event(kind, at, thing, options))), occurred_at, is_test)


def _written_moment(value: Any) -> datetime | None:
    """Return the moment that is written out, as thin events have it."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _tolerance(options: Options) -> float:
    seconds = options.get("tolerance")
    return float(seconds) if type(seconds) is int and seconds > 0 else MAX_AGE


PROVIDER = Provider(
    name="stripe",
    label="Stripe",
    verify=verify,
    head=head,
    read=read,
    where=(
        "In Stripe's Dashboard open Developers, then Webhooks, add an endpoint with this address and the "
        "payload style Snapshot, and choose: checkout.session.completed, "
        "checkout.session.async_payment_succeeded, checkout.session.async_payment_failed, "
        "invoice.paid, invoice_payment.paid, invoice.payment_failed, invoice.payment_action_required, "
        "charge.refunded, radar.early_fraud_warning.created, and everything under "
        "customer.subscription, refund and charge.dispute."
    ),
    secret="On the page of the new endpoint press Reveal under Signing secret: it begins with whsec_.",
    name_field=(
        "Add a custom text field with the label TradingView username to your Payment Link or Checkout "
        "page: Stripe then sends what the buyer typed there with the first payment."
    ),
    secret_pattern=r"whsec_\S{8,200}",
    link_parameter="client_reference_id",
)
