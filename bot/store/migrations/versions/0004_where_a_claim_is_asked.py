"""Where staff are asked about a claim, so that its buttons can be taken away."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("claim", sa.Column("channel_id", sa.BigInteger))
    op.add_column("claim", sa.Column("message_id", sa.BigInteger))
