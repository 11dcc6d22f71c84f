"""Rows about what is sold, by which roles, and how many have it."""

from dataclasses import dataclass
from datetime import datetime

from bot.store.kinds import (
    HolderRoleState,
    RoleTrouble,
)
from bot.store.records.base import Record


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
