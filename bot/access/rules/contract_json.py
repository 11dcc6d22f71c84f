"""Facts of a contract as they are stored: as JSON, exactly; what tells of people is stored apart."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bot.access.rules.contract_facts import without_people
from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Fact,
    Failure,
    Line,
    Notice,
    NoticeKind,
    Payment,
    Refund,
    RefundState,
    Same,
    Snapshot,
    Status,
)

_KINDS: dict[str, type[Any]] = {
    "payment": Payment,
    "same": Same,
    "failure": Failure,
    "refund": Refund,
    "dispute": Dispute,
    "snapshot": Snapshot,
    "notice": Notice,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_MOMENTS = frozenset({"at", "starts_at", "ends_at", "due_at"})
_AMOUNTS = frozenset({"amount", "total"})
_ENUMS: dict[tuple[type[Any], str], type[StrEnum]] = {
    (Refund, "state"): RefundState,
    (Dispute, "state"): DisputeState,
    (Snapshot, "status"): Status,
    (Notice, "kind"): NoticeKind,
}


def to_json(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """Return the facts as JSON can hold them; what tells of people is left out."""
    return [{"fact": _NAMES[type(fact)], **_said(fact)} for fact in without_people(facts)]


def from_json(stored: Iterable[Mapping[str, Any]]) -> list[Fact]:
    """Return the facts that were stored."""
    return [_fact(_KINDS[row["fact"]], row) for row in stored]


def buyer_to_text(buyer: Buyer) -> str:
    """Return what is known of a buyer as text: for a column that is encrypted."""
    return json.dumps(_said(buyer), ensure_ascii=False, separators=(",", ":"))


def buyer_from_text(text: str) -> Buyer:
    """Return the buyer that was stored."""
    buyer: Buyer = _fact(Buyer, json.loads(text))
    return buyer


def _said(fact: Any) -> dict[str, Any]:
    """Return what a fact says, without what is not known."""
    values = {field.name: getattr(fact, field.name) for field in fields(fact)}
    return {name: _stored(value) for name, value in values.items() if value not in (None, ())}


def _stored(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Decimal():
            return str(value)
        case Line():
            return _said(value)
        case tuple():
            return [_stored(part) for part in value]
        case _:
            return value


def _fact(kind: type[Any], row: Mapping[str, Any]) -> Any:
    known = {field.name for field in fields(kind)}
    return kind(**{name: _read(kind, name, row[name]) for name in row if name in known})


def _read(kind: type[Any], name: str, value: Any) -> Any:
    if name in _MOMENTS:
        return datetime.fromisoformat(value)
    if name in _AMOUNTS:
        return Decimal(value)
    if name == "lines":
        return tuple(Line(tuple(line.get("keys", ())), line.get("name")) for line in value)
    if isinstance(value, list):
        return tuple(value)
    return _ENUMS[kind, name](value) if (kind, name) in _ENUMS else value
