"""The tables around the TradingView login: accounts, sessions, spares, outages, one-time pages, the lease."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from bot.store.kinds import OutageStage, SessionState
from bot.store.tables.columns import OneOf, UtcDateTime, metadata, one_of

MAX_SPARES = 2

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

spare_session = Table(
    "spare_session",  # further logins of the same account, for when the one in use ends
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("rank", Integer, nullable=False),  # the lowest takes over first
    Column("cookies", LargeBinary, nullable=False),  # encrypted
    Column("checked_at", UtcDateTime, nullable=False),
    Column("set_by", BigInteger),  # nobody: from the terminal or the environment
    Column("set_at", UtcDateTime, nullable=False),
    UniqueConstraint("account_id", "rank"),
    CheckConstraint(f"rank BETWEEN 1 AND {MAX_SPARES}", name="rank"),
)

environment_session = Table(
    "environment_session",  # what TradingView made of the environment's pair before it was in use
    metadata,
    Column("guild_id", BigInteger, ForeignKey("guild.id"), primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),  # of the pair as it stands in the environment
    Column("cookies", LargeBinary, nullable=False),  # encrypted
)

login_outage = Table(
    "login_outage",  # from the moment a login was found dead until it works again
    metadata,
    Column("id", Integer, primary_key=True),
    Column("guild_id", BigInteger, ForeignKey("guild.id"), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("set_by", BigInteger),  # whoever set the login that died; nobody: it came from outside
    Column("reminded_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("told", OneOf(OutageStage), nullable=False),  # the last of these that was told by DM
    one_of("told", OutageStage),
    Index(
        "uq_login_outage_open",
        "guild_id",
        unique=True,
        sqlite_where=Column("ended_at").is_(None),
    ),
)

login_link = Table(
    "login_link",  # a one-time page for a TradingView login
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("guild_id", BigInteger, ForeignKey("guild.id"), nullable=False),
    Column("member_id", BigInteger, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("spent_at", UtcDateTime),
)

account_lease = Table(
    "account_lease",  # which program may send for the account just now, and what all must know
    metadata,
    Column(
        "guild_id", BigInteger, primary_key=True, autoincrement=False
    ),  # also of one not known yet
    Column("holder", String(16)),
    Column("leased_until", UtcDateTime, nullable=False),
    Column("wanted_by", String(16)),
    Column("held_for", Float, nullable=False),  # seconds from written_at, as is due_in
    Column("due_in", Float, nullable=False),
    Column("rate", Float),  # requests a second, where refusals keep it below TV_PACE
    Column("written_at", UtcDateTime, nullable=False),
)
