"""What people may look at: one person's access, a script's customers, the queue, the history."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import find
from bot.access.errors import ClaimWaits, HaveNoName, UserUnknown
from bot.access.ledger.receipts import WaitingFor, held_up
from bot.access.logins.sessions import AccountSession, LoginState, Sessions
from bot.access.orders.outcomes import Outcomes
from bot.access.people.identity import name_of
from bot.access.people.username_lookup import LOOKUP_TIMEOUT, exact, look
from bot.access.request import Subject
from bot.access.rules.entitlements import State
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import Database
from bot.store.ledger import entitlements, events, permissions
from bot.store.people import customers
from bot.store.records import Customer, Entitlement, Event, Permission, Script
from bot.store.sweeps import sweeps
from bot.store.sweeps.sweeps import Sweep
from bot.tradingview.deadline import in_time

PAGE = 15
READ_TIMEOUT = 8.0  # seconds that a live read may take before what is known is shown without it


@dataclass(frozen=True, slots=True)
class Checked:
    """One script as one person has it."""

    script: Script
    permission: Permission | None
    shown: State | None  # on TradingView just now; None: it did not answer
    reasons: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One person's access to every script of a server."""

    username: str
    customer: Customer | None
    scripts: tuple[Checked, ...]
    # TradingView knows nobody of that name: the nearest that it knows; None where it was not asked.
    unknown: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Holders:
    """One page of those who should have a script."""

    script: Script
    people: tuple[tuple[Permission, Customer], ...]
    page: int  # from 0
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """One permission that is not done."""

    permission: Permission
    script: Script
    customer: Customer


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
    waiting: tuple[Waiting, ...]
    stuck: tuple[Waiting, ...]
    paused: tuple[Script, ...]
    restoring: Restoring | None
    unchecked: tuple[FailedCheck, ...]
    quiet_until: datetime | None = None  # TradingView asked for a pause worth telling of


@dataclass(frozen=True, slots=True)
class History:
    """One page of a person's history, newest first."""

    username: str
    events: tuple[Event, ...]
    scripts: dict[int, Script]
    page: int  # from 0
    more: bool


