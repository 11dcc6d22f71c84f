"""Whom an order is about and what that person has, looked up before anything is recorded."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import clock
from bot.access.catalogue.errors import ProductEmpty
from bot.access.catalogue.lookup import Item, find_item
from bot.access.ledger.changes import Target
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.people.identity import name_of
from bot.access.people.username_lookup import Spelling, look, spell
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import plus
from bot.access.rules.entitlements import UNKNOWN, State, gives_more, is_ours, want, wanted_of
from bot.store.engine.database import Database
from bot.store.ledger import entitlements, permissions
from bot.store.people import customers
from bot.store.records import Entitlement, Permission, Product, Script
from bot.tradingview.deadline import in_time

READ_TIMEOUT = 2.0  # seconds that a question waits for TradingView's own view


@dataclass(frozen=True, slots=True)
class Present:
    """What somebody has of one script before anything changes."""

    script: Script
    most: State
    known: Permission | None
    certain: bool  # TradingView was asked, or what it shows is overruled
    shown: State | None = None  # on TradingView, where it was asked

    stands_still: State | None = None  # what there would be, did it go on now

    @property
    def foreign(self) -> State | None:
        """Return what somebody gave on TradingView itself, where it gives more than Usher knows of."""
        if self.shown is None or not self.shown.gives_access(clock.now()):
            return None
        if self.known is None:
            return self.shown
        more = gives_more(self.shown, wanted_of(self.known), clock.now())
        return self.shown if more and not is_ours(self.known, self.shown) else None


@dataclass(frozen=True, slots=True)
class Before:
    """What somebody has of an item before anything changes."""

    item: Item
    scripts: tuple[Present, ...]

    @property
    def sold(self) -> Script | Product:
        """Return what people were asked about."""
        return self.item.product or self.scripts[0].script

    @property
    def single(self) -> State | None:
        """Return what is noted as what was there before; None where each script has its own."""
        return None if self.item.product else self.scripts[0].most


class Presence:
    """Reads what there is: in the database, and on TradingView as far as it answers in time."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    async def target(
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

    async def before(self, request: RequestContext, target: Target) -> Before:
        """Return what the person has of each script of the item."""
        async with self._database.read() as connection:
            item = await find_item(connection, request.guild_id, target.item)
        if not item.scripts:
            raise ProductEmpty(item.title)
        name = target.spelling.username
        present = (self._present(request, script, name) for script in item.scripts)
        return Before(item, tuple(await asyncio.gather(*present)))

    async def _present(self, request: RequestContext, script: Script, name: str) -> Present:
        """Return the most that the person has, by what Usher wants or TradingView shows within 2 s."""
        async with self._database.read() as connection:
            known = await permissions.by_name(connection, script.id, name)
            reasons = await entitlements.active(connection, known.id) if known else []
        wanted = wanted_of(known) if known else UNKNOWN
        stopped = _left(reasons)
        if known is not None and known.replaces is not None:
            # What TradingView shows is overruled already.
            return Present(script, wanted, known, certain=True, stands_still=stopped)
        session = await self._sessions.of(request.guild_id)
        shown = None
        if session.state is LoginState.ALIVE:
            shown = await in_time(look(session.tradingview, script, name), READ_TIMEOUT)
        if shown is None:
            return Present(script, wanted, known, certain=False, stands_still=stopped)
        more = wanted is UNKNOWN or gives_more(shown, wanted, clock.now())
        return Present(
            script,
            shown if more else wanted,
            known,
            certain=True,
            shown=shown,
            stands_still=stopped,
        )


def _left(reasons: Sequence[Entitlement]) -> State | None:
    """Return what the paused reasons would give, did they go on now; None where none is paused."""
    now = clock.now()
    paused = [
        replace(
            reason,
            paused_at=None,
            ends_at=None
            if reason.ends_at is None
            else plus(reason.ends_at, now - reason.paused_at),
        )
        for reason in reasons
        if reason.paused_at is not None
    ]
    return want(paused) if paused else None
