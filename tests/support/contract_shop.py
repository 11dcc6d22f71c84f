"""A connection to a shop, whose messages are read already: what contracts come to is tried with it."""

from sqlalchemy import select

from bot import clock
from bot.access.rules.payments import Reading
from bot.store.kinds import DeliveryState
from bot.store.records import Delivery
from bot.store.sales import connections, prices
from bot.store.tables.payments import contract as contract_table
from tests.support.vendor_fixture import HOME, STAFF


class Shop:
    """A connection to a shop, whose messages are read already."""

    def __init__(self, harness, source):
        self.harness = harness
        self.source = source
        self.sent = 0

    async def says(self, *facts):
        """One message with these facts; returns what became of it."""
        self.sent += 1
        delivery = Delivery(
            self.sent, self.source.id, f"e{self.sent}", "test", clock.now(), None, None,
            DeliveryState.NEW, None, 0, None, None, None,
        )  # fmt: skip
        async with self.harness.database.write() as connection:
            taken = await self.harness.contracts.take_in(
                connection, self.source, delivery, Reading(facts)
            )
        self.harness.contracts.go_on(HOME, taken)
        return taken

    async def tells(self, *facts):
        """The same, and everything happens that needs no time to pass."""
        taken = await self.says(*facts)
        await self.harness.rest()
        return taken

    async def asks_first(self):
        async with self.harness.database.write() as connection:
            self.source = await connections.change(connection, self.source.id, asks_first=True)

    async def contract(self):
        async with self.harness.database.read() as connection:
            return (await connection.execute(select(contract_table))).one()


async def open_contract_shop(harness):
    """The shop sells `p_trend` and, where the harness has another script, `p_range`."""
    async with harness.database.write() as connection:
        source = await connections.add(
            connection,
            HOME,
            provider="standard",
            reference="r1",
            public_id="x" * 22,
            by=STAFF,
            at=clock.now(),
            options={},
        )
        sold = {"p_trend": harness.script, "p_range": getattr(harness, "other", None)}
        for key, script in sold.items():
            if script is not None:
                price = await prices.add(connection, source.id, key, None, clock.now())
                await prices.set_item(connection, price.id, script_id=script.id)
    return Shop(harness, source)
