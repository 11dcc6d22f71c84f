"""Moves from one item to another, pauses, and the order that has to be done first."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('grant', 'set', 'revoke', 'put_back', 'repair', 'move', 'pause', 'resume')"


def upgrade() -> None:
    for table in ("purchase", "entitlement"):
        op.add_column(table, sa.Column("paused_at", sa.DateTime(timezone=True)))
        op.add_column(table, sa.Column("moved_by", sa.Integer()))
    op.add_column("purchase", sa.Column("lapse_left", sa.Integer()))
    op.add_column("purchase", sa.Column("moved_product_id", sa.Integer()))
    op.add_column("purchase", sa.Column("moved_script_id", sa.Integer()))
    # An order there named the permission that has to be done first; now it names the order.
    op.execute(
        'UPDATE permission SET after_id = (SELECT max(o.id) FROM "order" o'
        " WHERE o.permission_id = permission.after_id) WHERE after_id IS NOT NULL"
    )
    with op.batch_alter_table("order") as batch:
        batch.drop_constraint(op.f("ck_order_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_order_kind"), _KINDS)
