"""The first schema."""

from alembic import op

from bot.store.migrations.first_schema import ledger, lists, people

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    people.create()
    ledger.create()
    lists.create()
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER event_never_changes_{change.lower()} BEFORE {change} ON event"
            " BEGIN SELECT RAISE(ABORT, 'the history never changes'); END"
        )
