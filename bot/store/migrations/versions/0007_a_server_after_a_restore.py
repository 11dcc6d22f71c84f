"""A server that is held back after a restore, and why a full read failed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("guild", sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sweep", sa.Column("failure", sa.String(32), nullable=True))
