"""The tables of the ledger: permissions, purchases and their entitlements, orders and the history."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    or_,
)

from bot.store.kinds import (
    ActorKind,
    EntitlementKind,
    OrderKind,
    OrderState,
    PermissionState,
    Reason,
    StateKind,
)
from bot.store.tables.columns import OneOf, UtcDateTime, end_rule, guild_id, metadata, one_of

# An unknown state is never wanted, and TradingView knows no entitlement without an end.
_WANTED = [kind for kind in StateKind if kind is not StateKind.UNKNOWN]
_SEEN = [kind for kind in StateKind if kind is not StateKind.OPEN]


def actor_columns() -> tuple[Column[Any] | CheckConstraint, ...]:
    """Return the columns of an actor: a kind, and an id within that kind, except for Usher itself."""
    return (
        Column("actor_kind", OneOf(ActorKind), nullable=False),
        Column("actor_id", String(64)),
        one_of("actor_kind", ActorKind),
        CheckConstraint("(actor_kind = 'usher') = (actor_id IS NULL)", name="actor_id"),
    )


permission = Table(
    "permission",  # what TradingView should hold, beside what was seen there
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("script_id", Integer, ForeignKey("script.id"), nullable=False),
    Column("customer_id", Integer, ForeignKey("customer.id"), nullable=False),
    Column("username", String(64), nullable=False),
    Column("name_folded", String(64), nullable=False),
    Column("tv_user_id", BigInteger),
    Column(
        "checked", Boolean, nullable=False, server_default=false()
    ),  # the spelling is TradingView's
    Column("wanted", OneOf(StateKind), nullable=False),
    Column("wanted_ends_at", UtcDateTime),
    Column("revision", Integer, nullable=False),  # grows with every order
    Column("synced_revision", Integer, nullable=False),
    Column(
        "replaces", Integer
    ),  # the order (set, revoke) that overrules whatever TradingView shows
    # An order that must be done first, with all that it leads: what is removed here goes on there.
    Column("after_id", Integer),
    Column("held_back", Boolean, nullable=False, server_default=false()),  # no automatic return
    Column("seen", OneOf(StateKind), nullable=False),
    Column("seen_ends_at", UtcDateTime),
    Column("seen_at", UtcDateTime),
    Column("ours", OneOf(StateKind), nullable=False),  # what our own last write left there
    Column("ours_ends_at", UtcDateTime),
    Column("sent_revision", Integer),  # the revision of the last write, kept before it goes out
    Column("before", OneOf(StateKind), nullable=False),  # what stood there before that write
    Column("before_ends_at", UtcDateTime),
    Column("differs", Boolean, nullable=False, server_default=false()),
    Column("state", OneOf(PermissionState), nullable=False),
    Column("reason", OneOf(Reason, 32)),
    Column("detail", Text),  # TradingView's own words, for staff
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", UtcDateTime),
    Column("asked_at", UtcDateTime, nullable=False),  # of the oldest order still waiting
    # The batch alone for which it waits: it lets others go first, and stands still with the batch.
    Column("batch_id", Integer),
    # Of a difference between the two: the one told in the log channel, and the one staff ignored.
    Column("noted_difference", String(120)),
    Column("ignored_difference", String(120)),
    UniqueConstraint("script_id", "name_folded"),
    one_of("wanted", _WANTED),
    one_of("seen", _SEEN),
    one_of("ours", _SEEN),
    one_of("before", _SEEN),
    one_of("state", PermissionState),
    end_rule("wanted"),
    end_rule("seen"),
    end_rule("ours"),
    end_rule("before"),
    CheckConstraint("state <> 'stuck' OR reason IS NOT NULL", name="stuck_says_why"),
    Index("ix_permission_due", "guild_id", "state", "next_try_at"),
    Index("ix_permission_batch_id", "batch_id", "state"),
    # Who has what and until when, without a look at the rows: a page counts people by it.
    Index("ix_permission_customer_id", "customer_id", "wanted", "wanted_ends_at", "script_id"),
    Index(
        "ix_permission_wanted",
        *("guild_id", "wanted", "wanted_ends_at", "customer_id", "script_id"),
    ),
)

source = Table(
    "source",  # where access may come from: filled at the start from the registry of the program
    metadata,
    Column("name", String(16), primary_key=True),
)

purchase = Table(
    "purchase",  # what a customer got of one item from one source, once
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("customer_id", Integer, ForeignKey("customer.id"), nullable=False),
    Column("product_id", Integer, ForeignKey("product.id")),
    Column("script_id", Integer, ForeignKey("script.id")),
    Column("source", String(16), ForeignKey("source.name"), nullable=False),
    Column("reference", String(100), nullable=False),
    Column("member_id", BigInteger),  # whose source it is, where that is a Discord member's
    Column("kind", OneOf(EntitlementKind), nullable=False),
    Column("length", String(32)),  # as asked: "1M"
    Column("ends_at", UtcDateTime),  # as asked, where it was a moment
    Column("grace_days", Integer, nullable=False, server_default="0"),
    *actor_columns(),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("note", Text),
    Column("lapses_at", UtcDateTime),  # its source is lost: it ends then, unless that comes back
    Column("source_ended_at", UtcDateTime),  # its source is over, and begins anew as another one
    Column("ended_at", UtcDateTime),  # before its end, by its source or by staff
    Column("paused_at", UtcDateTime),  # all of it, since then: its clock stands still
    Column(
        "lapse_left", Integer
    ),  # seconds until it lapses once it goes on, where its source is lost
    # The order that made it one of another item, and which item it was of before.
    Column("moved_by", Integer),
    Column("moved_product_id", Integer),
    Column("moved_script_id", Integer),
    UniqueConstraint("guild_id", "source", "reference"),
    one_of("kind", EntitlementKind),
    CheckConstraint("(product_id IS NULL) <> (script_id IS NULL)", name="item"),
    CheckConstraint(
        "(kind = 'until' AND (length IS NULL) <> (ends_at IS NULL))"
        " OR (kind IN ('open', 'lifetime') AND length IS NULL AND ends_at IS NULL)",
        name="kind_end",
    ),
    Index("ix_purchase_customer_id", "customer_id"),
    Index("ix_purchase_product_id", "product_id"),
    Index("ix_purchase_member_id", "guild_id", "member_id"),
    Index("ix_purchase_lapses_at", "lapses_at"),
)

entitlement = Table(
    "entitlement",  # why somebody may use a script, and how long
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("purchase_id", Integer, ForeignKey("purchase.id"), nullable=False),
    Column("script_id", Integer, ForeignKey("script.id"), nullable=False),
    # None while no TradingView name of the customer is known: it waits.
    Column("permission_id", Integer, ForeignKey("permission.id")),
    Column("source", String(16), ForeignKey("source.name"), nullable=False),
    Column("reference", String(100), nullable=False),
    Column("kind", OneOf(EntitlementKind), nullable=False),
    Column("length", String(32)),  # as asked: "1M"
    Column("grace_days", Integer, nullable=False, server_default="0"),  # beyond the paid end
    Column("asked_at", UtcDateTime, nullable=False),
    Column("asked_by", BigInteger),
    Column("start_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ended_by", Integer),  # the order that took it away, so that it can be put back
    Column("note", Text),
    # Staff gave it to a name that a member merely claims: that member is not to know of it.
    Column("withheld", Boolean, nullable=False, server_default=false()),
    Column("paused_at", UtcDateTime),  # its clock stands still since then
    Column("moved_by", Integer),  # the order of a move that brought it here
    # The day of the month from which months after the end are counted; NULL: the day of the end.
    Column("row_day", Integer),
    UniqueConstraint("source", "reference", "script_id"),
    one_of("kind", EntitlementKind),
    CheckConstraint(
        "(kind = 'until' AND (ends_at IS NOT NULL) = (settled_at IS NOT NULL)"
        " AND (ends_at IS NOT NULL OR length IS NOT NULL))"
        " OR (kind IN ('open', 'lifetime') AND ends_at IS NULL AND length IS NULL"
        " AND settled_at IS NOT NULL)",
        name="kind_end",
    ),
    Index("ix_entitlement_permission_id", "permission_id"),
    Index("ix_entitlement_ends_at", "guild_id", "ends_at"),
    Index("ix_entitlement_purchase_id", "purchase_id"),
    Index("ix_entitlement_ended_by", "ended_by"),
)


def has_time_left(reason: Any, now: datetime) -> "ColumnElement[bool]":
    """Return that condition on a reason, grace days not counted: a pause stops its time."""
    return or_(reason.c.ends_at.is_(None), reason.c.ends_at > now, reason.c.paused_at.is_not(None))


order = Table(
    "order",  # one order of somebody, from asked to told
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("permission_id", Integer, ForeignKey("permission.id"), nullable=False),
    Column("kind", OneOf(OrderKind), nullable=False),
    Column("idempotency_key", String(100), nullable=False),
    Column("entitlement_id", Integer, ForeignKey("entitlement.id")),
    Column("product_id", Integer, ForeignKey("product.id")),  # when it was asked about a product
    # The first order of the same request, which leads: its people hear of all of them together.
    Column("lead_id", Integer, ForeignKey("order.id")),
    Column("batch_id", Integer),  # of many, which is told of as one
    Column("revision", Integer, nullable=False),
    *actor_columns(),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("note", Text),
    Column("before", OneOf(StateKind), nullable=False),  # what Usher wanted before this order
    Column("before_ends_at", UtcDateTime),
    Column("state", OneOf(OrderState), nullable=False),
    Column("reason", OneOf(Reason, 32)),
    Column("ended_at", UtcDateTime),
    Column("told_state", OneOf(OrderState)),  # the state the asker has been told
    Column("member_told_at", UtcDateTime),
    Column("answer_token", LargeBinary),  # encrypted; gone once told or after 15 minutes
    UniqueConstraint("guild_id", "idempotency_key"),
    one_of("kind", OrderKind),
    one_of("state", OrderState),
    one_of("before", _WANTED),
    end_rule("before"),
    Index("ix_wish_permission_id", "permission_id", "state"),
    Index("ix_wish_told", "state", "told_state"),
    Index("ix_order_lead_id", "lead_id"),
    Index("ix_order_batch_id", "batch_id", "state"),
)

event = Table(
    "event",  # the history: ids, kinds, moments; triggers refuse every change but that of an erasure
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("at", UtcDateTime, nullable=False),
    *actor_columns(),
    Column("action", String(32), nullable=False),
    Column("script_id", Integer),
    Column("product_id", Integer),
    Column("customer_id", Integer),
    Column("permission_id", Integer),
    Column("order_id", Integer),
    Column("member_id", BigInteger),
    Column("before", JSON),
    Column("after", JSON),
    Column("interaction_id", BigInteger),  # of Discord, through which a person did it
    Index("ix_event_guild_customer", "guild_id", "customer_id", "at"),
    Index("ix_event_interaction_id", "interaction_id"),
    # What a search in the history looks at, newest last: it reads this instead of whole entries.
    Index(
        "ix_event_history",
        *("guild_id", "at", "action", "actor_kind", "actor_id"),
        *("script_id", "product_id", "order_id"),
    ),
)

event_words = Table(
    "event_words",  # what names a person in an entry of the history, and its note: both can be erased
    metadata,
    Column("event_id", Integer, ForeignKey("event.id"), primary_key=True),
    guild_id(),
    Column("words", JSON, nullable=False),  # by "before", "after" and "note"
    Index("ix_event_words_guild_id", "guild_id"),
)

unanswered = Table(
    "unanswered",  # interactions that Discord was told are worked on, until they have their answer
    metadata,
    Column("interaction_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, nullable=False),  # also of a server not known yet
    Column("member_id", BigInteger, nullable=False),
    Column("asked", String(200), nullable=False),  # in words, without secrets
    Column("asked_at", UtcDateTime, nullable=False),
    Column("token", LargeBinary),  # encrypted; the means to answer, for 15 minutes
    Column("in_place", Boolean, nullable=False),  # the answer takes the place of what stands there
)

log_entry = Table(
    "log_entry",  # the message of the log channel that shows an order
    metadata,
    Column("order_id", Integer, ForeignKey("order.id"), primary_key=True),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("event_id", Integer, nullable=False),  # the newest entry of the history that it shows
)
