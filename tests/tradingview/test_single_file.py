"""Wire §2, "Cookies": where each answer may bring the cookies for the next, those requests go one at a time."""

import asyncio

import pytest

from bot.sandbox.tradingview import FakeTradingView
from bot.tradingview import Cookies, Limiter
from bot.tradingview.limiter import SINGLE_FILE_FOR, ClosedError
from tests.support.fake_time import eventually, settle
from tests.tradingview.test_limiter import Crowd
from tests.tradingview.upstream import client_of


@pytest.fixture
async def crowd(frozen):
    crowd = Crowd(Limiter(1e6, 4))
    crowd.may_leave.clear()
    yield crowd
    await crowd.goes()


async def leaves(crowd, name):
    crowd.tasks[name].cancel()
    await settle()


async def test_without_rotation_those_with_a_login_go_together(crowd):
    await crowd.comes("a", "b", "c", with_login=True)
    assert crowd.order() == "abc"


async def test_once_rotation_is_seen_those_with_a_login_go_one_at_a_time(crowd):
    crowd.limiter.go_single_file()
    await crowd.comes("a", "b", "c", with_login=True)
    assert crowd.order() == "a"
    await leaves(crowd, "a")
    assert crowd.order() == "ab"
    await leaves(crowd, "b")
    assert crowd.order() == "abc"


async def test_those_without_a_login_pass_the_ones_that_wait_for_it(crowd):
    crowd.limiter.go_single_file()
    await crowd.comes("a", "b", with_login=True, urgent=True)
    await crowd.comes("x", "y", "z")
    assert crowd.order() == "axyz"


async def test_in_single_file_the_urgent_go_first_and_bulk_is_not_forgotten(crowd):
    crowd.limiter.go_single_file()
    await crowd.comes("a", with_login=True)
    await crowd.comes("p", with_login=True)
    await crowd.comes(*"123456", with_login=True, urgent=True)
    for _ in range(7):
        await leaves(crowd, crowd.order()[-1])
    assert crowd.order() == "a1234p56"


async def test_what_is_under_way_when_rotation_is_seen_goes_before_the_next(crowd):
    await crowd.comes("a", "b", with_login=True)
    crowd.limiter.go_single_file()
    await crowd.comes("c", with_login=True)
    await leaves(crowd, "a")
    assert crowd.order() == "ab"
    await leaves(crowd, "b")
    assert crowd.order() == "abc"


async def test_they_go_together_again_when_no_rotation_was_seen_for_long(crowd, frozen):
    crowd.limiter.go_single_file()
    await frozen.advance(SINGLE_FILE_FOR + 1)
    await crowd.comes("a", "b", with_login=True)
    assert crowd.order() == "ab"


async def test_a_closed_limiter_leaves_nobody_waiting(crowd):
    crowd.limiter.go_single_file()
    await crowd.comes("a", "b", with_login=True)
    await crowd.limiter.close()
    with pytest.raises(ClosedError):
        await crowd.tasks["b"]
    with pytest.raises(ClosedError):
        async with crowd.limiter.permit():
            raise AssertionError
    assert not crowd.tasks["a"].done()  # what is under way ends by itself


# --- against a TradingView that ends the earlier pair with every answer ------------------------


class Account:
    """A login on the stand-in, whose new pairs are taken over as they come."""

    def __init__(self, fake):
        vendor = fake.world.add_vendor("Vendor_One")
        self.fake, self.pine_id = fake, fake.world.add_script(vendor).pine_id
        self.pair = Cookies(*fake.world.open_session(vendor))
        self.running, self.most = 0, 0
        fake.switches.rotation, fake.switches.rotations = "pair, old one ends", -1

    async def rotated(self, used, fresh):
        if self.pair == used:
            await asyncio.sleep(0)  # it is stored first
            self.pair = fresh

    def refusals(self):
        return [call for call in self.fake.log if call.status in (401, 403)]


@pytest.fixture
async def account():
    fake = FakeTradingView()
    await fake.start()
    yield Account(fake)
    await fake.close()


@pytest.fixture
async def client(account):
    limiter = Limiter(1e6, 4)
    async with client_of(account.fake.url, cookies=lambda: account.pair, limiter=limiter) as made:
        made.rotated = account.rotated
        yield made


async def test_no_request_is_refused_once_rotation_was_seen(account, client):
    await client.account()
    await asyncio.gather(*(client.find_row(account.pine_id, f"buyer_{n}") for n in range(12)))
    assert account.refusals() == []


async def test_at_the_first_rotation_no_request_is_refused_twice(account, client):
    await asyncio.gather(*(client.find_row(account.pine_id, f"buyer_{n}") for n in range(12)))
    refused = [call.form["username"] for call in account.refusals()]
    assert len(refused) <= 3  # those that were under way beside the first
    assert len(set(refused)) == len(refused)


async def test_names_are_looked_up_while_a_request_with_the_login_is_under_way(account, client):
    await client.account()
    account.fake.switches.fault("hang", path="list")
    reading = asyncio.ensure_future(client.find_row(account.pine_id, "ann"))
    await eventually(lambda: account.fake.calls("list"))
    waiting = asyncio.ensure_future(client.account())
    await client.hints("ann")
    assert len(account.fake.calls("details")) == 1
    account.fake.switches.lift("hang")
    await asyncio.gather(reading, waiting)
    assert account.refusals() == []
