"""The proof that a server is set up: a day of access for a tester, shown by TradingView, and taken away."""

from dataclasses import replace

from bot.access.catalogue.errors import ItemUnknown
from bot.access.catalogue.lookup import find
from bot.access.errors import TradingViewSilent
from bot.access.ledger.changes import Change, NewOrder
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.record import record
from bot.access.logins.errors import LoginNotWorking, NoLogin
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.orders.errors import TesterHasAccess
from bot.access.orders.present import Presence, Present
from bot.access.request import STAFF, RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State, lengths_after, still_gives
from bot.access.sync.queue import Queue
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind, OrderState
from bot.store.ledger import entitlements, events, orders, permissions
from bot.store.records import USHER, Script
from bot.store.vault import Vault

LENGTH = parse_length("1D")  # it ends by itself, whatever becomes of the program
NOTE = "Proof that the server is set up"


class SetupProof:
    """Records the two orders of a proof, and that it held; the queue makes them true."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        presence: Presence,
        vault: Vault,
        queue: Queue,
        notifier: Notifier,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._presence = presence
        self._vault = vault
        self._queue = queue
        self._notifier = notifier

    async def scripts(self, guild_id: int) -> list[Script]:
        """Return the server's scripts, the oldest first."""
        async with self._database.read() as connection:
            found = await scripts.listed(connection, guild_id)
        return sorted(found, key=lambda script: script.id)

    async def give(self, request: RequestContext, slug: str | None, username: str) -> int:
        """Give a tester who has no access a day of a script, by default the oldest; return the order's id.

        Raises:
            TesterHasAccess: the tester has, or may have, access to that script; nothing is touched.
            NoLogin, LoginNotWorking, TradingViewSilent: whether the tester has access cannot be known.
            UserUnknown: TradingView suggests no such name.
            OverTheLine: a manager must agree to so many seats first.
        """
        async with self._database.read() as connection:
            if done := await orders.by_key(connection, request.guild_id, request.idempotency_key):
                return done.id
            known = sorted(
                await scripts.listed(connection, request.guild_id), key=lambda each: each.id
            )
            if not known:
                raise ItemUnknown(slug or "", ())
            script = await find(connection, request.guild_id, slug or known[0].slug)
        await self._require_login(request.guild_id)
        target = await self._presence.target(request, script.slug, Subject(username=username))
        [now] = (await self._presence.before(request, target)).scripts
        if not (now.certain and target.spelling.checked):
            raise TradingViewSilent
        if _has_something(now, request):
            raise TesterHasAccess(target.spelling.username, script)
        # What staff ended stays ended for what comes back by itself: a proof lets none of it in again.
        change = Change(gives=LENGTH, source=STAFF)
        new = NewOrder(request, OrderKind.GRANT, target, change, NOTE)
        async with self._database.write() as connection:
            # Another order may have come since the look: what that gives is not the proof's to take away.
            if not await orders.by_key(connection, request.guild_id, request.idempotency_key):
                held = await permissions.by_name(connection, script.id, target.spelling.username)
                if held is not None and await entitlements.active(connection, held.id):
                    raise TesterHasAccess(target.spelling.username, script)
            recorded = await record(connection, self._vault, new)
            if recorded.is_new:
                permission = await permissions.by_id(connection, recorded.order.permission_id)
                await events.record(
                    connection,
                    request.guild_id,
                    request.at,
                    "proof_begun",
                    actor=request.actor,
                    order_id=recorded.order.id,
                    **events.about(permission),
                )
        self._go_on(request, recorded.superseded)
        return recorded.order.id

    async def take_back(self, request: RequestContext, order_id: int) -> int:
        """End what that order gave, and nothing else that the tester may have by now; return the order's id."""
        # By Usher itself: then what somebody gave on TradingView meanwhile is not overruled either.
        request = replace(request, actor=USHER, idempotency_key=f"proof {order_id}", token=None)
        async with self._database.write() as connection:
            given = await orders.by_id(connection, order_id)
            assert given is not None  # noqa: S101 - it was recorded for this request
            assert given.entitlement_id is not None  # noqa: S101 - it gave something
            permission = await permissions.by_id(connection, given.permission_id)
            reason = await entitlements.by_id(connection, given.entitlement_id)
            others = await entitlements.active(connection, permission.id)
            others = [each for each in others if each.id != reason.id]
            change = Change(
                ends=(reason.id,),
                overrules=not any(still_gives(each, request.at) for each in others),
                unsettles=lengths_after(others, reason),
            )
            new = NewOrder(request, OrderKind.REVOKE, permission, change, NOTE)
            recorded = await record(connection, self._vault, new)
        self._go_on(request, recorded.superseded)
        return recorded.order.id

    async def held(self, request: RequestContext, order_id: int) -> None:
        """Note that TradingView showed the access, and later showed it no more; once for each proof."""
        async with self._database.write() as connection:
            last = await events.newest(connection, request.guild_id, ("proof_begun", "proof_done"))
            if last is None or last.action != "proof_begun" or last.order_id != order_id:
                return
            given = await orders.by_id(connection, order_id)
            if given is None or given.state is not OrderState.DONE:
                return
            permission = await permissions.by_id(connection, given.permission_id)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "proof_done",
                actor=request.actor,
                order_id=order_id,
                **events.about(permission),
            )

    async def _require_login(self, guild_id: int) -> None:
        session = await self._sessions.of(guild_id)
        if session.state is LoginState.NONE:
            raise NoLogin
        if session.state is not LoginState.ALIVE:
            raise LoginNotWorking

    def _go_on(self, request: RequestContext, superseded: tuple[int, ...]) -> None:
        self._notifier.ended(superseded)
        self._queue.wake(request.guild_id)


def _has_something(now: Present, request: RequestContext) -> bool:
    """Return whether there is anything of that script that a proof could touch."""
    states: list[State | None] = [now.most, now.shown, now.stands_still]
    return any(state is not None and state.gives_access(request.at) for state in states)
