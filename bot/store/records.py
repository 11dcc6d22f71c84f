"""Rows as the rest of the program sees them: frozen, typed, moments aware in UTC."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Row, Table

from bot.store.kinds import (
    ActorKind,
    ClaimState,
    EntitlementKind,
    HolderRoleState,
    OrderKind,
    OrderState,
    Otherwise,
    OutageStage,
    PermissionState,
    Reason,
    RoleTrouble,
    SessionState,
    StateKind,
    Tie,
)


@dataclass(frozen=True, slots=True)
class Record:
    """A row of one table, by the names of its columns."""

    @classmethod
    def of(cls, row: "Row[Any]", table: Table | None = None) -> Self:
        """Build from a row that holds at least these columns; of a join, those of one table."""
        values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        if table is not None:  # other tables have columns of the same name
            return cls(**{field.name: values[table.c[field.name]] for field in fields(cls)})
        return cls(**{field.name: values[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who orders something or did something: a kind, and which one of that kind."""

    kind: ActorKind
    id: str | None = None

    @classmethod
    def member(cls, member_id: int) -> Self:
        """Return the actor that a Discord member is."""
        return cls(ActorKind.MEMBER, str(member_id))

    @classmethod
    def of(cls, member_id: int | None) -> Self:
        """Return the actor that a member is, or Usher itself where there is none."""
        return cls(ActorKind.USHER) if member_id is None else cls.member(member_id)

    @property
    def member_id(self) -> int | None:
        """Return the Discord member's id; None for any other kind."""
        return int(self.id or 0) if self.kind is ActorKind.MEMBER else None


USHER = Actor(ActorKind.USHER)


class _OfActor:
    """A row with the columns of an actor."""

    actor_kind: ActorKind
    actor_id: str | None

    @property
    def actor(self) -> Actor:
        """Return who asked for it, or did it."""
        return Actor(self.actor_kind, self.actor_id)


@dataclass(frozen=True, slots=True)
class Guild(Record):
    """A Discord server and its settings."""

    id: int
    log_channel_id: int | None
    left_at: datetime | None
    posted_event_id: int | None
    commands_digest: str | None
    created_at: datetime
    restored_at: datetime | None = None
    log_closed_at: datetime | None = None
    reminder_days: str = "7, 3, 1"
    time_zone: str = "UTC"
    reminders_from: datetime | None = None
    panel_channel_id: int | None = None
    panel_message_id: int | None = None


@dataclass(frozen=True, slots=True)
class DirectMessage(Record):
    """A message to a person that Discord has not taken yet."""

    id: int
    guild_id: int
    user_id: int
    content: Any
    otherwise: Otherwise
    made_at: datetime
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account(Record):
    """The vendor's TradingView account of one server."""

    id: int
    guild_id: int
    username: str | None
    name_folded: str | None
    environment_digest: str | None


@dataclass(frozen=True, slots=True)
class Session(Record):
    """A stored login: never holds the cookies in the clear."""

    account_id: int
    version: int
    state: SessionState
    state_since: datetime
    checked_at: datetime | None
    set_by: int | None
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Script(Record):
    """One invite-only publication."""

    id: int
    guild_id: int
    pine_id: str
    slug: str
    title: str
    archived_at: datetime | None
    paused_at: datetime | None
    paused_reason: str | None
    restored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Product(Record):
    """What is sold: one or more scripts under one short name."""

    id: int
    guild_id: int
    slug: str
    title: str
    length: str | None
    role_id: int | None
    grace_days: int
    trial: str | None
    link: str | None
    archived_at: datetime | None
    role_trouble: RoleTrouble | None = None  # why its role cannot be given, as it was told


@dataclass(frozen=True, slots=True)
class HolderRole:
    """A role of a product, and a member who should have it or need not have it any more."""

    guild_id: int
    member_id: int
    role_id: int
    state: HolderRoleState | None = None  # None: nothing was done about it yet


@dataclass(frozen=True, slots=True)
class Customer(Record):
    """A person: a member, a TradingView user, or both."""

    id: int
    guild_id: int
    member_id: int | None
    username: str | None
    name_folded: str | None
    tv_user_id: int | None
    linked_at: datetime | None
    linked_by: int | None
    tie: Tie | None = None
    blocked_at: datetime | None = None
    blocked_by: int | None = None
    block_reason: str | None = None
    forget_at: datetime | None = None  # to be erased once TradingView shows no access
    forget_by: int | None = None
    forgotten: int | None = None  # the number that stands for the erased person

    @property
    def merely_claims(self) -> bool:
        """Return whether the name is a member's by nothing but their own word."""
        return self.member_id is not None and self.tie is Tie.CLAIMED


