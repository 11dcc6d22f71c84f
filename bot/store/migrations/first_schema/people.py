"""Servers, their logins, scripts and customers."""

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create these tables and their indexes."""
    _account_lease()
    _guild()
    _account()
    _claim()
    _customer()
    _environment_session()
    _guild_role()
    _login_link()
    _login_outage()
    _script()
    _session()
    _spare_session()


def _account_lease() -> None:
    op.create_table(
        "account_lease",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.String(length=16), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_by", sa.String(length=16), nullable=True),
        sa.Column("held_for", sa.Float(), nullable=False),
        sa.Column("due_in", sa.Float(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_account_lease")),
    )


def _guild() -> None:
    op.create_table(
        "guild",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_event_id", sa.Integer(), nullable=True),
        sa.Column("commands_digest", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guild")),
    )


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("name_folded", sa.String(length=64), nullable=True),
        sa.Column("environment_digest", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_account_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("guild_id", name=op.f("uq_account_guild_id")),
        sa.UniqueConstraint("name_folded", name=op.f("uq_account_name_folded")),
    )


def _claim() -> None:
    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'accepted', 'refused')", name=op.f("ck_claim_state")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_claim_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    op.create_index(
        "uq_claim_waiting",
        "claim",
        ["guild_id", "member_id"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
    )


def _customer() -> None:
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("name_folded", sa.String(length=64), nullable=True),
        sa.Column("tv_user_id", sa.BigInteger(), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("linked_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(username IS NULL) = (name_folded IS NULL)", name=op.f("ck_customer_name")
        ),
        sa.CheckConstraint(
            "member_id IS NOT NULL OR name_folded IS NOT NULL", name=op.f("ck_customer_somebody")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_customer_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("guild_id", "member_id", name=op.f("uq_customer_guild_id_member_id")),
        sa.UniqueConstraint(
            "guild_id", "name_folded", name=op.f("uq_customer_guild_id_name_folded")
        ),
    )


def _environment_session() -> None:
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


def _guild_role() -> None:
    op.create_table(
        "guild_role",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.CheckConstraint("level IN ('staff', 'manager')", name=op.f("ck_guild_role_level")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_guild_role_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", "role_id", "level", name=op.f("pk_guild_role")),
    )


def _login_link() -> None:
    op.create_table(
        "login_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_login_link_guild_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_link")),
    )


def _login_outage() -> None:
    op.create_table(
        "login_outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "told IN ('nothing', 'ended', 'still', 'back')", name=op.f("ck_login_outage_told")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_login_outage_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_outage")),
    )
    op.create_index(
        "uq_login_outage_open",
        "login_outage",
        ["guild_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
    )


def _script() -> None:
    op.create_table(
        "script",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("pine_id", sa.String(length=80), nullable=False),
        sa.Column("slug", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_script_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script")),
        sa.UniqueConstraint("guild_id", "slug", name=op.f("uq_script_guild_id_slug")),
        sa.UniqueConstraint("pine_id", name=op.f("uq_script_pine_id")),
    )


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cookies", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by", sa.BigInteger(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('alive', 'dead')", name=op.f("ck_session_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("account_id", name=op.f("uq_session_account_id")),
    )


def _spare_session() -> None:
    op.create_table(
        "spare_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("cookies", sa.LargeBinary(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rank BETWEEN 1 AND 2", name=op.f("ck_spare_session_rank")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_spare_session_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spare_session")),
        sa.UniqueConstraint("account_id", "rank", name=op.f("uq_spare_session_account_id_rank")),
    )
