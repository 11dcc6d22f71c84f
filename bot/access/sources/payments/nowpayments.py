"""NOWPayments: one payment in coins, told step by step; only a finished one counts."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bot.access.rules.payments import (
    Fact,
    Heading,
    Line,
    Notice,
    NoticeKind,
    Payment,
    Reading,
    Refund,
    Stored,
)
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared import fields, signatures
from bot.access.sources.payments.shared.bodies import Number, json_of
from bot.access.sources.payments.shared.values import text


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], _: datetime, _options: Options
) -> None:
    """Raise Refused unless NOWPayments signed what these bytes say, in either of its two recipes."""
    message = json_of(body)
    forms = (canonical(message), canonical(message, sorted(message, key=_code_units)))
    given = signatures.header(headers, "x-nowpayments-sig")
    signatures.insist(
        [signatures.digest(key, form, "sha512") for key in fields.keys(secrets) for form in forms],
        [signatures.from_hex(given.strip())],
    )


def canonical(message: dict[str, Any], only: Sequence[str] | None = None) -> bytes:
    """Return the message with sorted keys and without spaces, as JavaScript writes it.

    With `only`, objects keep those keys alone, at every depth: the form that comes of a list of the top
    level's keys handed to JSON.stringify as its filter. Numbers stay as they were spelled.
    """
    return _written(message, only).encode()


def _written(value: Any, only: Sequence[str] | None) -> str:
    if isinstance(value, dict):
        names: Iterable[str] = sorted(value, key=_code_units)
        if only is not None:
            names = [name for name in only if name in value]
        return "{" + ",".join(f"{_quoted(n)}:{_written(value[n], only)}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(entry, only) for entry in value) + "]"
    if isinstance(value, Number):
        return str(value)
    return _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _code_units(name: str) -> bytes:
    """Return what JavaScript sorts a text by."""
    return name.encode("utf-16-be")


def head(_: Headers, body: bytes, _options: Options) -> Heading | None:
    """Return the payment and its status as the id: each step of a payment is told once."""
    payment, status = _payment(json_of(body))
    return Heading(f"{payment}:{status}", status)


def _payment(message: dict[str, Any]) -> tuple[str, str]:
    return (
        fields.needed(message.get("payment_id"), "payment_id"),
        fields.needed(message.get("payment_status"), "payment_status"),
    )


def read(stored: Stored, _: Options) -> Reading:
    """Return the facts of one step; messages carry no time, so that of their arrival counts."""
    message = json_of(stored.body)
    payment, status = _payment(message)
    told = [*fields.buyer(fields.Answers(token=text(message.get("order_id"))), contract=payment)]
    return Reading((*_facts(message, payment, status, stored.received_at), *told))


def _facts(message: dict[str, Any], payment: str, status: str, at: datetime) -> list[Fact]:
    amount = fields.amount_if_any(message.get("price_amount"))
    currency = text(message.get("price_currency"))
    if status == "partially_paid":
        return [Notice(NoticeKind.UNDECIDED_PAYMENT, payment)]
    if status == "refunded":
        return [Refund(f"refund:{payment}", payment, at, is_full=True, contract=payment)]
    if status != "finished":
        return []
    description = text(message.get("order_description"))
    invoice = text(message.get("invoice_id"))
    priced = f"{amount} {currency.upper()}" if amount is not None and currency else None
    # A link for many buyers has its invoice, a payment made by a program its description, or the price alone.
    keys = fields.some(f"invoice:{invoice}" if invoice else None, description, priced)
    lines = (Line(keys, description),) if keys else ()
    return [Payment(payment, payment, at, lines, amount=amount, currency=currency)]


PROVIDER = Provider(
    name="nowpayments",
    label="NOWPayments",
    verify=verify,
    head=head,
    read=read,
    where=(
        "In NOWPayments the address goes into the field ipn_callback_url of each payment or invoice that"
        " your shop makes; with a shop plug-in, into its field for the IPN callback address."
    ),
    secret=(
        "In NOWPayments open Settings, Payments, Instant payment notifications, press Generate new"
        " secret key, and copy it at once: it is shown in full only then."
    ),
    name_field=(
        "NOWPayments asks buyers for nothing: let them link their TradingView name in Discord, or set the"
        " order_id of a payment to the personal token that Usher gives a member."
    ),
)
