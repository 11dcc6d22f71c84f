"""Bad days: in each no paid day is lost, nobody is told twice, and two human actions are enough."""

from datetime import timedelta

import pytest

from bot.access.catalogue.discovery import Discovering
from bot.access.catalogue.scripts import Scripts
from bot.access.logins.sessions import Sessions
from bot.access.orders.grants import Grants
from bot.access.request import Asked, Who
from bot.access.rules.duration import parse_length
from bot.access.sweeps.adopt import Adopting
from bot.access.sweeps.drift import Drift
from bot.access.sweeps.sweep import Sweeps
from bot.access.sync.queue import Queue
from bot.jobs import Jobs
from bot.store.engine.database import open_database
from bot.store.vault import open_vault
from tests.support.access_harness import Counter, pause
from tests.support.fake_time import START
from tests.support.vendor_fixture import HOME, STAFF, open_shop

ORDERS = 20
MONTH = START.replace(month=4)
HOUR = 3600


@pytest.fixture
async def shop(tmp_path, frozen):
    async with open_shop(tmp_path) as it:
        it.time = frozen
        it.script = await it.add_script()
        for index in range(ORDERS):
            it.world.add_user(f"buyer{index:02}")
        await it.log_in()
        yield it


def counter_of(shop, jobs):
    counter = Counter(shop, jobs, shop.time)
    counter.script = shop.script
    return counter


async def all_done(counter, orders):
    for wish_id in orders:
        await counter.done(wish_id, within=30)


async def telling(counter):
    """Everybody who is to be told something now is told it; returns which orders it was about."""
    told = []
    for it in await counter.answers.untold():
        if it.wish.state != "waiting":
            told.append(it.wish.id)
        await counter.answers.told(it.wish.id, it.wish.state)
    return told


async def test_a_login_that_is_dead_for_8_hours_with_20_orders(shop):
    async with Jobs() as jobs:
        counter = counter_of(shop, jobs)
        await counter.queue.start()
        shop.world.end_all_sessions()
        orders = [await counter.grant(f"buyer{index:02}", "1M") for index in range(ORDERS)]
        for _ in range(8):
            await counter.time.advance(HOUR)
            await pause()
        assert await telling(counter) == []
        assert counter.writes() == []
        await shop.log_in()  # the one human action
        await all_done(counter, orders)
        assert {counter.end(f"buyer{index:02}") for index in range(ORDERS)} == {MONTH}
        assert len(counter.writes()) == ORDERS
        assert sorted(await telling(counter)) == orders
        await counter.time.advance(HOUR)
        assert await telling(counter) == []


async def test_a_bot_that_is_off_for_24_hours(shop):
    async with Jobs() as jobs:
        counter = counter_of(shop, jobs)
        await counter.queue.start()
        shop.switches.down = True
        orders = [await counter.grant(f"buyer{index:02}", "1M") for index in range(ORDERS)]
        await pause()
    await shop.time.advance(24 * HOUR)
    shop.switches.down = False
    async with Jobs() as jobs:
        counter = counter_of(shop, jobs)
        await counter.queue.start()  # by itself: no human action at all
        await all_done(counter, orders)
        assert {counter.end(f"buyer{index:02}") for index in range(ORDERS)} == {MONTH}
        assert sorted(await telling(counter)) == orders
        assert await telling(counter) == []
        assert len(counter.writes()) == ORDERS


async def test_a_database_that_is_lost(shop, tmp_path):
    async with Jobs() as jobs:
        counter = counter_of(shop, jobs)
        await counter.queue.start()
        orders = [await counter.grant(f"buyer{index:02}", "1M") for index in range(ORDERS)]
        await all_done(counter, orders)
        counter.give("by_hand", None)
    (tmp_path / "new").mkdir()
    shop.fake.log.clear()
    async with (
        open_database(f"sqlite+aiosqlite:///{tmp_path}/new/usher.db") as database,
        Jobs() as jobs,
    ):
        vault = await open_vault(None, tmp_path / "new/secret.key", database)
        sessions = Sessions(database, vault, shop.connect, pace=1e9, concurrency=8)
        # It starts with the login of the environment, or staff type it in once more.
        await sessions.take_over(HOME, shop.cookies(), by=STAFF)
        catalogue = Scripts(database, sessions)
        asked = Asked(HOME, STAFF, "choose", shop.time.now())
        found = Discovering(database, sessions, catalogue)
        ids = [one.pine_id for one in await found.find(HOME)]
        [added] = (await found.add(asked, ids)).added  # first action: choose from the list
        await Sweeps(database, sessions).of_script(added.script, by=STAFF)
        taken = await Adopting(database).take_over(asked, added.script.id)  # second: take over
        assert taken.number == ORDERS + 1
        assert [call for call in shop.fake.log if call.writes] == []
        assert (await Drift(database).report(HOME, added.script.id)).total == 0
        news = counter.news
        queue = Queue(database, sessions, jobs, news)
        grants = Grants(database, sessions, vault, queue, news)
        await queue.start()
        asked = Asked(HOME, STAFF, "renewal", shop.time.now())
        await grants.grant(asked, added.script.slug, parse_length("1M"), Who(username="buyer00"))
        end = MONTH + timedelta(days=30)
        for _ in range(200):
            if counter.end("buyer00") == end:
                break
            await pause()
        assert counter.end("buyer00") == end  # the days that were paid before count
