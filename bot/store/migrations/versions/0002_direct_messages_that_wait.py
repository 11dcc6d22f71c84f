"""Direct messages that wait, and since when a log channel takes nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "direct_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("otherwise", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "otherwise IN ('nowhere', 'log', 'owner')", name=op.f("ck_direct_message_otherwise")
        ),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guild.id"], name=op.f("fk_direct_message_guild_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_direct_message")),
    )
    op.add_column("guild", sa.Column("log_closed_at", sa.DateTime(timezone=True)))
