"""What people may look at: one person's access, a script's customers, the queue, the history."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.ledger.receipts import WaitingFor, held_up
from bot.access.logins.sessions import AccountSession, LoginState, Sessions
from bot.access.orders.outcomes import Outcomes
from bot.access.people.errors import MemberHasNoName, UserUnknown
from bot.access.people.identity import name_of
from bot.access.people.username_lookup import LOOKUP_TIMEOUT, exact, look
from bot.access.queries.explained import stored_of
from bot.access.queries.holders import PAGE, Cut, Holders, WithRole, holders_of, members_of
from bot.access.queries.own_view import OwnView, own_view
from bot.access.queries.standing import Person, checked_of
from bot.access.request import Subject
from bot.access.rules.entitlements import (
    State,
    wanted_of,
)
from bot.store.catalogue import guilds, products, scripts
from bot.store.engine.database import Database
from bot.store.kinds import SweepState
from bot.store.ledger import events, holdings, orders, permissions
from bot.store.people import customers
from bot.store.records import (
    Customer,
    Event,
    Holding,
    Product,
    Script,
)
from bot.store.sweeps import sweeps
from bot.store.sweeps.sweeps import Sweep
from bot.tradingview.deadline import in_time
from bot.tradingview.models import End

SHOWN = 10  # of what waits, and of what is stuck
READ_TIMEOUT = 8.0  # seconds that a live read may take before what is known is shown without it


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A script whose last full check failed; `last` is the one before it that did not, if any."""

    script: Script
    last: Sweep | None
    failed: Sweep


