"""Usher's own payment message, for senders that have no module of their own (DESIGN, section 7).

    {"id": "m1", "type": "paid", "timestamp": "2026-01-01T00:00:00Z",
     "data": {"order": "A-1", "product": "gold", "username": "Trader_Joe", "discord_id": "781…",
              "email": "…", "until": "2026-02-01T00:00:00Z", "duration": "1M", "amount": "29.00"}}

A connection may name other paths for each value, and other words for the types: then a message of another
shape is read, and words that it does not list are of no use. `until` goes before `duration`, and is meant exactly; with
neither, the length is that of the item.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.access.rules.duration import FARTHEST_YEARS, parse_length
from bot.access.rules.errors import DurationUnreadable, TooFar
from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Fact,
    Failure,
    Line,
    Payment,
    Reading,
    Refund,
    Refused,
    Snapshot,
    Status,
    Stored,
)
from bot.access.sources.payments import OptionInvalid, Options
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.signatures import MAX_AGE
from bot.access.sources.payments.shared.values import amount, at_path, moment, snowflake, text

TYPES = ("paid", "cancelled", "payment_failed", "refunded", "disputed", "dispute_won", "ended")
PATHS = {
    "type": "type",
    "id": "id",
    "time": "timestamp",
    "order": "data.order",
    "product": "data.product",
    "username": "data.username",
    "discord_id": "data.discord_id",
    "email": "data.email",
    "until": "data.until",
    "duration": "data.duration",
    "amount": "data.amount",
    "currency": "data.currency",
}
_MAX_ID = 150  # characters: what is made of it has a moment behind it
_MAX_KIND = 100
_PATH = re.compile(r"[^\s.]{1,60}(\.[^\s.]{1,60}){0,9}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MAX_TOLERANCE = 86_400
_MAX_TYPES = 30
_HOW_A_PATH_IS_WRITTEN = "A path is written with dots, such as `data.order.id`."


def event_id(named: str | None, body: bytes) -> str:
    """Return the id that a message names, or else what only the same bytes have."""
    return text(named, _MAX_ID) or hashlib.sha256(body).hexdigest()


def id_at(message: Mapping[str, Any], options: Options) -> str | None:
    """Return the id that stands in the message."""
    return text(_value(message, "id", options), _MAX_ID)


def kind_of(message: Mapping[str, Any], options: Options) -> str:
    """Return the type as its sender calls it; "unknown" where it names none."""
    return text(_value(message, "type", options), _MAX_KIND) or "unknown"


def tolerance_of(options: Options) -> float:
    """Return by how many seconds the sender's clock may differ from ours."""
    tolerance = options.get("tolerance")
    return float(tolerance) if tolerance else MAX_AGE


@dataclass(frozen=True, slots=True)
class _Told:
    """What every kind of message has."""

    order: str
    at: datetime
    event_id: str
    until: datetime | None
    values: Mapping[str, Any]  # the others, as they came


def read(stored: Stored, options: Options) -> Reading:
    """Return what the message says. Raises Refused for one that makes no sense."""
    message = json_of(stored.body)
    values = {name: _value(message, name, options) for name in PATHS}
    # Not later than it came: a clock that runs ahead would outdo what follows.
    at = min(moment(values["time"]) or stored.received_at, stored.received_at)
    kind = _type_of(values["type"], options)
    if kind is None:
        return Reading(occurred_at=at)
    order = text(values["order"], _MAX_ID)
    if order is None:
        raise Refused("the message names no order")
    told = _Told(order, at, stored.event_id, _until(values["until"], stored.received_at), values)
    return Reading((*_facts(kind, told), *_buyer(told)), occurred_at=at)


def _type_of(word: Any, options: Options) -> str | None:
    """Return which of our types it is; None: the connection lists others, so this one is of no use."""
    if not isinstance(word, str):
        raise Refused("the message has no type")
    words: Mapping[str, str] = options.get("types") or {}
    if words:
        return words.get(word.strip())
    if word.strip() not in TYPES:
        raise Refused("the type of the message is none that Usher knows")
    return word.strip()


def _until(value: Any, received_at: datetime) -> datetime | None:
    """Return the end that the message names; of a day alone it is the end of that day in UTC."""
    if value is None or value == "":
        return None
    found = moment(_end_of_day(value) or value)
    if found is None:
        raise Refused("until is no date, and no moment with a time zone")
    if found > received_at + timedelta(days=366 * FARTHEST_YEARS):
        raise Refused("until lies too far in the future")
    return found


def _end_of_day(value: Any) -> str | None:
    is_day = isinstance(value, str) and _DAY.fullmatch(value.strip())
    return f"{value.strip()}T23:59:59.999Z" if is_day else None


def _facts(kind: str, told: _Told) -> tuple[Fact, ...]:
    match kind:
        case "paid":
            # Whatever was said before of the order, it goes on.
            return _payment(told), _snapshot(told, Status.ACTIVE, renews=told.until is not None)
        case "cancelled":
            return (_snapshot(told, Status.ACTIVE, rank=2),)
        case "ended":
            return (_snapshot(told, Status.ENDED, rank=3),)
        case "payment_failed":
            key = _period_key(told) if told.until else f"failure:{told.event_id}"
            return (Failure(key, told.order, told.at),)
        case "refunded":
            return (_refund(told),)
        case "disputed":
            return (_dispute(told, DisputeState.OPEN),)
        case _:
            return (_dispute(told, DisputeState.WON),)


