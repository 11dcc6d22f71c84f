"""Turns a backup into a database that may be used again: nothing in it is believed too early."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import and_, delete, exists, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import (
    ActorKind,
    BatchState,
    DeliveryState,
    OrderState,
    OutgoingState,
    PermissionState,
    Reason,
    RowState,
    StateKind,
    SweepState,
)
from bot.store.ledger import unanswered
from bot.store.ledger.order_outcomes import FINAL, people_untold
from bot.store.tables.batches import batch, batch_row
from bot.store.tables.catalogue import guild, script
from bot.store.tables.ledger import event, order, permission
from bot.store.tables.messages import direct_message
from bot.store.tables.outgoing import outgoing_endpoint, outgoing_event
from bot.store.tables.payments import connection as shop, delivery
from bot.store.tables.sweeps import sighting, sweep
from bot.store.tables.web import dashboard_link, web_session

HELD = "the database was restored"  # why a message of a shop is stuck
NAMED = 10  # of the people who may not have been told


def is_ours(path: Path) -> bool:
    """Return whether an Usher made that file, whatever its state (blocking)."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    question = "SELECT 1 FROM sqlite_master WHERE name IN ('alembic_version', 'guild', 'order')"
    try:
        with closing(sqlite3.connect(address, uri=True)) as raw:
            return len(raw.execute(question).fetchall()) == 3
    except sqlite3.Error:
        return False


async def is_intact(connection: AsyncConnection) -> bool:
    """Return whether SQLite finds no damage, and every reference leads somewhere."""
    found = await connection.execute(text("PRAGMA integrity_check"))
    if list(found.scalars()) != ["ok"]:
        return False
    dangling = await connection.execute(text("PRAGMA foreign_key_check"))
    return dangling.first() is None


async def mark(connection: AsyncConnection, made_at: datetime, at: datetime) -> None:
    """Hold back every server until its lists were read, and whatever could be told or taken twice.

    What was to end or replace access may have been done, and access given again, since `made_at`:
    nothing wakes it before it was compared with TradingView. Nobody is signed in by a copy: sessions and links
    of the dashboard may have been ended since. Who was to be told of something that had
    ended is not told again, for they may have been since, and so may the log channel; the entry in the
    history names these people. `bot.access.sweeps.recovery` says what becomes of the rest.
    """
    untold = await people_untold(connection)
    # Reminders that were due since the copy was made were said, as far as anybody knows.
    await connection.execute(update(guild).values(restored_at=at, reminders_from=at))
    await connection.execute(update(script).values(restored_at=at))
    for table in (direct_message, web_session, dashboard_link):
        await connection.execute(delete(table))
    await _keep_from_programs(connection, at)
    await _remember_seen(connection)
    overruling = and_(
        permission.c.state != PermissionState.DONE, permission.c.replaces.is_not(None)
    )
    open_ones = or_(
        order.c.state == OrderState.WAITING,
        and_(order.c.state == OrderState.STUCK, order.c.reason.is_distinct_from(Reason.RESTORED)),
    )
    ids = select(permission.c.id).where(overruling)
    await connection.execute(
        update(order)
        .where(order.c.permission_id.in_(ids), open_ones)
        .values(state=OrderState.STUCK, reason=Reason.HELD, ended_at=at)
    )
    await connection.execute(
        update(permission)
        .where(overruling)
        .values(state=PermissionState.STUCK, reason=Reason.HELD, next_try_at=None)
    )
    await _compare_undecided(connection)
    await connection.execute(update(order).values(answer_token=None))
    await unanswered.forget_all(connection)  # what was asked has been answered since
    await connection.execute(
        update(order)
        .where(order.c.state.in_(FINAL))
        .values(told_state=order.c.state, member_told_at=at)
    )
    # Of what waits, "it is stuck" may have been said since; "it is done" is looked at first.
    await connection.execute(
        update(order).where(order.c.state == OrderState.WAITING).values(told_state=OrderState.STUCK)
    )
    posted = select(func.max(event.c.id)).where(event.c.guild_id == guild.c.id).scalar_subquery()
    await connection.execute(update(guild).values(posted_event_id=func.coalesce(posted, 0)))
    servers = list((await connection.execute(select(guild.c.id))).scalars())
    names: dict[int, list[str]] = {guild_id: [] for guild_id in servers}
    for guild_id, name in untold:
        names[guild_id].append(name)
    entries = [
        {
            "guild_id": guild_id,
            "at": at,
            "actor_kind": ActorKind.USHER,
            "action": "restored",
            "after": {
                "since": made_at.isoformat(),
                "number": len(names[guild_id]),
                "names": names[guild_id][:NAMED],
            },
        }
        for guild_id in servers
    ]
    if entries:
        await connection.execute(insert(event), entries)
    await _hold_payments(connection, at)  # which the log channel has not shown yet
    await _end_batches(connection, at)


