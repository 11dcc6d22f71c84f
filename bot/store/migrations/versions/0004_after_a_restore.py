"""Which scripts wait for a full read because the database came from a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("script", sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True))
