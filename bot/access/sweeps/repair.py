"""The side of the door where staff have a difference mended: orders, which sync carries out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.errors import PutBackTooLate
from bot.access.ledger.notifier import News
from bot.access.ledger.receipts import PUT_BACK_WITHIN, put_back_reference
from bot.access.ledger.record import add_event, add_wish, await_sync, facts, give_back, touch
from bot.access.ledger.seats import refuse_over_line, within_the_line
from bot.access.people.identity import resolve
from bot.access.people.username_lookup import Spelling
from bot.access.request import Asked, Who
from bot.access.rules.entitlements import NOTHING, State, gives_more, last_seen, want, wanted_of
from bot.access.sweeps.drift import Difference, Kind, kind_of, of_kind, script_of
from bot.access.sweeps.errors import NothingDiffers
from bot.access.sweeps.removal_limit import refuse_many
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.ledger import entitlements, events, orders, permissions
from bot.store.records import Permission, Script, Wish
from bot.store.sweeps import repairs
from bot.store.vault import Vault

_TOGETHER = 20  # in one transaction, so that others get their turn


@dataclass(frozen=True, slots=True)
class Mended:
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


class Mending:
    """Records what makes TradingView agree again; the queue does the writing."""

    def __init__(self, database: Database, vault: Vault, queue: Queue, news: News) -> None:
        self._database = database
        self._vault = vault
        self._queue = queue
        self._news = news

    async def mend(
        self,
        asked: Asked,
        script_id: int,
        kind: Kind,
        *,
        agreed: int = 0,
        seats: int = 0,
    ) -> Mended:
        """Have every difference of that kind made as it should be; `agreed` people were confirmed.

        Raises:
            TakesFromMany: more than 5 people or 5 % lose access or time, and nobody said yes to
                so many yet.
            OverTheLine: a manager must say yes to so many `seats` first.
            NothingDiffers: there is none of that kind any more.
            ButtonGone: that server has no such script.
        """
        now = clock.now()
        asked = replace(asked, token=None)  # the answer counts; each order has none of its own
        async with self._database.read() as connection:
            script = await script_of(connection, asked.guild_id, script_id)
            found = await of_kind(connection, script.id, kind, now)
            if not found:
                raise NothingDiffers
            await refuse_many(connection, script, found, now, agreed=agreed)
            coming = {one.permission.id: one.wanted for one in found if one.permission is not None}
            await refuse_over_line(connection, asked, coming, agreed=seats)
        ordered: list[Difference] = []
        for start in range(0, len(found), _TOGETHER):
            ordered += await self._order(asked, script, found[start : start + _TOGETHER], seats)
        await self._note(asked, script, kind, len(ordered))
        self._queue.wake(asked.guild_id)
        # What a stuck order takes was ordered before: that is not to be put back from here.
        took = 0 if kind is Kind.STUCK else sum(one.takes(now) for one in ordered)
        return Mended(script, kind, len(ordered), took, asked.reference)

    async def put_back(self, asked: Asked, reference: str, *, seats: int = 0) -> int:
        """Undo what one order to mend took away, within 24 hours; returns how many.

        Raises:
            PutBackTooLate: the 24 hours are over.
            OverTheLine: a manager must say yes to so many `seats` first.
            NothingDiffers: it is back already, or nothing was taken.
        """
        async with self._database.read() as connection:
            found = await repairs.of_order(connection, asked.guild_id, reference)
            if found and asked.at - found[0].asked_at > PUT_BACK_WITHIN:
                raise PutBackTooLate
            coming = {one.permission_id: await _would_be(connection, one) for one in found}
            await refuse_over_line(connection, asked, coming, agreed=seats)
        number = 0
        for undone in found:
            number += await self._put_back(replace(asked, token=None), undone, seats)
        if not number:
            raise NothingDiffers
        self._queue.wake(asked.guild_id)
        return number

    async def progress(self, guild_id: int, reference: str) -> Standing:
        """How the orders of one press stand."""
        async with self._database.read() as connection:
            states = [one.state for one in await repairs.of_order(connection, guild_id, reference)]
        return Standing(len(states), states.count("waiting"), states.count("stuck"))

    async def _order(
        self, asked: Asked, script: Script, those: Sequence[Difference], seats: int
    ) -> list[Difference]:
        """Those of these that differ still; each is ordered."""
        overtaken: list[int] = []
        ordered = []
        async with (
            self._database.write() as connection,
            within_the_line(connection, asked, agreed=seats),
        ):
            for one in those:
                permission = await self._permission(connection, asked, script, one)
                if permission is not None:
                    overtaken += await self._mend(connection, asked, one, permission)
                    ordered.append(one)
        self._news.ended(overtaken)
        return ordered

    async def _permission(
        self, connection: AsyncConnection, asked: Asked, script: Script, it: Difference
    ) -> Permission | None:
        """The one to mend as it is now; None when it has changed meanwhile."""
        if it.permission is not None:
            now = await permissions.by_id(connection, it.permission.id)
            same = kind_of(now, clock.now()) is it.kind and now.reason not in orders.PARKED
            return now if same and last_seen(now) == last_seen(it.permission) else None
        seen = it.sighting
        assert seen is not None  # noqa: S101 - one of the two is there
        who = Who(username=seen.username)
        person = await resolve(connection, asked, who, user_id=seen.tv_user_id)
        if seen.tv_user_id is not None and person.tv_user_id not in (None, seen.tv_user_id):
            return None  # somebody else of that name: never touched
        spelled = Spelling(seen.username, checked=True, user_id=seen.tv_user_id)
        permission = await touch(connection, asked, script, person, spelled)
        if permission.state != "done" or wanted_of(permission).gives_access(clock.now()):
            return None
        return await permissions.change(
            connection,
            permission.id,
            seen=seen.kind,
            seen_ends_at=seen.ends_at,
            seen_at=seen.seen_at,
        )

    async def _mend(
        self, connection: AsyncConnection, asked: Asked, it: Difference, permission: Permission
    ) -> list[int]:
        reference = f"{asked.reference}:{permission.id}"
        if await orders.by_reference(connection, asked.guild_id, reference):
            return []
        overtaken: list[int] = []
        if it.kind is Kind.EXTRA:
            overtaken = await orders.supersede(connection, permission.id, asked.at)
        elif it.kind is Kind.STUCK:
            await orders.wait_again(connection, [permission.id])
        seen = last_seen(permission)
        wish = await add_wish(
            connection,
            self._vault,
            asked,
            permission,
            "mend",
            reference=reference,
            before=None if it.kind is Kind.STUCK else seen,
        )
        replaces = permission.replaces
        if it.kind is Kind.EXTRA:
            await entitlements.end_all(connection, permission.id, asked.at, wish.id)
            replaces = wish.id
        elif gives_more(seen, wanted_of(permission), clock.now()) and it.kind is Kind.OTHER_END:
            replaces = wish.id
        await await_sync(
            connection, permission, wish, held_back=permission.held_back, replaces=replaces
        )
        after = NOTHING if it.kind is Kind.EXTRA else wanted_of(permission)
        await add_event(connection, asked, wish, permission, facts(after), overtaken)
        return overtaken

    async def _put_back(self, asked: Asked, undone: Wish, seats: int) -> int:
        reference = put_back_reference(undone.id)
        async with (
            self._database.write() as connection,
            within_the_line(connection, asked, agreed=seats),
        ):
            if await orders.by_reference(connection, asked.guild_id, reference):
                return 0
            permission = await permissions.by_id(connection, undone.permission_id)
            waiting = permission.replaces == undone.id
            took = await entitlements.ended_by(connection, undone.id)
            if not (waiting or took):
                return 0
            overtaken = await orders.supersede(connection, permission.id, asked.at, only=undone.id)
            wish = await add_wish(
                connection, self._vault, asked, permission, "mend", reference=reference
            )
            await give_back(connection, permission, undone)
            await await_sync(
                connection,
                permission,
                wish,
                held_back=permission.held_back,
                replaces=None if waiting else permission.replaces,
            )
            await add_event(connection, asked, wish, permission, {"undone": undone.id}, overtaken)
        self._news.ended(overtaken)
        return 1

    async def _note(self, asked: Asked, script: Script, kind: Kind, number: int) -> None:
        """One line for the log channel; each person's entry stands in their own history."""
        async with self._database.write() as connection:
            await events.record(
                connection,
                asked.guild_id,
                asked.at,
                "mended",
                actor_id=asked.by,
                script_id=script.id,
                after={"kind_of": kind.value, "number": number},
            )


async def _would_be(connection: AsyncConnection, undone: Wish) -> State:
    """What is wanted once that order is undone, as far as its ends are fixed."""
    back = await entitlements.ended_by(connection, undone.id)
    rest = await entitlements.active(connection, undone.permission_id)
    return want([*(replace(reason, ended_at=None) for reason in back), *rest])
