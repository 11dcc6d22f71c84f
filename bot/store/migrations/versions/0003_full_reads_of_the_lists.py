"""Full reads of the lists, what was found there, and orders that mend what differs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _sweeps()
    _sightings()
    # What was told, and what staff ignored, of a difference; another difference is news again.
    op.add_column("permission", sa.Column("noted_difference", sa.String(length=120)))
    op.add_column("permission", sa.Column("ignored_difference", sa.String(length=120)))
    _wishes()


def _sweeps() -> None:
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
        sa.CheckConstraint(
            "state IN ('running', 'complete', 'failed')", name=op.f("ck_sweep_state")
        ),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name=op.f("ck_sweep_ended")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_sweep_guild_id")),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_sweep_script_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
    )
    op.create_index("ix_sweep_script_id", "sweep", ["script_id", "started_at"])
    op.create_index(
        "uq_sweep_running",
        "sweep",
        ["script_id"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
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
        sa.CheckConstraint("kind IN ('until', 'lifetime')", name=op.f("ck_sweep_row_kind")),
        sa.CheckConstraint(
            "(kind = 'until') = (ends_at IS NOT NULL)", name=op.f("ck_sweep_row_kind_end")
        ),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_sweep_row_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_row")),
        sa.UniqueConstraint(
            "sweep_id", "tv_user_id", name=op.f("uq_sweep_row_sweep_id_tv_user_id")
        ),
    )
    op.create_index("ix_sweep_row_sweep_id_name_folded", "sweep_row", ["sweep_id", "name_folded"])


def _sightings() -> None:
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
        sa.CheckConstraint("kind IN ('until', 'lifetime')", name=op.f("ck_sighting_kind")),
        sa.CheckConstraint(
            "(kind = 'until') = (ends_at IS NOT NULL)", name=op.f("ck_sighting_kind_end")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_sighting_guild_id")),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_sighting_script_id")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_sighting_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
        sa.UniqueConstraint(
            "script_id", "tv_user_id", name=op.f("uq_sighting_script_id_tv_user_id")
        ),
    )
    op.create_index("ix_sighting_script_id_name_folded", "sighting", ["script_id", "name_folded"])
    op.create_index(
        "uq_sighting_name",
        "sighting",
        ["script_id", "name_folded"],
        unique=True,
        sqlite_where=sa.text("tv_user_id IS NULL"),
        postgresql_where=sa.text("tv_user_id IS NULL"),
    )


_WISH = (
    "id",
    "guild_id",
    "permission_id",
    "kind",
    "reference",
    "entitlement_id",
    "revision",
    "asked_by",
    "asked_at",
    "note",
    "before",
    "before_ends_at",
    "state",
    "reason",
    "ended_at",
    "told_state",
    "member_told_at",
    "answer_token",
)


def _wishes() -> None:
    """A rule of a table cannot be changed in SQLite: the table is copied (nothing refers to it)."""
    op.create_table(
        "wish_new",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("before_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_state", sa.String(length=16), nullable=True),
        sa.Column("member_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_token", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(before = 'until') = (before_ends_at IS NOT NULL)", name=op.f("ck_wish_before_end")
        ),
        sa.CheckConstraint(
            "before IN ('nothing', 'until', 'open', 'lifetime')", name=op.f("ck_wish_before")
        ),
        sa.CheckConstraint(
            "kind IN ('grant', 'set', 'revoke', 'put_back', 'mend')", name=op.f("ck_wish_kind")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'superseded', 'stuck')", name=op.f("ck_wish_state")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_wish_entitlement_id")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_wish_guild_id")),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permission.id"], name=op.f("fk_wish_permission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish")),
        sa.UniqueConstraint("guild_id", "reference", name=op.f("uq_wish_guild_id_reference")),
    )
    columns = ", ".join(f'"{name}"' for name in _WISH)
    op.execute(f"INSERT INTO wish_new ({columns}) SELECT {columns} FROM wish")  # noqa: S608
    op.drop_table("wish")
    op.rename_table("wish_new", "wish")
    op.create_index("ix_wish_permission_id", "wish", ["permission_id", "state"])
    op.create_index("ix_wish_told", "wish", ["state", "told_state"])
