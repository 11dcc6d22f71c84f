"""The tables of messages to a vendor's own programs: where they go, and each with how it stands."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.store.kinds import EndpointState, OutgoingKind, OutgoingState, PostResult
from bot.store.tables.columns import OneOf, UtcDateTime, guild_id, metadata, one_of

outgoing_endpoint = Table(
    "outgoing_endpoint",  # a program of the vendor's that is told what happens
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("host", String(255), nullable=False),  # of its address, which may itself be a secret
    Column("address", LargeBinary),  # encrypted; NULL: the key is lost
    Column("secret", LargeBinary),  # encrypted; NULL: the key is lost
    Column("kinds", JSON, nullable=False),  # a list of what it is told of
    Column("state", OneOf(EndpointState), nullable=False),
    Column("made_by", BigInteger, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("reference", String(100), nullable=False),  # of the request, which counts once
    # What was looked at for it: the history up to that entry, and ends up to that moment.
    Column("read_event_id", Integer, nullable=False),
    Column("read_ends_at", UtcDateTime, nullable=False),
    Column("tried_at", UtcDateTime),  # the last try, and what became of it
    Column("result", OneOf(PostResult)),
    Column("status", Integer),
    Column("failing_since", UtcDateTime),  # nothing but failure since then
    UniqueConstraint("guild_id", "reference"),
    one_of("state", EndpointState),
    one_of("result", PostResult),
)

outgoing_event = Table(
    "outgoing_event",  # one message for one program; gone some time after it was taken
    metadata,
    Column("id", Integer, primary_key=True),
    Column("endpoint_id", Integer, ForeignKey("outgoing_endpoint.id"), nullable=False),
    Column("event_key", String(100), nullable=False),  # its id, the same at each try
    Column("kind", OneOf(OutgoingKind), nullable=False),
    Column("customer_id", Integer, ForeignKey("customer.id")),  # whom it names
    Column("body", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("state", OneOf(OutgoingState), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", UtcDateTime),
    Column("ended_at", UtcDateTime),  # sent, or given up
    UniqueConstraint("endpoint_id", "event_key"),
    one_of("kind", OutgoingKind),
    one_of("state", OutgoingState),
    Index("ix_outgoing_event_state", "endpoint_id", "state", "id"),
    Index("ix_outgoing_event_customer_id", "customer_id"),
)
