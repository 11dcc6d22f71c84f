"""Batches, and the rows of which they consist."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.kinds import (
    ActorKind,
    BatchKind,
    BatchState,
    EntitlementKind,
    Lookup,
    RowProblem,
    RowState,
    StateKind,
)
from bot.store.records.base import OfActor, Record


@dataclass(frozen=True, slots=True)
class Batch(Record, OfActor):
    """Many orders from one file or filter, with one dry run, one progress bar and one undo."""

    id: int
    guild_id: int
    kind: BatchKind
    state: BatchState
    idempotency_key: str
    actor_kind: ActorKind
    actor_id: str | None
    made_at: datetime
    note: str | None
    file_name: str | None
    chosen: Mapping[str, Any]
    forecast: Mapping[str, Any]
    newest_order_id: int
    undoes_id: int | None
    started_at: datetime | None
    approved_by: int | None
    approved_at: datetime | None
    ended_at: datetime | None
    channel_id: int | None
    message_id: int | None
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class BatchRow(Record):
    """One person and item of a batch; without an id it is yet to be kept."""

    line: int
    state: RowState
    problem: RowProblem | None = None
    detail: str | None = None
    written: Mapping[str, str] | None = None
    customer_id: int | None = None
    member_id: int | None = None
    username: str | None = None
    tv_user_id: int | None = None
    product_id: int | None = None
    script_id: int | None = None
    length: str | None = None
    kind: EntitlementKind | None = None
    ends_at: datetime | None = None
    note: str | None = None
    lookup: Lookup = Lookup.KNOWN
    before: StateKind = StateKind.NOTHING
    before_ends_at: datetime | None = None
    after: StateKind = StateKind.NOTHING
    after_ends_at: datetime | None = None
    order_id: int | None = None
    undoes_order_id: int | None = None
    id: int = 0
