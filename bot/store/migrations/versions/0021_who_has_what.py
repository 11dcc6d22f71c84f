"""Indexes by which people are counted and listed by what they have, without a look at each row."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_permission_customer_id", table_name="permission")
    op.create_index(
        "ix_permission_customer_id",
        "permission",
        ["customer_id", "wanted", "wanted_ends_at", "script_id"],
    )
    op.create_index(
        "ix_permission_wanted",
        "permission",
        ["guild_id", "wanted", "wanted_ends_at", "customer_id", "script_id"],
    )
