"""Rows about payments: connections to shops, their messages, and contracts."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.store.kinds import ClaimHow, DeliveryState
from bot.store.records.base import Record


@dataclass(frozen=True, slots=True)
class Connection(Record):
    """The way from one shop to a server."""

    id: int
    guild_id: int
    public_id: str = field(repr=False)
    provider: str
    secrets: bytes | None = field(repr=False)  # encrypted
    api_key: bytes | None = field(repr=False)  # encrypted
    options: dict[str, Any]
    terms: dict[str, Any]
    asks_first: bool
    made_by: int
    made_at: datetime
    reference: str
    heard_at: datetime | None
    heard_kind: str | None
    refused: int
    refused_at: datetime | None
    refused_why: str | None
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery(Record):
    """One message of a shop, as it came."""

    id: int
    connection_id: int
    event_key: str
    kind: str
    received_at: datetime
    occurred_at: datetime | None
    body: bytes | None = field(repr=False)  # encrypted; None once it is old
    state: DeliveryState
    reason: str | None
    attempts: int
    next_try_at: datetime | None
    done_at: datetime | None
    contract_id: int | None


AWAITED = "await "  # how the refs begin by which a contract of a shop's list waits for its own


@dataclass(frozen=True, slots=True)
class Contract(Record):
    """A subscription, membership or order of a shop, and whose it is."""

    id: int
    guild_id: int
    connection_id: int
    name: str
    facts: list[dict[str, Any]]
    buyer: bytes | None = field(repr=False)  # encrypted
    customer_ref: str | None
    customer_id: int | None
    claimed_how: ClaimHow | None
    claimed_by: int | None
    why: str
    paid_end: datetime | None
    renews: bool
    told: list[str]
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ContractPurchase(Record):
    """What a contract gave of one item, as it last changed it."""

    contract_id: int
    part: str
    purchase_id: int
    line_key: str
    wanted: dict[str, Any]
    asked: dict[str, Any] | None
    is_held: bool


@dataclass(frozen=True, slots=True)
class Price(Record):
    """Something that a shop sells, and the item that it is; neither id: staff have not said yet."""

    id: int
    connection_id: int
    key: str
    name: str | None
    product_id: int | None
    script_id: int | None
    is_ignored: bool
    made_at: datetime
    asked_at: datetime | None
