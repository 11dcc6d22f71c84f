"""Names and notes beside the history instead of in it, so that a person can be erased; customers blocked and merged."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHUNK = 1_000
_NAMING = ("username", "names", "member_id")
_SAME = (
    "id",
    "guild_id",
    "at",
    "actor_kind",
    "action",
    "script_id",
    "product_id",
    "customer_id",
    "permission_id",
    "order_id",
    "before",
    "after",
    "interaction_id",
)


def upgrade() -> None:
    op.create_table(
        "event_words",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_words_event_id")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_event_words_guild_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_words")),
    )
    op.create_index("ix_event_words_guild_id", "event_words", ["guild_id"])
    for change in ("update", "delete"):
        op.execute(f"DROP TRIGGER event_never_changes_{change}")
    _move_words()
    op.drop_column("event", "note")
    op.execute(
        "CREATE TRIGGER event_never_changes_delete BEFORE DELETE ON event"
        " BEGIN SELECT RAISE(ABORT, 'the history never changes'); END"
    )
    # The one change: a member's id becomes the negative number that stands for an erased person.
    same = " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in _SAME)
    op.execute(
        "CREATE TRIGGER event_never_changes_update BEFORE UPDATE ON event"
        f" WHEN NOT ({same}"
        " AND (NEW.member_id IS OLD.member_id OR (OLD.member_id > 0 AND NEW.member_id < 0))"
        " AND (NEW.actor_id IS OLD.actor_id OR (OLD.actor_kind = 'member'"
        " AND CAST(OLD.actor_id AS INTEGER) > 0 AND CAST(NEW.actor_id AS INTEGER) < 0)))"
        " BEGIN SELECT RAISE(ABORT, 'the history never changes'); END"
    )
    op.create_table(
        "merged_customer",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_merged_customer_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merged_customer")),
    )
    op.create_index("ix_merged_customer_customer_id", "merged_customer", ["customer_id"])
    op.add_column("customer", sa.Column("blocked_at", sa.DateTime(timezone=True)))
    op.add_column("customer", sa.Column("blocked_by", sa.BigInteger()))
    op.add_column("customer", sa.Column("block_reason", sa.Text()))
    op.add_column("customer", sa.Column("forget_at", sa.DateTime(timezone=True)))
    op.add_column("customer", sa.Column("forget_by", sa.BigInteger()))
    op.add_column("customer", sa.Column("forgotten", sa.Integer()))


def _move_words() -> None:
    connection, last = op.get_bind(), 0
    while True:
        rows = connection.execute(
            sa.text(
                "SELECT id, guild_id, note, before, after FROM event WHERE id > :last"
                " AND (note IS NOT NULL OR before LIKE '%\"username\"%' OR after LIKE '%\"username\"%'"
                " OR after LIKE '%\"names\"%' OR before LIKE '%\"member_id\"%')"
                " ORDER BY id LIMIT :chunk"
            ),
            {"last": last, "chunk": _CHUNK},
        ).all()
        if not rows:
            return
        last = rows[-1].id
        moved, kept = [], []
        for row in rows:
            before, named_before = _split(row.before)
            after, named_after = _split(row.after)
            words = {"before": named_before, "after": named_after, "note": row.note}
            words = {name: value for name, value in words.items() if value}
            if words:
                moved.append(
                    {"event_id": row.id, "guild_id": row.guild_id, "words": json.dumps(words)}
                )
                kept.append({"id": row.id, "before": before, "after": after})
        if moved:
            connection.execute(
                sa.text("INSERT INTO event_words VALUES (:event_id, :guild_id, :words)"), moved
            )
            connection.execute(
                sa.text("UPDATE event SET before = :before, after = :after WHERE id = :id"), kept
            )


def _split(text: str | None) -> tuple[str | None, dict[str, Any]]:
    """Return the JSON without what names a person, and that."""
    facts = None if text is None else json.loads(text)
    if not isinstance(facts, dict):
        return text, {}
    named = {name: facts.pop(name) for name in _NAMING if name in facts}
    return json.dumps(facts) if named else text, named
