"""The tables of batches: many orders from one file or filter."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
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

from bot.store.kinds import (
    BatchKind,
    BatchState,
    EntitlementKind,
    Lookup,
    RowProblem,
    RowState,
    StateKind,
)
from bot.store.tables.columns import OneOf, UtcDateTime, end_rule, guild_id, metadata, one_of
from bot.store.tables.ledger import actor_columns

_HELD = [kind for kind in StateKind if kind is not StateKind.UNKNOWN]

batch = Table(
    "batch",  # many orders from one file or filter, with one dry run, one progress bar and one undo
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("kind", OneOf(BatchKind), nullable=False),
    Column("state", OneOf(BatchState), nullable=False),
    Column("idempotency_key", String(100), nullable=False),
    *actor_columns(),
    Column(
        "made_at", UtcDateTime, nullable=False
    ),  # its lengths count from its start, not from here
    Column("note", Text),
    Column("file_name", String(200)),
    Column("chosen", JSON, nullable=False),  # the filter, and what counts where a row says nothing
    Column("forecast", JSON, nullable=False),  # what the dry run said of all of it together
    Column("newest_order_id", Integer, nullable=False),  # of the server at the dry run; 0: none yet
    Column("undoes_id", Integer, ForeignKey("batch.id")),
    Column("started_at", UtcDateTime),
    Column("approved_by", BigInteger),  # the second manager; 0: the operator
    Column("approved_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    # The message that shows how far it is: in a channel, or while the token lives the answer itself.
    Column("channel_id", BigInteger),
    Column("message_id", BigInteger),
    Column("answer_token", LargeBinary),  # encrypted; gone after 15 minutes
    Column("told_at", UtcDateTime),  # its end was told
    UniqueConstraint("guild_id", "idempotency_key"),
    one_of("kind", BatchKind),
    one_of("state", BatchState),
    CheckConstraint("(kind = 'undo') = (undoes_id IS NOT NULL)", name="undoes"),
    Index("ix_batch_state", "state"),
)

batch_row = Table(
    "batch_row",  # one person and item of a batch
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", Integer, ForeignKey("batch.id"), nullable=False),
    Column("line", Integer, nullable=False),  # in the file, from 1; by a filter: its place
    Column("state", OneOf(RowState), nullable=False),
    Column("problem", OneOf(RowProblem, 32)),
    Column("detail", Text),  # what belongs to the problem: the near names, the other line
    Column(
        "written", JSON(none_as_null=True)
    ),  # of a faulty row its cells, by column, so that the file can be mended
    Column("customer_id", Integer),  # NULL: nobody who is known yet
    Column("member_id", BigInteger),
    Column("username", String(64)),
    Column("tv_user_id", BigInteger),  # as TradingView says, where it was asked
    Column("product_id", Integer, ForeignKey("product.id")),
    Column("script_id", Integer, ForeignKey("script.id")),
    Column("length", String(32)),  # what is given: so much more, or until then
    Column("kind", OneOf(EntitlementKind)),  # until or lifetime, of what is given
    Column("ends_at", UtcDateTime),
    Column("note", Text),
    Column("lookup", OneOf(Lookup), nullable=False),
    # The most that the person had of the item at the dry run, and has after it.
    Column("before", OneOf(StateKind), nullable=False),
    Column("before_ends_at", UtcDateTime),
    Column("after", OneOf(StateKind), nullable=False),
    Column("after_ends_at", UtcDateTime),
    Column("order_id", Integer, ForeignKey("order.id")),  # the one that leads
    Column("undoes_order_id", Integer, ForeignKey("order.id")),  # of an undo: what it puts back
    one_of("state", RowState),
    one_of("lookup", Lookup),
    one_of("before", _HELD),
    one_of("after", _HELD),
    end_rule("before"),
    end_rule("after"),
    CheckConstraint("(state = 'faulty') = (written IS NOT NULL)", name="written"),
    CheckConstraint(
        "problem IS NOT NULL OR state IN ('planned', 'ordered', 'withdrawn')", name="problem"
    ),
    Index("ix_batch_row_state", "batch_id", "state", "id"),
    Index("ix_batch_row_order_id", "order_id"),
    Index("ix_batch_row_customer_id", "customer_id"),
)
