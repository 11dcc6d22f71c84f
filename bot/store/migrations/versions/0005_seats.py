"""How many people have access, day by day, and the warnings about it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seat_day",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_seat_day_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", "day", name=op.f("pk_seat_day")),
    )
    op.create_table(
        "seat_watch",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("guard", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("warned_month", sa.String(length=7), nullable=True),
        sa.Column("warned_at", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_seat_watch_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_seat_watch")),
    )
