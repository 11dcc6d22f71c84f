"""The door for keys of the HTTP API: what is read, and each change recorded once as orders.

A program can answer no question. Where a person would be asked, the safe answer is taken: a blocked
customer, a name that TradingView does not have and a seat that would cost a fee get nothing; what was
given as a gift stays. Only that a removal ends several reasons, or lifetime, is what DELETE says.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import Item, with_scripts
from bot.access.errors import TradingViewSilent
from bot.access.ledger.changes import Change, NewOrder, Target
from bot.access.ledger.errors import OverTheLine
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.record import record
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.orders.api_parts import Failure, Part, Wanted
from bot.access.orders.errors import RepeatedDifferently
from bot.access.orders.present import Before, Presence, Present
from bot.access.people.api_keys import actor_of
from bot.access.people.errors import BeingForgotten, CustomerBlocked, UserUnknown
from bot.access.people.username_lookup import clean, look
from bot.access.request import API, GIFT, Consent, RequestContext, Subject
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import NOTHING, State, last_seen, still_gives
from bot.access.sync.queue import Queue
from bot.errors import UserError
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind
from bot.store.ledger import entitlements, orders, permissions
from bot.store.records import ApiKey, ApiRequest, Script
from bot.store.sales import api_requests
from bot.store.vault import Vault
from bot.tradingview import Lifetime
from bot.tradingview.deadline import in_time

READ_TIMEOUT = 8.0  # seconds that a live read may take, while none of the same request is answered
KEPT = timedelta(days=30)  # for so long a request can be repeated and asked about
FORGET_EVERY = 3600.0  # seconds between looks for older ones


@dataclass(frozen=True, slots=True)
class Asked:
    """One change as a program asks for it; without a length it ends access."""

    username: str
    items: tuple[str, ...]  # pine ids and short names
    length: Length | None
    fingerprint: bytes  # of everything that was sent
    repeat_key: str | None  # of the Idempotency-Key


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One item of a request, looked up before anything is recorded."""

    wanted: Wanted
    had: Mapping[int, State]  # by script
    target: Target | None = None  # whose access to what is to change; None: nothing changes
    failure: Failure | None = None
    before: State | None = None
    endless: frozenset[int] = frozenset()  # scripts that have no end after it


