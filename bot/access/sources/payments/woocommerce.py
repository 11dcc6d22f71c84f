"""WooCommerce: each message says "look at this order again", and may be late, doubled, or of an older state."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.access.rules.payments import (
    Fact,
    Heading,
    Line,
    Payment,
    Reading,
    Refund,
    Refused,
    Snapshot,
    Status,
    Stored,
)
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared import fields, signatures
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.values import at_path, text

# What WordPress sends, unsigned, when the vendor saves the webhook: it wants 200, and nothing comes of it.
_GREETING = re.compile(rb"webhook_id=\d{1,20}")
_TOPIC = re.compile(r"[a-z_]{1,40}\.[a-z_.]{1,50}", re.ASCII)
_STATUS = {
    "pending": Status.PENDING,
    "on-hold": Status.PENDING,
    "checkout-draft": Status.PENDING,
    "processing": Status.ACTIVE,
    "completed": Status.ACTIVE,
    "failed": Status.UNPAID,
    "cancelled": Status.ENDED,
    "trash": Status.ENDED,
    "refunded": Status.ENDED,
}
_WAS_PAID = ("processing", "completed", "refunded")


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], _: datetime, _options: Options
) -> None:
    """Raise Refused unless the shop signed these bytes, or they are its greeting."""
    if _GREETING.fullmatch(body):
        return
    given = signatures.header(headers, "X-WC-Webhook-Signature")
    expected = [signatures.digest(key, body) for key in fields.keys(secrets)]
    signatures.insist(expected, [signatures.from_base64(given.strip())])


def head(headers: Headers, body: bytes, _: Options) -> Heading | None:
    """Return the topic of the header as the kind; its delivery id is not unique, so the content names it.

    Without a topic it is any look at an order.
    """
    if _GREETING.fullmatch(body):
        return None
    topic = signatures.header(headers, "X-WC-Webhook-Topic").strip() or "order.updated"
    if not _TOPIC.fullmatch(topic):
        raise Refused("the topic is not readable")
    order = json_of(body)
    parts = (order.get(name) for name in ("id", "status", "date_modified_gmt"))
    return Heading(fields.event_id(topic.partition(".")[0], *parts, body=body), topic)


def read(stored: Stored, options: Options) -> Reading:
    """Return how the order stands. Renewals of a subscription come as orders too, so only those count."""
    if stored.kind not in ("order.created", "order.updated", "order.restored", "order.deleted"):
        return Reading()
    order = json_of(stored.body)
    contract = "order:" + fields.needed(order.get("id"), "id")
    if "status" not in order:
        if stored.kind != "order.deleted":
            raise Refused("the message has no status")
        gone = Snapshot(contract, stored.received_at, Status.ENDED, renews=False, rank=2)
        return Reading((gone,), stored.received_at)
    at = _moment(order, "date_modified") or stored.received_at
    return Reading(tuple(_facts(contract, order, at, stored, options)), at)


def _facts(
    contract: str, order: dict[str, Any], at: datetime, stored: Stored, options: Options
) -> list[Fact]:
    name = fields.needed(order.get("status"), "status")
    customer = text(order.get("customer_id"))
    if customer is not None:
        customer = None if customer == "0" else f"customer:{customer}"  # 0: a guest
    facts: list[Fact] = [
        *fields.buyer(
            _answers(order, options),
            contract=contract,
            customer=customer,
            address=at_path(order, "billing.email"),
        )
    ]
    status = _STATUS.get(name)
    if status is not None:
        rank = 0 if stored.kind == "order.created" else 2 if status is Status.ENDED else 1
        facts.append(Snapshot(contract, at, status, renews=False, rank=rank, customer=customer))
    if name in _WAS_PAID:
        facts.append(_payment(contract, order, stored))
    return [*facts, *_refunds(contract, order, at, is_full=name == "refunded")]


def _payment(contract: str, order: dict[str, Any], stored: Stored) -> Payment:
    paid_at = (
        _moment(order, "date_paid")
        or _moment(order, "date_completed")
        or _moment(order, "date_created")
    )
    return Payment(
        contract,
        contract,
        paid_at or _moment(order, "date_modified") or stored.received_at,
        _lines(order),
        amount=fields.amount_if_any(order.get("total")),
        currency=text(order.get("currency")),
    )


def _refunds(contract: str, order: dict[str, Any], at: datetime, *, is_full: bool) -> list[Fact]:
    """Return each refund that the order lists, and the whole of it by its status."""
    found: list[Fact] = []
    for refund in fields.objects(order.get("refunds")):
        key = "refund:" + fields.needed(refund.get("id"), "id of a refund")
        total = text(refund.get("total"))  # written as a negative number
        amount = fields.amount_if_any(total.removeprefix("-") if total else None)
        found.append(Refund(key, contract, at, amount=amount, contract=contract))
    if is_full:
        found.append(Refund(f"refunds:{contract}", contract, at, is_full=True, contract=contract))
    return found


def _moment(order: dict[str, Any], name: str) -> datetime | None:
    """Return one of the order's moments: in UTC, and written without a zone."""
    written = text(order.get(f"{name}_gmt"))
    if written is None:
        return None
    has_zone = written.endswith("Z") or "+" in written
    return fields.needed_moment(written if has_zone else f"{written}Z", name)


def _lines(order: dict[str, Any]) -> tuple[Line, ...]:
    found = []
    for item in fields.objects(order.get("line_items")):
        variation, product = text(item.get("variation_id")), text(item.get("product_id"))
        keys = fields.some(
            f"variation:{variation}" if variation not in (None, "0") else None,
            text(item.get("sku")),
            f"product:{product}" if product not in (None, "0") else None,
        )
        if keys:
            found.append(Line(keys, text(item.get("name"))))
    return tuple(found)


def _answers(order: dict[str, Any], options: Options) -> fields.Answers:
    """Return what the fields of the order tell, or else those of its articles; a plug-in decides where they stand."""
    of_order = fields.answers(_meta(order), options)
    items = fields.objects(order.get("line_items"))
    of_items = fields.answers([pair for item in items for pair in _meta(item)], options)
    return fields.Answers(
        of_order.token or of_items.token,
        of_order.username or of_items.username,
        of_order.discord_id or of_items.discord_id,
    )


def _meta(holder: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [
        (entry.get("key"), entry.get("value")) for entry in fields.objects(holder.get("meta_data"))
    ]


PROVIDER = Provider(
    name="woocommerce",
    label="WooCommerce",
    verify=verify,
    head=head,
    read=read,
    where=(
        "In WordPress open WooCommerce, Settings, Advanced, Webhooks, add one for the topic Order updated"
        " and one for Order created, paste the address as the delivery URL of both, and set them active."
        " What the shop sends while Usher is off is not sent again."
    ),
    secret=(
        "Choose a long random text of letters and digits, and paste it here and into the field Secret of"
        " both webhooks."
    ),
    name_field=(
        "Add a required field for the TradingView name to the checkout or the product with a plug-in for"
        " checkout fields. If the field's own name does not hold the word tradingview, type that name into"
        " name_field of /webhook edit."
    ),
    secret_pattern=r"[A-Za-z0-9_-]{10,200}",
    check_options=fields.options_with(name_field=str),
)
