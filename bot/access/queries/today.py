"""How a server stands today: who has access, what ends, what waits, what was sold, and how the login is."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.seats import SeatCounts, Seats
from bot.access.logins.sessions import LoginState, LoginStatus, Sessions
from bot.access.orders.pending import Pending, PendingNumbers
from bot.access.people.claims import Claims
from bot.access.queries.overview import Overview, Status
from bot.access.request import CODE, PAYMENT, PREMIUM
from bot.access.rules.contract_json import from_json
from bot.access.rules.payments import Payment
from bot.access.sweeps.reports import Drift
from bot.access.sweeps.undecided import Undecided
from bot.jobs import Jobs
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.logins import outages
from bot.store.people import groups
from bot.store.people.groups import Asked, Group
from bot.store.records import Claim, Customer, Outage, Product, Purchase, Script
from bot.store.sales import recent

SOLD = (PAYMENT, PREMIUM, CODE)  # the sources of what counts as a sale
SALES = 10
WEEKS = 12
SHOWN = (
    *(Group.ACCESS, Group.WEEK, Group.LAPSED, Group.UNLINKED, Group.NAMELESS),
    *(Group.WAITING, Group.STUCK),
)
FEW = 500  # people: what they have is counted while somebody waits
COUNT_TIMEOUT = 0.5  # seconds
REST = 20.0  # times as long as the last count took, no new one begins


@dataclass(frozen=True, slots=True)
class Sale:
    """What somebody bought; `paid` is what its shop said of the money, where it did."""

    purchase: Purchase
    customer: Customer
    item: Script | Product | None
    paid: Payment | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What takes long to count where many have access, as it was at that moment."""

    at: datetime
    accesses: int  # in force, of everybody
    seats: Seats
    differing: int
    untaken: int  # people
    weeks: tuple[tuple[date, int], ...]  # sales by week, by its Monday; the last is this week


@dataclass(frozen=True, slots=True)
class View:
    """A server's day."""

    guild_id: int
    people: Mapping[Group, int]
    queue: Status
    login: LoginStatus
    dead_since: datetime | None  # the login does not work since then
    requests: tuple[Claim, ...]  # members who wait for a decision about a name
    undecided: int  # people with orders from a backup, about which staff decide
    payments: PendingNumbers  # for managers
    sales: tuple[Sale, ...]
    counted: Counted | None  # None: it is being counted

    @property
    def orders_waiting(self) -> int:
        """Return how many orders are on their way."""
        return len(self.queue.waiting) + self.queue.more_waiting

    @property
    def orders_stuck(self) -> int:
        """Return how many orders only a person can help."""
        return len(self.queue.stuck) + self.queue.more_stuck


class Today:
    """Looks, and counts beside whoever looks what takes long."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        sessions: Sessions,
        overview: Overview,
        seat_counts: SeatCounts,
        drift: Drift,
        claims: Claims,
        undecided: Undecided,
        pending: Pending,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._sessions = sessions
        self._overview = overview
        self._seat_counts = seat_counts
        self._drift = drift
        self._claims = claims
        self._undecided = undecided
        self._pending = pending
        self._counted: dict[int, Counted] = {}
        self._rests_until: dict[int, float] = {}
        self._counting: dict[int, asyncio.Task[None]] = {}

    async def view(self, guild_id: int, *, patience: float | None = None) -> View:
        """Return how that server stands; `patience`: so many seconds may be counted, else few where many have access."""
        # Each reads for itself, at the same time: one after the other they take twice as long.
        people, (sales, outage), queue, requests, undecided, pending = await asyncio.gather(
            self._people(guild_id),
            self._sales_and_outage(guild_id),
            self._overview.status(guild_id),
            self._claims.waiting(guild_id),
            self._undecided.questions(guild_id),
            self._pending.numbers(guild_id),
        )
        login = await self._sessions.status(guild_id)
        is_dead = login.state is LoginState.DEAD
        return View(
            guild_id,
            people,
            queue,
            login,
            (login.since if outage is None else outage.since) if is_dead else None,
            tuple(requests),
            undecided.total,
            pending,
            sales,
            await self._lately(guild_id, _patience(patience, people[Group.ACCESS])),
        )

    async def _people(self, guild_id: int) -> Mapping[Group, int]:
        async with self._database.read() as connection:
            return await groups.count(connection, Asked(guild_id, clock.now()), SHOWN)

    async def _sales_and_outage(self, guild_id: int) -> tuple[tuple[Sale, ...], Outage | None]:
        async with self._database.read() as connection:
            return await _sales(connection, guild_id), await outages.open_of(connection, guild_id)

    async def _lately(self, guild_id: int, patience: float) -> Counted | None:
        """Return the last count, after a new one if that is quick; at most a twentieth of the time is spent so."""
        if clock.monotonic() >= self._rests_until.get(guild_id, 0.0):
            counting = self._counting.get(guild_id)
            if counting is None:
                counting = self._jobs.spawn(self._count(guild_id), "count for today's page")
                self._counting[guild_id] = counting
                counting.add_done_callback(lambda _: self._counting.pop(guild_id))
            if patience:
                await clock.within(patience, counting)
        return self._counted.get(guild_id)

    async def _count(self, guild_id: int) -> None:
        begun, now = clock.monotonic(), clock.now()
        overall = await self._drift.overall(guild_id)
        async with self._database.read() as connection:
            mondays = _mondays(now)
            numbers = await recent.numbers(connection, guild_id, SOLD, mondays)
            accesses = await groups.count_accesses(connection, guild_id, now)
        self._counted[guild_id] = Counted(
            now,
            accesses,
            await self._seat_counts.now(guild_id),
            sum(number for _, number in overall.differing),
            overall.untaken.people,
            tuple((monday.date(), number) for monday, number in zip(mondays, numbers, strict=True)),
        )
        took = clock.monotonic() - begun
        self._rests_until[guild_id] = clock.monotonic() + REST * took


def _patience(asked: float | None, people: int) -> float:
    if asked is not None:
        return asked
    return COUNT_TIMEOUT if people <= FEW else 0.0


def _mondays(now: datetime) -> list[datetime]:
    """Return when the last weeks began, in UTC."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    return [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]


async def _sales(connection: AsyncConnection, guild_id: int) -> tuple[Sale, ...]:
    found = await recent.last(connection, guild_id, SOLD, SALES)
    facts = await recent.facts_of(connection, [bought.id for bought, _ in found])
    sold = await products.by_ids(connection, {each.product_id or 0 for each, _ in found})
    single = await scripts.by_ids(connection, {each.script_id or 0 for each, _ in found})
    return tuple(
        Sale(
            bought,
            person,
            sold.get(bought.product_id or 0) or single.get(bought.script_id or 0),
            _paid(facts.get(bought.id, [])),
        )
        for bought, person in found
    )


def _paid(facts: recent.Facts) -> Payment | None:
    """Return the last payment whose amount the shop told."""
    told = [
        fact for fact in from_json(facts) if isinstance(fact, Payment) and fact.amount is not None
    ]
    return max(told, key=lambda payment: payment.at, default=None)
