"""An index for the pages of the history."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_event_history",
        "event",
        [
            "guild_id",
            "at",
            "action",
            "actor_kind",
            "actor_id",
            "script_id",
            "product_id",
            "order_id",
        ],
        unique=False,
    )
