"""What somebody bought in the pretend shop, and what became of it: the facts that every form tells."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dateutil.relativedelta import relativedelta

PRICE = 2900  # in cents
PART = 1000  # of it, where only a part goes back


class Deed(StrEnum):
    """What happens to an order; its value is what the page calls it."""

    BUY = "buy"
    RENEW = "renew"
    FAIL = "fail"
    CANCEL = "cancel"
    REFUND = "refund"
    REFUND_PART = "refund_part"
    DISPUTE = "dispute"
    WIN = "win"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, as far as they tell the shop."""

    name: str
    email: str
    username: str  # of TradingView; empty: left out at the checkout
    discord_id: str


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back, in cents."""

    id: str
    cents: int


@dataclass(slots=True)
class Payment:
    """Money that came, or was tried: for a period, or once; moments are aware, in UTC."""

    id: str
    number: int
    at: datetime
    starts_at: datetime
    ends_at: datetime
    is_failed: bool = False
    refunds: list[Refund] = field(default_factory=list)
    dispute: str | None = None  # its id
    dispute_won: bool = False

    @property
    def refunded(self) -> int:
        """Return how many cents went back, all refunds together."""
        return sum(each.cents for each in self.refunds)

    @property
    def is_fully_refunded(self) -> bool:
        """Return whether all of it went back."""
        return self.refunded >= PRICE


@dataclass(slots=True)
class Order:
    """A subscription or a single sale, with its payments, the newest last."""

    id: str
    product: str
    buyer: Buyer
    is_subscription: bool
    began_at: datetime
    changed_at: datetime
    payments: list[Payment] = field(default_factory=list)
    is_cancelled: bool = False

    @property
    def last(self) -> Payment:
        """Return the newest payment, also one that failed."""
        return self.payments[-1]

    @property
    def paid(self) -> Payment:
        """Return the newest payment that came."""
        return next(each for each in reversed(self.payments) if not each.is_failed)

    @property
    def is_past_due(self) -> bool:
        """Return whether the newest payment failed."""
        return self.last.is_failed

    def happen(self, deed: Deed, at: datetime) -> None:
        """Let that happen to it. Raises ValueError, saying why it cannot."""
        match deed:
            case Deed.BUY:
                self._pay(at, self.began_at)
            case Deed.RENEW:
                self._renew(at)
            case Deed.FAIL:
                self._renew(at, is_failed=True)
            case Deed.CANCEL:
                self.is_cancelled = True
            case Deed.REFUND | Deed.REFUND_PART:
                self._refund(PRICE if deed is Deed.REFUND else PART)
            case Deed.DISPUTE:
                self.paid.dispute, self.paid.dispute_won = _id(), False
            case Deed.WIN:
                if self.paid.dispute is None:
                    raise ValueError("nobody disputes that payment")
                self.paid.dispute_won = True
        self.changed_at = at

    def _renew(self, at: datetime, *, is_failed: bool = False) -> None:
        if self.is_cancelled:
            raise ValueError("it is cancelled: nothing is charged any more")
        if self.is_past_due and not is_failed:  # tried again, and now it came
            self.last.is_failed = False
            self.last.at = at
            return
        if not self.is_past_due:
            self._pay(at, self.paid.ends_at, is_failed=is_failed)

    def _pay(self, at: datetime, starts_at: datetime, *, is_failed: bool = False) -> None:
        number = len(self.payments) + 1
        # Counted from the first day, so that a row of months keeps it.
        ends_at = self.began_at + relativedelta(months=number)
        self.payments.append(Payment(_id(), number, at, starts_at, ends_at, is_failed))

    def _refund(self, cents: int) -> None:
        paid = self.paid
        if paid.is_fully_refunded:
            raise ValueError("all of it went back already")
        paid.refunds.append(Refund(_id(), min(cents, PRICE - paid.refunded)))


def new_order(product: str, buyer: Buyer, at: datetime, *, is_subscription: bool) -> Order:
    """Return an order that nobody has paid yet."""
    return Order(_id(), product, buyer, is_subscription, at, at)


def _id() -> str:
    return secrets.token_hex(6)
