"""Makes TradingView agree with one permission: read, settle, write if different, read back.

Nothing else calls TradingView's write endpoints.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.reasons import facts
from bot.access.ledger.settle import StuckError, refuse_other_person, settle_with, unsettle
from bot.access.logins.sessions import AccountSession
from bot.access.rules.entitlements import (
    State,
    Step,
    before_of,
    moved_by_us,
    next_step,
    seen_in,
    stands,
    wanted_of,
)
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind, OrderState, PermissionState, Reason, StateKind
from bot.store.ledger import entitlements, events, order_outcomes, orders, permissions, shapes, work
from bot.store.ledger.changes import PermissionChange
from bot.store.ledger.events import NewEvent
from bot.store.people import customers
from bot.store.records import Entitlement, Permission, Script
from bot.tradingview import End, NoSuchUser, Refused, Row, Uncertain, WriteResult

# Pauses before each look: 0, 1, 3 and 7 s after the write.
READ_BACK = (0.0, 1.0, 2.0, 4.0)
_TAKING = (OrderKind.REVOKE, OrderKind.PAUSE)
_MAY_TAKE = (OrderKind.PUT_BACK, OrderKind.REPAIR)  # these may give something, too


class NotYetError(Exception):
    """The write was accepted, but TradingView's list does not show it."""


class ClockDoubtError(Exception):
    """This computer's clock may be wrong, and what has to be done depends on it."""


class UnexpectedRowError(Exception):
    """TradingView has a row where a full read of its list had shown none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One write, announced in the database and not yet sent."""

    step: Step
    script: Script
    permission: Permission
    settled: tuple[int, ...]  # the entitlements whose end was fixed for it


