"""Where a server's panel stands, and how often a member had TradingView looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("guild", sa.Column("panel_channel_id", sa.BigInteger()))
    op.add_column("guild", sa.Column("panel_message_id", sa.BigInteger()))
    # SQLite changes no CHECK: the table is made anew, with what counts today in it.
    op.create_table(
        "attempt_with_looks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('link', 'proof', 'look')", name=op.f("ck_attempt_kind")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_attempt_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.execute(
        "INSERT INTO attempt_with_looks (id, guild_id, member_id, kind, at)"
        " SELECT id, guild_id, member_id, kind, at FROM attempt"
    )
    op.drop_table("attempt")
    op.rename_table("attempt_with_looks", "attempt")
    op.create_index("ix_attempt_member", "attempt", ["guild_id", "member_id", "kind", "at"])
