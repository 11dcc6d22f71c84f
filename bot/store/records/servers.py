"""Rows about servers, their logins, and what people there have still to hear."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.store.kinds import (
    Otherwise,
    OutageStage,
    SessionState,
)
from bot.store.records.base import Record


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
    approval_above: int | None = 25


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
class LogEntry(Record):
    """The message of a log channel that shows an order, and the newest event that it shows."""

    order_id: int
    channel_id: int
    message_id: int
    event_id: int


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
