"""What TradingView made of the environment's login before it was in use."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "environment_session",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("cookies", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guild.id"], name=op.f("fk_environment_session_guild_id")
        ),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_environment_session")),
    )
