"""Fills the shop of a dashboard with a little of everything, so that each of its pages has something to show."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import update

from bot import clock
from bot.access.orders.bulk.records import Draft, Entry, faulty
from bot.access.orders.moving.shop_lists import Stage
from bot.access.orders.price_questions import ask_in
from bot.access.rules.duration import parse_length
from bot.access.rules.payments import (
    Buyer,
    Line,
    Payment,
    Reading,
    Refund,
    Snapshot,
    Status,
)
from bot.store.catalogue import scripts
from bot.store.kinds import BatchKind, DeliveryState, RowProblem
from bot.store.people import customers
from bot.store.records import Delivery
from bot.store.sales import connections, prices
from bot.store.tables.payments import delivery
from bot.store.tables.people import customer
from tests.support.fake_time import eventually
from tests.support.many import hold_all, many_people
from tests.support.shops import gets, hears, is_paid

LONG = "Ribbon Pro: Volume Weighted Trend Ribbon with Multi Timeframe Dashboard"
NAMES = ("max_mustermann_trading_long_name", "TradingQueen_1987", "fx-wolf", "joe.b", "kim")
MONTH = timedelta(days=30)
LENGTH = parse_length("1M")


async def fill(dashboard, number=60):
    """Let the shop have scripts and products, people who stand in every way, sales, trouble and keys."""
    world = dashboard.vendor.world
    for name in NAMES:
        world.add_user(name)
    await dashboard.script("ribbon", LONG)
    await _products_and_orders(dashboard)
    await _people(dashboard, number)
    await _payments(dashboard)
    await _differences(dashboard)
    await _settings(dashboard)
    await _batches(dashboard)
    await _shop_lists(dashboard)


async def _products_and_orders(dashboard):
    made = {"slug": "gold", "title": "Gold <b>membership</b> & community", "scripts": "trend"}
    await dashboard.run(dashboard.as_owner, "product create", **made, duration="1M")
    made = {"slug": "all-in", "title": "Everything we make", "scripts": "trend ribbon"}
    await dashboard.run(dashboard.as_owner, "product create", **made)
    for username, item, duration in zip(
        ("Alice_T", "Alice_Two", *NAMES),
        ("trend", "trend", "gold", "gold", "ribbon", "trend", "trend"),
        ("1M", "7D", "3D", "1Y", "L", "6D", "1M"),
        strict=True,
    ):
        given = {"item": item, "duration": duration, "username": username}
        note = "Order 4711, paid by <b>bank</b> transfer"
        await dashboard.run(dashboard.as_mod, "access grant", **given, note=note)
    world = dashboard.vendor.world
    pine_id = next(iter(world.scripts))
    await eventually(lambda: world.has_access(pine_id, "kim"))
    await dashboard.run(dashboard.as_mod, "access revoke", item="trend", username="kim")


async def _people(dashboard, number):
    """Many more, some of them linked, stuck, waiting or blocked."""
    database, guild = dashboard.vendor.database, dashboard.guild.id
    async with database.read() as connection:
        trend, ribbon = await scripts.listed(connection, guild)
        first = await customers.by_name(connection, guild, "Alice_T")
    async with database.write() as connection:
        await customers.tie(connection, first.id, dashboard.buyer.id, 1, clock.now())
    people = await many_people(database, guild, number)
    async with database.write() as connection:
        for each in people[::3]:
            member = dashboard.fake.add_user(f"member_{each.id}")
            dashboard.fake.add_member(dashboard.guild, member)
            await connection.execute(
                update(customer).where(customer.c.id == each.id).values(member_id=member.id)
            )
        await customers.block(
            connection, people[5].id, clock.now(), by=dashboard.mod.id, reason="chargeback, twice"
        )
    end = clock.now() + timedelta(days=12)
    until = {"wanted": "until", "wanted_ends_at": end, "seen": "until", "seen_ends_at": end}
    pairs = [(ribbon if each.id % 4 else trend, each) for each in people]
    await hold_all(database, pairs[6:], **until)
    stuck = {"state": "stuck", "reason": "refused", "detail": "No such thing <script>"}
    await hold_all(database, pairs[:3], wanted="nothing", **stuck)
    await hold_all(database, pairs[3:6], wanted="until", wanted_ends_at=end, state="waiting")


async def _payments(dashboard):
    """A shop with a known and an open price, a sale, one paid back, orders of nobody, a stuck message."""
    database, vault = dashboard.vendor.database, dashboard.vendor.vault
    now = clock.now()
    async with database.write() as connection:
        shop = await connections.add(
            connection, dashboard.guild.id, public_id="x" * 22, provider="standard", options={},
            by=dashboard.owner.id, at=now, reference="r1",
        )  # fmt: skip
        shop = await connections.change(connection, shop.id, asks_first=True)
        known = await prices.add(connection, shop.id, "p", "Trend, monthly", now)
        await prices.set_item(connection, known.id, script_id=1)
        await prices.add(connection, shop.id, "gold", "Gold, monthly, with the long name", now)
        await ask_in(connection, shop, now)
    await dashboard.vendor.services.connections.open()
    await hears(database, shop.id)
    for order, refunded in (("sub_1", True), ("sub_1NzYxLmQ4ZTktNDYwMi04", False)):
        paid = Payment(
            f"in_{order}", order, now, (Line(("p",), "Trend, monthly"),), now, now + MONTH,
            amount=Decimal("29.00"), currency="USD",
        )  # fmt: skip
        runs = Snapshot(order, now, Status.ACTIVE, renews=True, ends_at=now + MONTH)
        buyer = Buyer(contract=order, discord_id=dashboard.buyer.id)
        await _tells(dashboard, shop, paid, runs, buyer)
        if refunded:
            await _tells(dashboard, shop, Refund("re_1", f"in_{order}", now, is_full=True))
    await is_paid(database, vault, shop.id, "A-17", dashboard.guild.id, buyer={"username": "kim"})
    await is_paid(database, vault, shop.id, "cs_live_a1B2c3D4e5F6g7H8i9J0", dashboard.guild.id)
    await gets(database, vault, shop.id, "e1", DeliveryState.UNMAPPED)
    await gets(database, vault, shop.id, "e2", DeliveryState.STUCK, reason="the price has no name")


async def _tells(dashboard, shop, *facts):
    """Let a message of the shop be worked on."""
    database = dashboard.vendor.database
    number = await gets(
        database, dashboard.vendor.vault, shop.id, str(facts)[:100], DeliveryState.DONE
    )
    message = Delivery(
        number, shop.id, "e", "sale", clock.now(), None, None,
        DeliveryState.NEW, None, 0, None, None, None,
    )  # fmt: skip
    contracts = dashboard.vendor.services.contracts
    async with database.write() as connection:
        taken = await contracts.take_in(connection, shop, message, Reading(facts))
        await connection.execute(
            update(delivery).where(delivery.c.id == number).values(contract_id=taken.contract_id)
        )
    contracts.go_on(shop.guild_id, taken)


async def _differences(dashboard):
    """A list on TradingView with strangers, somebody missing and another end; read in full."""
    world = dashboard.vendor.world
    pine_id = next(iter(world.scripts))
    for each in range(5):
        world.grant(
            pine_id, f"stranger_{each}", clock.now() + timedelta(days=each) if each else None
        )
    world.revoke(pine_id, "Alice_Two")
    browser = await dashboard.signed_in(dashboard.owner)
    await browser.get("differences/1")
    await browser.press("Check now")


async def _settings(dashboard):
    """Codes, a key, a program that is told, a copy of the database, more browsers."""
    browser = await dashboard.signed_in(dashboard.owner)
    await browser.get("items/products/1")
    await browser.press("Make them", count="10", duration="1M")
    await browser.get("settings/keys")
    await browser.press("Make the key", name="shop of the community", scope_write="1")
    await browser.get("settings/outgoing")
    await browser.press("Add it", address="https://example.org/usher/hook")
    await browser.get("backups")
    await browser.press("Make a copy now")
    await dashboard.signed_in(dashboard.mod)
    await dashboard.signed_in()


async def _batches(dashboard):
    """A dry run with mistakes, one that ends access and waits for another manager, and one that is done."""
    bulk, vendor = dashboard.vendor.services.bulk, dashboard.vendor

    def request():
        return vendor.request(dashboard.owner.id, guild_id=dashboard.guild.id)

    wrong = {
        RowProblem.DATE_AMBIGUOUS: {"username": "x" * 60, "item": "gold", "until": "01/02/2027"},
        RowProblem.NAME_UNREADABLE: {"username": "<b>max mustermann</b> " * 5, "item": "gold"},
    }
    rows = [
        Entry(line, username=name, item="ribbon", length=LENGTH)
        for line, name in enumerate(NAMES, 2)
    ]
    faults = [faulty(Entry(9, written=cells), problem) for problem, cells in wrong.items()]
    name = "customers of the community, March 2026 (final) <b>v2</b>.csv"
    given = Draft(BatchKind.GRANT, rows, faults, {}, name, "moved from the old shop")
    await bulk.batches.draft(request(), given)
    ends = [Entry(line, username=name, item="gold") for line, name in enumerate(NAMES[:2], 1)]
    ending = Draft(BatchKind.REVOKE, ends, chosen={"item": "gold", "everyone": True})
    await bulk.approval.set(request(), 1)
    await bulk.batches.start(request(), await bulk.batches.draft(request(), ending))
    number = await bulk.batches.draft(request(), replace(given, note=None))
    await bulk.batches.start(request(), number)

    async def has_ended():
        await bulk.runner.look()
        return (await bulk.views.view(dashboard.guild.id, number)).batch.ended_at is not None

    await eventually(has_ended)


async def _shop_lists(dashboard):
    """A list of another shop of which it is asked what its plans are, and one that can be taken over."""
    lists, vendor = dashboard.shop_lists, dashboard.vendor
    titles = (
        "Membership ID,Status,Product,Renewal Period End,TradingView username,Discord Username\n"
    )
    end = f"{clock.now() + MONTH:%Y-%m-%d}"
    rows = [
        f"mem_{number}00,active,{LONG if number % 2 else 'Gold <b>monthly</b>'},{end},{name},some.body#{number}\n"
        for number, name in enumerate(NAMES, 1)
    ]
    text = titles + "".join([*rows, f"mem_900,active,Gold,{end},,\n", "mem_901,what,Gold,,,\n"])
    for answers in ({}, {LONG: "ribbon", "Gold <b>monthly</b>": None, "Gold": "ribbon"}):
        request = vendor.request(dashboard.owner.id, guild_id=dashboard.guild.id)
        kept = await lists.keep(request, "whop", [text.encode()])
        if answers:
            await lists.say(request, kept.id, answers)
    await eventually(lambda: kept.stage is Stage.READY)
