"""The door to access for single orders: grant, set, revoke and put back, each recorded once.

What the drift report mends (`bot.access.sweeps.repair`) and what is taken over (`bot.access.sweeps.adopt`) is recorded
by the same functions of `bot.access.ledger.record`.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import find
from bot.access.errors import EndsSeveral, NothingToRevoke, OvertakenSince, PutBackTooLate, Shortens
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import (
    PUT_BACK_WITHIN,
    overtaken_since,
    put_back_reference,
    took_away,
)
from bot.access.ledger.record import (
    add_event,
    add_order,
    await_sync,
    facts,
    give_back,
    overtake,
    touch,
)
from bot.access.ledger.seats import within_the_line
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.people.identity import name_of, resolve
from bot.access.people.username_lookup import Spelling, look, spell
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import Length, cut
from bot.access.rules.entitlements import (
    NOTHING,
    UNKNOWN,
    State,
    gives_more,
    still_gives,
    wanted_of,
)
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.ledger import entitlements, orders, permissions
from bot.store.people import customers
from bot.store.records import Order, Permission, Script
from bot.store.vault import Vault
from bot.tradingview import End, Lifetime
from bot.tradingview.deadline import in_time

READ_TIMEOUT = 2.0  # seconds that a question waits for TradingView's own view


@dataclass(frozen=True, slots=True)
class _Present:
    """What somebody has before anything changes."""

    script: Script
    most: State
    known: Permission | None
    certain: bool  # TradingView was asked, or what it shows is overruled


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
        *,
        anyway: bool = False,
        seats: int = 0,
    ) -> int:
        """Add that much time; `anyway` believes a name that TradingView does not suggest.

        Raises:
            OverTheLine: a manager must say yes to so many `seats` first.
        """
        subject, spelled = await self._identify(request, item, subject, anyway=anyway)
        async with (
            self._database.write() as connection,
            within_the_line(connection, request, agreed=seats),
        ):
            if order := await orders.by_reference(connection, request.guild_id, request.reference):
                return order.id
            permission = await self._touch(connection, request, item, subject, spelled)
            overtaken = await overtake(connection, permission, request, everything=False)
            order = await add_order(
                connection, self._vault, request, permission, "grant", note=note
            )
            reason = await entitlements.add(
                connection,
                permission,
                source="manual",
                reference=request.reference,
                kind="lifetime" if length.lifetime else "until",
                length=None if length.lifetime else length.text,
                asked_at=request.at,
                asked_by=request.by,
                settled_at=request.at if length.lifetime else None,
                note=note,
            )
            await orders.gives(connection, order.id, reason.id)
            await await_sync(
                connection, permission, order, held_back=False, replaces=permission.replaces
            )
            await add_event(
                connection, request, order, permission, {"length": length.text}, overtaken
            )
        return self._recorded(order, overtaken)

    async def set_end(
        self,
        request: RequestContext,
        item: str,
        until: End | Length,
        subject: Subject,
        note: str | None = None,
        *,
        confirmed: bool = False,
        anyway: bool = False,
        seats: int = 0,
    ) -> int:
        """Exactly this end, whatever was there before.

        Raises:
            Shortens: it gives less than there is, and nobody said yes yet.
            OverTheLine: a manager must say yes to so many `seats` first.
        """
        subject, spelled = await self._identify(request, item, subject, anyway=anyway)
        end = _absolute(until, request)
        after = State("lifetime") if isinstance(end, Lifetime) else State("until", end)
        now = await self._present(request, item, subject)
        before = now.most
        if not confirmed and took_away(before, after):
            if done := await self._recorded_before(request):
                return done.id
            raise Shortens(now.script, spelled.username, before.end, after.end)
        async with (
            self._database.write() as connection,
            within_the_line(connection, request, agreed=seats),
        ):
            if order := await orders.by_reference(connection, request.guild_id, request.reference):
                return order.id
            permission = await self._touch(connection, request, item, subject, spelled)
            overtaken = await overtake(connection, permission, request, everything=True)
            order = await add_order(
                connection, self._vault, request, permission, "set", note=note, before=before
            )
            await entitlements.end_all(connection, permission.id, request.at, order.id)
            reason = await entitlements.add(
                connection,
                permission,
                source="manual",
                reference=request.reference,
                kind=after.kind,
                asked_at=request.at,
                asked_by=request.by,
                start_at=request.at,
                ends_at=after.ends_at,
                settled_at=request.at,
                note=note,
            )
            await orders.gives(connection, order.id, reason.id)
            await await_sync(connection, permission, order, held_back=False, replaces=order.id)
            await add_event(connection, request, order, permission, facts(after), overtaken)
        return self._recorded(order, overtaken)

    async def revoke(
        self,
        request: RequestContext,
        item: str,
        subject: Subject,
        note: str | None = None,
        *,
        confirmed: bool = False,
    ) -> int:
        """End every reason for that item, also of somebody only TradingView knows.

        Raises:
            EndsSeveral: more than one reason ends, or one without an end; nobody said yes yet.
            NothingToRevoke: neither Usher nor TradingView knows of any access.
        """
        subject, spelled = await self._identify(request, item, subject, look_up=False)
        now = await self._present(request, item, subject)
        if not confirmed and (refusal := await self._question_revoke(spelled.username, now)):
            if done := await self._recorded_before(request):
                return done.id
            raise refusal
        async with self._database.write() as connection:
            if order := await orders.by_reference(connection, request.guild_id, request.reference):
                return order.id
            permission = await self._touch(connection, request, item, subject, spelled)
            overtaken = await overtake(connection, permission, request, everything=True)
            order = await add_order(
                connection, self._vault, request, permission, "revoke", note=note, before=now.most
            )
            await entitlements.end_all(connection, permission.id, request.at, order.id)
            await await_sync(connection, permission, order, held_back=True, replaces=order.id)
            await add_event(connection, request, order, permission, facts(NOTHING), overtaken)
        return self._recorded(order, overtaken)

    async def put_back(self, request: RequestContext, order_id: int, *, seats: int = 0) -> int:
        """Undo what one `set` or `revoke` took away, within 24 hours; pressed twice, done once.

        Raises:
            PutBackTooLate: the 24 hours are over.
            OvertakenSince: a later `set` or `revoke` counts, and was not put back.
            OverTheLine: a manager must say yes to so many `seats` first.
        """
        reference = put_back_reference(order_id)
        async with (
            self._database.write() as connection,
            within_the_line(connection, request, agreed=seats),
        ):
            if done := await orders.by_reference(connection, request.guild_id, reference):
                return done.id
            undone = await orders.by_id(connection, order_id)
            if undone is None or not _may_be_put_back(undone, request):
                raise PutBackTooLate
            if await overtaken_since(connection, undone):
                raise OvertakenSince
            permission = await permissions.by_id(connection, undone.permission_id)
            overtaken = await orders.supersede(
                connection, permission.id, request.at, only=undone.id
            )
            order = await add_order(
                connection, self._vault, request, permission, "put_back", reference=reference
            )
            if undone.entitlement_id is not None:
                await entitlements.change(
                    connection, undone.entitlement_id, ended_at=request.at, ended_by=order.id
                )
            await give_back(connection, permission, undone)
            # The order to overrule TradingView is withdrawn with it.
            replaces = None if permission.replaces == undone.id else permission.replaces
            await await_sync(connection, permission, order, held_back=False, replaces=replaces)
            await add_event(
                connection, request, order, permission, {"undone": undone.id}, overtaken
            )
        return self._recorded(order, overtaken)

    # Before anything is recorded

    async def _identify(
        self,
        request: RequestContext,
        item: str,
        subject: Subject,
        *,
        anyway: bool = False,
        look_up: bool = True,
    ) -> tuple[Subject, Spelling]:
        """The person with TradingView's spelling of the name, as far as it answers in time."""
        async with self._database.read() as connection:
            script = await find(connection, request.guild_id, item)
            name = await name_of(connection, request.guild_id, subject)
            known = await permissions.by_name(connection, script.id, name)
            person = await customers.by_name(connection, request.guild_id, name)
        if known is not None and known.checked:
            spelled = Spelling(known.username, checked=True, user_id=known.tv_user_id)
        elif person is not None and person.username and person.tv_user_id is not None:
            spelled = Spelling(person.username, checked=True, user_id=person.tv_user_id)
        elif look_up:
            session = await self._sessions.of(request.guild_id)
            spelled = await spell(session.tradingview, name, anyway=anyway)
        else:
            spelled = Spelling(name, checked=False)
        return Subject(subject.member_id, spelled.username), spelled

    async def _recorded_before(self, request: RequestContext) -> Order | None:
        """What a request led to that is delivered again: it is neither refused nor asked about."""
        async with self._database.read() as connection:
            return await orders.by_reference(connection, request.guild_id, request.reference)

    async def _present(self, request: RequestContext, item: str, subject: Subject) -> _Present:
        """The most that somebody has: by what Usher wants, or by what TradingView shows within 2 s."""
        name = subject.username or ""
        async with self._database.read() as connection:
            script = await find(connection, request.guild_id, item)
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
        self, username: str, now: _Present
    ) -> NothingToRevoke | EndsSeveral | None:
        reasons = []
        if now.known is not None:
            async with self._database.read() as connection:
                reasons = await entitlements.active(connection, now.known.id)
        reasons = [reason for reason in reasons if still_gives(reason, clock.now())]
        if not reasons and now.certain and not now.most.gives_access(clock.now()):
            return NothingToRevoke()
        if len(reasons) > 1 or isinstance(now.most.end, Lifetime):
            return EndsSeveral(now.script, username, tuple(reasons))
        return None

    async def _touch(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        item: str,
        subject: Subject,
        spelled: Spelling,
    ) -> Permission:
        script = await find(connection, request.guild_id, item)
        person = await resolve(connection, request, subject, user_id=spelled.user_id)
        return await touch(connection, request, script, person, spelled)

    def _recorded(self, order: Order, overtaken: list[int]) -> int:
        self._notifier.ended(overtaken)
        self._queue.wake(order.guild_id)
        return order.id


def _absolute(until: End | Length, request: RequestContext) -> End:
    if not isinstance(until, Length):
        return until
    return Lifetime.LIFETIME if until.lifetime else cut(until.add_to(request.at))


def _may_be_put_back(order: Order, request: RequestContext) -> bool:
    return (
        order.guild_id == request.guild_id
        and order.kind in ("set", "revoke")
        and request.at - order.asked_at <= PUT_BACK_WITHIN
    )
