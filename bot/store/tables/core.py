"""Every table. The schema holds the rules that no code may break."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

from bot.store.kinds import (
    ActorKind,
    ClaimState,
    EntitlementKind,
    OrderKind,
    OrderState,
    PermissionState,
    Reason,
    RoleLevel,
    SessionState,
    StateKind,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. Naive values are refused: SQLite would drop a zone silently."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: naive UTC for SQLite, aware elsewhere."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """From the database: always aware UTC."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class OneOf(TypeDecorator[StrEnum]):
    """A word of a closed set. Any other word is refused before it reaches the database."""

    impl = String
    cache_ok = True

    def __init__(self, kinds: type[StrEnum], length: int = 16) -> None:
        super().__init__(length)
        self.kinds = kinds

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To the database: the word itself."""
        return None if value is None else self.kinds(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - SQLAlchemy's signature
        """From the database: the member of the set."""
        return None if value is None else self.kinds(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# Nobody wants what is unknown, and TradingView knows no reason without an end.
_WANTED = [kind for kind in StateKind if kind is not StateKind.UNKNOWN]
_SEEN = [kind for kind in StateKind if kind is not StateKind.OPEN]


def _guild() -> Column[int]:
    return Column("guild_id", BigInteger, ForeignKey("guild.id"), nullable=False)


def one_of(column: str, kinds: Iterable[StrEnum]) -> CheckConstraint:
    """Return the CHECK that holds a column to these words."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _end_rule(prefix: str) -> CheckConstraint:
    """An end is there exactly when the kind says so: a missing date is never lifetime."""
    return CheckConstraint(
        f"({prefix} = 'until') = ({prefix}_ends_at IS NOT NULL)", name=f"{prefix}_end"
    )


def _actor() -> tuple[Column[Any] | CheckConstraint, ...]:
    """Who did it: a kind, and which one of that kind; Usher itself is the only one of its kind."""
    return (
        Column("actor_kind", OneOf(ActorKind), nullable=False),
        Column("actor_id", String(64)),
        one_of("actor_kind", ActorKind),
        CheckConstraint("(actor_kind = 'usher') = (actor_id IS NULL)", name="actor_id"),
    )


guild = Table(
    "guild",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("log_channel_id", BigInteger),
    Column("left_at", UtcDateTime),  # the bot is not in that server: its queue pauses
    Column("posted_event_id", Integer),  # the last history line that the log channel shows
    Column("commands_digest", String(64)),  # of the command tree last registered there
    Column("created_at", UtcDateTime, nullable=False),
    Column("restored_at", UtcDateTime),  # from a backup: nothing is sent before all lists were read
)

guild_role = Table(
    "guild_role",
    metadata,
    Column("guild_id", BigInteger, ForeignKey("guild.id"), primary_key=True),
    Column("role_id", BigInteger, primary_key=True),
    Column("level", OneOf(RoleLevel), primary_key=True),
    one_of("level", RoleLevel),
)

account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("guild_id", BigInteger, ForeignKey("guild.id"), nullable=False, unique=True),
    Column("username", String(64)),
    Column("name_folded", String(64), unique=True),
    Column("environment_digest", String(64)),  # of the pair last read from the environment
    Column("created_at", UtcDateTime, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False, unique=True),
    Column("version", Integer, nullable=False),  # grows with every new pair
    Column("cookies", LargeBinary, nullable=False),  # encrypted
    Column("state", OneOf(SessionState), nullable=False),
    Column("state_since", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("set_by", BigInteger),  # nobody: it came from the environment
    Column("set_at", UtcDateTime, nullable=False),
    one_of("state", SessionState),
)

