"""Where somebody makes batches in tests, and lets them be carried out."""

from datetime import UTC, datetime

from bot.access.orders.bulk.forecast import Forecast
from bot.access.orders.bulk.records import Defaults, Draft, Entry, Filter
from bot.access.rules.duration import parse_length, parse_until
from bot.store.kinds import ActorKind, BatchKind, BatchState
from bot.store.records import Batch
from bot.tradingview import LIFETIME
from tests.support.vendor_fixture import HOME

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOTHING_YET = Forecast(30, 30, 10, 0, 0, NOW, NOW, 0, 90, 96, 60)


class Counter:
    """Where somebody makes batches, and lets them be carried out."""

    def __init__(self, harness):
        self.harness, self.bulk = harness, harness.services.bulk

    async def draft(self, kind, entries, **more):
        return await self.bulk.batches.draft(self.harness.request(), Draft(kind, entries, **more))

    async def select(self, kind, *, members=None, length=None, until=None, **chosen):
        """Make the dry run of a filter."""
        item = chosen.get("item")
        defaults = Defaults(item, parse_length(length) if length else None, until)
        request = self.harness.request()
        return await self.bulk.selection.draft(request, kind, Filter(**chosen), defaults, members)

    async def compensate(self, item, length):
        """As the command does it."""
        return await self.select(BatchKind.COMPENSATE, item=item, length=length)

    async def start(self, number, **consent):
        return await self.bulk.batches.start(self.harness.request(**consent), number)

    async def start_while_down(self, number):
        """Start it while TradingView is down: its orders are recorded and not sent."""
        self.harness.switches.down = True
        await self.start(number)
        await self.bulk.runner.look()
        await self.harness.rest()

    async def run(self, kind, entries):
        """Make a batch and carry it out to its end."""
        number = await self.draft(kind, entries)
        return await self.carry_out(number)

    async def carry_out(self, number):
        await self.start(number)
        await self.to_the_end(number)
        return number

    async def undo(self, number):
        """Undo a batch, to the end."""
        return await self.carry_out(await self.bulk.undo.draft(self.harness.request(), number))

    async def to_the_end(self, number):
        for _ in range(60):
            await self.bulk.runner.look()
            await self.harness.rest()
            if (await self.view(number)).batch.ended_at is not None:
                return
            await self.harness.time.to_the_next(5)
        raise AssertionError(await self.view(number))

    async def view(self, number):
        return await self.bulk.views.view(HOME, number)

    async def rows(self, number, *states):
        return await self.bulk.views.rows(HOME, number, *states)

    async def problems(self, number):
        return {row.line: row.problem for row in await self.rows(number) if row.problem}

    async def who(self, number, *states):
        """Names, each with the short name of the item, of the rows of a batch."""
        rows = await self.rows(number, *states)
        slugs = await self._slugs()
        return {(row.username, slugs.get((row.product_id, row.script_id))) for row in rows}

    async def _slugs(self):
        from bot.access.catalogue.lookup import every_item

        async with self.harness.database.read() as connection:
            sold = await every_item(connection, HOME)
        return {(item.product_id, item.script_id): slug for slug, item in sold.items()}


def entries(names, length=None, until=None, item="trend", now=None, **more):
    """Rows as from a file, one for each name."""
    end = None if until is None else LIFETIME if until == "L" else parse_until(until, now)
    return [
        Entry(
            line,
            username=name,
            item=item,
            length=None if length is None else parse_length(length),
            until=end,
            **more,
        )
        for line, name in enumerate(names, 2)
    ]


def made(**values):
    """A batch of one server, made and started at that moment."""
    rest = {
        "id": 12, "guild_id": 5, "kind": BatchKind.GRANT, "state": BatchState.DRAFT,
        "idempotency_key": "k", "actor_kind": ActorKind.MEMBER, "actor_id": "9", "made_at": NOW,
        "note": None, "file_name": None, "chosen": {}, "forecast": {}, "newest_order_id": 0,
        "undoes_id": None, "started_at": NOW, "approved_by": None, "approved_at": None,
        "ended_at": None, "channel_id": None, "message_id": None, "told_at": None,
    }  # fmt: skip
    return Batch(**(rest | values))
