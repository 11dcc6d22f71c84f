"""What a contract comes to: its facts merged without regard to their order (payments-wire, section 7)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.access.rules.payments import Buyer, Line


@dataclass(frozen=True, slots=True)
class Terms:
    """What a vendor decided for a connection; the defaults are the safe ones."""

    slack_days: int = 2  # beyond the paid end of what renews: the next payment comes an hour late
    grace_days: int = 3  # beyond the paid end once a payment failed, unless the product has its own
    cancel_ends_now: bool = (
        False  # of a contract that the shop ended before its paid end, unrefunded
    )
    partial_refund_ends: bool = False
    dispute_holds: bool = True


class Why(StrEnum):
    """Why a contract gives what it gives, for people."""

    PAID = "paid"
    TRIAL = "trial"
    CANCELLED = "cancelled"  # it goes on until its paid end
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PENDING = "pending"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    LOST = "lost"  # a dispute
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Given:
    """What one line of a contract gives.

    A period ends at `ends_at`, with `grace_days` on top of it; a sale has `payment`, which tells it from
    another sale of the same contract, and a `length`, or that of its item where None.
    """

    line: Line
    at: datetime  # time counts from here: when it was paid
    ends_at: datetime | None = None
    grace_days: int = 0
    is_late: bool = False  # a payment failed: the product's own grace days take the place of these
    payment: str | None = None
    length: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a contract comes to at a moment; what it gave before and does not name now is over."""

    why: Why
    gives: tuple[Given, ...] = ()
    paid_end: datetime | None = None  # without slack and grace days
    renews: bool = False
    buyer: Buyer = field(
        default_factory=Buyer
    )  # all that is known of whom, the better word for each part
    partly_refunded: tuple[str, ...] = ()  # payments
    inquiries: tuple[str, ...] = ()  # disputes
