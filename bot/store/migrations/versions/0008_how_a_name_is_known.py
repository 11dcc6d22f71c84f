"""How it is known whose a name is, proof of it, moving to another account, and members' limits."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Whoever has access now by a name goes on seeing it; a name that only its member vouches for is claimed.
_TIES = """
    UPDATE customer SET tie = CASE
        WHEN linked_by IS NULL OR linked_by <> member_id OR EXISTS (
            SELECT 1 FROM permission
            WHERE permission.customer_id = customer.id AND (
                permission.wanted IN ('open', 'lifetime') OR permission.seen = 'lifetime'
                OR (permission.wanted = 'until' AND permission.wanted_ends_at > CURRENT_TIMESTAMP)
                OR (permission.seen = 'until' AND permission.seen_ends_at > CURRENT_TIMESTAMP)
                OR permission.state IN ('waiting', 'working')))
        THEN 'staff' ELSE 'claimed' END
    WHERE member_id IS NOT NULL AND username IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("customer", sa.Column("tie", sa.String(length=16)))
    op.execute(_TIES)
    op.add_column("claim", sa.Column("instead_of", sa.String(length=64)))
    op.add_column("permission", sa.Column("after_id", sa.Integer()))
    op.add_column(
        "entitlement",
        sa.Column("withheld", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "proof",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_proof_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
        sa.UniqueConstraint("guild_id", "member_id", name=op.f("uq_proof_guild_id_member_id")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('link', 'proof')", name=op.f("ck_attempt_kind")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_attempt_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_member", "attempt", ["guild_id", "member_id", "kind", "at"])