async def _end_batches(connection: AsyncConnection, at: datetime) -> None:
    """Let no batch go on: what it was to do may have been done since the copy was made.

    A new dry run compares with what the lists show. What it had ordered by then waits as any order does.
    """
    shown = select(batch.c.id).where(batch.c.state == BatchState.DRAFT)
    await connection.execute(delete(batch_row).where(batch_row.c.batch_id.in_(shown)))
    await connection.execute(delete(batch).where(batch.c.state == BatchState.DRAFT))
    ended = await connection.execute(
        update(batch)
        .where(batch.c.ended_at.is_(None))
        .values(state=BatchState.CANCELLED, ended_at=at)
        .returning(batch.c.id, batch.c.guild_id, batch.c.kind, batch.c.forecast)
    )
    found = ended.all()
    ids = [each.id for each in found]
    await connection.execute(
        update(batch_row)
        .where(batch_row.c.batch_id.in_(ids), batch_row.c.state == RowState.PLANNED)
        .values(state=RowState.WITHDRAWN)
    )
    await connection.execute(update(batch).values(answer_token=None))
    entries = [
        {
            "guild_id": each.guild_id,
            "at": at,
            "actor_kind": ActorKind.USHER,
            "action": "batch_cancelled",
            "after": {
                "batch": each.id,
                "kind": each.kind,
                "people": each.forecast["people"],
                "ends": each.forecast["ends"],
            },
        }
        for each in found
    ]
    if entries:
        await connection.execute(insert(event), entries)


async def _hold_payments(connection: AsyncConnection, at: datetime) -> None:
    """Have staff say whether messages of shops that nobody had worked on count: they may have, and been undone."""
    held = await connection.execute(
        update(delivery)
        .where(delivery.c.state == DeliveryState.NEW)
        .values(state=DeliveryState.STUCK, reason=HELD, next_try_at=None)
        .returning(delivery.c.connection_id)
    )
    ids = set(held.scalars())
    shops = await connection.execute(select(shop).where(shop.c.id.in_(ids)).order_by(shop.c.id))
    entries = [
        {
            "guild_id": each.guild_id,
            "at": at,
            "actor_kind": ActorKind.USHER,
            "action": "payment_stuck",
            "after": {"connection_id": each.id, "provider": each.provider},
        }
        for each in shops
    ]
    if entries:
        await connection.execute(insert(event), entries)


async def _keep_from_programs(connection: AsyncConnection, at: datetime) -> None:
    """Tell a vendor's programs nothing of what happened before: they may have heard, and staff can send it again."""
    await connection.execute(
        update(outgoing_event)
        .where(outgoing_event.c.state == OutgoingState.WAITING)
        .values(state=OutgoingState.FAILED, next_try_at=None, ended_at=at)
    )
    newest = select(func.coalesce(func.max(event.c.id), 0)).scalar_subquery()
    await connection.execute(
        update(outgoing_endpoint).values(read_event_id=newest, read_ends_at=at, failing_since=None)
    )


async def _compare_undecided(connection: AsyncConnection) -> None:
    """Have compared anew what staff were to decide: they may have, since the copy was made."""
    for table, state in ((order, OrderState.STUCK), (permission, PermissionState.STUCK)):
        await connection.execute(
            update(table)
            .where(table.c.state == state, table.c.reason == Reason.UNDECIDED)
            .values(reason=Reason.HELD)
        )


async def _remember_seen(connection: AsyncConnection) -> None:
    """Remember what the last full read showed of the people with a waiting order, if not read since.

    The next full read says by that what was done after the copy was made.
    """
    same = and_(
        sighting.c.script_id == permission.c.script_id,
        or_(
            sighting.c.tv_user_id == permission.c.tv_user_id,
            and_(
                sighting.c.name_folded == permission.c.name_folded,
                or_(permission.c.tv_user_id.is_(None), sighting.c.tv_user_id.is_(None)),
            ),
        ),
    )
    unseen = and_(
        permission.c.seen == StateKind.UNKNOWN,
        permission.c.state.in_(
            (PermissionState.WAITING, PermissionState.WORKING, PermissionState.STUCK)
        ),
    )
    await connection.execute(
        update(permission)
        .where(unseen, same)
        .values(
            {
                permission.c.seen: sighting.c.kind,
                permission.c.seen_ends_at: sighting.c.ends_at,
                permission.c.seen_at: sighting.c.seen_at,
            }
        )
    )
    read = exists().where(
        sweep.c.script_id == permission.c.script_id, sweep.c.state == SweepState.COMPLETE
    )
    await connection.execute(
        update(permission).where(unseen, read).values({permission.c.seen: StateKind.NOTHING})
    )
