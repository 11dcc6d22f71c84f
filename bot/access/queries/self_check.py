"""*I don't see it*: reads TradingView for one member, and says, mends, or calls staff."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot import clock
from bot.access.ledger.reasons import facts
from bot.access.ledger.receipts import WaitingFor, held_up
from bot.access.logins.sessions import AccountSession, LoginState, Sessions
from bot.access.orders.outcomes import Outcomes
from bot.access.orders.resends import Resends
from bot.access.people.errors import UserUnknown
from bot.access.people.identity import follow
from bot.access.people.limits import MemberLimits
from bot.access.people.username_lookup import exact
from bot.access.queries.own_view import OwnView, own_view
from bot.access.queries.standing import Checked
from bot.access.request import RequestContext
from bot.access.rules.entitlements import UNKNOWN, State, gives_more, ours_of, seen_in
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.kinds import PermissionState
from bot.store.ledger import events, permissions
from bot.store.records import Script
from bot.store.sweeps import sightings
from bot.tradingview import Hint, Row, TradingViewClient
from bot.tradingview.deadline import in_time

CALLED = "cannot_see"  # what the history calls it when staff are to look
CALL_EVERY = timedelta(days=1)  # for each member
READ_TIMEOUT = 8.0  # seconds for each script
LOOKUP_TIMEOUT = 3.0
MAX_READ = 25  # scripts at one press
_DOWN = (WaitingFor.NO_LOGIN, WaitingFor.LOGIN_DEAD)


class Trouble(StrEnum):
    """Why there was nothing to look at on TradingView."""

    NO_NAME = "no_name"
    CLAIMED = "claimed"  # staff have yet to decide whose the name is
    NOTHING = "nothing"  # nothing runs
    DOWN = "down"  # the shop's login does not work
    UNKNOWN_NAME = "unknown_name"
    OTHER_PERSON = "other_person"  # the name is another TradingView user's by now


class Verdict(StrEnum):
    """How one script stands for the member."""

    SHOWN = "shown"
    MISSING = "missing"  # TradingView shows less than it should
    WAITING = "waiting"  # an order is on its way
    STUCK = "stuck"  # only staff can help
    UNREAD = "unread"  # TradingView did not answer


@dataclass(frozen=True, slots=True)
class Looked:
    """One script of the member, as it was just read."""

    checked: Checked
    verdict: Verdict
    since: datetime | None = None  # of what is shown


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one press."""

    view: OwnView
    trouble: Trouble | None = None
    near: tuple[str, ...] = ()  # to a name that TradingView does not know
    looked: tuple[Looked, ...] = ()
    holdup: WaitingFor | None = None  # what holds up every order of the server
    order_id: int | None = None  # it is mended by that order
    called: bool = False  # the log channel calls staff, by this press or an earlier one of the day

    def of(self, verdict: Verdict) -> list[Looked]:
        """Return the scripts that stand so."""
        return [each for each in self.looked if each.verdict is verdict]


