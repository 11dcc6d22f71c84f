"""Gumroad: pings that nobody signs; the address holds a secret, and its API can be asked about a sale."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.access.rules.duration import Length
from bot.access.rules.payments import (
    Dispute,
    DisputeState,
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
from bot.access.sources.payments import ADDRESS_SECRET, Check, Headers, Options, Provider
from bot.access.sources.payments.shared import fields, signatures
from bot.access.sources.payments.shared.bodies import form_of
from bot.access.sources.payments.shared.values import member_of, text

_API = "https://api.gumroad.com/v2"
_NESTED = re.compile(r"(?P<outer>[a-z_]+)\[(?P<inner>[^\[\]]+)\]", re.ASCII)
_RECURRENCE = {
    "monthly": Length(months=1),
    "quarterly": Length(months=3),
    "biannually": Length(months=6),
    "yearly": Length(years=1),
    "every_two_years": Length(years=2),
}
_SALES = ("sale", "refund", "dispute", "dispute_won")
_FLAGS = ("refunded", "disputed", "dispute_won")
_OF_SUBSCRIPTION = ("cancellation", "subscription_ended", "subscription_restarted")


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], _: datetime, options: Options
) -> None:
    """Raise Refused unless the address held the secret, and the sale is one of this seller's."""
    given = signatures.header(headers, ADDRESS_SECRET)
    signatures.insist(fields.keys(secrets), [given.encode(errors="replace")])
    seller = text(options.get("seller_id"))
    if seller is not None and text(form_of(body).get("seller_id")) != seller:
        raise Refused("the message is of another seller")


def head(_: Headers, body: bytes, _options: Options) -> Heading | None:
    """Return the resource as the kind, and an id that is the same when a message is sent again."""
    form = form_of(body)
    kind = _kind(form)
    if kind in _SALES:
        flags = (form.get(name) == "true" for name in _FLAGS)
        sale = fields.needed(form.get("sale_id"), "sale_id")
        return Heading(":".join([kind, sale, *(str(int(flag)) for flag in flags)]), kind)
    # A copy counts its tries in `retry_count`; all else of it is the same.
    told = sorted((name, value) for name, value in form.items() if name != "retry_count")
    about = form.get("subscription_id")
    return Heading(fields.event_id(kind, about, body=json.dumps(told).encode()), kind)


def _kind(form: dict[str, str]) -> str:
    return text(form.get("resource_name")) or "sale"  # the plain ping knows sales only


def read(stored: Stored, options: Options) -> Reading:
    """Return the facts of a ping: each one about a sale tells all of that sale again."""
    form = form_of(stored.body)
    is_test = form.get("test") == "true"
    if stored.kind in _SALES:
        at = fields.needed_moment(form.get("sale_timestamp"), "sale_timestamp")
        return Reading(tuple(_sale(form, at, stored, options)), at, is_test)
    if stored.kind in _OF_SUBSCRIPTION:
        snapshot = _standing(form, stored)
        return Reading((snapshot,), snapshot.at, is_test)
    return Reading(is_test=is_test)


def _sale(form: dict[str, str], at: datetime, stored: Stored, options: Options) -> list[Fact]:
    sale = "sale:" + fields.needed(form.get("sale_id"), "sale_id")
    subscription = text(form.get("subscription_id"))
    contract = f"subscription:{subscription}" if subscription else sale
    ends_at = _paid_end(form, at) if subscription else None
    payment = Payment(
        sale,
        contract,
        at,
        _lines(form),
        starts_at=at if ends_at else None,
        ends_at=ends_at,
        amount=fields.amount_if_any(form.get("price")),
        currency=text(form.get("currency")),
    )
    facts: list[Fact] = [payment, *_buyer(form, contract, options)]
    if ends_at is not None:
        facts.append(Snapshot(contract, at, Status.ACTIVE, renews=True, ends_at=ends_at))
    return [*facts, *_what_went_back(form, sale, contract, stored)]


def _paid_end(form: dict[str, str], at: datetime) -> datetime | None:
    """Return where the period of a sale ends: Gumroad names its length alone."""
    recurrence = text(form.get("recurrence"))
    if recurrence is None:
        return None
    length = _RECURRENCE.get(recurrence)
    if length is None:
        raise Refused("the message has an unknown recurrence")
    try:
        return length.add_to(at)
    except (ValueError, OverflowError) as error:
        raise Refused("the sale_timestamp is out of range") from error


def _what_went_back(form: dict[str, str], sale: str, contract: str, stored: Stored) -> list[Fact]:
    at = stored.received_at  # no message says when
    found: list[Fact] = []
    if form.get("refunded") == "true":  # the flag of a full refund
        found.append(Refund(f"refund:{sale}", sale, at, is_full=True, contract=contract))
    elif stored.kind == "refund":  # a part, of which no message says how much
        found.append(Refund(f"refund:{sale}:part", sale, at, is_full=False, contract=contract))
    is_won = stored.kind == "dispute_won" or form.get("dispute_won") == "true"
    if is_won or stored.kind == "dispute" or form.get("disputed") == "true":
        state = DisputeState.WON if is_won else DisputeState.OPEN
        found.append(Dispute(f"dispute:{sale}", sale, at, state, contract))
    return found