class ApiRequests:
    """Reads for keys, and records what they ask for; each in the key's own server alone."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        sessions: Sessions,
        presence: Presence,
        queue: Queue,
        notifier: Notifier,
    ) -> None:
        self._database = database
        self._vault = vault
        self._sessions = sessions
        self._presence = presence
        self._queue = queue
        self._notifier = notifier

    async def read(self, guild_id: int, username: str, items: Sequence[str]) -> list[Part]:
        """Return what TradingView shows now of each script; nothing is changed.

        Raises:
            NameUnreadable: that cannot be a TradingView name.
            TradingViewSilent: it cannot be read now, or there is no login that works.
        """
        name = clean(username)
        async with self._database.read() as connection:
            found = await _items(connection, guild_id, items)
        session = await self._sessions.of(guild_id)
        wanted = [(each, script) for each in found for script in each.scripts]
        if wanted and session.state is not LoginState.ALIVE:
            raise TradingViewSilent
        answered: list[int] = []  # many scripts take as long as the account's pace

        async def shown_of(script: Script) -> State:
            state = await look(session.tradingview, script, name)
            answered.append(script.id)
            return state

        shown = await asyncio.gather(
            *(
                in_time(shown_of(script), READ_TIMEOUT, lambda: len(answered))
                for _, script in wanted
            )
        )
        if None in shown:
            raise TradingViewSilent
        states = {
            script.id: state
            for (_, script), state in zip(wanted, shown, strict=True)
            if state is not None
        }
        return [part for each in found for part in each.parts(states)]

    async def change(self, key: ApiKey, asked: Asked) -> ApiRequest:
        """Record a change, and return it; the same one when it is repeated with its key.

        Raises:
            NameUnreadable: that cannot be a TradingView name.
            RepeatedDifferently: another change came with that Idempotency-Key before.
        """
        name, at = clean(asked.username), clock.now()
        repeat_key = _digest(asked.repeat_key)
        async with self._database.read() as connection:
            if done := await _repeated(connection, key, asked, repeat_key):
                return done
            found = await _items(connection, key.guild_id, asked.items)
        request = RequestContext(
            key.guild_id, actor_of(key), "", at, consent=Consent(confirmed=True)
        )
        prepared = await self._prepare(request, name, found, asked.length)
        while True:
            try:
                return await self._record(key, asked, request, name, repeat_key, prepared)
            except _RefusedError as refusal:  # nothing of it is kept: once more without that item
                prepared[refusal.place] = replace(
                    prepared[refusal.place], target=None, failure=refusal.failure
                )

    async def by_id(self, guild_id: int, request_id: int) -> ApiRequest | None:
        """Return a change that was asked for in that server."""
        async with self._database.read() as connection:
            return await api_requests.by_id(connection, guild_id, request_id)

    async def forget_old(self) -> None:
        """Forget what was asked for long ago; the orders stay."""
        async with self._database.write() as connection:
            await api_requests.forget_before(connection, clock.now() - KEPT)

    # Before anything is recorded

    async def _prepare(
        self,
        request: RequestContext,
        name: str,
        found: Sequence[Wanted],
        length: Length | None,
    ) -> list[_Prepared]:
        known = [each for each in found if each.scripts]
        if not known:
            return [_Prepared(each, {}, failure=each.failure) for each in found]
        subject = Subject(username=name)
        try:
            first = await self._presence.target(
                request, known[0].slug, subject, look_up=length is not None
            )
        except UserError as refusal:
            failure = _failure(refusal)
            return [_Prepared(each, {}, failure=each.failure or failure) for each in found]
        return list(
            await asyncio.gather(
                *(self._prepare_one(request, each, first, length) for each in found)
            )
        )

    async def _prepare_one(
        self, request: RequestContext, wanted: Wanted, first: Target, length: Length | None
    ) -> _Prepared:
        if not wanted.scripts:
            return _Prepared(wanted, {}, failure=wanted.failure)
        target = replace(first, item=wanted.slug)
        now = await self._presence.before(request, target)
        had = {each.script.id: _on_tradingview(each) for each in now.scripts}
        prepared = _Prepared(wanted, had, target, before=now.single)
        if length is None:
            return await self._prepare_removal(prepared, now)
        lasting = {each.script.id for each in now.scripts if isinstance(each.most.end, Lifetime)}
        if all(isinstance(had[each].end, Lifetime) and each in lasting for each in had):
            return replace(prepared, target=None)
        return replace(prepared, endless=frozenset(had if length.lifetime else lasting))

    async def _prepare_removal(self, prepared: _Prepared, now: Before) -> _Prepared:
        known = [each.known.id for each in now.scripts if each.known is not None]
        async with self._database.read() as connection:
            active = await entitlements.active_of(connection, known)
        moment = clock.now()
        live = [each for some in active.values() for each in some if still_gives(each, moment)]
        if any(reason.source == GIFT for reason in live):
            return replace(prepared, target=None, failure=Failure.GIFT)
        # What is overruled may stand on TradingView still: only its own list says that it is gone.
        perhaps = any(each.shown is None or each.most.gives_access(moment) for each in now.scripts)
        return prepared if live or perhaps else replace(prepared, target=None)

    # In one transaction

    async def _record(
        self,
        key: ApiKey,
        asked: Asked,
        request: RequestContext,
        name: str,
        repeat_key: bytes | None,
        prepared: Sequence[_Prepared],
    ) -> ApiRequest:
        superseded: list[int] = []
        async with self._database.write() as connection:
            if done := await _repeated(connection, key, asked, repeat_key):
                return done
            request_id = await api_requests.add(
                connection,
                key.guild_id,
                key_id=key.id,
                repeat_key=repeat_key,
                fingerprint=asked.fingerprint,
                username=name,
                at=request.at,
            )
            parts: list[Part] = []
            for place, each in enumerate(prepared):
                ids: Mapping[int, tuple[int, int]] = {}
                if each.target is not None:
                    its_own = replace(request, idempotency_key=f"api {request_id} {place}")
                    new = _order(its_own, each.target, asked.length, each.before)
                    ids = await self._record_one(connection, new, place, superseded)
                parts += each.wanted.parts(each.had, ids, each.failure, each.endless)
            await api_requests.set_parts(connection, request_id, [each.kept() for each in parts])
            recorded = await api_requests.by_id(connection, key.guild_id, request_id)
        assert recorded is not None  # noqa: S101 - it was added above
        self._notifier.ended(superseded)
        self._queue.wake(key.guild_id)
        return recorded

    async def _record_one(
        self, connection: AsyncConnection, new: NewOrder, place: int, superseded: list[int]
    ) -> Mapping[int, tuple[int, int]]:
        """Record an order; returns, by script, the order and the one that leads it."""
        try:
            recorded = await record(connection, self._vault, new)
        except UserError as refusal:
            raise _RefusedError(place, _failure(refusal)) from refusal
        superseded += recorded.superseded
        lead = recorded.order
        ids = {}
        for each in (lead, *(await orders.led_by(connection, [lead.id]))[lead.id]):
            permission = await permissions.by_id(connection, each.permission_id)
            ids[permission.script_id] = (each.id, lead.id)
        return ids


class _RefusedError(Exception):
    """One item cannot be done; the others of the request can."""

    def __init__(self, place: int, failure: Failure) -> None:
        super().__init__(place, failure)
        self.place, self.failure = place, failure


def _order(
    request: RequestContext, target: Target, length: Length | None, before: State | None
) -> NewOrder:
    if length is not None:
        change = Change(gives=length, source=API, grace=True)
        return NewOrder(request, OrderKind.GRANT, target, change, before=before)
    change = Change(ends_all=True, overrules=True, held_back=True)
    return NewOrder(request, OrderKind.REVOKE, target, change, before=before)


def _on_tradingview(present: Present) -> State:
    """Return what TradingView shows of a script; where it does not say, what was last seen there."""
    if present.shown is not None:
        return present.shown
    return NOTHING if present.known is None else last_seen(present.known)


def _failure(refusal: UserError) -> Failure:
    if isinstance(refusal, UserUnknown):
        return Failure.NO_SUCH_USER
    if isinstance(refusal, CustomerBlocked | BeingForgotten):
        return Failure.BARRED
    return Failure.SEATS if isinstance(refusal, OverTheLine) else Failure.REFUSED


def _digest(repeat_key: str | None) -> bytes | None:
    return None if repeat_key is None else hashlib.sha256(repeat_key.encode()).digest()


async def _repeated(
    connection: AsyncConnection, key: ApiKey, asked: Asked, repeat_key: bytes | None
) -> ApiRequest | None:
    done = await api_requests.repeated(connection, key.id, repeat_key)
    if done is not None and done.fingerprint != asked.fingerprint:
        raise RepeatedDifferently
    return done


async def _items(connection: AsyncConnection, guild_id: int, texts: Sequence[str]) -> list[Wanted]:
    """Return what these pine ids and short names stand for; each script once."""
    by_pine_id = await scripts.by_pine_ids(connection, texts)
    seen: set[int] = set()
    found = []
    for text in texts:
        script: Script | None = by_pine_id.get(text)
        slug = text.casefold()
        if script is None or script.guild_id != guild_id or script.archived_at is not None:
            script = await scripts.by_slug(connection, guild_id, slug)
        item = None if script is None else Item((script,))
        if item is None and (product := await products.by_slug(connection, guild_id, slug)):
            item = await with_scripts(connection, product)
        if item is None or not item.scripts:
            found.append(Wanted(text, (), Failure.NO_SUCH_SCRIPT))
            continue
        new = tuple(each for each in item.scripts if each.id not in seen)
        seen |= {each.id for each in new}
        if item.product is not None and new == item.scripts:
            found.append(Wanted(item.product.slug, new))
        else:  # what is left of a product, next to scripts that were named
            found += [Wanted(each.slug, (each,)) for each in new]
    return found
