"""The door to access for single orders: grant, set, revoke and put back, each recorded once.

What the drift report mends (`bot.access.sweeps.repair`) and what is taken over (`bot.access.sweeps.adopt`) is recorded
by the same functions of `bot.access.ledger.record`.
"""

import asyncio
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.errors import ProductEmpty
from bot.access.catalogue.lookup import Item, find_item
from bot.access.ledger.changes import Change, NewOrder, Recorded, Target
from bot.access.ledger.errors import (
    EndsSeveral,
    NothingToRevoke,
    OvertakenSince,
    PutBackTooLate,
    Shortens,
)
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import (
    PUT_BACK_WITHIN,
    overtaken_since,
    put_back_key,
    took_away,
)
from bot.access.ledger.record import record
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.people.identity import name_of
from bot.access.people.username_lookup import Spelling, look, spell
from bot.access.request import STAFF, RequestContext, Subject
from bot.access.rules.duration import Length, RowEnd
from bot.access.rules.entitlements import (
    UNKNOWN,
    State,
    gives_more,
    still_gives,
    wanted_of,
)
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind, StateKind
from bot.store.ledger import entitlements, orders, permissions
from bot.store.people import customers
from bot.store.records import Order, Permission, Product, Script
from bot.store.vault import Vault
from bot.tradingview import End, Lifetime
from bot.tradingview.deadline import in_time

READ_TIMEOUT = 2.0  # seconds that a question waits for TradingView's own view


@dataclass(frozen=True, slots=True)
class _Present:
    """What somebody has of one script before anything changes."""

    script: Script
    most: State
    known: Permission | None
    certain: bool  # TradingView was asked, or what it shows is overruled


@dataclass(frozen=True, slots=True)
class _Before:
    """What somebody has of an item before anything changes."""

    item: Item
    scripts: tuple[_Present, ...]

    @property
    def sold(self) -> Script | Product:
        """Return what people were asked about."""
        return self.item.product or self.scripts[0].script

    @property
    def single(self) -> State | None:
        """Return what is noted as what was there before; None where each script has its own."""
        return None if self.item.product else self.scripts[0].most


