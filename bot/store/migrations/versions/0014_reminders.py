"""Reminders before a paid end; nobody is reminded now of what was due before there were any."""

import sqlalchemy as sa
from alembic import op

from bot import clock

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, moment = sa.String(length=64), sa.DateTime(timezone=True)
    op.add_column(
        "guild", sa.Column("reminder_days", text, server_default="7, 3, 1", nullable=False)
    )
    op.add_column("guild", sa.Column("time_zone", text, server_default="UTC", nullable=False))
    op.add_column("guild", sa.Column("reminders_from", moment, nullable=True))
    guild = sa.table("guild", sa.column("reminders_from", moment))
    op.execute(sa.update(guild).values(reminders_from=clock.now()))
    op.create_index("ix_entitlement_ends_at", "entitlement", ["guild_id", "ends_at"])
    op.create_table(
        "reminder",
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('sent', 'refused', 'left')", name=op.f("ck_reminder_outcome")
        ),
        sa.CheckConstraint("days >= 0", name=op.f("ck_reminder_days")),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_reminder_purchase_id")
        ),
        sa.PrimaryKeyConstraint("purchase_id", "ends_at", "days", name=op.f("pk_reminder")),
    )
    op.create_table(
        "reminders_off",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_reminders_off_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", "member_id", name=op.f("pk_reminders_off")),
    )
