"""The day from which months in a row are counted, worked out for the rows that go on."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_entitlement = sa.table(
    "entitlement",
    sa.column("id", sa.Integer()),
    sa.column("permission_id", sa.Integer()),
    sa.column("length", sa.String()),
    sa.column("start_at", sa.DateTime(timezone=True)),
    sa.column("ends_at", sa.DateTime(timezone=True)),
    sa.column("row_day", sa.Integer()),
)


def upgrade() -> None:
    op.add_column("entitlement", sa.Column("row_day", sa.Integer(), nullable=True))
    connection = op.get_bind()
    found = connection.execute(
        sa.select(_entitlement)
        .where(_entitlement.c.ends_at.is_not(None))
        .order_by(_entitlement.c.permission_id, _entitlement.c.ends_at)
    ).all()
    days = [{"of_id": each, "day": day} for each, day in _row_days(found)]
    if days:
        connection.execute(
            sa.update(_entitlement)
            .where(_entitlement.c.id == sa.bindparam("of_id"))
            .values(row_day=sa.bindparam("day")),
            days,
        )


def _row_days(rows: Sequence[sa.Row[Any]]) -> Iterator[tuple[int, int]]:
    """Yield those entitlements whose row began on another day than that of their end, with that day.

    Whole months go on with the row at whose end they start; what ends earlier comes first in `rows`.
    """
    began: dict[tuple[int, dt.datetime], int] = {}  # by permission and end
    for row in rows:
        day = _utc(row.ends_at).day
        if row.length and row.start_at and not set("WD") & set(row.length):
            day = began.get((row.permission_id, row.start_at), _utc(row.start_at).day)
        end = row.permission_id, row.ends_at
        began[end] = max(day, began.get(end, day))
        if day != _utc(row.ends_at).day:
            yield row.id, day


def _utc(moment: dt.datetime) -> dt.datetime:
    """Return the moment in UTC, as which SQLite, which keeps no time zone, has it already."""
    return moment if moment.tzinfo is None else moment.astimezone(dt.UTC)
