"""The side of the door where staff have a difference mended: orders, which sync carries out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.errors import PutBackTooLate
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import PUT_BACK_WITHIN, put_back_reference
from bot.access.ledger.record import add_event, add_order, await_sync, facts, give_back, touch
from bot.access.ledger.seats import refuse_over_line, within_the_line
from bot.access.people.identity import resolve
from bot.access.people.username_lookup import Spelling
from bot.access.request import RequestContext, Subject
from bot.access.rules.entitlements import NOTHING, State, gives_more, last_seen, want, wanted_of
from bot.access.sweeps.drift import Difference, Kind, kind_of, of_kind, script_of
from bot.access.sweeps.errors import NothingDiffers
from bot.access.sweeps.removal_limit import refuse_many
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.ledger import entitlements, events, orders, permissions
from bot.store.records import Order, Permission, Script
from bot.store.sweeps import repairs
from bot.store.vault import Vault

_TOGETHER = 20  # in one transaction, so that others get their turn


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was ordered; `took` of the people have less afterwards."""

    script: Script
    kind: Kind
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

    def __init__(self, database: Database, vault: Vault, queue: Queue, notifier: Notifier) -> None:
        self._database = database
        self._vault = vault
        self._queue = queue
        self._notifier = notifier

    async def repair(
        self,
        request: RequestContext,
        script_id: int,
        kind: Kind,
        *,
        agreed: int = 0,
        seats: int = 0,
    ) -> Repaired:
        """Have every difference of that kind made as it should be; `agreed` people were confirmed.

        Raises:
            TakesFromMany: more than 5 people or 5 % lose access or time, and nobody said yes to
                so many yet.
            OverTheLine: a manager must say yes to so many `seats` first.
            NothingDiffers: there is none of that kind any more.
            ButtonGone: that server has no such script.
        """
        now = clock.now()
        request = replace(request, token=None)  # the answer counts; each order has none of its own
        async with self._database.read() as connection:
            script = await script_of(connection, request.guild_id, script_id)
            found = await of_kind(connection, script.id, kind, now)
            if not found:
                raise NothingDiffers
            await refuse_many(connection, script, found, now, agreed=agreed)
            coming = {one.permission.id: one.wanted for one in found if one.permission is not None}
            await refuse_over_line(connection, request, coming, agreed=seats)
        ordered: list[Difference] = []
        for start in range(0, len(found), _TOGETHER):
            ordered += await self._order(request, script, found[start : start + _TOGETHER], seats)
        await self._note(request, script, kind, len(ordered))
        self._queue.wake(request.guild_id)
        # What a stuck order takes was ordered before: that is not to be put back from here.
        took = 0 if kind is Kind.STUCK else sum(one.takes(now) for one in ordered)
        return Repaired(script, kind, len(ordered), took, request.reference)

    async def put_back(self, request: RequestContext, reference: str, *, seats: int = 0) -> int:
        """Undo what one order to mend took away, within 24 hours; returns how many.

        Raises:
            PutBackTooLate: the 24 hours are over.
            OverTheLine: a manager must say yes to so many `seats` first.
            NothingDiffers: it is back already, or nothing was taken.
        """
        async with self._database.read() as connection:
            found = await repairs.of_order(connection, request.guild_id, reference)
            if found and request.at - found[0].asked_at > PUT_BACK_WITHIN:
                raise PutBackTooLate
            coming = {one.permission_id: await _would_be(connection, one) for one in found}
            await refuse_over_line(connection, request, coming, agreed=seats)
        number = 0
        for undone in found:
            number += await self._put_back(replace(request, token=None), undone, seats)
        if not number:
            raise NothingDiffers
        self._queue.wake(request.guild_id)
        return number

    async def progress(self, guild_id: int, reference: str) -> Standing:
        """How the orders of one press stand."""
        async with self._database.read() as connection:
            states = [one.state for one in await repairs.of_order(connection, guild_id, reference)]
        return Standing(len(states), states.count("waiting"), states.count("stuck"))

    async def _order(
        self, request: RequestContext, script: Script, those: Sequence[Difference], seats: int
    ) -> list[Difference]:
        """Those of these that differ still; each is ordered."""
        overtaken: list[int] = []
        ordered = []
        async with (
            self._database.write() as connection,
            within_the_line(connection, request, agreed=seats),
        ):
            for one in those:
                permission = await self._permission(connection, request, script, one)
                if permission is not None:
                    overtaken += await self._repair(connection, request, one, permission)
                    ordered.append(one)
        self._notifier.ended(overtaken)
        return ordered

    async def _permission(
        self, connection: AsyncConnection, request: RequestContext, script: Script, it: Difference
    ) -> Permission | None:
        """The one to mend as it is now; None when it has changed meanwhile."""
        if it.permission is not None:
            now = await permissions.by_id(connection, it.permission.id)
            same = kind_of(now, clock.now()) is it.kind and now.reason not in orders.PARKED
            return now if same and last_seen(now) == last_seen(it.permission) else None
        seen = it.sighting
        assert seen is not None  # noqa: S101 - one of the two is there
        subject = Subject(username=seen.username)
        person = await resolve(connection, request, subject, user_id=seen.tv_user_id)
        if seen.tv_user_id is not None and person.tv_user_id not in (None, seen.tv_user_id):
            return None  # somebody else of that name: never touched
        spelled = Spelling(seen.username, checked=True, user_id=seen.tv_user_id)
        permission = await touch(connection, request, script, person, spelled)
        if permission.state != "done" or wanted_of(permission).gives_access(clock.now()):
            return None
        return await permissions.change(
            connection,
            permission.id,
            seen=seen.kind,
            seen_ends_at=seen.ends_at,
            seen_at=seen.seen_at,
        )

    async def _repair(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        it: Difference,
        permission: Permission,
    ) -> list[int]:
        reference = f"{request.reference}:{permission.id}"
        if await orders.by_reference(connection, request.guild_id, reference):
            return []
        overtaken: list[int] = []
        if it.kind is Kind.EXTRA:
            overtaken = await orders.supersede(connection, permission.id, request.at)
        elif it.kind is Kind.STUCK:
            await orders.wait_again(connection, [permission.id])
        seen = last_seen(permission)
        order = await add_order(
            connection,
            self._vault,
            request,
            permission,
            "repair",
            reference=reference,
            before=None if it.kind is Kind.STUCK else seen,
        )
        replaces = permission.replaces
        if it.kind is Kind.EXTRA:
            await entitlements.end_all(connection, permission.id, request.at, order.id)
            replaces = order.id
        elif gives_more(seen, wanted_of(permission), clock.now()) and it.kind is Kind.OTHER_END:
            replaces = order.id
        await await_sync(
            connection, permission, order, held_back=permission.held_back, replaces=replaces
        )
        after = NOTHING if it.kind is Kind.EXTRA else wanted_of(permission)
        await add_event(connection, request, order, permission, facts(after), overtaken)
        return overtaken

    async def _put_back(self, request: RequestContext, undone: Order, seats: int) -> int:
        reference = put_back_reference(undone.id)
        async with (
            self._database.write() as connection,
            within_the_line(connection, request, agreed=seats),
        ):
            if await orders.by_reference(connection, request.guild_id, reference):
                return 0
            permission = await permissions.by_id(connection, undone.permission_id)
            waiting = permission.replaces == undone.id
            took = await entitlements.ended_by(connection, undone.id)
            if not (waiting or took):
                return 0
            overtaken = await orders.supersede(
                connection, permission.id, request.at, only=undone.id
            )
            order = await add_order(
                connection, self._vault, request, permission, "repair", reference=reference
            )
            await give_back(connection, permission, undone)
            await await_sync(
                connection,
                permission,
                order,
                held_back=permission.held_back,
                replaces=None if waiting else permission.replaces,
            )
            await add_event(
                connection, request, order, permission, {"undone": undone.id}, overtaken
            )
        self._notifier.ended(overtaken)
        return 1

    async def _note(self, request: RequestContext, script: Script, kind: Kind, number: int) -> None:
        """One line for the log channel; each person's entry stands in their own history."""
        async with self._database.write() as connection:
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "repaired",
                actor_id=request.by,
                script_id=script.id,
                after={"kind_of": kind.value, "number": number},
            )


async def _would_be(connection: AsyncConnection, undone: Order) -> State:
    """What is wanted once that order is undone, as far as its ends are fixed."""
    back = await entitlements.ended_by(connection, undone.id)
    rest = await entitlements.active(connection, undone.permission_id)
    return want([*(replace(reason, ended_at=None) for reason in back), *rest])
