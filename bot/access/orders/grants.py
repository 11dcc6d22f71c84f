"""The door to access for single orders: grant, set, revoke and put back, each recorded once.

What the drift report mends (`bot.access.sweeps.repair`) and what is taken over (`bot.access.sweeps.adopt`) is recorded
by the same functions of `bot.access.ledger.record`.
"""

from dataclasses import replace

from bot import clock
from bot.access.ledger.changes import Change, NewOrder, Recorded, Target
from bot.access.ledger.errors import (
    EndsSeveral,
    NothingToRevoke,
    PutBackTooLate,
    Shortens,
)
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import PUT_BACK_WITHIN, TAKES_AWAY, put_back_key, took_away
from bot.access.ledger.record import record
from bot.access.orders.present import Before, Presence
from bot.access.orders.put_backs import put_back_in
from bot.access.request import GIFT, STAFF, RequestContext, Subject
from bot.access.rules.duration import Length, RowEnd, absolute
from bot.access.rules.entitlements import (
    State,
    still_gives,
)
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind, StateKind
from bot.store.ledger import entitlements, orders
from bot.store.records import Order
from bot.store.vault import Vault
from bot.tradingview import End, Lifetime


class Grants:
    """Records orders; the queue makes them true, `bot.access.orders.outcomes` says what became of them.

    Every method returns the id of the order, the same one when a request is delivered twice, and
    raises a UserError when what was typed cannot be done: then nothing is recorded.
    """

    def __init__(
        self,
        database: Database,
        presence: Presence,
        vault: Vault,
        queue: Queue,
        notifier: Notifier,
    ) -> None:
        self._database = database
        self._presence = presence
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
        return await self._give(request, item, length, subject, note, STAFF)

    async def gift(
        self, request: RequestContext, item: str, length: Length, subject: Subject, reason: str
    ) -> int:
        """Add that much time as a gift, which no automation ends. Raises as `grant` does."""
        return await self._give(request, item, length, subject, reason, GIFT)

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
        target = await self._presence.target(request, item, subject)
        end = absolute(until, request.at)
        after = State(StateKind.LIFETIME) if end is None else State(StateKind.UNTIL, end.at)
        now = await self._presence.before(request, target)
        most = [state for each in now.scripts for state in (each.most, each.stands_still) if state]
        shorter = next((state for state in most if took_away(state, after)), None)
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
        target = await self._presence.target(request, item, subject, look_up=False)
        now = await self._presence.before(request, target)
        if not request.consent.confirmed and (refusal := await self._question_revoke(target, now)):
            if done := await self._recorded_before(request):
                return done.id
            raise refusal
        change = Change(ends_all=True, overrules=True, held_back=True)
        return await self._record(
            NewOrder(request, OrderKind.REVOKE, target, change, note, now.single)
        )

    async def put_back(self, request: RequestContext, order_id: int) -> int:
        """Undo what one `set`, `revoke` or `move` took away, within 24 hours; pressed twice, done once.

        Raises:
            PutBackTooLate: the 24 hours are over.
            OvertakenSince: a later `set` or `revoke` counts, and was not put back.
            OverTheLine: a manager must agree to so many seats first.
        """
        request = replace(request, idempotency_key=put_back_key(order_id))
        async with self._database.write() as connection:
            if done := await orders.by_key(connection, request.guild_id, request.idempotency_key):
                return done.lead_id or done.id
            undone = await orders.by_id(connection, order_id)
            if undone is not None and undone.lead_id is not None:  # a request is undone as a whole
                undone = await orders.by_id(connection, undone.lead_id)
            if undone is None or not _may_be_put_back(undone, request):
                raise PutBackTooLate
            recorded = await put_back_in(connection, self._vault, request, undone)
        return self._go_on(recorded)

    async def _give(
        self,
        request: RequestContext,
        item: str,
        length: Length,
        subject: Subject,
        note: str | None,
        source: str,
    ) -> int:
        target = await self._presence.target(request, item, subject)
        change = Change(gives=length, source=source, grace=True, held_back=False)
        return await self._record(NewOrder(request, OrderKind.GRANT, target, change, note))

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

    async def _recorded_before(self, request: RequestContext) -> Order | None:
        """Return what a repeated request led to: it is neither refused nor asked about."""
        async with self._database.read() as connection:
            return await orders.by_key(connection, request.guild_id, request.idempotency_key)

    async def _question_revoke(
        self, target: Target, now: Before
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


def _may_be_put_back(order: Order, request: RequestContext) -> bool:
    return (
        order.guild_id == request.guild_id
        and order.kind in TAKES_AWAY
        and request.at - order.asked_at <= PUT_BACK_WITHIN
    )