class SelfCheck:
    """Looks for members themselves. `public` asks TradingView without a login; `wake` has staff called."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        public: TradingViewClient,
        outcomes: Outcomes,
        resends: Resends,
        limits: MemberLimits,
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._public = public
        self._outcomes = outcomes
        self._resends = resends
        self._limits = limits
        self._wake = wake

    async def run(self, request: RequestContext) -> Finding:
        """Return the first cause; what can be mended is mended. Raises LookedJustNow or TooOften."""
        view = await self._view(request)
        if trouble := _before_looking(view):
            return Finding(view, trouble)
        holdup = await self._holdup(request.guild_id)
        if holdup in _DOWN:
            return Finding(view, Trouble.DOWN, holdup=holdup)
        await self._limits.look(request)
        finding = replace(await self._look(request, view), holdup=holdup)
        if finding.trouble is None:
            finding = await self._mend(request, finding)
        if finding.of(Verdict.STUCK):
            finding = await self._with_call(request, finding)
        return finding

    async def call(self, request: RequestContext) -> Finding:
        """Call staff for a member to whom TradingView shows it, and who does not see it all the same."""
        view = await self._view(request)
        if trouble := _before_looking(view):
            return Finding(view, trouble)
        looked = tuple(Looked(each, Verdict.SHOWN) for each in _live(view))
        return await self._with_call(request, Finding(view, looked=looked))

    async def _view(self, request: RequestContext) -> OwnView:
        async with self._database.read() as connection:
            return await own_view(connection, request.guild_id, request.member_id, clock.now())

    async def _holdup(self, guild_id: int) -> WaitingFor | None:
        waiting_for = await self._outcomes.waiting_for(guild_id)
        async with self._database.read() as connection:
            hold = (await guilds.holds(connection, [guild_id])).get(guild_id)
        return held_up(hold, waiting_for)

    # Looking

    async def _look(self, request: RequestContext, view: OwnView) -> Finding:
        """Read it all; a name that TradingView does not know is followed to its new one where that is sure."""
        session = await self._sessions.of(request.guild_id)
        hint, looked = await asyncio.gather(self._hint(view), self._read_all(session, view))
        finding = Finding(view, looked=looked)
        if all(each.verdict is Verdict.SHOWN for each in looked):
            return finding  # the list counts more than what is suggested while somebody types
        mine = view.customer.tv_user_id if view.customer else None
        is_other = isinstance(hint, Hint) and None not in (mine, hint.user_id)
        is_other = is_other and isinstance(hint, Hint) and hint.user_id != mine
        if not isinstance(hint, UserUnknown) and not is_other:
            return finding
        if mine is not None and (now := await self._follow(request, view, mine)):
            return Finding(now, looked=await self._read_all(session, now))
        if isinstance(hint, UserUnknown):
            return Finding(view, Trouble.UNKNOWN_NAME, near=hint.near)
        return Finding(view, Trouble.OTHER_PERSON)

    async def _hint(self, view: OwnView) -> Hint | UserUnknown | None:
        try:
            return await exact(self._public, view.username or "", LOOKUP_TIMEOUT, urgent=False)
        except UserUnknown as unknown:
            return unknown

    async def _follow(self, request: RequestContext, view: OwnView, user_id: int) -> OwnView | None:
        """Follow the member to the name under which TradingView's lists had them last; None: not sure."""
        async with self._database.read() as connection:
            name = await sightings.newest_name(connection, request.guild_id, user_id)
        if name is None or name.casefold() == (view.username or "").casefold():
            return None
        try:
            hint = await exact(self._public, name, LOOKUP_TIMEOUT, urgent=False)
        except UserUnknown:
            return None
        if hint is None or hint.user_id != user_id:
            return None
        async with self._database.write() as connection:
            await follow(connection, request, hint.username, user_id)
        now = await self._view(request)
        return now if now.username != view.username else None

    async def _read_all(self, session: AccountSession, view: OwnView) -> tuple[Looked, ...]:
        live = _live(view)[:MAX_READ]
        can_read = session.state is LoginState.ALIVE
        rows = await asyncio.gather(*(self._read(session, each) for each in live if can_read))
        looked = [
            _judge(checked, row)
            for checked, row in zip(live, rows or [None] * len(live), strict=True)
        ]
        async with self._database.read() as connection:
            done = await permissions.last_changed(
                connection,
                [each.checked.permission.id for each in looked if each.checked.permission],
            )
        return tuple(
            replace(each, since=_later(each.since, done.get(each.checked.permission.id)))
            if each.checked.permission
            else each
            for each in looked
        )

    async def _read(self, session: AccountSession, checked: Checked) -> tuple[Row | None] | None:
        """Return the row in a tuple; None where TradingView gave no answer in time."""
        script, permission = checked.script, checked.permission
        assert permission is not None  # noqa: S101 - chosen so
        return await in_time(
            _find(session.tradingview, script, permission.username, permission.tv_user_id),
            READ_TIMEOUT,
        )

    # Mending, and calling staff

    async def _mend(self, request: RequestContext, finding: Finding) -> Finding:
        waiting = [
            each.checked.permission.id
            for each in finding.of(Verdict.WAITING)
            if each.checked.permission
        ]
        await self._resends.hurry(request.guild_id, waiting)
        missing = [each.checked for each in finding.of(Verdict.MISSING)]
        if not missing:
            return finding
        shown = {each.permission.id: each.shown or UNKNOWN for each in missing if each.permission}
        order_id = await self._resends.send(request, shown, _product_of(finding.view, missing))
        return replace(finding, order_id=order_id)

    async def _with_call(self, request: RequestContext, finding: Finding) -> Finding:
        """Call staff, at most once a day for each member."""
        worst = min(finding.looked, key=lambda each: each.verdict is not Verdict.STUCK)
        checked, view = worst.checked, finding.view
        product_id = _product_of(view, [checked])
        permission = checked.permission
        async with self._database.write() as connection:
            today = await events.of_action(
                connection, request.guild_id, CALLED, request.at - CALL_EVERY
            )
            guild = await guilds.by_id(connection, request.guild_id)
            # Without a channel that takes the call, the member is to write to staff.
            is_open = guild is not None and guild.log_closed_at is None
            is_heard = is_open and guild is not None and guild.log_channel_id is not None
            finding = replace(finding, called=is_heard)
            if any(entry.member_id == request.member_id for entry in today):
                return finding
            reason = permission.reason if permission and worst.verdict is Verdict.STUCK else None
            await events.record(
                connection,
                request.guild_id,
                request.at,
                CALLED,
                actor=request.actor,
                script_id=None if product_id else checked.script.id,
                product_id=product_id,
                customer_id=view.customer.id if view.customer else None,
                member_id=request.member_id,
                after={
                    "verdict": worst.verdict,
                    "reason": reason,
                    "others": len(finding.looked) - 1,
                    **facts(checked.wanted),
                },
            )
        self._wake()
        return finding