script = Table(
    "script",
    metadata,
    Column("id", Integer, primary_key=True),
    _guild(),
    Column("pine_id", String(80), nullable=False, unique=True),
    Column("slug", String(32), nullable=False),
    Column("title", String(100), nullable=False),
    Column("archived_at", UtcDateTime),
    Column("paused_at", UtcDateTime),
    Column("paused_reason", Text),  # TradingView's own words, for staff
    Column("restored_at", UtcDateTime),  # from a backup: its list was not read since
    Column("added_by", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    UniqueConstraint("guild_id", "slug"),
)

customer = Table(
    "customer",
    metadata,
    Column("id", Integer, primary_key=True),
    _guild(),
    Column("member_id", BigInteger),
    Column("username", String(64)),
    Column("name_folded", String(64)),
    Column("tv_user_id", BigInteger),
    Column("linked_at", UtcDateTime),
    Column("linked_by", BigInteger),
    UniqueConstraint("guild_id", "member_id"),
    UniqueConstraint("guild_id", "name_folded"),
    CheckConstraint("member_id IS NOT NULL OR name_folded IS NOT NULL", name="somebody"),
    CheckConstraint("(username IS NULL) = (name_folded IS NULL)", name="name"),
)

claim = Table(
    "claim",  # a member says that a TradingView name is theirs, and staff must look first
    metadata,
    Column("id", Integer, primary_key=True),
    _guild(),
    Column("member_id", BigInteger, nullable=False),
    Column("username", String(64), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("state", OneOf(ClaimState), nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcDateTime),
    one_of("state", ClaimState),
    Index(
        "uq_claim_waiting",
        "guild_id",
        "member_id",
        unique=True,
        sqlite_where=Column("state") == "waiting",
    ),
)

permission = Table(
    "permission",  # what TradingView should hold, beside what was seen there
    metadata,
    Column("id", Integer, primary_key=True),
    _guild(),
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
    # Of a difference between the two: the one told in the log channel, and the one staff ignored.
    Column("noted_difference", String(120)),
    Column("ignored_difference", String(120)),
    UniqueConstraint("script_id", "name_folded"),
    one_of("wanted", _WANTED),
    one_of("seen", _SEEN),
    one_of("ours", _SEEN),
    one_of("before", _SEEN),
    one_of("state", PermissionState),
    _end_rule("wanted"),
    _end_rule("seen"),
    _end_rule("ours"),
    _end_rule("before"),
    CheckConstraint("state <> 'stuck' OR reason IS NOT NULL", name="stuck_says_why"),
    Index("ix_permission_due", "guild_id", "state", "next_try_at"),
    Index("ix_permission_customer_id", "customer_id"),
)

source = Table(
    "source",  # where access may come from: filled at the start from the registry of the program
    metadata,
    Column("name", String(16), primary_key=True),
)

entitlement = Table(
    "entitlement",  # why somebody may use a script, and how long
    metadata,
    Column("id", Integer, primary_key=True),
    _guild(),
    Column("script_id", Integer, ForeignKey("script.id"), nullable=False),
    Column("permission_id", Integer, ForeignKey("permission.id"), nullable=False),
    Column("source", String(16), ForeignKey("source.name"), nullable=False),
    Column("reference", String(100), nullable=False),
    Column("kind", OneOf(EntitlementKind), nullable=False),
    Column("length", String(32)),  # as asked: "1M"
    Column("asked_at", UtcDateTime, nullable=False),
    Column("asked_by", BigInteger),
    Column("start_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ended_by", Integer),  # the order that took it away, so that it can be put back
    Column("note", Text),
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
)

order = Table(
    "order",  # one order of somebody, from asked to told
    metadata,
    Column("id", Integer, primary_key=True),
    _guild(),
    Column("permission_id", Integer, ForeignKey("permission.id"), nullable=False),
    Column("kind", OneOf(OrderKind), nullable=False),
    Column("idempotency_key", String(100), nullable=False),
    Column("entitlement_id", Integer, ForeignKey("entitlement.id")),
    Column("revision", Integer, nullable=False),
    *_actor(),
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
    _end_rule("before"),
    Index("ix_wish_permission_id", "permission_id", "state"),
    Index("ix_wish_told", "state", "told_state"),
)

event = Table(
    "event",  # the history; triggers refuse every change
    metadata,
    Column("id", Integer, primary_key=True),
    _guild(),
    Column("at", UtcDateTime, nullable=False),
    *_actor(),
    Column("action", String(32), nullable=False),
    Column("script_id", Integer),
    Column("customer_id", Integer),
    Column("permission_id", Integer),
    Column("order_id", Integer),
    Column("member_id", BigInteger),
    Column("note", Text),
    Column("before", JSON),
    Column("after", JSON),
    Index("ix_event_guild_customer", "guild_id", "customer_id", "at"),
)
