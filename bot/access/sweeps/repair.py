"""Repairs differences for staff: records orders, which sync carries out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import script_of
from bot.access.errors import ButtonGone, TradingViewSilent
from bot.access.ledger.changes import Change, NewOrder
from bot.access.ledger.errors import PutBackTooLate
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import PUT_BACK_WITHIN, put_back_key
from bot.access.ledger.record import record, record_all, touch
from bot.access.ledger.seats import refuse_over_line
from bot.access.logins.sessions import Sessions
from bot.access.people.identity import resolve
from bot.access.people.username_lookup import Spelling, look
from bot.access.request import RequestContext, Subject
from bot.access.rules.entitlements import State, gives_more, last_seen, want, wanted_of
from bot.access.sweeps.drift import Difference, Kind, differences_of_kind, kind_of
from bot.access.sweeps.errors import NothingDiffers
from bot.access.sweeps.removal_limit import refuse_many
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind, OrderState, PermissionState
from bot.store.ledger import entitlements, events, orders, permissions
from bot.store.records import Order, Permission, Script
from bot.store.sweeps import repairs
from bot.store.vault import Vault
from bot.tradingview.deadline import in_time

READ_TIMEOUT = 8.0  # seconds for one person's row
_TOGETHER = 20  # in one transaction, so that others get their turn


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was ordered; `took` of the people have less afterwards."""

    script: Script
    number: int
    took: int
    reference: str  # of the order, to put it back and to see how it goes


@dataclass(frozen=True, slots=True)
class Standing:
    """The orders of one press: of how many, how many wait, and how many only a person can help."""

    of: int
    waiting: int
    stuck: int

    @property
    def ended(self) -> int:
        return self.of - self.waiting