def _payment(told: _Told) -> Payment:
    product = text(told.values["product"])
    if product is None:
        raise Refused("the message names no product")
    return Payment(
        # A length counts once for an order, whatever its messages are called.
        key=_period_key(told) if told.until else told.order,
        contract=told.order,
        at=told.at,
        lines=(Line((product,)),),
        ends_at=told.until,
        length=None if told.until else _length(told.values["duration"]),
        amount=amount(told.values["amount"]),
        currency=text(told.values["currency"], 10),
        is_exact=told.until is not None,
    )


def _period_key(told: _Told) -> str:
    return f"{told.order}:{told.until:%Y-%m-%dT%H:%M:%S.%fZ}"


def _length(value: Any) -> str | None:
    if value is None or value == "":
        return None
    try:
        return parse_length(value).text if isinstance(value, str) else _no_length()
    except (DurationUnreadable, TooFar):
        return _no_length()


def _no_length() -> str:
    raise Refused("duration is none that Usher can read")


def _snapshot(told: _Told, status: Status, rank: int = 1, renews: bool = False) -> Snapshot:
    """Return how the order stands; of one moment what ends it counts before what goes on."""
    return Snapshot(told.order, told.at, status, renews, rank, ends_at=told.until)


def _refund(told: _Told) -> Refund:
    """Return the refund: of the whole order without an amount, else of so much of it."""
    value = told.values["amount"]
    part = amount(value)
    if value is not None and part is None:
        raise Refused("the amount is none")
    key = f"refund:{told.order}" if part is None else f"refund:{told.event_id}"
    return Refund(
        key,
        payment=told.order,
        at=told.at,
        amount=part,
        is_full=True if part is None else None,
        contract=told.order,
    )


def _dispute(told: _Told, state: DisputeState) -> Dispute:
    return Dispute(f"dispute:{told.order}", told.order, told.at, state, contract=told.order)


def _buyer(told: _Told) -> tuple[Buyer, ...]:
    buyer = Buyer(
        contract=told.order,
        username=text(told.values["username"]),
        discord_id=snowflake(told.values["discord_id"]),
        email=text(told.values["email"]),
        at=told.at,
    )
    return (buyer,) if buyer.username or buyer.discord_id or buyer.email else ()


def _value(message: Mapping[str, Any], name: str, options: Options) -> Any:
    paths: Mapping[str, str] = options.get("paths") or {}
    if name == "username" and (field := options.get("name_field")):
        # Many call it by its name alone.
        return at_path(message, field) or at_path(message.get("data"), field)
    return at_path(message, paths.get(name, PATHS[name]))


def check_options(options: Options) -> dict[str, Any]:
    """Return the options as they are kept, without those that are as always. Raises OptionInvalid.

    `paths` and `types` are objects, or texts with one "name = value" in each line, as a form has them.
    """
    for name in options:
        if name not in ("name_field", "paths", "types", "tolerance"):
            raise OptionInvalid(str(name), "There is no such option.")
    found = {
        "name_field": _checked_name_field(options.get("name_field")),
        "paths": _checked_paths(options.get("paths")),
        "types": _checked_types(options.get("types")),
        "tolerance": checked_tolerance(options.get("tolerance")),
    }
    return {name: value for name, value in found.items() if value}


def _checked_name_field(value: Any) -> str | None:
    """Return the path of the buyer's name, where it is set apart from the others."""
    if not value:
        return None
    if not isinstance(value, str) or not _PATH.fullmatch(value.strip()):
        raise OptionInvalid("name_field", _HOW_A_PATH_IS_WRITTEN)
    return value.strip()


def _checked_paths(value: Any) -> dict[str, str]:
    paths = _pairs("paths", value)
    for name, path in paths.items():
        if name not in PATHS:
            raise OptionInvalid("paths", f"The names are {', '.join(PATHS)}.")
        if not _PATH.fullmatch(path):
            raise OptionInvalid("paths", _HOW_A_PATH_IS_WRITTEN)
    return {name: path for name, path in paths.items() if path != PATHS[name]}


def _checked_types(value: Any) -> dict[str, str]:
    types = _pairs("types", value)
    if len(types) > _MAX_TYPES or any(len(word) > _MAX_KIND for word in types):
        raise OptionInvalid("types", f"That is more than {_MAX_TYPES} types, or one is very long.")
    if not set(types.values()) <= set(TYPES):
        raise OptionInvalid("types", f"Usher's own types are {', '.join(TYPES)}.")
    return types


def _pairs(option: str, value: Any) -> dict[str, str]:
    if not value:
        return {}
    if isinstance(value, str):
        lines = [line.partition("=") for line in re.split(r"[,\n]", value) if line.strip()]
        value = {name.strip(): inner.strip() for name, _, inner in lines}
    pairs = _flat(value)
    if pairs is None or not all(isinstance(part, str) and part for pair in pairs for part in pair):
        raise OptionInvalid(option, "Write one `name = value` in each line.")
    return dict(pairs)


def _flat(value: Any) -> list[tuple[Any, Any]] | None:
    """Return the pairs of an object; a form makes objects within it of a name with dots."""
    if not isinstance(value, Mapping):
        return None
    pairs, found = list(value.items()), []
    while pairs:
        name, inner = pairs.pop()
        if isinstance(inner, Mapping):
            pairs += [(f"{name}.{step}", deeper) for step, deeper in inner.items()]
        else:
            found.append((name, inner))
    return found[::-1]


def checked_tolerance(value: Any) -> int | None:
    """Return the seconds that clocks may differ by; None: as always. Raises OptionInvalid."""
    if value is None or value == "":
        return None
    written = text(value, 6)
    if written is None or not written.isascii() or not written.isdigit():
        raise OptionInvalid("tolerance", "Write whole seconds.")
    if not 1 <= int(written) <= _MAX_TOLERANCE:
        raise OptionInvalid("tolerance", f"Write 1 to {_MAX_TOLERANCE} seconds.")
    return int(written)
