"""How batches stand: what their dry runs said, and what became of their rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.receipts import WaitingFor, held_up
from bot.access.logins.sessions import Sessions
from bot.access.orders.bulk.actions import Action, accepts
from bot.access.orders.bulk.approval import above_in, takes_two
from bot.access.orders.bulk.batches import one
from bot.access.orders.bulk.forecast import Forecast
from bot.access.orders.outcomes import Outcomes
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.kinds import BatchState, OrderState, RowState
from bot.store.ledger import batch_orders, batch_rows, batches
from bot.store.ledger.batch_orders import Numbers
from bot.store.people import customers
from bot.store.records import Actor, Batch, BatchRow

PAGE = 10  # batches, of a list
ALIKE_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class BatchView:
    """How a batch stands: what its dry run said, and what became of its rows."""

    batch: Batch
    forecast: Forecast
    numbers: Numbers
    open_lookups: int  # names that TradingView was not asked for yet
    seconds: float  # about, for what is left
    approval_above: int | None  # ending the access of more people takes a second manager
    undone_by: tuple[Batch, ...] = ()
    alike: tuple[Batch, ...] = ()  # started in the last week, and give the same people the same
    waiting_for: WaitingFor | None = None  # what holds up everything of the server, while it runs
    quiet_until: datetime | None = None  # until when TradingView asked for a pause

    @property
    def needs_approval(self) -> bool:
        """Return whether a second manager has to press, too."""
        return takes_two(self.forecast.ends, self.approval_above)

    @property
    def done_share(self) -> float:
        """Return how much of it has ended, from 0 to 1."""
        rows = self.numbers.rows
        ordered, planned = rows.get(RowState.ORDERED, 0), rows.get(RowState.PLANNED, 0)
        waiting = self.numbers.waiting + planned
        return 1.0 if ordered + planned == 0 else 1 - waiting / (ordered + planned)

    @property
    def has_done(self) -> bool:
        """Return whether it may have changed anything."""
        return self.batch.ended_at is None or bool(set(self.numbers.orders) - {OrderState.STUCK})

    def offers(self, action: Action, now: datetime, actor: Actor | None = None) -> bool:
        """Return whether an action is worth offering to `actor`, or to all who see the batch."""
        if action is Action.UNDO and not self.has_done:
            return False
        return accepts(action, self.batch, now, actor)


class BatchViews:
    """Reads batches for those who ask."""

    def __init__(self, database: Database, sessions: Sessions, outcomes: Outcomes) -> None:
        self._database = database
        self._sessions = sessions
        self._outcomes = outcomes

    async def view(self, guild_id: int, batch_id: int) -> BatchView:
        """Return how a batch stands. Raises BatchGone."""
        async with self._database.read() as connection:
            batch = await one(connection, guild_id, batch_id)
            [view] = await self._views(connection, [batch])
            if batch.state is not BatchState.DRAFT:
                return view
            alike = await batches.alike(connection, batch, batch.made_at - ALIKE_WITHIN)
        return replace(view, alike=tuple(alike))

    async def listed(self, guild_id: int, page: int) -> tuple[list[BatchView], int, int]:
        """Return one page of a server's batches, newest first, the page's number from 0, and how many there are."""
        async with self._database.read() as connection:
            pages = max(1, -(-await batches.count(connection, guild_id) // PAGE))
            page = min(max(page, 0), pages - 1)
            found = await batches.listed(connection, guild_id, skip=page * PAGE, limit=PAGE)
            return await self._views(connection, found), page, pages

    async def standing(self, guild_id: int, *states: BatchState) -> list[BatchView]:
        """Return a server's batches in such a state, newest first; ten at most."""
        async with self._database.read() as connection:
            found = await batches.listed(connection, guild_id, *states, limit=PAGE)
            return await self._views(connection, found)

    async def rows(
        self, guild_id: int, batch_id: int, *states: RowState, skip: int = 0, limit: int = 50
    ) -> list[BatchRow]:
        """Return rows of a batch, in the order of its file. Raises BatchGone."""
        async with self._database.read() as connection:
            batch = await one(connection, guild_id, batch_id)
            return await batch_rows.listed(connection, batch.id, *states, skip=skip, limit=limit)

    async def members(self, guild_id: int) -> frozenset[int]:
        """Return the Discord members who are customers, also those who left."""
        async with self._database.read() as connection:
            return frozenset(await customers.members(connection, guild_id))

    async def _views(self, connection: AsyncConnection, found: Sequence[Batch]) -> list[BatchView]:
        """Return how batches of one server stand; as many statements for many as for few."""
        if not found:
            return []
        ids = [batch.id for batch in found]
        above = await above_in(connection, found[0].guild_id)
        numbers = await batch_orders.numbers_of(connection, ids)
        undone_by = await batches.undone_by(connection, ids)
        drafts = [batch.id for batch in found if batch.state is BatchState.DRAFT]
        lookups = await batch_rows.open_lookups(connection, drafts)
        holdup, quiet = None, None
        if any(batch.state is BatchState.RUNNING for batch in found):
            holdup, quiet = await self._holdup(connection, found[0].guild_id)
        return [
            BatchView(
                batch,
                Forecast.of(batch.forecast),
                numbers[batch.id],
                lookups.get(batch.id, 0),
                await self._seconds(batch, numbers[batch.id]),
                above,
                tuple(undone_by[batch.id]),
                waiting_for=holdup if batch.state is BatchState.RUNNING else None,
                quiet_until=quiet,
            )
            for batch in found
        ]

    async def _holdup(
        self, connection: AsyncConnection, guild_id: int
    ) -> tuple[WaitingFor | None, datetime | None]:
        """Return what holds up everything in a server, and until when where TradingView said so."""
        hold = (await guilds.holds(connection, [guild_id])).get(guild_id)
        waiting_for = held_up(hold, await self._outcomes.waiting_for(guild_id))
        return waiting_for, await self._outcomes.quiet_until(guild_id)

    async def _seconds(self, batch: Batch, numbers: Numbers) -> float:
        """Return about how long what is left takes, by how fast the account's requests go out now."""
        whole = Forecast.of(batch.forecast)
        rows = sum(numbers.rows.get(state, 0) for state in (RowState.PLANNED, RowState.ORDERED))
        left = numbers.rows.get(RowState.PLANNED, 0) + numbers.waiting
        session = await self._sessions.of(batch.guild_id)
        return whole.calls * (left / rows if rows else 0) / session.limiter.rate