async def _find(
    tradingview: TradingViewClient, script: Script, name: str, user_id: int | None
) -> tuple[Row | None]:
    return (await tradingview.find_row(script.pine_id, name, user_id=user_id, urgent=True),)


def _later(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _before_looking(view: OwnView) -> Trouble | None:
    if view.username is None:
        return Trouble.NO_NAME
    if view.customer is None:
        return Trouble.CLAIMED
    return None if _live(view) else Trouble.NOTHING


def _live(view: OwnView) -> list[Checked]:
    """Return what the member should be able to use, or what is on its way."""
    return [each for each in view.scripts if each.is_running]


def _judge(checked: Checked, read: tuple[Row | None] | None) -> Looked:
    """Return how a script stands by what was read of it."""
    permission, now = checked.permission, clock.now()
    assert permission is not None  # noqa: S101 - chosen so
    is_done = permission.state is PermissionState.DONE
    if read is not None:
        row = read[0]
        if row is not None and None not in (row.user_id, permission.tv_user_id):
            row = row if row.user_id == permission.tv_user_id else None
        shown = seen_in(row)
        checked = replace(checked, shown=shown)
        if _covers(checked, shown, now) and (is_done or checked.wanted.gives_access(now)):
            return Looked(checked, Verdict.SHOWN, row.created_at if row else None)
    if permission.state is PermissionState.STUCK:
        return Looked(checked, Verdict.STUCK)
    if not is_done:
        return Looked(checked, Verdict.WAITING)
    return Looked(checked, Verdict.UNREAD if read is None else Verdict.MISSING)


def _covers(checked: Checked, shown: State, now: datetime) -> bool:
    """Return whether TradingView shows no less than the member has."""
    if not shown.gives_access(now):
        return False
    permission = checked.permission
    if permission is not None and permission.differs and shown.agrees_with(ours_of(permission)):
        return True  # its own form of our end
    return shown.agrees_with(checked.wanted) or not gives_more(checked.wanted, shown, now)


def _product_of(view: OwnView, checked: list[Checked]) -> int | None:
    """Return the product of which all of these were bought; None: there is no such one."""
    each_of = [
        {
            view.products[why.purchase_id].id
            for why in each.reasons
            if why.purchase_id in view.products
        }
        for each in checked
    ]
    shared = set.intersection(*each_of) if each_of else set()
    return min(shared, default=None)
