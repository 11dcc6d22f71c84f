"""The browsers that are signed in to the dashboard."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.store.records.base import Record


@dataclass(frozen=True, slots=True)
class WebSession(Record):
    """One browser of one person, signed in to the dashboard of one server."""

    id: int
    secret_hash: str = field(repr=False)
    guild_id: int
    member_id: int  # 0: the operator
    made_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class NewerRelease(Record):
    """A release of Usher that is newer than the one that runs, and the address of its notes."""

    version: str
    address: str | None
    seen_at: datetime
