"""Which members got the role of a product, and why that of a product cannot be given."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holder_role",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('giving', 'given', 'theirs', 'gone')", name=op.f("ck_holder_role_state")
        ),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_holder_role_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", "member_id", "role_id", name=op.f("pk_holder_role")),
    )
    op.add_column("product", sa.Column("role_trouble", sa.String(length=16), nullable=True))
