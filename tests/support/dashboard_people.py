"""What the tests of the pages about people share: customers with access, and what the database holds of it."""

from sqlalchemy import func, select

from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.store.people import customers
from bot.store.tables.ledger import order
from tests.support.fake_time import eventually


async def customer(dashboard, name="Alice_T", member=None, duration=None, item="trend"):
    """A customer of that name or member, with that much time of an item where one is given."""
    async with dashboard.vendor.database.write() as connection:
        person = await customers.add(
            connection,
            dashboard.guild.id,
            username=name,
            member_id=None if member is None else member.id,
        )
    if duration is not None:
        await have(dashboard, name, duration, item)
    return person


async def have(dashboard, name, duration, item="trend"):
    """Give that name time, and wait until TradingView shows it."""
    request = dashboard.vendor.request(dashboard.mod.id, guild_id=dashboard.guild.id)
    order_id = await dashboard.grants.grant(
        request, item, parse_length(duration), Subject(username=name)
    )
    await settled(dashboard, order_id)


async def settled(dashboard, order_id):
    """Wait until an order is done."""

    async def is_done():
        return (await dashboard.outcomes.receipt(order_id)).state == "done"

    await eventually(is_done)


async def orders(dashboard, kind=None):
    """How many orders there are, of that kind."""
    query = select(func.count()).select_from(order)
    if kind is not None:
        query = query.where(order.c.kind == kind)
    async with dashboard.vendor.database.read() as connection:
        return (await connection.execute(query)).scalar_one()


async def now(dashboard, customer_id):
    """How a customer's record is by now; None where it is gone."""
    async with dashboard.vendor.database.read() as connection:
        return await customers.by_id(connection, customer_id)


def end(dashboard, name="Alice_T"):
    """Until when TradingView shows the first script for that name; None: not at all."""
    pine_id = next(iter(dashboard.vendor.world.scripts))
    row = dashboard.vendor.world.row(pine_id, name)
    return None if row is None else row.end
