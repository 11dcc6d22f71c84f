"""Orders of which a restore cannot tell whether they were done: staff decide, once for all or one by one.

They waited in the backup, and TradingView's list shows what it did then: they were never carried out, or
they were and were taken away since, as after a refund. Until then whatever else is ordered for the same
person and script waits behind them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.reasons import end_made_by, want_anew
from bot.access.request import RequestContext
from bot.access.rules.entitlements import gives_more, last_seen, wanted_of
from bot.access.sweeps.adopt import take_known
from bot.access.sweeps.drift import Difference, Kind
from bot.access.sweeps.errors import NothingUndecided
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.kinds import PermissionState, Reason
from bot.store.ledger import entitlements, events, holdings, orders, permissions, replays
from bot.store.ledger.events import NewEvent
from bot.store.records import Entitlement, Holding, Order

NAMED = 10
SHOWN = 25  # at a time, as many as a list in Discord holds


@dataclass(frozen=True, slots=True)
class Question:
    """What waits for one person and script; `gives`: what the orders would add."""

    holding: Holding
    orders: tuple[Order, ...]
    gives: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """The oldest of a server's questions, and how many there are."""

    shown: tuple[Question, ...]
    total: int


class Undecided:
    """Carries out or drops what staff decide about."""

    def __init__(self, database: Database, queue: Queue, notifier: Notifier) -> None:
        self._database = database
        self._queue = queue
        self._notifier = notifier

    async def questions(self, guild_id: int) -> Questions:
        """Return what is to be decided in a server, oldest first."""
        async with self._database.read() as connection:
            found = _by_permission(await replays.undecided(connection, guild_id))
            ids = list(found)[:SHOWN]
            about = await holdings.with_people(connection, ids)
            made = await entitlements.by_ids(
                connection,
                {each.entitlement_id for of in ids for each in found[of] if each.entitlement_id},
            )
        shown = tuple(
            Question(
                about[of],
                tuple(found[of]),
                tuple(made[each.entitlement_id] for each in found[of] if each.entitlement_id),
            )
            for of in ids
        )
        return Questions(shown, len(found))

    async def carry_out(
        self,
        request: RequestContext,
        *,
        asked_in: int | None = None,
        ids: Collection[int] | None = None,
    ) -> int:
        """Let these orders go on, as they were asked; returns how many.

        Those that the history's entry `asked_in` asked about, or those of the permissions `ids`.
        Raises NothingUndecided.
        """
        now = clock.now()
        async with self._database.write() as connection:
            found = await _chosen(connection, request, asked_in, ids)
            of = _by_permission(found)
            await orders.wait_again(connection, of, reason=Reason.UNDECIDED)
            await permissions.release(connection, of, now, Reason.UNDECIDED)
            await _record(connection, request, "restore_carried", found)
        self._queue.wake(request.guild_id)
        return len(found)

    async def drop(
        self,
        request: RequestContext,
        *,
        asked_in: int | None = None,
        ids: Collection[int] | None = None,
    ) -> int:
        """End these orders without doing them; returns how many. What TradingView shows stays.

        Which, and what it raises, is as for `carry_out`.
        """
        async with self._database.write() as connection:
            found = await _chosen(connection, request, asked_in, ids)
            now = clock.now()
            await replays.drop(connection, [order.id for order in found], now)
            await end_made_by(connection, [order.id for order in found], now)
            for permission_id, dropped in _by_permission(found).items():
                await _go_on_without(connection, permission_id, dropped)
            await _record(connection, request, "restore_dropped", found)
        self._notifier.ended([order.id for order in found])
        self._queue.wake(request.guild_id)
        return len(found)


async def ask(connection: AsyncConnection, guild_id: int) -> None:
    """Record the history entry from which the log channel makes the question to staff."""
    found = await replays.undecided(connection, guild_id)
    of = _by_permission(found)
    about = await holdings.with_people(connection, list(of)[:NAMED])
    after = {
        "number": len(found),
        "people": len(of),
        "names": [
            f"{about[each].permission.username} ({about[each].script.title})"
            for each in list(of)[:NAMED]
        ],
    }
    await events.record(connection, guild_id, clock.now(), "restore_question", after=after)


async def _chosen(
    connection: AsyncConnection,
    request: RequestContext,
    asked_in: int | None,
    ids: Collection[int] | None,
) -> list[Order]:
    before = None
    if asked_in is not None:
        question = await events.by_id(connection, request.guild_id, asked_in)
        if question is None:
            raise NothingUndecided
        before = question.at
    found = await replays.undecided(connection, request.guild_id, before=before, permission_ids=ids)
    if not found:
        raise NothingUndecided
    return found


async def _go_on_without(
    connection: AsyncConnection, permission_id: int, dropped: Sequence[Order]
) -> None:
    """Work out anew what is wanted; what TradingView shows beyond it is kept, and not taken away."""
    now = clock.now()
    permission = await want_anew(connection, permission_id)
    is_last = permission.revision <= max(order.revision for order in dropped)
    shown, wanted = last_seen(permission), wanted_of(permission)
    if gives_more(shown, wanted, now):
        about = Difference(Kind.OTHER_END, permission.username, wanted, shown, permission)
        await take_known(connection, None, f"dropped {now}", about, permission)
    await permissions.change(
        connection,
        permission_id,
        synced_revision=permission.revision if is_last else permission.synced_revision,
        state=PermissionState.DONE if is_last else PermissionState.WAITING,
        reason=None,
        detail=None,
        attempts=0,
        next_try_at=None if is_last else now,
    )


async def _record(
    connection: AsyncConnection, request: RequestContext, action: str, found: Sequence[Order]
) -> None:
    """Record one line for the log channel; each order's entry stands in that person's history."""
    about = await holdings.with_people(connection, {order.permission_id for order in found})
    await events.record_all(
        connection,
        [
            NewEvent(
                guild_id=request.guild_id,
                at=request.at,
                action=f"{action}_one",
                actor=request.actor,
                order_id=order.id,
                **events.about(about[order.permission_id].permission),
            )
            for order in found
        ],
    )
    await events.record(
        connection,
        request.guild_id,
        request.at,
        action,
        actor=request.actor,
        after={"number": len(found)},
    )


def _by_permission(found: Sequence[Order]) -> dict[int, list[Order]]:
    by: dict[int, list[Order]] = {}
    for order in found:
        by.setdefault(order.permission_id, []).append(order)
    return by
