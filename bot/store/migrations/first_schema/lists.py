"""Full reads of the lists, seats and the form of answers."""

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create these tables and their indexes."""
    _seat_day()
    _seat_watch()
    _shape_check()
    _sweep()
    _sighting()
    _sweep_row()


def _seat_day() -> None:
    op.create_table(
        "seat_day",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_seat_day_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", "day", name=op.f("pk_seat_day")),
    )


def _seat_watch() -> None:
    op.create_table(
        "seat_watch",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("guard", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("warned_month", sa.String(length=7), nullable=True),
        sa.Column("warned_at", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_seat_watch_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_seat_watch")),
    )


def _shape_check() -> None:
    op.create_table(
        "shape_check",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("accepted", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_shape_check_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_shape_check")),
    )


def _sweep() -> None:
    op.create_table(
        "sweep",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.String(length=32), nullable=True),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name=op.f("ck_sweep_ended")),
        sa.CheckConstraint(
            "state IN ('running', 'complete', 'failed')", name=op.f("ck_sweep_state")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_sweep_guild_id")),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_sweep_script_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
    )
    op.create_index("ix_sweep_script_id", "sweep", ["script_id", "started_at"], unique=False)
    op.create_index(
        "uq_sweep_running",
        "sweep",
        ["script_id"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
    )


def _sighting() -> None:
    op.create_table(
        "sighting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("tv_user_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("name_folded", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sweep_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ignored_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'until') = (ends_at IS NOT NULL)", name=op.f("ck_sighting_kind_end")
        ),
        sa.CheckConstraint("kind IN ('until', 'lifetime')", name=op.f("ck_sighting_kind")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_sighting_guild_id")),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_sighting_script_id")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_sighting_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
        sa.UniqueConstraint(
            "script_id", "tv_user_id", name=op.f("uq_sighting_script_id_tv_user_id")
        ),
    )
    op.create_index(
        "ix_sighting_script_id_name_folded", "sighting", ["script_id", "name_folded"], unique=False
    )
    op.create_index(
        "uq_sighting_name",
        "sighting",
        ["script_id", "name_folded"],
        unique=True,
        sqlite_where=sa.text("tv_user_id IS NULL"),
    )


def _sweep_row() -> None:
    op.create_table(
        "sweep_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sweep_id", sa.Integer(), nullable=False),
        sa.Column("tv_user_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("name_folded", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'until') = (ends_at IS NOT NULL)", name=op.f("ck_sweep_row_kind_end")
        ),
        sa.CheckConstraint("kind IN ('until', 'lifetime')", name=op.f("ck_sweep_row_kind")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_sweep_row_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_row")),
        sa.UniqueConstraint(
            "sweep_id", "tv_user_id", name=op.f("uq_sweep_row_sweep_id_tv_user_id")
        ),
    )
    op.create_index(
        "ix_sweep_row_sweep_id_name_folded", "sweep_row", ["sweep_id", "name_folded"], unique=False
    )
