"""Bad days: in each no paid day is lost, nobody is told twice, and two human actions are enough."""

from datetime import timedelta

import pytest

from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.jobs import Jobs
from bot.services import build
from bot.store.engine.database import open_database
from bot.store.records import Actor
from bot.store.vault import open_vault
from tests.support.access_harness import AccessHarness, pause
from tests.support.fake_time import START, eventually
from tests.support.vendor_fixture import HOME, STAFF, open_shop

ORDERS = 20
MONTH = START.replace(month=4)
HOUR = 3600


@pytest.fixture
async def vendor(tmp_path, frozen):
    async with open_shop(tmp_path) as it:
        it.time = frozen
        it.script = await it.add_script()
        for index in range(ORDERS):
            it.world.add_user(f"buyer{index:02}")
        await it.log_in()
        yield it


def counter_of(vendor, jobs):
    harness = AccessHarness(vendor, vendor.time, jobs)
    harness.script = vendor.script
    return harness


async def all_done(harness, orders):
    for order_id in orders:
        await harness.done(order_id, within=30)


async def telling(harness):
    """Everybody who is to be told something now is told it; returns which orders it was about."""
    told = []
    for it in await harness.outcomes.untold():
        if it.order.state != "waiting":
            told.append(it.order.id)
        await harness.outcomes.told(it.order.id, it.order.state)
    return told


async def test_a_login_that_is_dead_for_8_hours_with_20_orders(vendor):
    async with Jobs() as jobs:
        harness = counter_of(vendor, jobs)
        await harness.start()
        vendor.world.end_all_sessions()
        orders = [await harness.grant(f"buyer{index:02}", "1M") for index in range(ORDERS)]
        for _ in range(8):
            await harness.time.advance(HOUR)
            await pause()
        assert await telling(harness) == []
        assert harness.writes() == []
        await vendor.log_in()  # the one human action
        await all_done(harness, orders)
        assert {harness.end(f"buyer{index:02}") for index in range(ORDERS)} == {MONTH}
        assert len(harness.writes()) == ORDERS
        assert sorted(await telling(harness)) == orders
        await harness.time.advance(HOUR)
        assert await telling(harness) == []


async def test_a_bot_that_is_off_for_24_hours(vendor):
    async with Jobs() as jobs:
        harness = counter_of(vendor, jobs)
        await harness.start()
        vendor.switches.down = True
        orders = [await harness.grant(f"buyer{index:02}", "1M") for index in range(ORDERS)]
        await pause()
    await vendor.time.advance(24 * HOUR)
    vendor.switches.down = False
    async with Jobs() as jobs:
        harness = counter_of(vendor, jobs)
        await harness.start()  # by itself: no human action at all
        await all_done(harness, orders)
        assert {harness.end(f"buyer{index:02}") for index in range(ORDERS)} == {MONTH}
        assert sorted(await telling(harness)) == orders
        assert await telling(harness) == []
        assert len(harness.writes()) == ORDERS


async def test_a_database_that_is_lost(vendor, tmp_path):
    async with Jobs() as jobs:
        harness = counter_of(vendor, jobs)
        await harness.start()
        orders = [await harness.grant(f"buyer{index:02}", "1M") for index in range(ORDERS)]
        await all_done(harness, orders)
        harness.give("by_hand", None)
    (tmp_path / "new").mkdir()
    vendor.fake.log.clear()
    async with (
        open_database(f"sqlite+aiosqlite:///{tmp_path}/new/usher.db") as database,
        Jobs() as jobs,
    ):
        vault = await open_vault(None, tmp_path / "new/secret.key", database)
        fresh = build(vendor.settings, database, vault, vendor.http, jobs, shared=False)
        await fresh.open()
        # It starts with the login of the environment, or staff type it in once more.
        await fresh.sessions.take_over(HOME, vendor.cookies(), by=STAFF)
        request = RequestContext(HOME, Actor.member(STAFF), "choose", vendor.time.now())
        ids = [one.pine_id for one in await fresh.discovery.find(HOME)]
        [added] = (
            await fresh.discovery.add(request, ids)
        ).added  # first action: choose from the list
        await fresh.sweeps.of_script(added.script, by=STAFF)
        taken = await fresh.adoption.take_over(request, added.script.id)  # second: take over
        assert taken.number == ORDERS + 1
        assert [call for call in vendor.fake.log if call.writes] == []
        assert (await fresh.drift.report(HOME, added.script.id)).total == 0
        await fresh.queue.start()
        request = RequestContext(HOME, Actor.member(STAFF), "renewal", vendor.time.now())
        await fresh.grants.grant(
            request, added.script.slug, parse_length("1M"), Subject(username="buyer00")
        )
        end = MONTH + timedelta(days=30)
        await eventually(lambda: harness.end("buyer00") == end)  # the days paid before count
