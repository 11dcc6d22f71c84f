"""Connections to shops, their messages, and the contracts that these tell of."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _buyer_token()
    _connection()
    _contract()
    _price()
    _claim_code()
    _contract_purchase()
    _contract_ref()
    _delivery()


def _buyer_token() -> None:
    op.create_table(
        "buyer_token",
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_buyer_token_guild_id")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_buyer_token")),
        sa.UniqueConstraint(
            "guild_id", "member_id", name=op.f("uq_buyer_token_guild_id_member_id")
        ),
    )


def _connection() -> None:
    op.create_table(
        "connection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("api_key", sa.LargeBinary(), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("asks_first", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_kind", sa.String(length=100), nullable=True),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_why", sa.String(length=100), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_connection_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("guild_id", "reference", name=op.f("uq_connection_guild_id_reference")),
        sa.UniqueConstraint("public_id", name=op.f("uq_connection_public_id")),
    )


def _contract() -> None:
    op.create_table(
        "contract",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("buyer", sa.LargeBinary(), nullable=True),
        sa.Column("customer_ref", sa.String(length=200), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("claimed_how", sa.String(length=16), nullable=True),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("paid_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renews", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "claimed_how IN ('staff', 'member', 'token', 'name', 'discord', 'same_buyer')",
            name=op.f("ck_contract_claimed_how"),
        ),
        sa.CheckConstraint(
            "(customer_id IS NULL) = (claimed_how IS NULL)", name=op.f("ck_contract_claim")
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_contract_connection_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_contract_customer_id")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_contract_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    op.create_index(
        "ix_contract_customer_ref", "contract", ["connection_id", "customer_ref"], unique=False
    )
    op.create_index(
        "ix_contract_guild_customer", "contract", ["guild_id", "customer_id"], unique=False
    )


def _price() -> None:
    op.create_table(
        "price",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("script_id", sa.Integer(), nullable=True),
        sa.Column("is_ignored", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("product_id IS NULL OR script_id IS NULL", name=op.f("ck_price_item")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_price_connection_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_price_product_id")),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_price_script_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price")),
        sa.UniqueConstraint("connection_id", "key", name=op.f("uq_price_connection_id_key")),
    )


def _claim_code() -> None:
    op.create_table(
        "claim_code",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_claim_code_contract_id")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_claim_code_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", "digest", name=op.f("pk_claim_code")),
    )
    op.create_index("ix_claim_code_contract_id", "claim_code", ["contract_id"], unique=False)


def _contract_purchase() -> None:
    op.create_table(
        "contract_purchase",
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=100), nullable=False),
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        sa.Column("line_key", sa.String(length=200), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=True),
        sa.Column("is_held", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_contract_purchase_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_contract_purchase_purchase_id")
        ),
        sa.PrimaryKeyConstraint("contract_id", "part", name=op.f("pk_contract_purchase")),
        sa.UniqueConstraint("purchase_id", name=op.f("uq_contract_purchase_purchase_id")),
    )


def _contract_ref() -> None:
    op.create_table(
        "contract_ref",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_contract_ref_connection_id")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_contract_ref_contract_id")
        ),
        sa.PrimaryKeyConstraint("connection_id", "ref", name=op.f("pk_contract_ref")),
    )
    op.create_index("ix_contract_ref_contract_id", "contract_ref", ["contract_id"], unique=False)


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("event_key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contract_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'done', 'unmapped', 'stuck', 'ignored')",
            name=op.f("ck_delivery_state"),
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_delivery_connection_id")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_delivery_contract_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "connection_id", "event_key", name=op.f("uq_delivery_connection_id_event_key")
        ),
    )
    op.create_index("ix_delivery_contract_id", "delivery", ["contract_id"], unique=False)
    op.create_index(
        "ix_delivery_received_at",
        "delivery",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("body IS NOT NULL"),
    )
    op.create_index("ix_delivery_state", "delivery", ["state", "next_try_at", "id"], unique=False)