@dataclass(frozen=True, slots=True)
class Proof(Record):
    """A code that a member is to put on the public profile of a TradingView name."""

    id: int
    guild_id: int
    member_id: int
    username: str
    code_hash: bytes = field(repr=False)
    made_at: datetime
    looks: int


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
class Claim(Record):
    """A member's request for a name, which staff decide."""

    id: int
    guild_id: int
    member_id: int
    username: str
    asked_at: datetime
    state: ClaimState
    decided_by: int | None
    channel_id: int | None = None  # of the message that asks staff, while it has buttons
    message_id: int | None = None
    instead_of: str | None = None  # the member's name when they asked, whose access goes along


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


@dataclass(frozen=True, slots=True)
class LogEntry(Record):
    """The message of a log channel that shows an order, and the newest event that it shows."""

    order_id: int
    channel_id: int
    message_id: int
    event_id: int


@dataclass(frozen=True, slots=True)
class Holding:
    """A permission with its script and its customer."""

    permission: Permission
    script: Script
    customer: Customer


@dataclass(frozen=True, slots=True)
class Purchase(Record, _OfActor):
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
class RoleRule(Record):
    """A Discord role that opens an item."""

    id: int
    guild_id: int
    role_id: int
    role_name: str
    source: str
    product_id: int | None
    script_id: int | None
    grace_days: int
    added_by: int
    added_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoleGain(Record):
    """What a member got by a role, as long as the purchase that it made goes on."""

    purchase_id: int
    guild_id: int
    rule_id: int
    role_id: int
    member_id: int
    lost_at: datetime | None
    loss_id: int | None


@dataclass(frozen=True, slots=True)
class HeldRole:
    """What a member has by a role: `is_stopped` by staff.

    `is_due_again`: staff gave it again since, or the member has another TradingView name now.
    """

    gain: RoleGain
    is_stopped: bool = False
    is_due_again: bool = False


@dataclass(frozen=True, slots=True)
class RoleLoss(Record):
    """Many members lost a role at once, or it was deleted: managers decide what becomes of it."""

    id: int
    guild_id: int
    role_id: int
    is_deleted: bool
    began_at: datetime
    asked_at: datetime | None
    decided_at: datetime | None
    decided_by: int | None
    is_kept: bool | None


@dataclass(frozen=True, slots=True)
class Order(Record, _OfActor):
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

    @property
    def asker_id(self) -> int:
        """Return the Discord member who asked. Raises LookupError where nobody in Discord did."""
        if self.actor.member_id is None:
            raise LookupError(self.actor)
        return self.actor.member_id


@dataclass(frozen=True, slots=True)
class Event(Record, _OfActor):
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


@dataclass(frozen=True, slots=True)
class Unanswered(Record):
    """An interaction that was acknowledged and has no answer yet."""

    interaction_id: int
    guild_id: int
    member_id: int
    asked: str
    asked_at: datetime
    token: bytes | None = field(repr=False)
    in_place: bool


@dataclass(frozen=True, slots=True)
class Outage(Record):
    """One outage; `told` is nothing, ended, still or back."""

    id: int
    guild_id: int
    since: datetime
    set_by: int | None
    reminded_at: datetime | None
    ended_at: datetime | None
    told: OutageStage

    @property
    def stage(self) -> OutageStage:
        """How far it is: ended, still, back."""
        while_it_lasts = OutageStage.ENDED if self.reminded_at is None else OutageStage.STILL
        return while_it_lasts if self.ended_at is None else OutageStage.BACK


@dataclass(frozen=True, slots=True)
class Numbers(Record):
    """The rows of a script's list, each in one of three; `strangers` are live ones Usher has not."""

    undated: int
    dated: int
    lapsed: int
    strangers: int

    @property
    def total(self) -> int:
        return self.undated + self.dated + self.lapsed


@dataclass(frozen=True, slots=True)
class Untaken(Record):
    """Who has access on TradingView and was not taken over yet; a person may have several accesses."""

    people: int
    accesses: int
