"""Rows about messages to a vendor's own programs."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.store.kinds import EndpointState, OutgoingKind, OutgoingState, PostResult
from bot.store.records.base import Record


@dataclass(frozen=True, slots=True)
class OutgoingEndpoint(Record):
    """A program of the vendor's that is told what happens."""

    id: int
    guild_id: int
    host: str
    address: bytes | None = field(repr=False)  # encrypted; None: the key is lost
    secret: bytes | None = field(repr=False)  # encrypted; None: the key is lost
    kinds: list[str]
    state: EndpointState
    made_by: int
    made_at: datetime
    reference: str
    read_event_id: int
    read_ends_at: datetime
    tried_at: datetime | None
    result: PostResult | None
    status: int | None
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class OutgoingEvent(Record):
    """One message for one program."""

    id: int
    endpoint_id: int
    event_key: str
    kind: OutgoingKind
    customer_id: int | None
    body: str = field(repr=False)
    made_at: datetime
    state: OutgoingState
    attempts: int
    next_try_at: datetime | None
    ended_at: datetime | None