@dataclass(frozen=True, slots=True)
class Restoring:
    """How many of the lists that a server waits for after a restore were read, and which were not."""

    read: int
    left: tuple[Script, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """How a server's queue stands."""

    holdup: WaitingFor | None
    waiting: tuple[Holding, ...]  # the oldest of it
    stuck: tuple[Holding, ...]
    paused: tuple[Script, ...]
    restoring: Restoring | None
    unchecked: tuple[FailedCheck, ...]
    quiet_until: datetime | None = None  # TradingView asked for a pause worth telling of
    more_waiting: int = 0  # beside those
    more_stuck: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """One page of a person's history, newest first."""

    username: str
    events: tuple[Event, ...]
    scripts: dict[int, Script]
    products: dict[int, Product]
    page: int  # from 0
    more: bool
    whole: Mapping[int, int] = field(
        default_factory=dict
    )  # by order, the product all of which it is

    def item(self, entry: Event) -> Script | Product | None:
        """Return what an entry is about, as far as it is about one item."""
        product_id = entry.product_id or self.whole.get(entry.order_id or 0)
        sold = self.products.get(product_id or 0)
        return sold or self.scripts.get(entry.script_id or 0)


class Overview:
    """Reads; changes nothing."""

    def __init__(self, database: Database, sessions: Sessions, outcomes: Outcomes) -> None:
        self._database = database
        self._sessions = sessions
        self._outcomes = outcomes

    async def check(self, guild_id: int, subject: Subject) -> Person:
        """Return what a person should have and, read live, has; archived scripts only if held.

        Raises:
            UserError: no person, or no readable name, was given.
        """
        async with self._database.read() as connection:
            stored = await stored_of(connection, guild_id, subject, clock.now())
        name, listed = stored.username, stored.scripts
        if not name:
            return Person("", stored.customer, (), waiting=stored.waiting)
        session = await self._sessions.of(guild_id)
        shown: Sequence[State | None] = [None] * len(listed)
        if session.state is LoginState.ALIVE:
            shown = await asyncio.gather(
                *(
                    in_time(look(session.tradingview, script, name), READ_TIMEOUT)
                    for script in listed
                )
            )
        checked = checked_of(stored, shown)
        is_unknown = stored.customer is None and _nothing(shown)
        return Person(
            name,
            stored.customer,
            checked,
            await self._near(session, name) if is_unknown else None,
        )

    async def of_member(self, guild_id: int, member_id: int) -> Person:
        """Return the same of a member; without a name for one who has none here."""
        try:
            return await self.check(guild_id, Subject(member_id))
        except MemberHasNoName:
            return Person("", None, ())

    async def has(self, guild_id: int, member_id: int) -> list[Script | Product]:
        """Return what a member has or is to have, also on TradingView alone, by short name."""
        return (await self.of_member(guild_id, member_id)).items(clock.now())

    async def item(self, guild_id: int, slug: str) -> Script | Product:
        """Return the script or product of that short name. Raises ItemUnknown."""
        async with self._database.read() as connection:
            found = await find_item(connection, guild_id, slug)
        return found.product or found.scripts[0]

    async def on_offer(self, guild_id: int) -> list[Script | Product]:
        """Return the scripts and products that can be given, by short name."""
        async with self._database.read() as connection:
            listed = await scripts.listed(connection, guild_id)
            sold = await products.listed(connection, guild_id)
        return sorted([*listed, *sold], key=lambda item: item.slug)

    async def wanted(self, script: Script, name: str) -> End | None:
        """Return until when a person should have a script; None: not at all."""
        async with self._database.read() as connection:
            held = await permissions.by_name(connection, script.id, name)
        return None if held is None else wanted_of(held).end

    async def _near(self, session: AccountSession, name: str) -> tuple[str, ...] | None:
        try:
            await exact(session.tradingview, name, LOOKUP_TIMEOUT, urgent=True)
        except UserUnknown as unknown:
            return unknown.near
        return None

    async def me(self, guild_id: int, member_id: int) -> OwnView:
        """Return what a member may use or might until lately, as Usher knows it; TradingView is not asked."""
        async with self._database.read() as connection:
            return await own_view(connection, guild_id, member_id, clock.now())

    async def on_sale(self, guild_id: int) -> list[Product]:
        """Return the products of a server that can be bought."""
        async with self._database.read() as connection:
            return await products.listed(connection, guild_id)

    async def holders(
        self,
        guild_id: int,
        item: str,
        page: int = 0,
        ends: Cut | None = None,
        role: WithRole | None = None,
    ) -> Holders:
        """Return who has an item, by end date, a page at a time; a page beyond the last is the last.

        Raises:
            ItemUnknown: no script or product has that short name.
        """
        async with self._database.read() as connection:
            return await holders_of(connection, guild_id, item, page, clock.now(), ends, role)

    async def members_of(
        self, guild_id: int, item: str, ends: Cut | None = None
    ) -> set[int] | None:
        """Return the Discord members who have an item; None where they are too many. Raises ItemUnknown."""
        async with self._database.read() as connection:
            return await members_of(connection, guild_id, item, clock.now(), ends)

    async def status(self, guild_id: int) -> Status:
        """Return what waits, what is stuck, and what holds it up."""
        holdup = await self._outcomes.waiting_for(guild_id)
        async with self._database.read() as connection:
            hold = (await guilds.holds(connection, [guild_id])).get(guild_id)
            waiting, stuck = await holdings.backlog(connection, guild_id, SHOWN)
            listed = await scripts.listed(connection, guild_id, archived=True)
            unchecked = await _failed_checks(connection, listed)
        return Status(
            holdup=held_up(hold, holdup),
            waiting=waiting.oldest,
            stuck=stuck.oldest,
            paused=tuple(script for script in listed if script.paused_at is not None),
            restoring=_restoring(listed) if hold and hold.restored_at else None,
            unchecked=unchecked,
            quiet_until=await self._outcomes.quiet_until(guild_id),
            more_waiting=waiting.total - len(waiting.oldest),
            more_stuck=stuck.total - len(stuck.oldest),
        )

    async def history(self, guild_id: int, subject: Subject, page: int = 0) -> History:
        """Return what happened to a person's access, newest first.

        Raises:
            UserError: no person, or no readable name, was given.
        """
        async with self._database.read() as connection:
            name = await name_of(connection, guild_id, subject)
            person = await customers.by_name(connection, guild_id, name)
            found: list[Event] = []
            whole: dict[int, int] = {}
            if person is not None:
                found = await events.of_customer(
                    connection, guild_id, person.id, skip=page * PAGE, limit=PAGE + 1
                )
                whole = await whole_products(connection, person, found)
            listed = await scripts.listed(connection, guild_id, archived=True)
            sold = await products.listed(connection, guild_id, archived=True)
        return History(
            person.username if person and person.username else name,
            tuple(found[:PAGE]),
            {script.id: script for script in listed},
            {product.id: product for product in sold},
            page,
            len(found) > PAGE,
            whole,
        )


async def whole_products(
    connection: AsyncConnection, person: Customer, found: Sequence[Event]
) -> dict[int, int]:
    """Return, by order, the product for all of whose scripts it stands: the same became of each."""
    about = await orders.by_ids(connection, {each.order_id for each in found if each.order_id})
    leads = {each.id: each.product_id for each in about if each.product_id and each.lead_id is None}
    split = await events.split_requests(connection, person.guild_id, person.id, leads)
    return {each: product for each, product in leads.items() if each not in split}


def _nothing(shown: Sequence[State | None]) -> bool:
    """Return whether TradingView answered, and shows no row anywhere."""
    return bool(shown) and all(state is not None and state.end is None for state in shown)


async def _failed_checks(
    connection: AsyncConnection, listed: Sequence[Script]
) -> tuple[FailedCheck, ...]:
    sold = {script.id: script for script in listed if script.archived_at is None}
    newest = await sweeps.newest_of(connection, sold)
    failed = {
        script_id: newest[script_id]
        for script_id in sold
        if script_id in newest and newest[script_id].state is SweepState.FAILED
    }
    last = await sweeps.last_of(connection, failed)
    return tuple(
        FailedCheck(sold[script_id], last.get(script_id), sweep)
        for script_id, sweep in failed.items()
    )


def _restoring(listed: Sequence[Script]) -> Restoring:
    awaited = [
        script for script in listed if script.archived_at is None and script.paused_at is None
    ]
    left = tuple(script for script in awaited if script.restored_at is not None)
    return Restoring(len(awaited) - len(left), left)
