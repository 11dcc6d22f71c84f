"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guild",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_event_id", sa.Integer(), nullable=True),
        sa.Column("commands_digest", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guild")),
    )
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
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(
            "uq_claim_waiting",
            ["guild_id", "member_id"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

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
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("permission_id", sa.Integer(), nullable=True),
        sa.Column("wish_id", sa.Integer(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_event_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_event_guild_customer", ["guild_id", "customer_id", "at"], unique=False
        )

    op.create_table(
        "guild_role",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.CheckConstraint("level IN ('staff', 'manager')", name=op.f("ck_guild_role_level")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_guild_role_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", "role_id", "level", name=op.f("pk_guild_role")),
    )
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
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_script_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script")),
        sa.UniqueConstraint("guild_id", "slug", name=op.f("uq_script_guild_id_slug")),
        sa.UniqueConstraint("pine_id", name=op.f("uq_script_pine_id")),
    )
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
    with op.batch_alter_table("permission", schema=None) as batch_op:
        batch_op.create_index("ix_permission_customer_id", ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_permission_due", ["guild_id", "state", "next_try_at"], unique=False
        )

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
        sa.CheckConstraint(
            "source IN ('manual', 'found', 'role', 'code', 'trial', 'webhook', 'comp')",
            name=op.f("ck_entitlement_source"),
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_entitlement_guild_id")),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permission.id"], name=op.f("fk_entitlement_permission_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["script.id"], name=op.f("fk_entitlement_script_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
        sa.UniqueConstraint(
            "source",
            "reference",
            "script_id",
            name=op.f("uq_entitlement_source_reference_script_id"),
        ),
    )
    with op.batch_alter_table("entitlement", schema=None) as batch_op:
        batch_op.create_index("ix_entitlement_permission_id", ["permission_id"], unique=False)

    op.create_table(
        "wish",
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
            "kind IN ('grant', 'set', 'revoke', 'put_back')", name=op.f("ck_wish_kind")
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
    with op.batch_alter_table("wish", schema=None) as batch_op:
        batch_op.create_index("ix_wish_permission_id", ["permission_id", "state"], unique=False)
        batch_op.create_index("ix_wish_told", ["state", "told_state"], unique=False)

    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER event_never_changes_{change.lower()} BEFORE {change} ON event"
            " BEGIN SELECT RAISE(ABORT, 'the history never changes'); END"
        )
