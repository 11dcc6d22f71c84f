"""Batches: many orders from one file or filter, and when they take a second manager."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_HELD = "('nothing', 'until', 'open', 'lifetime')"


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("idempotency_key", sa.String(length=100), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64)),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("file_name", sa.String(length=200)),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("forecast", sa.JSON(), nullable=False),
        sa.Column("newest_order_id", sa.Integer(), nullable=False),
        sa.Column("undoes_id", sa.Integer()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("approved_by", sa.BigInteger()),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("answer_token", sa.LargeBinary()),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "kind IN ('grant', 'extend', 'compensate', 'set', 'revoke', 'undo')",
            name=op.f("ck_batch_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'approval', 'running', 'paused', 'done', 'cancelled')",
            name=op.f("ck_batch_state"),
        ),
        sa.CheckConstraint(
            "actor_kind IN ('member', 'source', 'key', 'usher')", name=op.f("ck_batch_actor_kind")
        ),
        sa.CheckConstraint(
            "(actor_kind = 'usher') = (actor_id IS NULL)", name=op.f("ck_batch_actor_id")
        ),
        sa.CheckConstraint(
            "(kind = 'undo') = (undoes_id IS NOT NULL)", name=op.f("ck_batch_undoes")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_batch_guild_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["batch.id"], name=op.f("fk_batch_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint(
            "guild_id", "idempotency_key", name=op.f("uq_batch_guild_id_idempotency_key")
        ),
    )
    op.create_index("ix_batch_state", "batch", ["state"])
    op.create_table(
        "batch_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.String(length=32)),
        sa.Column("detail", sa.Text()),
        sa.Column("written", sa.JSON(none_as_null=True)),
        sa.Column("customer_id", sa.Integer()),
        sa.Column("member_id", sa.BigInteger()),
        sa.Column("username", sa.String(length=64)),
        sa.Column("tv_user_id", sa.BigInteger()),
        sa.Column("product_id", sa.Integer()),
        sa.Column("script_id", sa.Integer()),
        sa.Column("length", sa.String(length=32)),
        sa.Column("kind", sa.String(length=16)),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text()),
        sa.Column("lookup", sa.String(length=16), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("before_ends_at", sa.DateTime(timezone=True)),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("after_ends_at", sa.DateTime(timezone=True)),
        sa.Column("order_id", sa.Integer()),
        sa.Column("undoes_order_id", sa.Integer()),
        sa.CheckConstraint(
            "state IN ('faulty', 'left_out', 'planned', 'ordered', 'withdrawn')",
            name=op.f("ck_batch_row_state"),
        ),
        sa.CheckConstraint(
            "lookup IN ('known', 'open', 'unknown')", name=op.f("ck_batch_row_lookup")
        ),
        sa.CheckConstraint(f"before IN {_HELD}", name=op.f("ck_batch_row_before")),
        sa.CheckConstraint(f"after IN {_HELD}", name=op.f("ck_batch_row_after")),
        sa.CheckConstraint(
            "(before = 'until') = (before_ends_at IS NOT NULL)",
            name=op.f("ck_batch_row_before_end"),
        ),
        sa.CheckConstraint(
            "(after = 'until') = (after_ends_at IS NOT NULL)", name=op.f("ck_batch_row_after_end")
        ),
        sa.CheckConstraint(
            "(state = 'faulty') = (written IS NOT NULL)", name=op.f("ck_batch_row_written")
        ),
        sa.CheckConstraint(
            "problem IS NOT NULL OR state IN ('planned', 'ordered', 'withdrawn')",
            name=op.f("ck_batch_row_problem"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_row_batch_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_batch_row_product_id")
        ),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_batch_row_script_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_batch_row_order_id")),
        sa.ForeignKeyConstraint(
            ["undoes_order_id"], ["order.id"], name=op.f("fk_batch_row_undoes_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_row")),
    )
    op.create_index("ix_batch_row_state", "batch_row", ["batch_id", "state", "id"])
    op.create_index("ix_batch_row_order_id", "batch_row", ["order_id"])
    op.create_index("ix_batch_row_customer_id", "batch_row", ["customer_id"])
    op.add_column("permission", sa.Column("batch_id", sa.Integer()))
    op.create_index("ix_permission_batch_id", "permission", ["batch_id", "state"])
    op.add_column("order", sa.Column("batch_id", sa.Integer()))
    op.create_index("ix_order_batch_id", "order", ["batch_id", "state"])
    # Each row of an undo asks what its order had taken away.
    op.create_index("ix_entitlement_ended_by", "entitlement", ["ended_by"])
    op.add_column("guild", sa.Column("approval_above", sa.Integer(), server_default="25"))
