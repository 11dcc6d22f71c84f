"""Products, and purchases behind every reason: also of people whose TradingView name is not known yet."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _products()
    _purchases()
    _entitlements()
    _orders()


def _moment(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _products() -> None:
    op.create_table(
        "product",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("length", sa.String(length=32), nullable=True),
        sa.Column("role_id", sa.BigInteger(), nullable=True),
        sa.Column("grace_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trial", sa.String(length=32), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        _moment("archived_at"),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        _moment("added_at", nullable=False),
        sa.CheckConstraint("grace_days BETWEEN 0 AND 90", name=op.f("ck_product_grace_days")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_product_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("guild_id", "slug", name=op.f("uq_product_guild_id_slug")),
    )
    op.create_table(
        "product_script",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_script_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["script.id"], name=op.f("fk_product_script_script_id")
        ),
        sa.PrimaryKeyConstraint("product_id", "script_id", name=op.f("pk_product_script")),
    )
    op.create_index("ix_product_script_script_id", "product_script", ["script_id"])


def _purchases() -> None:
    op.create_table(
        "purchase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("script_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("length", sa.String(length=32), nullable=True),
        _moment("ends_at"),
        sa.Column("grace_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        _moment("asked_at", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        _moment("lapses_at"),
        _moment("source_ended_at"),
        _moment("ended_at"),
        sa.CheckConstraint(
            "actor_kind IN ('member', 'source', 'key', 'usher')",
            name=op.f("ck_purchase_actor_kind"),
        ),
        sa.CheckConstraint(
            "(actor_kind = 'usher') = (actor_id IS NULL)", name=op.f("ck_purchase_actor_id")
        ),
        sa.CheckConstraint("kind IN ('until', 'open', 'lifetime')", name=op.f("ck_purchase_kind")),
        sa.CheckConstraint(
            "(product_id IS NULL) <> (script_id IS NULL)", name=op.f("ck_purchase_item")
        ),
        sa.CheckConstraint(
            "(kind = 'until' AND (length IS NULL) <> (ends_at IS NULL))"
            " OR (kind IN ('open', 'lifetime') AND length IS NULL AND ends_at IS NULL)",
            name=op.f("ck_purchase_kind_end"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_purchase_customer_id")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_purchase_guild_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_purchase_product_id")
        ),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_purchase_script_id")),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name=op.f("fk_purchase_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
        sa.UniqueConstraint(
            "guild_id", "source", "reference", name=op.f("uq_purchase_guild_id_source_reference")
        ),
    )
    op.create_index("ix_purchase_customer_id", "purchase", ["customer_id"])
    op.create_index("ix_purchase_product_id", "purchase", ["product_id"])
    op.create_index("ix_purchase_member_id", "purchase", ["guild_id", "member_id"])
    op.create_index("ix_purchase_lapses_at", "purchase", ["lapses_at"])
    # Each reason so far is a purchase of one script. Its row has its number, so that the two are tied.
    op.execute(
        """
        INSERT INTO purchase (
            id, guild_id, customer_id, script_id, source, reference, kind, length, ends_at,
            actor_kind, actor_id, asked_at, note
        )
        SELECT
            e.id, e.guild_id, p.customer_id, e.script_id, e.source,
            CASE WHEN EXISTS (
                SELECT 1 FROM entitlement o WHERE o.guild_id = e.guild_id AND o.source = e.source
                AND o.reference = e.reference AND o.id < e.id
            ) THEN substr(e.reference, 1, 88) || '/' || e.script_id ELSE e.reference END,
            e.kind, e.length, CASE WHEN e.length IS NULL THEN e.ends_at END,
            CASE WHEN e.asked_by IS NULL THEN 'usher' ELSE 'member' END,
            CASE WHEN e.asked_by IS NOT NULL THEN CAST(e.asked_by AS VARCHAR) END,
            e.asked_at, e.note
        FROM entitlement e JOIN permission p ON p.id = e.permission_id
        """
    )


def _entitlements() -> None:
    op.create_table(
        "entitlement_of_purchase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("length", sa.String(length=32), nullable=True),
        sa.Column("grace_days", sa.Integer(), server_default="0", nullable=False),
        _moment("asked_at", nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        _moment("start_at"),
        _moment("ends_at"),
        _moment("settled_at"),
        _moment("ended_at"),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'until' AND (ends_at IS NOT NULL) = (settled_at IS NOT NULL)"
            " AND (ends_at IS NOT NULL OR length IS NOT NULL))"
            " OR (kind IN ('open', 'lifetime') AND ends_at IS NULL AND length IS NULL"
            " AND settled_at IS NOT NULL)",
            name=op.f("ck_entitlement_kind_end"),
        ),
        sa.CheckConstraint(
            "kind IN ('until', 'open', 'lifetime')", name=op.f("ck_entitlement_kind")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_entitlement_guild_id")),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_entitlement_purchase_id")
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permission.id"], name=op.f("fk_entitlement_permission_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["script.id"], name=op.f("fk_entitlement_script_id")
        ),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name=op.f("fk_entitlement_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
        sa.UniqueConstraint(
            "source",
            "reference",
            "script_id",
            name=op.f("uq_entitlement_source_reference_script_id"),
        ),
    )
    kept = (
        "id, guild_id, script_id, permission_id, source, reference, kind, length, asked_at, asked_by,"
        " start_at, ends_at, settled_at, ended_at, ended_by, note"
    )
    op.execute(
        f"INSERT INTO entitlement_of_purchase (purchase_id, {kept}) SELECT id, {kept} FROM entitlement"  # noqa: S608 - no value in it
    )
    op.drop_table("entitlement")
    op.rename_table("entitlement_of_purchase", "entitlement")
    op.create_index("ix_entitlement_permission_id", "entitlement", ["permission_id"])
    op.create_index("ix_entitlement_purchase_id", "entitlement", ["purchase_id"])


def _orders() -> None:
    # Alembic would copy the whole table for a column with a reference; both databases take it so.
    op.execute(
        'ALTER TABLE "order" ADD COLUMN product_id INTEGER'
        " CONSTRAINT fk_order_product_id REFERENCES product (id)"
    )
    op.execute(
        'ALTER TABLE "order" ADD COLUMN lead_id INTEGER'
        ' CONSTRAINT fk_order_lead_id REFERENCES "order" (id)'
    )
    op.create_index("ix_order_lead_id", "order", ["lead_id"])
    op.add_column("event", sa.Column("product_id", sa.Integer(), nullable=True))