class Repairs:
    """Records what makes TradingView agree again; the queue does the writing."""

    def __init__(
        self, database: Database, sessions: Sessions, vault: Vault, queue: Queue, notifier: Notifier
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._vault = vault
        self._queue = queue
        self._notifier = notifier

    async def repair(
        self,
        request: RequestContext,
        script_id: int,
        kind: Kind,
        names: Collection[str] | None = None,
    ) -> Repaired:
        """Have every difference of that kind made as it should be, or only those of these people.

        Raises:
            TakesFromMany: more than 5 people or 5 % lose access or time, and the consent is
                to fewer.
            OverTheLine: a manager must agree to so many seats first.
            NothingDiffers: there is none of that kind any more.
            ButtonGone: that server has no such script.
        """
        now = clock.now()
        request = replace(request, token=None)  # the reply counts them; no order has one of its own
        async with self._database.read() as connection:
            script = await script_of(connection, request.guild_id, script_id)
            found = await differences_of_kind(connection, script.id, kind, now, names)
            if not found:
                raise NothingDiffers
            await refuse_many(connection, script, found, now, request.consent)
            coming = {
                difference.permission.id: difference.wanted
                for difference in found
                if difference.permission is not None
            }
            await refuse_over_line(connection, request, coming)
        ordered: list[Difference] = []
        for start in range(0, len(found), _TOGETHER):
            ordered += await self._order(request, script, found[start : start + _TOGETHER])
        await self._note(request, script, kind, len(ordered))
        self._queue.wake(request.guild_id)
        # What a stuck order takes was ordered before: that is not to be put back from here.
        took = 0 if kind is Kind.STUCK else sum(difference.takes(now) for difference in ordered)
        return Repaired(script, len(ordered), took, request.idempotency_key)

    async def repair_person(self, request: RequestContext, script_id: int, name: str) -> int:
        """Have TradingView show for one person and script what it should; returns the order.

        Raises:
            TradingViewSilent: it does not say what it shows now.
            NothingDiffers: it shows that already, or an order is on its way.
            OverTheLine: a manager must agree to so many seats first.
            ButtonGone: that server has no such script.
        """
        async with self._database.read() as connection:
            script = await script_of(connection, request.guild_id, script_id)
        session = await self._sessions.of(request.guild_id)
        shown = await in_time(look(session.tradingview, script, name), READ_TIMEOUT)
        if shown is None:
            raise TradingViewSilent
        async with self._database.write() as connection:
            held = await permissions.by_name(connection, script.id, name)
            if held is None:
                raise NothingDiffers
            key = f"{request.idempotency_key}:{held.id}"
            if done := await orders.by_key(connection, request.guild_id, key):
                return done.id
            held = await permissions.change(
                connection,
                held.id,
                seen=shown.kind,
                seen_ends_at=shown.ends_at,
                seen_at=clock.now(),
            )
            kind = kind_of(held, clock.now())
            if kind is None or kind is Kind.STUCK:
                raise NothingDiffers
            found = Difference(kind, held.username, wanted_of(held), shown, held)
            recorded = await record(connection, self._vault, _order_of(request, found, held))
        self._notifier.ended(recorded.superseded)
        await self._note(request, script, kind, 1)
        self._queue.wake(request.guild_id)
        return recorded.order.id

    async def put_back(self, request: RequestContext, reference: str) -> int:
        """Undo what one repair took away, within 24 hours; returns how many.

        Raises:
            PutBackTooLate: the 24 hours are over.
            OverTheLine: a manager must agree to so many seats first.
            NothingDiffers: it is back already, or nothing was taken.
        """
        async with self._database.read() as connection:
            found = await repairs.of_order(connection, request.guild_id, reference)
            if found and request.at - found[0].asked_at > PUT_BACK_WITHIN:
                raise PutBackTooLate
            coming = {order.permission_id: await _would_be(connection, order) for order in found}
            await refuse_over_line(connection, request, coming)
        number = 0
        for undone in found:
            number += await self._put_back(replace(request, token=None), undone)
        if not number:
            raise NothingDiffers
        self._queue.wake(request.guild_id)
        return number

    async def progress(self, guild_id: int, reference: str) -> Standing:
        """Return how the orders of one press stand."""
        async with self._database.read() as connection:
            states = [
                order.state for order in await repairs.of_order(connection, guild_id, reference)
            ]
        return Standing(
            len(states), states.count(OrderState.WAITING), states.count(OrderState.STUCK)
        )

    async def ordered(self, guild_id: int, script_id: int, reference: str) -> Repaired:
        """Return what one repair of that script ordered. Raises ButtonGone when there was none."""
        async with self._database.read() as connection:
            script = await script_of(connection, guild_id, script_id)
            found = await repairs.of_order(connection, guild_id, reference)
            about = {
                each.id: each
                for each in await permissions.by_ids(
                    connection, [order.permission_id for order in found]
                )
            }
            ended = await entitlements.taken_by(connection, {order.id for order in found})
        if not any(each.script_id == script.id for each in about.values()):
            raise ButtonGone
        took = sum(
            about[order.permission_id].replaces == order.id or order.id in ended for order in found
        )
        return Repaired(script, len(found), took, reference)

    async def _order(
        self, request: RequestContext, script: Script, differences: Sequence[Difference]
    ) -> list[Difference]:
        """Order those of these that differ still; returns them."""
        ordered, new = [], []
        async with self._database.write() as connection:
            for difference in differences:
                permission = await self._permission(connection, request, script, difference)
                if permission is not None:
                    new.append(_order_of(request, difference, permission))
                    ordered.append(difference)
            recorded = await record_all(connection, self._vault, new)
        self._notifier.ended([order_id for order in recorded for order_id in order.superseded])
        return ordered

    async def _permission(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        script: Script,
        difference: Difference,
    ) -> Permission | None:
        """Return the permission to repair as it is now; None when it has changed meanwhile."""
        if difference.permission is not None:
            now = await permissions.by_id(connection, difference.permission.id)
            same = kind_of(now, clock.now()) is difference.kind and now.reason not in orders.PARKED
            return now if same and last_seen(now) == last_seen(difference.permission) else None
        seen = difference.sighting
        assert seen is not None  # noqa: S101 - one of the two is there
        subject = Subject(username=seen.username)
        person = await resolve(connection, request, subject, user_id=seen.tv_user_id)
        if seen.tv_user_id is not None and person.tv_user_id not in (None, seen.tv_user_id):
            return None  # another person of that name: never touched
        spelled = Spelling(seen.username, checked=True, user_id=seen.tv_user_id)
        permission = await touch(connection, request, script, person, spelled)
        if permission.state is not PermissionState.DONE or wanted_of(permission).gives_access(
            clock.now()
        ):
            return None
        return await permissions.change(
            connection,
            permission.id,
            seen=seen.kind,
            seen_ends_at=seen.ends_at,
            seen_at=seen.seen_at,
        )

    async def _put_back(self, request: RequestContext, undone: Order) -> int:
        key = put_back_key(undone.id)
        async with self._database.write() as connection:
            if await orders.by_key(connection, request.guild_id, key):
                return 0
            permission = await permissions.by_id(connection, undone.permission_id)
            took = await entitlements.ended_by(connection, undone.id)
            if not (permission.replaces == undone.id or took):
                return 0
            new = NewOrder(
                replace(request, idempotency_key=key),
                OrderKind.REPAIR,
                permission,
                Change(undoes=undone),
            )
            recorded = await record(connection, self._vault, new)
        self._notifier.ended(recorded.superseded)
        return 1

    async def _note(self, request: RequestContext, script: Script, kind: Kind, number: int) -> None:
        """Record one line for the log channel; each person's entry stands in their own history."""
        async with self._database.write() as connection:
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "repaired",
                actor=request.actor,
                script_id=script.id,
                after={"kind_of": kind.value, "number": number},
            )


def _order_of(request: RequestContext, difference: Difference, permission: Permission) -> NewOrder:
    """Return the order that makes TradingView agree again."""
    seen = last_seen(permission)
    match difference.kind:
        case Kind.EXTRA:
            change = Change(ends_all=True, overrules=True)
        case Kind.OTHER_END:
            more = gives_more(seen, wanted_of(permission), clock.now())
            change = Change(overrules=more)
        case Kind.STUCK:
            change = Change(wakes=True)
        case _:
            change = Change()
    return NewOrder(
        replace(request, idempotency_key=f"{request.idempotency_key}:{permission.id}"),
        OrderKind.REPAIR,
        permission,
        change,
        before=None if difference.kind is Kind.STUCK else seen,
    )


async def _would_be(connection: AsyncConnection, undone: Order) -> State:
    """Return what is wanted once that order is undone, as far as its ends are fixed."""
    back = await entitlements.ended_by(connection, undone.id)
    rest = await entitlements.active(connection, undone.permission_id)
    return want([*(replace(reason, ended_at=None) for reason in back), *rest])
