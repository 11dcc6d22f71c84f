"""What Discord sells for the bot: which item each thing is, and what somebody got by it."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "premium_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("script_id", sa.Integer(), nullable=True),
        sa.Column("length", sa.String(length=32), nullable=True),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'consumable') = (length IS NOT NULL)", name=op.f("ck_premium_rule_length")
        ),
        sa.CheckConstraint(
            "(product_id IS NULL) <> (script_id IS NULL)", name=op.f("ck_premium_rule_item")
        ),
        sa.CheckConstraint(
            "kind IN ('durable', 'consumable', 'subscription')", name=op.f("ck_premium_rule_kind")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_premium_rule_guild_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_premium_rule_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["script.id"], name=op.f("fk_premium_rule_script_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_premium_rule")),
        sa.UniqueConstraint(
            "guild_id",
            "sku_id",
            "product_id",
            name=op.f("uq_premium_rule_guild_id_sku_id_product_id"),
        ),
        sa.UniqueConstraint(
            "guild_id",
            "sku_id",
            "script_id",
            name=op.f("uq_premium_rule_guild_id_sku_id_script_id"),
        ),
    )
    op.create_index("ix_premium_rule_sku_id", "premium_rule", ["sku_id"])
    op.create_table(
        "premium_gain",
        sa.Column("purchase_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("to_consume", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_premium_gain_guild_id")),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_premium_gain_purchase_id")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["premium_rule.id"], name=op.f("fk_premium_gain_rule_id")
        ),
        sa.PrimaryKeyConstraint("purchase_id", name=op.f("pk_premium_gain")),
        sa.UniqueConstraint(
            "rule_id",
            "entitlement_id",
            "turn",
            name=op.f("uq_premium_gain_rule_id_entitlement_id_turn"),
        ),
    )
    op.create_index("ix_premium_gain_entitlement_id", "premium_gain", ["entitlement_id"])
