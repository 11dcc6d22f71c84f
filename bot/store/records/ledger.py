"""Rows about what people have, why, and what was ordered and done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.kinds import (
    ActorKind,
    EntitlementKind,
    OrderKind,
    OrderState,
    PermissionState,
    Reason,
    StateKind,
)
from bot.store.records.base import OfActor, Record
from bot.store.records.catalogue import Script
from bot.store.records.people import Customer


@dataclass(frozen=True, slots=True)
class Permission(Record):
    """What TradingView should hold for one person and script, beside what was seen there."""

    id: int
    guild_id: int
    script_id: int
    customer_id: int
    username: str
    name_folded: str
    tv_user_id: int | None
    checked: bool
    wanted: StateKind
    wanted_ends_at: datetime | None
    revision: int
    synced_revision: int
    replaces: int | None
    held_back: bool
    seen: StateKind
    seen_ends_at: datetime | None
    seen_at: datetime | None
    ours: StateKind
    ours_ends_at: datetime | None
    sent_revision: int | None
    before: StateKind
    before_ends_at: datetime | None
    differs: bool
    state: PermissionState
    reason: Reason | None
    detail: str | None
    attempts: int
    next_try_at: datetime | None
    asked_at: datetime
    after_id: int | None = None  # the order that must be done first, with all that it leads
    batch_id: int | None = None  # the batch alone for which it waits


@dataclass(frozen=True, slots=True)
class Holding:
    """A permission with its script and its customer."""

    permission: Permission
    script: Script
    customer: Customer


@dataclass(frozen=True, slots=True)
class Purchase(Record, OfActor):
    """What a customer got of one item from one source, once."""

    id: int
    guild_id: int
    customer_id: int
    product_id: int | None
    script_id: int | None
    source: str
    reference: str
    member_id: int | None
    kind: EntitlementKind
    length: str | None
    ends_at: datetime | None
    grace_days: int
    actor_kind: ActorKind
    actor_id: str | None
    asked_at: datetime
    note: str | None
    lapses_at: datetime | None
    source_ended_at: datetime | None
    ended_at: datetime | None
    paused_at: datetime | None = None
    lapse_left: int | None = None  # seconds
    moved_by: int | None = None  # the order that made it one of another item
    moved_product_id: int | None = None  # what it was of before
    moved_script_id: int | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A customer who has a product: until the latest end among its purchases and scripts."""

    customer: Customer
    ends_at: datetime | None
    has_no_end: bool
    is_open: bool  # it ends with its source
    waits: bool  # it is not settled yet, as without a TradingView name
    paused_since: datetime | None = None  # where some of it stands still


@dataclass(frozen=True, slots=True)
class Affected:
    """A person whom a change of a product gives or takes a script, and until when they have or had it."""

    customer_id: int
    username: str | None
    member_id: int | None
    is_endless: bool
    ends_at: datetime | None  # None also where it is yet to be settled
    has: StateKind  # of the script by now, whatever gives it
    has_until: datetime | None


@dataclass(frozen=True, slots=True)
class Entitlement(Record):
    """Why somebody may use a script, and how long; without a permission it waits for a name."""

    id: int
    guild_id: int
    purchase_id: int
    script_id: int
    permission_id: int | None
    source: str
    reference: str
    kind: EntitlementKind
    length: str | None
    asked_at: datetime
    asked_by: int | None
    start_at: datetime | None
    ends_at: datetime | None
    settled_at: datetime | None
    ended_at: datetime | None
    ended_by: int | None
    note: str | None
    withheld: bool = False
    paused_at: datetime | None = None  # its clock stands still since then
    moved_by: int | None = None  # the order of a move that brought it here
    grace_days: int = 0  # kept on TradingView beyond the paid end
    row_day: int | None = None  # of the months after `ends_at`; None: the day of `ends_at` itself


@dataclass(frozen=True, slots=True)
class Order(Record, OfActor):
    """One order of somebody, from asked to told."""

    id: int
    guild_id: int
    permission_id: int
    kind: OrderKind
    idempotency_key: str
    entitlement_id: int | None
    revision: int
    actor_kind: ActorKind
    actor_id: str | None
    asked_at: datetime
    note: str | None
    before: StateKind
    before_ends_at: datetime | None
    state: OrderState
    reason: Reason | None
    ended_at: datetime | None
    told_state: OrderState | None
    member_told_at: datetime | None
    product_id: int | None = None  # when it was asked about a product
    lead_id: int | None = None  # the first order of the same request, which leads
    batch_id: int | None = None  # of many, which is told of as one

    @property
    def asker_id(self) -> int:
        """Return the Discord member who asked. Raises LookupError where nobody in Discord did."""
        if self.actor.member_id is None:
            raise LookupError(self.actor)
        return self.actor.member_id


@dataclass(frozen=True, slots=True)
class Event(Record, OfActor):
    """One entry of the history."""

    id: int
    guild_id: int
    at: datetime
    actor_kind: ActorKind
    actor_id: str | None
    action: str
    script_id: int | None
    customer_id: int | None
    permission_id: int | None
    order_id: int | None
    member_id: int | None
    note: str | None
    before: Any
    after: Any
    product_id: int | None = None
