"""Roles that open items, who gained what by them, and messages that end in the panel's channel."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rules()
    _losses()
    _gains()
    _messages()
    op.add_column("customer", _moment("roles_asked_at"))


def _moment(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _rules() -> None:
    op.create_table(
        "role_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("role_name", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("script_id", sa.Integer(), nullable=True),
        sa.Column("grace_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        _moment("added_at", nullable=False),
        _moment("removed_at"),
        sa.CheckConstraint(
            "(product_id IS NULL) <> (script_id IS NULL)", name=op.f("ck_role_rule_item")
        ),
        sa.CheckConstraint("grace_days BETWEEN 0 AND 90", name=op.f("ck_role_rule_grace_days")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_role_rule_guild_id")),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name=op.f("fk_role_rule_source")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_role_rule_product_id")
        ),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_role_rule_script_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_rule")),
        sa.UniqueConstraint(
            "guild_id",
            "role_id",
            "product_id",
            name=op.f("uq_role_rule_guild_id_role_id_product_id"),
        ),
        sa.UniqueConstraint(
            "guild_id", "role_id", "script_id", name=op.f("uq_role_rule_guild_id_role_id_script_id")
        ),
    )


def _losses() -> None:
    op.create_table(
        "role_loss",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        _moment("began_at", nullable=False),
        _moment("asked_at"),
        _moment("decided_at"),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("is_kept", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_role_loss_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_loss")),
    )
    op.create_index(
        "uq_role_loss_undecided",
        "role_loss",
        ["guild_id", "role_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
    )


def _gains() -> None:
    op.create_table(
        "role_gain",
        sa.Column("purchase_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        _moment("lost_at"),
        sa.Column("loss_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_role_gain_purchase_id")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_role_gain_guild_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["role_rule.id"], name=op.f("fk_role_gain_rule_id")),
        sa.ForeignKeyConstraint(["loss_id"], ["role_loss.id"], name=op.f("fk_role_gain_loss_id")),
        sa.PrimaryKeyConstraint("purchase_id", name=op.f("pk_role_gain")),
    )
    op.create_index("ix_role_gain_member_id", "role_gain", ["guild_id", "member_id"])
    op.create_index("ix_role_gain_role_id", "role_gain", ["guild_id", "role_id", "lost_at"])
    op.create_index("ix_role_gain_rule_id", "role_gain", ["rule_id"])
    op.create_index("ix_role_gain_loss_id", "role_gain", ["loss_id"])


def _messages() -> None:
    # SQLite changes no CHECK: the table is made anew, with what waits in it.
    op.create_table(
        "direct_message_of_panel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("otherwise", sa.String(length=16), nullable=False),
        _moment("made_at", nullable=False),
        _moment("refused_at"),
        sa.CheckConstraint(
            "otherwise IN ('nowhere', 'log', 'owner', 'panel')",
            name=op.f("ck_direct_message_otherwise"),
        ),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guild.id"], name=op.f("fk_direct_message_guild_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_direct_message")),
    )
    op.execute(
        "INSERT INTO direct_message_of_panel (id, guild_id, user_id, content, otherwise, made_at)"
        " SELECT id, guild_id, user_id, content, otherwise, made_at FROM direct_message"
    )
    op.drop_table("direct_message")
    op.rename_table("direct_message_of_panel", "direct_message")
