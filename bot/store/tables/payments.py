"""The tables of payments: connections to shops, their messages, and the contracts that these tell of."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from bot.store.kinds import ClaimHow, DeliveryState
from bot.store.tables.columns import OneOf, UtcDateTime, guild_id, metadata, one_of

connection = Table(
    "connection",  # of a server to one shop
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("public_id", String(40), nullable=False, unique=True),  # of its address; unguessable
    Column("provider", String(32), nullable=False),
    Column("secrets", LargeBinary),  # encrypted: a JSON list, the newest first; NULL: none yet
    Column("api_key", LargeBinary),  # encrypted: where the provider lets messages be looked up
    Column("options", JSON, nullable=False),  # of the provider: header, paths, the name's field
    Column("terms", JSON, nullable=False),  # what the vendor decided, as far as not the default
    Column("asks_first", Boolean, nullable=False, server_default=false()),
    Column("made_by", BigInteger, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("reference", String(100), nullable=False),  # of the request, which counts once
    Column("heard_at", UtcDateTime),  # the last message that was taken
    Column("heard_kind", String(100)),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("refused_at", UtcDateTime),
    Column("refused_why", String(100)),
    Column("removed_at", UtcDateTime),
    UniqueConstraint("guild_id", "reference"),
)

delivery = Table(
    "delivery",  # a message of a shop as it came; of an old one the body is gone
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection_id", Integer, ForeignKey("connection.id"), nullable=False),
    Column("event_key", String(200), nullable=False),  # a message counts once, for ever
    Column("kind", String(100), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("occurred_at", UtcDateTime),
    Column("body", LargeBinary),  # encrypted
    Column("state", OneOf(DeliveryState), nullable=False),
    Column("reason", String(100)),  # why it waits or is stuck, without content
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", UtcDateTime),
    Column("done_at", UtcDateTime),
    Column("contract_id", Integer, ForeignKey("contract.id")),  # the first it is about
    UniqueConstraint("connection_id", "event_key"),
    one_of("state", DeliveryState),
    Index("ix_delivery_state", "state", "next_try_at", "id"),
    # Of those alone that have a body still: a row without one is never looked for by its age.
    Index(
        "ix_delivery_received_at",
        "received_at",
        sqlite_where=text("body IS NOT NULL"),
    ),
    Index("ix_delivery_contract_id", "contract_id"),
)

contract = Table(
    "contract",  # a subscription, membership or order of a shop
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("connection_id", Integer, ForeignKey("connection.id"), nullable=False),
    Column("name", String(200), nullable=False),  # the provider's own id of it
    Column("facts", JSON, nullable=False),  # ids, amounts and dates; no person
    Column("buyer", LargeBinary),  # encrypted: what messages tell of the person
    Column("customer_ref", String(200)),  # the provider's id of the person
    Column(
        "customer_id", Integer, ForeignKey("customer.id")
    ),  # NULL while nobody knows whose it is
    Column("claimed_how", OneOf(ClaimHow)),
    Column("claimed_by", BigInteger),  # the staff member who assigned it
    Column("why", String(16), nullable=False),  # what it comes to
    Column("paid_end", UtcDateTime),
    Column("renews", Boolean, nullable=False, server_default=false()),
    Column("told", JSON, nullable=False),  # what staff were told of it, each once
    Column("made_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    CheckConstraint("(customer_id IS NULL) = (claimed_how IS NULL)", name="claim"),
    one_of("claimed_how", ClaimHow),
    Index("ix_contract_guild_customer", "guild_id", "customer_id"),
    Index("ix_contract_customer_ref", "connection_id", "customer_ref"),
)

contract_ref = Table(
    "contract_ref",  # every id of a provider's objects that belong to a contract
    metadata,
    Column("connection_id", Integer, ForeignKey("connection.id"), primary_key=True),
    Column("ref", String(200), primary_key=True),
    Column("contract_id", Integer, ForeignKey("contract.id"), nullable=False),
    Index("ix_contract_ref_contract_id", "contract_id"),
)

claim_code = Table(
    "claim_code",  # by which a buyer shows that a contract is theirs
    metadata,
    Column("guild_id", BigInteger, ForeignKey("guild.id"), primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("contract_id", Integer, ForeignKey("contract.id"), nullable=False),
    Index("ix_claim_code_contract_id", "contract_id"),
)

contract_purchase = Table(
    "contract_purchase",  # what a contract gave; `wanted` is what it came to when it last changed it
    metadata,
    Column("contract_id", Integer, ForeignKey("contract.id"), primary_key=True),
    Column("part", String(100), primary_key=True),  # the item, and the sale where it is one
    Column("purchase_id", Integer, ForeignKey("purchase.id"), nullable=False, unique=True),
    Column("line_key", String(200), nullable=False),  # the shop's id of what was bought
    Column("wanted", JSON, nullable=False),
    Column("asked", JSON),  # a shortening that staff are asked about first
    # Staff revoked what it gave: it goes on once they grant again.
    Column("is_held", Boolean, nullable=False, server_default=false()),
)

price = Table(
    "price",  # what a shop sells, and which item that is
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection_id", Integer, ForeignKey("connection.id"), nullable=False),
    Column("key", String(200), nullable=False),  # the shop's id of it
    Column("name", String(200)),  # as the shop calls it
    Column("product_id", Integer, ForeignKey("product.id")),
    Column("script_id", Integer, ForeignKey("script.id")),
    Column("is_ignored", Boolean, nullable=False, server_default=false()),  # nothing to do with us
    Column("made_at", UtcDateTime, nullable=False),
    Column("asked_at", UtcDateTime),  # staff were asked in the log channel
    UniqueConstraint("connection_id", "key"),
    CheckConstraint("product_id IS NULL OR script_id IS NULL", name="item"),
)

buyer_token = Table(
    "buyer_token",  # a member takes it to a shop, and comes back with it in the shop's message
    metadata,
    Column("token", String(40), primary_key=True),
    guild_id(),
    Column("member_id", BigInteger, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    UniqueConstraint("guild_id", "member_id"),
)
