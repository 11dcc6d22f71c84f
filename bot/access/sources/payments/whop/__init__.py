"""Whop: memberships, in the old, the present and the dated form of its messages (payments-wire, section 3).

A membership is the contract, and its running period is what is paid. Its payments are receipts alone: the
period comes with the membership, and a refund names the receipt.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from bot.access.rules.payments import (
    Dispute,
    DisputeState,
    Fact,
    Failure,
    Heading,
    Line,
    Notice,
    NoticeKind,
    Payment,
    Reading,
    Refund,
    RefundState,
    Refused,
    Snapshot,
    Status,
    Stored,
)
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.own_message import checked_tolerance, event_id, tolerance_of
from bot.access.sources.payments.shared.signatures import header
from bot.access.sources.payments.shared.standard_headers import insist_on_standard, standard_header
from bot.access.sources.payments.shared.values import amount, member_of, moment, text
from bot.access.sources.payments.whop.objects import (
    Message,
    buyer,
    customer,
    id_in,
    id_needed,
    lines,
    total,
)

_S = TypeVar("_S")
_OLD_NAMES = {"went_valid": "activated", "went_invalid": "deactivated"}
_STATUSES = {
    "active": Status.ACTIVE,
    "trialing": Status.TRIAL,
    "completed": Status.ACTIVE,  # a one-time purchase keeps what it brought
    "canceling": Status.ACTIVE,
    "past_due": Status.PAST_DUE,
    "unresolved": Status.PAST_DUE,
    "drafted": Status.PENDING,
    "canceled": Status.ENDED,
    "expired": Status.ENDED,
}
_ENDS = ("expires_at", "current_period_end", "renewal_period_end")
_PAID = frozenset({"active", "trialing", "completed", "canceling"})
_RENEWING = frozenset({"active", "trialing"})
_REFUNDS = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.DONE,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
_DISPUTES = {
    "needs_response": DisputeState.OPEN,
    "under_review": DisputeState.OPEN,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "prevented": DisputeState.LOST,  # the money goes back without a verdict
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.CLOSED,
}


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, options: Options
) -> None:
    """Raise Refused unless one of the secrets signed exactly these bytes, in the way of version v1."""
    if not standard_header(headers, "signature") and header(headers, "x-whop-signature"):
        raise Refused("the webhook is of an old version: one of version v1 is needed")
    insist_on_standard(headers, body, secrets, now, tolerance_of(options))


def head(headers: Headers, body: bytes, _options: Options) -> Heading:
    """Return the id of the message, which is that of its header, and its kind."""
    return Heading(event_id(standard_header(headers, "id"), body), _kind_of(json_of(body)))


def _kind_of(message: Mapping[str, Any]) -> str:
    """Return the kind of the message, under its present name."""
    kind = text(message.get("type"), 100) or text(message.get("action"), 100) or "unknown"
    about, _, what = kind.rpartition(".")
    return f"{about}.{_OLD_NAMES[what]}" if what in _OLD_NAMES else kind


def read(stored: Stored, options: Options) -> Reading:
    """Return what the message says of a membership, a payment, a refund or a dispute."""
    message = json_of(stored.body)
    kind = _kind_of(message)
    reader = next((reader for start, reader in _READERS.items() if kind.startswith(start)), None)
    sent = moment(message.get("timestamp")) or stored.received_at
    if reader is None:
        return Reading(occurred_at=sent)
    data = message.get("data")
    if data is None:
        data = message.get("body")
    if not isinstance(data, Mapping):
        raise Refused("the message has no data")
    at = moment(data.get("updated_at")) or sent
    asked = text(options.get("name_field"))
    return Reading(tuple(reader(Message(kind, data, at, asked))), occurred_at=at)


def _membership(message: Message) -> Iterator[Fact]:
    data = message.data
    membership = id_needed(data.get("id"))
    status = _status_of(message)
    fixed_end, *period_ends = (_end(data, name) for name in _ENDS)
    period_end = next(filter(None, period_ends), None)
    ends_at = fixed_end or period_end
    bought = lines(data)
    word = text(data.get("status")) or "active"
    # One without an end says so, by an empty one.
    tells_end = word == "completed" or any(name in data for name in _ENDS)
    if bought and tells_end and word in _PAID and status is not Status.ENDED:
        yield _paid(message, membership, ends_at, bought)
    is_cancelled = data.get("cancel_at_period_end") is True
    yield Snapshot(
        contract=membership,
        at=message.at,
        status=status,
        renews=(
            word in _RENEWING
            and status is not Status.ENDED
            and not is_cancelled
            and not fixed_end
            and period_end is not None
        ),
        rank=2 if status is Status.ENDED else 1,
        ends_at=ends_at,
        lines=bought,
        customer=customer(data),
    )
    yield from buyer(message, contract=membership)


def _end(data: Mapping[str, Any], name: str) -> datetime | None:
    value = data.get(name)
    found = moment(value)
    if value is not None and found is None:
        raise Refused("an end is not readable")
    return found


def _status_of(message: Message) -> Status:
    if message.kind == "membership.deactivated":
        return Status.ENDED
    word = message.data.get("status")
    if word is None and (
        message.kind == "membership.activated" or message.data.get("valid") is True
    ):
        return Status.ACTIVE
    if not isinstance(word, str) or word not in _STATUSES:
        raise Refused("the membership has no status that Usher knows")
    return _STATUSES[word]


def _paid(
    message: Message, membership: str, ends_at: datetime | None, lines: tuple[Line, ...]
) -> Payment:
    """Return the running period, once for each end; without one, what was bought once and for all."""
    data = message.data
    starts_at = moment(data.get("current_period_start")) or moment(data.get("renewal_period_start"))
    bought_at = moment(data.get("created_at"))
    if ends_at is None:
        return Payment(membership, membership, bought_at or message.at, lines)
    return Payment(
        key=f"{membership}:{ends_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        contract=membership,
        at=starts_at or message.at,
        lines=lines,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _payment(message: Message) -> Iterator[Fact]:
    data = message.data
    payment = id_needed(data.get("id"))
    membership = id_in(data, "membership")
    if membership is None:
        return  # a one-time payment shows as a membership of its own
    match message.kind:
        case "payment.succeeded":
            yield Payment(
                key=payment,
                contract=membership,
                at=moment(data.get("paid_at")) or message.at,
                lines=lines(data),
                amount=total(data),
                currency=text(data.get("currency"), 10),
                is_receipt=True,
            )
        case "payment.failed" | "payment.requires_action":
            attempt = data.get("payments_failed")
            yield Failure(
                key=payment,
                contract=membership,
                at=message.at,
                attempt=attempt if type(attempt) is int and 0 < attempt < 1000 else None,
                needs_buyer=message.kind == "payment.requires_action",
            )
        case _:
            return
    yield from buyer(message, contract=membership, payment=payment)


def _refund(message: Message) -> Iterator[Fact]:
    data = message.data
    payment = data.get("payment")
    part = amount(data.get("amount"))
    yield Refund(
        key=id_needed(data.get("id")),
        payment=id_needed(id_in(data, "payment")),
        at=message.at,
        state=_state(_REFUNDS, data),
        amount=part,
        is_full=_is_full(payment, part),
        contract=id_in(payment, "membership") or id_in(data, "membership"),
    )


def _is_full(payment: Any, part: Decimal | None) -> bool | None:
    substatus = member_of(payment, "substatus")
    if substatus in ("refunded", "auto_refunded"):
        return True
    if substatus == "partially_refunded":
        return False
    whole = total(payment)
    # Less than all of it may be the last of several.
    return True if part is not None and whole and part >= whole else None


def _dispute(message: Message) -> Iterator[Fact]:
    data = message.data
    yield Dispute(
        key=id_needed(data.get("id")),
        payment=id_needed(id_in(data, "payment")),
        at=message.at,
        state=_state(_DISPUTES, data),
        contract=id_in(data.get("payment"), "membership") or id_in(data, "membership"),
    )


def _warning(message: Message) -> Iterator[Fact]:
    data = message.data
    about = (
        id_in(data, "membership")
        or id_in(data.get("payment"), "membership")
        or id_in(data, "payment")
    )
    yield Notice(NoticeKind.DISPUTE_WARNING, about)


_READERS = {
    "membership.": _membership,
    "payment.": _payment,
    "refund.": _refund,
    "dispute.": _dispute,
    "dispute_alert.": _warning,
    "resolution_center_case.": _warning,
}


def _state(states: Mapping[str, _S], data: Mapping[str, Any]) -> _S:
    word = data.get("status")
    if not isinstance(word, str) or word not in states:
        raise Refused("the status is none that Usher knows")
    return states[word]


def check_options(options: Options) -> dict[str, Any]:
    """Return the options as they are kept: the question that asks for the name. Raises OptionInvalid."""
    found = {
        "name_field": text(options.get("name_field")),
        "tolerance": checked_tolerance(options.get("tolerance")),
    }
    return {name: value for name, value in found.items() if value}


PROVIDER = Provider(
    name="whop",
    label="Whop",
    verify=verify,
    head=head,
    read=read,
    where="In Whop under Developer, Webhooks, create a webhook of version v1 that is not pinned to a date, with this address and all events of memberships, payments, refunds and disputes, and leave Whop's own TradingView access off.",
    secret="Whop shows the webhook's secret beside it; it begins with `ws_`.",
    name_field="Add a question such as “TradingView username” to the checkout of your product.",
    secret_pattern=r"(ws|whsec)_\S{8,200}",
    check_options=check_options,
)
