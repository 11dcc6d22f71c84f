"""A request of the API as it stands: one row for each script, field for field as programs know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.access.ledger.receipts import Receipt
from bot.access.orders.api_parts import Part
from bot.access.rules.entitlements import State
from bot.replies import api as words
from bot.store.kinds import OrderState, StateKind
from bot.tradingview import Lifetime


class Status(StrEnum):
    """What became of one script."""

    SUCCESS = "Success"  # TradingView's own list showed it
    FAILURE = "Failure"
    NOT_APPLIED = "Not Applied"  # nothing had to change
    PENDING = "Pending"


_STATUS = {
    OrderState.DONE: Status.SUCCESS,
    OrderState.WAITING: Status.PENDING,
    OrderState.STUCK: Status.FAILURE,
    OrderState.SUPERSEDED: Status.NOT_APPLIED,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One part of a request with its order, as that stands now."""

    part: Part
    receipt: Receipt | None

    @property
    def status(self) -> Status:
        """Return what became of it."""
        if self.part.failure is not None:
            return Status.FAILURE
        stays = self.part.lifetime and isinstance(self.part.had.end, Lifetime)
        if self.receipt is None or stays:
            return Status.NOT_APPLIED
        return _STATUS[self.receipt.own_state]

    @property
    def end(self) -> datetime | None:
        """Return the end on TradingView that it gives, with grace days; None for none, or not known yet."""
        gives = None if self.receipt is None else self.receipt.entitlement
        if gives is None or gives.ends_at is None:
            return None
        if self.part.lifetime or self.status is Status.FAILURE:
            return None
        return gives.ends_at + timedelta(days=gives.grace_days)

    @property
    def reason(self) -> str | None:
        """Return why it is not done; None where it is."""
        if self.part.failure is not None:
            return words.why_failed(self.part.failure)
        if self.receipt is None:
            return None
        match self.receipt.own_state:
            case OrderState.WAITING:
                return words.why_waiting(self.receipt.waiting_for)
            case OrderState.STUCK:
                return words.why_stuck(self.receipt.order.reason)
            case OrderState.SUPERSEDED:
                return words.SUPERSEDED
            case OrderState.DONE:
                return None


def standings(parts: Sequence[Part], receipts: Mapping[int, Receipt]) -> list[Standing]:
    """Return the parts with their orders; `receipts` are by the order that leads."""
    by_order = {each.order.id: each for receipt in receipts.values() for each in receipt.every}
    return [
        Standing(part, None if part.order_id is None else by_order[part.order_id]) for part in parts
    ]


def row(standing: Standing, username: str, at: datetime) -> dict[str, Any]:
    """Return the row of a change: what was there at that moment, and where access ends by it.

    What was ordered later changes nothing in it, so that a repeated request gets the same answer.
    """
    part = standing.part
    current, end = _current(part.had, at), standing.end
    is_given = part.lifetime and standing.status in (Status.SUCCESS, Status.PENDING)
    return {
        "pine_id": part.pine_id,
        "username": username,
        "hasAccess": part.had.gives_access(at),
        "noExpiration": isinstance(part.had.end, Lifetime) or is_given,
        "currentExpiration": current,
        "expiration": current if end is None else end.isoformat(),
        "status": standing.status,
    }


def read_row(part: Part, username: str, at: datetime) -> dict[str, Any]:
    """Return the row of what TradingView shows."""
    current = _current(part.had, at)
    return {
        "pine_id": part.pine_id,
        "username": username,
        "hasAccess": part.had.gives_access(at),
        "noExpiration": isinstance(part.had.end, Lifetime),
        "currentExpiration": current,
        "expiration": current,
        "status": Status.SUCCESS if part.failure is None else Status.FAILURE,
    }


def overall(found: Sequence[Standing]) -> tuple[OrderState, str | None]:
    """Return how a whole request stands, as the part that stands worst, and why."""
    for status, state in (
        (Status.PENDING, OrderState.WAITING),
        (Status.FAILURE, OrderState.STUCK),
    ):
        if worst := next((each for each in found if each.status is status), None):
            return state, worst.reason
    late = [each for each in found if each.reason is not None]
    if late and len(late) == len(found):
        return OrderState.SUPERSEDED, late[0].reason
    return OrderState.DONE, None


def _current(had: State, at: datetime) -> str:
    """Return the end that there is; where there is none, the moment of asking, which means nothing."""
    return (
        str(at)
        if had.kind is not StateKind.UNTIL or had.ends_at is None
        else had.ends_at.isoformat()
    )