class Overview:
    """Reads; changes nothing."""

    def __init__(self, database: Database, sessions: Sessions, outcomes: Outcomes) -> None:
        self._database = database
        self._sessions = sessions
        self._outcomes = outcomes

    async def check(self, guild_id: int, subject: Subject) -> Person:
        """What somebody should have and, read live, has on TradingView; archived scripts only if held.

        Raises:
            UserError: nobody, or no readable name, was given.
        """
        async with self._database.read() as connection:
            name = await name_of(connection, guild_id, subject)
            person = await customers.by_name(connection, guild_id, name)
            listed = await scripts.listed(connection, guild_id, archived=True)
            held = {
                one.script_id: one for one in await permissions.of_name(connection, guild_id, name)
            }
            listed = [one for one in listed if one.archived_at is None or one.id in held]
            reasons = {
                one.id: await entitlements.active(connection, one.id) for one in held.values()
            }
        session = await self._sessions.of(guild_id)
        shown: Sequence[State | None] = [None] * len(listed)
        if session.state is LoginState.ALIVE:
            shown = await asyncio.gather(
                *(in_time(look(session.tradingview, one, name), READ_TIMEOUT) for one in listed)
            )
        return Person(
            person.username if person and person.username else name,
            person,
            tuple(
                Checked(
                    one,
                    held.get(one.id),
                    now,
                    tuple(reasons[held[one.id].id]) if one.id in held else (),
                )
                for one, now in zip(listed, shown, strict=True)
            ),
            await self._near(session, name) if person is None and _nothing(shown) else None,
        )

    async def _near(self, session: AccountSession, name: str) -> tuple[str, ...] | None:
        try:
            await exact(session.tradingview, name, LOOKUP_TIMEOUT, urgent=True)
        except UserUnknown as unknown:
            return unknown.near
        return None

    async def me(self, guild_id: int, member_id: int) -> Person:
        """What a member may use, as Usher knows it; TradingView is not asked.

        Raises:
            ClaimWaits: staff must decide about the member's TradingView name first.
            HaveNoName: the member has linked no TradingView name.
        """
        async with self._database.read() as connection:
            person = await customers.by_member(connection, guild_id, member_id)
            if person is None or person.username is None:
                claim = await customers.waiting_claim(connection, guild_id, member_id)
                raise HaveNoName if claim is None else ClaimWaits(claim.username)
            checked = []
            for permission in await permissions.of_name(connection, guild_id, person.username):
                script = await scripts.by_id(connection, permission.script_id)
                reasons = await entitlements.active(connection, permission.id)
                if script is not None and (reasons or permission.state != "done"):
                    checked.append(Checked(script, permission, None, tuple(reasons)))
        return Person(person.username, person, tuple(checked))

    async def holders(self, guild_id: int, item: str, page: int = 0) -> Holders:
        """Who has a script, by end date, `PAGE` at a time; a page beyond the last is the last.

        Raises:
            ItemUnknown: no script has that short name.
        """
        now = clock.now()
        async with self._database.read() as connection:
            script = await find(connection, guild_id, item)
            total = await permissions.count_holders(connection, script.id, now)
            pages = max(1, -(-total // PAGE))
            page = min(max(page, 0), pages - 1)
            found = await permissions.holders(
                connection, script.id, now, skip=page * PAGE, limit=PAGE
            )
        return Holders(script, tuple(found), page, pages, total)

    async def status(self, guild_id: int) -> Status:
        """What waits, what is stuck, and what holds it up."""
        holdup = await self._outcomes.waiting_for(guild_id)
        async with self._database.read() as connection:
            holdup = await held_up(connection, guild_id, holdup)
            rows = []
            for permission in await permissions.unfinished(connection, guild_id):
                script = await scripts.by_id(connection, permission.script_id)
                person = await customers.by_id(connection, permission.customer_id)
                assert script is not None  # noqa: S101 - foreign keys
                assert person is not None  # noqa: S101
                rows.append(Waiting(permission, script, person))
            listed = await scripts.listed(connection, guild_id, archived=True)
            server = await guilds.by_id(connection, guild_id)
            unchecked = [await _failed_check(connection, one) for one in listed]
        return Status(
            holdup=holdup,
            waiting=tuple(row for row in rows if row.permission.state != "stuck"),
            stuck=tuple(row for row in rows if row.permission.state == "stuck"),
            paused=tuple(one for one in listed if one.paused_at is not None),
            restoring=_restoring(listed) if server and server.restored_at else None,
            unchecked=tuple(one for one in unchecked if one is not None),
            quiet_until=await self._outcomes.quiet_until(guild_id),
        )

    async def history(self, guild_id: int, subject: Subject, page: int = 0) -> History:
        """What happened to somebody's access, newest first.

        Raises:
            UserError: nobody, or no readable name, was given.
        """
        async with self._database.read() as connection:
            name = await name_of(connection, guild_id, subject)
            person = await customers.by_name(connection, guild_id, name)
            found: list[Event] = []
            if person is not None:
                found = await events.of_customer(
                    connection, guild_id, person.id, skip=page * PAGE, limit=PAGE + 1
                )
            listed = await scripts.listed(connection, guild_id, archived=True)
        return History(
            person.username if person and person.username else name,
            tuple(found[:PAGE]),
            {one.id: one for one in listed},
            page,
            len(found) > PAGE,
        )


def _nothing(shown: Sequence[State | None]) -> bool:
    """Whether TradingView answered, and shows no row anywhere."""
    return bool(shown) and all(one is not None and one.end is None for one in shown)


async def _failed_check(connection: AsyncConnection, script: Script) -> FailedCheck | None:
    newest = await sweeps.newest(connection, script.id)
    if script.archived_at is not None or newest is None or newest.state != "failed":
        return None
    return FailedCheck(script, await sweeps.last(connection, script.id), newest)


def _restoring(listed: Sequence[Script]) -> Restoring:
    awaited = [one for one in listed if one.archived_at is None and one.paused_at is None]
    left = tuple(one for one in awaited if one.restored_at is not None)
    return Restoring(len(awaited) - len(left), left)
