"""Messages to a vendor's own programs: where they go, and each with how it stands."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_KINDS = "'access.granted', 'access.ended', 'access.failed', 'login.dead', 'order.stuck'"
_RESULTS = "'taken', 'status', 'silent', 'unreachable', 'untrusted', 'forbidden', 'lost'"


def upgrade() -> None:
    op.create_table(
        "outgoing_endpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("read_event_id", sa.Integer(), nullable=False),
        sa.Column("read_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('on', 'off')", name=op.f("ck_outgoing_endpoint_state")),
        sa.CheckConstraint(f"result IN ({_RESULTS})", name=op.f("ck_outgoing_endpoint_result")),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guild.id"], name=op.f("fk_outgoing_endpoint_guild_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_endpoint")),
        sa.UniqueConstraint(
            "guild_id", "reference", name=op.f("uq_outgoing_endpoint_guild_id_reference")
        ),
    )
    op.create_table(
        "outgoing_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("event_key", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_outgoing_event_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'failed')", name=op.f("ck_outgoing_event_state")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["outgoing_endpoint.id"], name=op.f("fk_outgoing_event_endpoint_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_outgoing_event_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_event")),
        sa.UniqueConstraint(
            "endpoint_id", "event_key", name=op.f("uq_outgoing_event_endpoint_id_event_key")
        ),
    )
    op.create_index("ix_outgoing_event_state", "outgoing_event", ["endpoint_id", "state", "id"])
    op.create_index("ix_outgoing_event_customer_id", "outgoing_event", ["customer_id"])
