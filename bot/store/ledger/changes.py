"""The columns of a row that its change may set; mypy refuses an unknown one or another type."""

from datetime import datetime
from typing import TypedDict

from bot.store.kinds import OrderState, PermissionState, Reason, StateKind


class PermissionFacts(TypedDict, total=False):
    """Columns of a permission, but for what is wanted."""

    customer_id: int
    username: str
    tv_user_id: int | None
    checked: bool
    revision: int
    synced_revision: int
    replaces: int | None
    after_id: int | None
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
    batch_id: int | None


class PermissionChange(PermissionFacts, total=False):
    """Columns of a permission."""

    wanted: StateKind
    wanted_ends_at: datetime | None


class EntitlementChange(TypedDict, total=False):
    """Columns of a reason."""

    permission_id: int | None
    asked_at: datetime
    ends_at: datetime | None
    row_day: int | None
    grace_days: int
    paused_at: datetime | None
    ended_at: datetime | None
    ended_by: int | None


class OrderTold(TypedDict, total=False):
    """Columns of an order about what the person who asked knows."""

    told_state: OrderState
    answer_token: bytes | None
