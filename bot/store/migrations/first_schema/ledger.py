"""Permissions, the reasons behind them, orders and the history."""

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create these tables and their indexes."""
    _source()
    _event()
    _permission()
    _entitlement()
    _order()


def _source() -> None:
    op.create_table(
        "source",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source")),
    )


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("permission_id", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "(actor_kind = 'usher') = (actor_id IS NULL)", name=op.f("ck_event_actor_id")
        ),
        sa.CheckConstraint(
            "actor_kind IN ('member', 'source', 'key', 'usher')", name=op.f("ck_event_actor_kind")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_event_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(
        "ix_event_guild_customer", "event", ["guild_id", "customer_id", "at"], unique=False
    )


def _permission() -> None:
    op.create_table(
        "permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("name_folded", sa.String(length=64), nullable=False),
        sa.Column("tv_user_id", sa.BigInteger(), nullable=True),
        sa.Column("checked", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("wanted", sa.String(length=16), nullable=False),
        sa.Column("wanted_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("synced_revision", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("held_back", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("seen", sa.String(length=16), nullable=False),
        sa.Column("seen_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ours", sa.String(length=16), nullable=False),
        sa.Column("ours_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_revision", sa.Integer(), nullable=True),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("before_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("differs", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_difference", sa.String(length=120), nullable=True),
        sa.Column("ignored_difference", sa.String(length=120), nullable=True),
        sa.CheckConstraint(
            "(before = 'until') = (before_ends_at IS NOT NULL)",
            name=op.f("ck_permission_before_end"),
        ),
        sa.CheckConstraint(
            "(ours = 'until') = (ours_ends_at IS NOT NULL)", name=op.f("ck_permission_ours_end")
        ),
        sa.CheckConstraint(
            "(seen = 'until') = (seen_ends_at IS NOT NULL)", name=op.f("ck_permission_seen_end")
        ),
        sa.CheckConstraint(
            "(wanted = 'until') = (wanted_ends_at IS NOT NULL)",
            name=op.f("ck_permission_wanted_end"),
        ),
        sa.CheckConstraint(
            "before IN ('unknown', 'nothing', 'until', 'lifetime')",
            name=op.f("ck_permission_before"),
        ),
        sa.CheckConstraint(
            "ours IN ('unknown', 'nothing', 'until', 'lifetime')", name=op.f("ck_permission_ours")
        ),
        sa.CheckConstraint(
            "seen IN ('unknown', 'nothing', 'until', 'lifetime')", name=op.f("ck_permission_seen")
        ),
        sa.CheckConstraint(
            "state <> 'stuck' OR reason IS NOT NULL", name=op.f("ck_permission_stuck_says_why")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'working', 'done', 'stuck')", name=op.f("ck_permission_state")
        ),
        sa.CheckConstraint(
            "wanted IN ('nothing', 'until', 'open', 'lifetime')", name=op.f("ck_permission_wanted")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_permission_customer_id")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_permission_guild_id")),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_permission_script_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permission")),
        sa.UniqueConstraint(
            "script_id", "name_folded", name=op.f("uq_permission_script_id_name_folded")
        ),
    )
    op.create_index("ix_permission_customer_id", "permission", ["customer_id"], unique=False)
    op.create_index(
        "ix_permission_due", "permission", ["guild_id", "state", "next_try_at"], unique=False
    )


def _entitlement() -> None:
    op.create_table(
        "entitlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("length", sa.String(length=32), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'until' AND (ends_at IS NOT NULL) = (settled_at IS NOT NULL) AND (ends_at IS NOT NULL OR length IS NOT NULL)) OR (kind IN ('open', 'lifetime') AND ends_at IS NULL AND length IS NULL AND settled_at IS NOT NULL)",
            name=op.f("ck_entitlement_kind_end"),
        ),
        sa.CheckConstraint(
            "kind IN ('until', 'open', 'lifetime')", name=op.f("ck_entitlement_kind")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_entitlement_guild_id")),
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
    op.create_index("ix_entitlement_permission_id", "entitlement", ["permission_id"], unique=False)


def _order() -> None:
    op.create_table(
        "order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("idempotency_key", sa.String(length=100), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
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
            "(actor_kind = 'usher') = (actor_id IS NULL)", name=op.f("ck_order_actor_id")
        ),
        sa.CheckConstraint(
            "(before = 'until') = (before_ends_at IS NOT NULL)", name=op.f("ck_order_before_end")
        ),
        sa.CheckConstraint(
            "actor_kind IN ('member', 'source', 'key', 'usher')", name=op.f("ck_order_actor_kind")
        ),
        sa.CheckConstraint(
            "before IN ('nothing', 'until', 'open', 'lifetime')", name=op.f("ck_order_before")
        ),
        sa.CheckConstraint(
            "kind IN ('grant', 'set', 'revoke', 'put_back', 'repair')", name=op.f("ck_order_kind")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'superseded', 'stuck')", name=op.f("ck_order_state")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_order_entitlement_id")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_order_guild_id")),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permission.id"], name=op.f("fk_order_permission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint(
            "guild_id", "idempotency_key", name=op.f("uq_order_guild_id_idempotency_key")
        ),
    )
    op.create_index("ix_wish_permission_id", "order", ["permission_id", "state"], unique=False)
    op.create_index("ix_wish_told", "order", ["state", "told_state"], unique=False)
    # ### end Alembic commands ###
