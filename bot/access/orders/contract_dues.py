"""What a contract gives, part by part, and what it wants each of them to be; pure, no I/O."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.access.catalogue.lookup import Item
from bot.access.rules.contracts import Given
from bot.access.rules.duration import Length, parse_length
from bot.store.records import ContractPurchase

# Beside what is wanted: what staff were asked about, and refused.
KEPT = "kept"


def kept_as_it_is(asked: ContractPurchase) -> dict[str, Any]:
    """Return what is wanted of something that staff keep, until the contract comes to something else."""
    shorter = (asked.asked or {}).get("wanted")
    if shorter is None:  # nothing was to be left of it
        return {**asked.wanted, "is_over": True}
    return {**asked.wanted, KEPT: shorter}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a contract wants one purchase to be, as it is kept beside it."""

    ends_at: datetime | None  # None: a length of its own, or for good
    grace_days: int
    is_over: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as the database keeps it."""
        end = None if self.ends_at is None else self.ends_at.isoformat()
        return {"ends_at": end, "grace_days": self.grace_days, "is_over": self.is_over}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Wanted":
        """Return what the database kept."""
        end = kept["ends_at"]
        moment = None if end is None else datetime.fromisoformat(end)
        return cls(moment, kept["grace_days"], kept["is_over"])

    def is_past(self, now: datetime) -> bool:
        """Return whether its time is over by itself."""
        return self.ends_at is not None and self.ends_at + timedelta(days=self.grace_days) <= now


@dataclass(frozen=True, slots=True)
class Due:
    """One part of what a contract gives: an item, and of a sale which payment it is."""

    part: str
    given: Given
    item: Item
    wanted: Wanted
    length: Length | None  # None: it has an end


def due_of(given: Given, item: Item) -> Due | None:
    """Return what a line gives of its item; None where nobody said how long that is."""
    part = f"p{item.product_id}" if item.product is not None else f"s{item.script_id}"
    if given.ends_at is not None:
        own = 0 if item.product is None else item.product.grace_days
        days = own if given.is_late and own else given.grace_days
        return Due(part, given, item, Wanted(given.ends_at, days), None)
    text = given.length or (None if item.product is None else item.product.length)
    if text is None:
        return None
    days = 0 if item.product is None else item.product.grace_days
    payment = hashlib.sha256((given.payment or "").encode()).hexdigest()[:20]
    return Due(f"{part} {payment}", given, item, Wanted(None, days), parse_length(text))
