"""What payment messages say, in Usher's words: facts in any order, and more than once (payments-wire, section 7).

Ids are a provider's own, as text, and no two objects of one connection share one: a provider whose numbers
repeat between kinds of objects puts the kind before them ("invoice:7"). Moments are aware, in UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Status(StrEnum):
    """How a subscription or an order stands, as its provider says."""

    PENDING = "pending"  # not paid yet
    TRIAL = "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due"  # a payment failed, and is tried again
    PAUSED = "paused"
    UNPAID = "unpaid"  # tried in vain
    ENDED = "ended"  # over, for whatever reason


class RefundState(StrEnum):
    """Whether the money of a refund went back."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"  # the money is with the vendor again


class DisputeState(StrEnum):
    """How a dispute stands."""

    INQUIRY = "inquiry"  # a question of the bank; no money moved
    OPEN = "open"
    WON = "won"  # by the vendor
    LOST = "lost"
    CLOSED = "closed"  # an inquiry that came to nothing


class NoticeKind(StrEnum):
    """What staff should know, and nothing changes by."""

    THIN_EVENT = "thin_event"  # the message only names what happened; snapshot payloads are needed
    FRAUD_WARNING = "fraud_warning"
    DISPUTE_WARNING = "dispute_warning"
    UNDECIDED_PAYMENT = "undecided_payment"  # paid in part: staff decide
    OLD_FORM = "old_form"  # another version of the provider's messages than can be read


@dataclass(frozen=True, slots=True)
class Line:
    """One thing paid for: the ids by which a vendor may map it to an item, the most exact one first."""

    keys: tuple[str, ...]
    name: str | None = None  # as the shop calls it, for the question to staff


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came: a paid period of a contract, or a sale of the item's own length.

    `contract` is the subscription, membership or order. Without `ends_at` it is a sale: `length`
    (such as "1M"), or else what the vendor set for the item, chained on what the buyer has. A payment
    that `is_receipt` carries no time of its own (another payment does): refunds name it. Of one that
    `is_cut` the message left out lines: its end may be later, as a snapshot of the contract tells.
    """

    key: str
    contract: str
    at: datetime
    lines: tuple[Line, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    length: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    is_receipt: bool = False
    is_cut: bool = False
    is_exact: bool = False  # `ends_at` was chosen, not foreseen: no slack comes on top of it


@dataclass(frozen=True, slots=True)
class Same:
    """Two ids that name one payment, such as an invoice and its payment intent."""

    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A payment that failed and is tried again: from `due_at` the grace days run, once."""

    key: str  # of the payment
    contract: str
    at: datetime
    due_at: datetime | None = None  # None: the paid end
    attempt: int | None = None
    needs_buyer: bool = False  # the buyer has to confirm it with their bank


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back: `amount` by this refund, or `total` by all refunds of the payment so far."""

    key: str
    payment: str  # any id of the payment
    at: datetime
    state: RefundState = RefundState.DONE
    amount: Decimal | None = None
    total: Decimal | None = None
    is_full: bool | None = None  # None: the amounts tell
    contract: str | None = None  # where the message names it


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment that the buyer's bank took back, or asks about."""

    key: str
    payment: str
    at: datetime
    state: DisputeState
    contract: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a contract stands at a moment; the newest one counts, of the same moment the higher `rank`."""

    contract: str
    at: datetime
    status: Status
    renews: bool  # active, and no end is planned
    rank: int = 0  # created 0, updated 1; one that ends it beats all of the same moment
    ends_at: datetime | None = None  # the planned end, or that of the running period
    lines: tuple[Line, ...] = ()  # what it is for from now on; empty: as paid
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought, as far as a message tells; `contract`, `payment` and `customer` say of what."""

    contract: str | None = None
    payment: str | None = None
    customer: str | None = None  # the provider's id of the person
    token: str | None = None  # issued by Usher to a member, who took it to the shop
    username: str | None = None  # of TradingView, as typed
    discord_id: int | None = None
    email: str | None = None
    claim_codes: tuple[str, ...] = ()  # unguessable, and shown to the buyer alone: a licence key
    # Of two usernames the one of the higher rank counts (typed at the checkout, then by the shop's own
    # data), then the one that was said first.
    rank: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that staff should know; `about` is the contract or payment it concerns."""

    kind: NoticeKind
    about: str | None = None


Fact = Payment | Same | Failure | Refund | Dispute | Snapshot | Buyer | Notice


@dataclass(frozen=True, slots=True)
class Stored:
    """A delivery as it was taken in: its provider's id and kind of event, and the bytes as they came."""

    event_id: str
    kind: str
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What one delivery says; nothing of it, where the provider sends more than Usher needs."""

    facts: tuple[Fact, ...] = ()
    occurred_at: datetime | None = None
    is_test: bool = False  # it changes nothing


@dataclass(frozen=True, slots=True)
class Heading:
    """What is known of a delivery before it is stored."""

    event_id: str  # the same for each copy of one message
    kind: str


class Refused(Exception):  # noqa: N818 - named for what it says
    """A delivery that nobody vouches for, or that cannot be read; `why` is for the log, without content."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
