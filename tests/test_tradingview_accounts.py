"""Whatever program opens an account, it keeps to the account's one pace."""

import asyncio
import sys

import aiohttp
import pytest

from bot import tradingview_accounts
from bot.settings import Settings
from tests.support.vendor_fixture import HOME, OTHER, open_shop

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="each program has its own there")


@pytest.fixture
async def shop(tmp_path, frozen):
    async with open_shop(tmp_path) as shop:
        await shop.log_in()
        yield shop


def settings(tmp_path, name="usher.db"):
    return Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/{name}")


async def test_the_logins_and_whatever_else_calls_share_an_accounts_pace(shop, tmp_path):
    made = tradingview_accounts.sessions(settings(tmp_path), shop.database, shop.vault, shop.http)
    await made.open()
    beside = await tradingview_accounts.pace_of(settings(tmp_path), HOME)
    (await made.of(HOME)).pace.hold(50)
    assert beside.held_for() == pytest.approx(50)
    assert (await tradingview_accounts.pace_of(settings(tmp_path), OTHER)).held_for() == 0
    assert (await tradingview_accounts.pace_of(settings(tmp_path))).held_for() == 0
    assert {one.name for one in tmp_path.glob("*.pace*")} == {
        f"usher.db.pace-{HOME}",
        f"usher.db.pace-{OTHER}",
    }


async def test_where_no_database_is_nothing_is_left_behind(tmp_path):
    pace = await tradingview_accounts.pace_of(settings(tmp_path, "none.db"), HOME)
    assert pace.held_for() == 0
    assert list(tmp_path.iterdir()) == []


async def test_a_new_server_has_one_session_whoever_asks_first(shop, tmp_path):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        made = tradingview_accounts.sessions(settings(tmp_path), shop.database, shop.vault, http)
        one, two = await asyncio.gather(made.of(OTHER), made.of(OTHER))
        assert one is two is await made.of(OTHER)
