"""What an order asks for, before it has a row: whose access to what, and what becomes of the reasons."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot import clock
from bot.access.people.username_lookup import Spelling
from bot.access.request import AGAIN, BY_CUSTOMERS, RequestContext, Subject
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import State
from bot.store.kinds import OrderKind
from bot.store.records import Entitlement, Order, Permission, Product


@dataclass(frozen=True, slots=True)
class Target:
    """Whose access to what an order is about, before it is known whether there is a row for it."""

    item: str
    subject: Subject
    spelling: Spelling
    names_both: bool = False  # the member and the name were given: the one says whose the other is


@dataclass(frozen=True, slots=True)
class Brought:
    """A reason that counts for another script from now on: what is left of it, with its purchase."""

    reason: Entitlement
    ends_at: datetime | None = None  # None: as long as it was, or yet to be worked out
    row_day: int | None = None
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewEnd:
    """The end that a dated reason has from now on; one that was ended by its source counts again."""

    entitlement_id: int
    ends_at: datetime | None  # None: as it was, or yet to be worked out
    grace_days: int


@dataclass(frozen=True, slots=True)
class Change:
    """What an order does to the reasons of one permission; what it leaves out stays as it is."""

    gives: Length | State | None = None  # a reason: that much more time, or exactly that
    source: str | None = None  # where that reason comes from
    member_id: int | None = None  # whose source that is, where it is a Discord member's
    row_day: int | None = None  # of the months after its end; None: the day of that end
    grace: bool = False  # a product's grace days are kept beyond the end of that reason
    grace_days: int | None = None  # these are, whatever the product's
    since: datetime | None = None  # its time counts from then on; None: from the moment of asking
    attaches: Entitlement | None = None  # a reason that waited for this person's name
    ends_all: bool = False  # every reason for the item that counts until now
    ends: Collection[int] = ()  # these reasons
    undoes: Order | None = None  # an earlier order: what it took away counts again
    overrules: bool = False  # whatever TradingView shows
    wakes: bool = False  # what is stuck is tried once more
    goes_on_from: int | None = None  # the permission whose reasons count here from now on
    after: int | None = None  # the order that has to be done first, with all that it leads
    again: bool = False  # nothing new: its customer has it, and TradingView does not show it
    brings: Collection[Brought] = ()  # reasons of another script
    moved_from: str | None = None  # the title of what those were of
    sets: Collection[NewEnd] = ()  # these reasons end later, or count again
    unsettles: Collection[int] = ()  # these lengths are worked out anew: time before them is gone
    pauses: Collection[int] = ()  # these reasons stand still
    resumes: Collection[Entitlement] = ()  # these go on, with what was left of them
    held_back: bool | None = None  # whether sources that come back by themselves have to wait

    @property
    def adds(self) -> bool:
        """Return whether it gives a reason that did not count before."""
        return (
            self.gives is not None
            or self.attaches is not None
            or bool(self.brings)
            or bool(self.sets)
        )

    @property
    def gives_back(self) -> bool:
        """Return whether something counts again that an order took away; more time that is undone is none."""
        return self.undoes is not None and self.undoes.kind is not OrderKind.GRANT

    def grace_of(self, product: Product | None) -> int:
        """Return the days that are kept beyond the end of what it gives."""
        if self.grace_days is not None:
            return self.grace_days
        return product.grace_days if self.grace and product is not None else 0

    @property
    def by_customer(self) -> Mapping[str, str]:
        """Return the source by which the customer orders it for themselves, as the history keeps it.

        Empty for any other order.
        """
        if self.again:
            return {"source": AGAIN}
        source = self.source if self.attaches is None else self.attaches.source
        return {"source": source} if source in BY_CUSTOMERS and source is not None else {}


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be recorded; `before`: what there was, by default what Usher wanted.

    About a product it becomes an order for each of its scripts, of which the first one leads.
    """

    request: RequestContext
    kind: OrderKind
    target: Target | Permission
    change: Change
    note: str | None = None
    before: State | None = None
    from_now: bool = False  # its end was worked out from the moment of asking
    product_id: int | None = None  # where the target is one permission of a product
    lead_id: int | None = None  # the order of the same request that leads
    batch_id: int | None = None  # of many, which is told of as one

    @property
    def awaits_clock(self) -> bool:
        """Return whether it counts from a moment at which this computer's clock is wrong."""
        gives = self.change.gives
        is_length = isinstance(gives, Length) and not gives.lifetime
        is_length = is_length or (
            self.change.attaches is not None and self.change.attaches.settled_at is None
        )
        return (is_length or self.from_now) and clock.is_wrong()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The row of an order, the ones that it leads, and the orders whose place they took."""

    order: Order
    superseded: tuple[int, ...] = ()
    is_new: bool = True  # False: it came before with the same idempotency key, and nothing changed