def _standing(form: dict[str, str], stored: Stored) -> Snapshot:
    contract = "subscription:" + fields.needed(form.get("subscription_id"), "subscription_id")
    match stored.kind:
        case "cancellation":
            named, rank = "cancelled_at", 1
            is_unpaid = form.get("cancelled_due_to_payment_failures") == "true"
            status = Status.UNPAID if is_unpaid else Status.ACTIVE
        case "subscription_ended":
            named, rank, status = "ended_at", 2, Status.ENDED
        case _:
            named, rank, status = "restarted_at", 1, Status.ACTIVE
    told = fields.moment_if_any(form.get(named), named) or stored.received_at
    return Snapshot(
        contract,
        min(told, stored.received_at),  # a cancellation may name a moment to come
        status,
        renews=stored.kind == "subscription_restarted",
        rank=rank,
        ends_at=told if stored.kind != "subscription_restarted" else None,
    )


def _lines(form: dict[str, str]) -> tuple[Line, ...]:
    product = text(form.get("product_id"))
    permalink = text(form.get("permalink")) or text(form.get("product_permalink"))
    chosen = sorted(value for _, value in _nested(form, "variants") if value)
    best = product or permalink
    exact = text(":".join([best, *chosen])) if best and chosen else None
    keys = fields.some(exact, product, permalink)
    name = text(" · ".join(fields.some(text(form.get("product_name")), *chosen)))
    return (Line(keys, name),) if keys else ()


def _buyer(form: dict[str, str], contract: str, options: Options) -> list[Fact]:
    token = next((value for key, value in _nested(form, "url_params") if key == "usher"), None)
    asked = [(key, value) for key, value in _nested(form, "custom_fields") if key != "usher"]
    told = fields.answers([*asked, ("usher", token)], options)
    licence = text(form.get("license_key"))
    return [
        *fields.buyer(
            told,
            contract=contract,
            customer=text(form.get("purchaser_id")),
            address=form.get("email"),
            claim_codes=fields.some(licence),
        )
    ]


def _nested(form: dict[str, str], outer: str) -> list[tuple[str, str]]:
    """Return the entries of `outer[name]=value`."""
    found = ((_NESTED.fullmatch(name), value) for name, value in form.items())
    return [(match["inner"], value) for match, value in found if match and match["outer"] == outer]


def check(stored: Stored, api_key: str | None) -> Check | None:
    """Return how to ask Gumroad whether a sale is true: by the vendor's key, or by the licence key of the sale."""
    form = form_of(stored.body)
    sale, product = text(form.get("sale_id")), text(form.get("product_id"))
    licence = text(form.get("license_key"))
    if stored.kind not in _SALES or sale is None:
        return None
    claims = [name for name in _FLAGS if form.get(name) == "true"]
    if api_key:
        return Check(
            f"{_API}/sales/{quote(sale, safe='')}",
            lambda status, body: _vouches(status, body, "sale", {"id": sale}, claims),
            api_key=api_key,
        )
    if licence is None or product is None:
        return None
    # Of a renewal the licence knows the first purchase alone, and so not what went back of a later one.
    known = {"product_id": product}
    renewed = form.get("is_recurring_charge") == "true"
    return Check(
        f"{_API}/licenses/verify",
        lambda status, body: _vouches(status, body, "purchase", known, [] if renewed else claims),
        form={"product_id": product, "license_key": licence, "increment_uses_count": "false"},
    )


def _vouches(
    status: int, body: bytes, name: str, known: dict[str, str], claims: Sequence[str]
) -> bool | None:
    """Return whether Gumroad's answer bears the message out."""
    if status == 404:
        return False
    try:
        answer: Any = json.loads(body) if status == 200 else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    found = member_of(answer, name)
    if answer.get("success") is not True or not isinstance(found, dict):
        return False
    is_same = all(text(found.get(key)) == value for key, value in known.items())
    return is_same and all(found.get(claim) is not False for claim in claims)


PROVIDER = Provider(
    name="gumroad",
    label="Gumroad",
    verify=verify,
    head=head,
    read=read,
    where=(
        "In Gumroad open Settings, Advanced, paste the address into Ping endpoint, with ?secret= and your"
        " secret behind it if you chose one, and press Update settings. The ping tells of sales alone: refunds, disputes and"
        " cancellations come once the same address is subscribed to them through Gumroad's API."
    ),
    secret=(
        "Gumroad signs nothing: leave this empty, and the address itself is the secret. Or choose a long random"
        " text of letters and digits, and put it behind ?secret= in the address."
    ),
    name_field=(
        "In Gumroad open Checkout, Checkout form, and add a required text field named TradingView"
        " username for your products."
    ),
    secret_pattern=r"[A-Za-z0-9_-]{16,200}",
    is_signed=False,
    link_parameter="usher",
    check_options=fields.options_with(name_field=str, seller_id=str),
    takes_api_key=True,
    check=check,
)
