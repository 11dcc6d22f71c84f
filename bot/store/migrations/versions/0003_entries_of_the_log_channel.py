"""Which message of the log channel shows which order; members are told of what was ended, from now on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_entry",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_log_entry_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_log_entry")),
    )
    # What ended before nobody was told of: to hear of it now would be late, and wrong by now.
    op.execute(
        'UPDATE "order" SET member_told_at = ended_at'
        " WHERE kind = 'revoke' AND state = 'done' AND member_told_at IS NULL"
    )