class Sync:
    """Takes single permissions to agreement, on behalf of one account.

    `urgent` is asked before each call to TradingView; `rest` waits so many seconds before looking again.
    """

    def __init__(
        self,
        database: Database,
        session: AccountSession,
        ended: Callable[[Sequence[int]], None],
        *,
        urgent: Callable[[], bool] = lambda: True,
        rest: Callable[[float], Awaitable[None]] = clock.sleep,
    ) -> None:
        self._database = database
        self._tradingview = session.tradingview
        self._ended = ended
        self._urgent = urgent
        self._rest = rest

    async def run(self, permission_id: int) -> None:
        """Bring one permission to agreement; safe to repeat after any failure or crash.

        Raises:
            StuckError: a person has to look.
            ClockDoubtError: what has to be done depends on a clock that may be wrong.
            NotYetError: accepted, but not shown; try again later.
            TradingViewError: what the calls raise.
        """
        permission, script, known = await self.begin(permission_id)
        plan = await self.plan(permission, script, await self._read(script, permission), known)
        if plan is None:
            return
        await self.send(plan)
        await self.conclude(plan.permission, await self._read_back(script, plan.permission))

    async def begin(self, permission_id: int) -> tuple[Permission, Script, bool]:
        """Load a permission and find its spelling; False: TradingView suggests no such name."""
        permission, script, reasons = await self._load(permission_id)
        if reasons and not permission.checked:
            permission, known = await self._spell(permission)
            return permission, script, known
        return permission, script, True

    async def plan(
        self, permission: Permission, script: Script, row: Row | None, known: bool
    ) -> Plan | None:
        """Settle, and announce what has to be written; None when nothing has to be.

        `row` comes from a complete read of that person's row. Raises StuckError and ClockDoubtError.
        """
        refuse_other_person(permission, row)
        seen = seen_in(row)
        async with self._database.write() as connection:
            await _refuse_doubt(connection, permission)
            permission, settled = await settle_with(connection, permission.id, row)
        step = next_step(permission, seen, clock.now())
        if step is Step.TOO_LATE:
            permission, step = await self._end(permission, seen)
        if step is Step.ADD and not known:
            raise StuckError(Reason.NO_SUCH_USER)
        if step is Step.NOTHING:
            await self.conclude(permission, seen)
            return None
        announced = await self._announce(permission, seen)
        if announced.revision != permission.revision:
            return None  # a later order came in between: it starts over with it
        return Plan(step, script, announced, settled)

    async def _end(self, permission: Permission, seen: State) -> tuple[Permission, Step]:
        """Return how an order that takes something away leaves no more than an end that is over.

        TradingView may show more, as for a role that was lost. Raises StuckError for an order that gives
        something: its time ran out while it waited.
        """
        gives = seen.gives_access(clock.now())
        async with self._database.write() as connection:
            kind = await work.newest_kind(connection, permission.id)
            if kind not in _TAKING and not (gives and kind in _MAY_TAKE):
                raise StuckError(Reason.TOO_LATE)
            permission = await permissions.change(
                connection, permission.id, wanted=StateKind.NOTHING, wanted_ends_at=None
            )
        return permission, Step.REMOVE if gives else Step.NOTHING

    async def unsettle(self, plan: Plan) -> None:
        """Have the ends fixed anew: nothing was written, and the row was not what was read."""
        async with self._database.write() as connection:
            await unsettle(connection, plan.permission.id, plan.settled)

    async def _load(self, permission_id: int) -> tuple[Permission, Script, list[Entitlement]]:
        async with self._database.read() as connection:
            permission = await permissions.by_id(connection, permission_id)
            script = await scripts.by_id(connection, permission.script_id)
            assert script is not None  # noqa: S101 - a foreign key
            return permission, script, await entitlements.active(connection, permission_id)

    async def _spell(self, permission: Permission) -> tuple[Permission, bool]:
        """Find TradingView's own spelling; False when it suggests no such name."""
        for hint in await self._tradingview.hints(permission.username, urgent=self._urgent()):
            if hint.username.casefold() != permission.name_folded:
                continue
            async with self._database.write() as connection:
                await customers.rename(
                    connection, permission.customer_id, hint.username, hint.user_id
                )
                spelled = await permissions.change(
                    connection, permission.id, username=hint.username, checked=True
                )
            return spelled, True
        return permission, False

    async def _read(self, script: Script, permission: Permission) -> Row | None:
        row = await self._tradingview.find_row(
            script.pine_id,
            permission.username,
            user_id=permission.tv_user_id,
            urgent=self._urgent(),
        )
        refuse_other_person(permission, row)
        return row

    async def _announce(self, permission: Permission, seen: State) -> Permission:
        """Note what is about to be written, and over what, before it goes out."""
        values: PermissionChange = {"state": PermissionState.WORKING}
        if permission.sent_revision != permission.revision:
            values |= {
                "sent_revision": permission.revision,
                "before": seen.kind,
                "before_ends_at": seen.ends_at,
            }
        async with self._database.write() as connection:
            if await shapes.is_paused(connection, permission.guild_id):
                raise NotYetError  # since it was begun: the queue does not begin it again
            return await permissions.change(connection, permission.id, **values)

    async def send(self, plan: Plan, *, read_by_name: bool = True) -> None:
        """Send the one write; whether it took effect is for a read back to say. Raises TradingViewError.

        Raises UnexpectedRowError, and leaves the row as it is, when the person was not `read_by_name`
        and is there after all.
        """
        step, script, permission = plan.step, plan.script, plan.permission
        tradingview, name = self._tradingview, permission.username
        try:
            if step is Step.REMOVE:
                await self._remove(script, name)
                return
            end = wanted_of(permission).end
            assert end is not None  # noqa: S101 - nothing wanted is a removal
            if step is Step.ADD:
                answer = await self._add(script, name, end)
                if answer is WriteResult.OK:
                    return
                if not read_by_name:
                    raise UnexpectedRowError
            await tradingview.modify(script.pine_id, name, end, urgent=self._urgent())
        except Uncertain:
            return  # it may have been applied: the read back decides

    async def _add(self, script: Script, name: str, end: End) -> WriteResult:
        return await self._tradingview.add(script.pine_id, name, end, urgent=self._urgent())

    async def _remove(self, script: Script, name: str) -> None:
        try:
            await self._tradingview.remove(script.pine_id, name, urgent=self._urgent())
        except (NoSuchUser, Refused):
            return  # perhaps nothing was there any more: the read back decides (wire §8)

    async def _read_back(self, script: Script, permission: Permission) -> State:
        for pause in READ_BACK:
            if pause:
                await self._rest(pause)
            seen = seen_in(await self._read(script, permission))
            if took_effect(permission, seen):
                return seen
        raise NotYetError

    async def conclude(self, permission: Permission, seen: State) -> None:
        """Mark as synced the revision that was read, and nothing later."""
        now = clock.now()
        exact = stands(permission, seen, now)
        async with self._database.write() as connection:
            latest = await permissions.by_id(connection, permission.id)
            ended = await orders.end(
                connection, permission.id, permission.revision, now, OrderState.DONE
            )
            is_last = latest.revision == permission.revision
            oldest = await orders.oldest_waiting(connection, permission.id)
            values: PermissionChange = {
                "seen": seen.kind,
                "seen_ends_at": seen.ends_at,
                "seen_at": now,
                "differs": wanted_of(permission).kind is not StateKind.NOTHING and not exact,
                "synced_revision": permission.revision,
                "state": PermissionState.DONE if is_last else PermissionState.WAITING,
                "reason": None,
                "detail": None,
                "attempts": 0,
                "next_try_at": None if is_last else now,
                "asked_at": oldest or latest.asked_at,
            }
            if took_effect(permission, seen):
                values |= {"ours": seen.kind, "ours_ends_at": seen.ends_at}
            if latest.replaces == permission.replaces:
                values["replaces"] = None
            await permissions.change(connection, permission.id, **values)
            await self._close(connection, permission, seen, ended)
        self._ended(ended)

    async def _close(
        self,
        connection: AsyncConnection,
        permission: Permission,
        seen: State,
        ended: Sequence[int],
    ) -> None:
        if not ended:
            return
        now = clock.now()
        person = await customers.by_id(connection, permission.customer_id)
        if person is None or person.member_id is None:
            await order_outcomes.member_told(connection, max(ended), now)
        await events.record_all(
            connection,
            [
                NewEvent(
                    guild_id=permission.guild_id,
                    at=now,
                    action=OrderState.DONE,
                    script_id=permission.script_id,
                    customer_id=permission.customer_id,
                    permission_id=permission.id,
                    order_id=order_id,
                    before=_found(permission),
                    after=facts(seen),
                )
                for order_id in ended
            ],
        )


def _found(permission: Permission) -> Mapping[str, str | None] | None:
    """Return what TradingView showed before the write for this revision; None without a write."""
    was_sent = permission.sent_revision == permission.revision
    return facts(before_of(permission)) if was_sent else None


async def _refuse_doubt(connection: AsyncConnection, permission: Permission) -> None:
    """Raise ClockDoubtError where what has passed by now, or counts from now, cannot be told."""
    trust = clock.trust()
    if trust is clock.Trust.DOUBTFUL or (
        trust is clock.Trust.WRONG and await work.awaits_clock(connection, permission.id)
    ):
        raise ClockDoubtError


def took_effect(permission: Permission, seen: State) -> bool:
    """Return whether what was read back is the outcome of our write."""
    return stands(permission, seen, clock.now()) or moved_by_us(permission, seen)