class Grants:
    """Records orders; the queue makes them true, `bot.access.orders.outcomes` says what became of them.

    Every method returns the id of the order, the same one when a request is delivered twice, and
    raises a UserError when what was typed cannot be done: then nothing is recorded.
    """

    def __init__(
        self, database: Database, sessions: Sessions, vault: Vault, queue: Queue, notifier: Notifier
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._vault = vault
        self._queue = queue
        self._notifier = notifier

    async def grant(
        self,
        request: RequestContext,
        item: str,
        length: Length,
        subject: Subject,
        note: str | None = None,
    ) -> int:
        """Add that much time.

        Raises:
            UserUnknown: TradingView suggests no such name, and the person who asks did not agree to it.
            OverTheLine: a manager must agree to so many seats first.
            NameOnlyClaimed: staff must say whether the member who claims the name is to know of it.
        """
        target = await self._target(request, item, subject)
        change = Change(gives=length, source=STAFF, grace=True, held_back=False)
        return await self._record(NewOrder(request, OrderKind.GRANT, target, change, note))

    async def set_end(
        self,
        request: RequestContext,
        item: str,
        until: End | Length | RowEnd,
        subject: Subject,
        note: str | None = None,
        *,
        from_now: bool = False,
    ) -> int:
        """Give exactly this end, whatever was there before; `from_now`: it was counted from this moment.

        Months that are added later go on from a `RowEnd`, and from a length, as from a row.

        Raises:
            Shortens: it gives less than there is, and the person who asks did not agree yet.
            UserUnknown: TradingView suggests no such name, and the person who asks did not agree to it.
            OverTheLine: a manager must agree to so many seats first.
            NameOnlyClaimed: staff must say whether the member who claims the name is to know of it.
        """
        target = await self._target(request, item, subject)
        end = _absolute(until, request)
        after = State(StateKind.LIFETIME) if end is None else State(StateKind.UNTIL, end.at)
        now = await self._before(request, target)
        shorter = next((each.most for each in now.scripts if took_away(each.most, after)), None)
        if not request.consent.confirmed and shorter is not None:
            if done := await self._recorded_before(request):
                return done.id
            raise Shortens(now.sold, target.spelling.username, shorter.end, after.end)
        change = Change(
            gives=after,
            source=STAFF,
            row_day=None if end is None else end.row_day,
            ends_all=True,
            overrules=True,
            held_back=False,
        )
        from_now = from_now or isinstance(until, Length)
        return await self._record(
            NewOrder(request, OrderKind.SET, target, change, note, now.single, from_now)
        )

    async def revoke(
        self, request: RequestContext, item: str, subject: Subject, note: str | None = None
    ) -> int:
        """End every reason for that item, also of somebody only TradingView knows.

        Raises:
            EndsSeveral: several reasons end, or one without an end, and the person who asks did not agree yet.
            NothingToRevoke: neither Usher nor TradingView knows of any access.
        """
        target = await self._target(request, item, subject, look_up=False)
        now = await self._before(request, target)
        if not request.consent.confirmed and (refusal := await self._question_revoke(target, now)):
            if done := await self._recorded_before(request):
                return done.id
            raise refusal
        change = Change(ends_all=True, overrules=True, held_back=True)
        return await self._record(
            NewOrder(request, OrderKind.REVOKE, target, change, note, now.single)
        )

    async def put_back(self, request: RequestContext, order_id: int) -> int:
        """Undo what one `set` or `revoke` took away, within 24 hours; pressed twice, done once.

        Raises:
            PutBackTooLate: the 24 hours are over.
            OvertakenSince: a later `set` or `revoke` counts, and was not put back.
            OverTheLine: a manager must agree to so many seats first.
        """
        request = replace(request, idempotency_key=put_back_key(order_id))
        async with self._database.write() as connection:
            if done := await orders.by_key(connection, request.guild_id, request.idempotency_key):
                return done.id
            undone = await orders.by_id(connection, order_id)
            if undone is None or not _may_be_put_back(undone, request):
                raise PutBackTooLate
            led = await orders.led_by(connection, [undone.id])
            recorded = None
            for each in (undone, *led[undone.id]):
                if await overtaken_since(connection, each):
                    raise OvertakenSince
                new = await _putting_back(connection, request, each, recorded)
                part = await record(connection, self._vault, new)
                recorded = recorded or part
            assert recorded is not None  # noqa: S101 - the order itself is one of them
        return self._go_on(recorded)

    async def _record(self, new: NewOrder) -> int:
        async with self._database.write() as connection:
            recorded = await record(connection, self._vault, new)
        return self._go_on(recorded)

    def _go_on(self, recorded: Recorded) -> int:
        if recorded.is_new:
            self._notifier.ended(recorded.superseded)
            self._queue.wake(recorded.order.guild_id)
        return recorded.order.id

    # Before anything is recorded

    async def _target(
        self, request: RequestContext, item: str, subject: Subject, *, look_up: bool = True
    ) -> Target:
        """Find the person with TradingView's spelling of the name, as far as it answers in time."""
        consent = request.consent
        subject = Subject(subject.member_id, consent.username or subject.username)
        names_both = subject.member_id is not None and bool((subject.username or "").strip())
        async with self._database.read() as connection:
            sold = await find_item(connection, request.guild_id, item)
            name = await name_of(connection, request.guild_id, subject)
            spelled_as = await permissions.of_name(connection, request.guild_id, name)
            ids = {script.id for script in sold.scripts}
            known = next((each for each in spelled_as if each.script_id in ids), None)
            person = await customers.by_name(connection, request.guild_id, name)
        if known is not None and known.checked:
            spelled = Spelling(known.username, checked=True, user_id=known.tv_user_id)
        elif person is not None and person.username and person.tv_user_id is not None:
            spelled = Spelling(person.username, checked=True, user_id=person.tv_user_id)
        elif look_up:
            session = await self._sessions.of(request.guild_id)
            spelled = await spell(session.tradingview, name, anyway=consent.unknown_name)
        else:
            spelled = Spelling(name, checked=False)
        return Target(item, Subject(subject.member_id, spelled.username), spelled, names_both)

    async def _recorded_before(self, request: RequestContext) -> Order | None:
        """Return what a repeated request led to: it is neither refused nor asked about."""
        async with self._database.read() as connection:
            return await orders.by_key(connection, request.guild_id, request.idempotency_key)

    async def _before(self, request: RequestContext, target: Target) -> _Before:
        """Return what the person has of each script of the item."""
        async with self._database.read() as connection:
            item = await find_item(connection, request.guild_id, target.item)
        if not item.scripts:
            raise ProductEmpty(item.title)
        name = target.spelling.username
        present = (self._present(request, script, name) for script in item.scripts)
        return _Before(item, tuple(await asyncio.gather(*present)))

    async def _present(self, request: RequestContext, script: Script, name: str) -> _Present:
        """Return the most that the person has, by what Usher wants or TradingView shows within 2 s."""
        async with self._database.read() as connection:
            known = await permissions.by_name(connection, script.id, name)
        wanted = wanted_of(known) if known else UNKNOWN
        if known is not None and known.replaces is not None:
            # What TradingView shows is overruled already.
            return _Present(script, wanted, known, certain=True)
        session = await self._sessions.of(request.guild_id)
        shown = None
        if session.state is LoginState.ALIVE:
            shown = await in_time(look(session.tradingview, script, name), READ_TIMEOUT)
        if shown is None:
            return _Present(script, wanted, known, certain=False)
        more = wanted is UNKNOWN or gives_more(shown, wanted, clock.now())
        return _Present(script, shown if more else wanted, known, certain=True)

    async def _question_revoke(
        self, target: Target, now: _Before
    ) -> NothingToRevoke | EndsSeveral | None:
        known = [each.known.id for each in now.scripts if each.known is not None]
        async with self._database.read() as connection:
            active = await entitlements.active_of(connection, known)
        moment, name = clock.now(), target.spelling.username
        reasons = {
            reason.purchase_id: reason
            for of_script in active.values()
            for reason in of_script
            if still_gives(reason, moment)
        }
        shown = [each for each in now.scripts if not each.certain or each.most.gives_access(moment)]
        if not reasons and not shown:
            return NothingToRevoke(now.sold, name)
        if len(reasons) > 1 or any(isinstance(each.most.end, Lifetime) for each in now.scripts):
            return EndsSeveral(now.sold, name, tuple(reasons.values()))
        return None


async def _putting_back(
    connection: AsyncConnection, request: RequestContext, undone: Order, lead: Recorded | None
) -> NewOrder:
    """Return the order that undoes one; `lead` is the first of the same press."""
    permission = await permissions.by_id(connection, undone.permission_id)
    if lead is not None:
        request = replace(request, idempotency_key=put_back_key(undone.id), token=None)
    return NewOrder(
        request,
        OrderKind.PUT_BACK,
        permission,
        Change(undoes=undone, held_back=False),
        product_id=undone.product_id,
        lead_id=None if lead is None else lead.order.id,
    )


def _absolute(until: End | Length | RowEnd, request: RequestContext) -> RowEnd | None:
    """Return the end that is meant; None: lifetime."""
    match until:
        case RowEnd():
            return until
        case Length():
            return None if until.lifetime else RowEnd.begun(request.at).extended(until)
        case Lifetime():
            return None
        case _:
            return RowEnd.begun(until)


def _may_be_put_back(order: Order, request: RequestContext) -> bool:
    return (
        order.guild_id == request.guild_id
        and order.kind in (OrderKind.SET, OrderKind.REVOKE)
        and request.at - order.asked_at <= PUT_BACK_WITHIN
    )
