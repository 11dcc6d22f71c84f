"""Whatever program opens an account, it keeps to the account's one limiter, by way of the database."""

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot import tradingview_accounts
from bot.settings import Settings
from bot.store.logins import leases
from bot.tradingview.shared_limiter import LEASE
from tests.support.fake_time import eventually, settle
from tests.support.vendor_fixture import HOME, OTHER, new_database, open_shop

TESTS = Path(__file__).parent


@pytest.fixture
async def shop(tmp_path, frozen):
    async with open_shop(tmp_path) as shop:
        await shop.log_in()
        await shop.sessions.close()  # the programs are those that a test opens
        yield shop


def settings(tmp_path, name="usher.db", **more):
    return Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/{name}", **more)


@contextlib.asynccontextmanager
async def programs(url, *arguments, number=1):
    """Other programs; see limiter_program.py."""
    running = []
    try:
        for _ in range(number):
            running.append(  # noqa: PERF401 - the first must end, too, when the second fails
                await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", "tests.support.limiter_program", url, str(HOME)),
                    *map(str, arguments),
                    env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
                    cwd=TESTS.parent,
                    limit=2**20,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                )
            )
        for process in running:
            assert json.loads(await process.stdout.readline()) in ("ready", "sent")
        yield running
    finally:
        for process in running:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def held_for(tmp_path, guild_id):
    async with tradingview_accounts.limiter_of(settings(tmp_path), guild_id) as limiter:
        return limiter.held_for()


async def test_the_logins_and_whatever_else_calls_share_an_accounts_limiter(shop, tmp_path):
    made = tradingview_accounts.sessions(settings(tmp_path), shop.database, shop.vault, shop.http)
    await made.open()
    (await made.of(HOME)).limiter.hold(50)
    await eventually(lambda: held_for(tmp_path, HOME))
    assert await held_for(tmp_path, HOME) == pytest.approx(50)
    assert await held_for(tmp_path, OTHER) == 0
    assert await held_for(tmp_path, None) == 0
    await made.close()


async def test_the_bot_hears_of_a_pause_before_it_tests_a_login(shop, tmp_path):
    made = tradingview_accounts.sessions(settings(tmp_path), shop.database, shop.vault, shop.http)
    await made.open()
    async with tradingview_accounts.limiter_of(settings(tmp_path), HOME) as limiter:
        limiter.hold(7200)
    before = len(shop.fake.log)
    await made.test(HOME)
    assert len(shop.fake.log) == before
    await made.close()


async def test_where_no_database_is_nothing_is_left_behind(tmp_path):
    async with tradingview_accounts.limiter_of(settings(tmp_path, "none.db"), HOME) as limiter:
        assert limiter.held_for() == 0
        async with limiter.permit():
            pass
    assert list(tmp_path.iterdir()) == []


async def test_a_database_that_is_none_is_left_alone(tmp_path):
    await asyncio.to_thread((tmp_path / "usher.db").write_bytes, b"nonsense" * 1000)
    async with (
        tradingview_accounts.limiter_of(settings(tmp_path), HOME) as limiter,
        limiter.permit(),
    ):
        pass
    assert await asyncio.to_thread((tmp_path / "usher.db").read_bytes) == b"nonsense" * 1000


async def test_a_new_server_has_one_session_whoever_asks_first(shop, tmp_path):
    made = tradingview_accounts.sessions(settings(tmp_path), shop.database, shop.vault, shop.http)
    one, two = await asyncio.gather(made.of(OTHER), made.of(OTHER))
    assert one is two is await made.of(OTHER)
    await made.close()


@pytest.fixture
def disk(monkeypatch):
    """A disk that takes nothing any more once `is_full` is set."""

    class Disk:
        is_full = False

        async def changed(self, *arguments):
            if self.is_full:
                raise OperationalError("UPDATE", {}, OSError("database or disk is full"))
            return await changed(*arguments)

    changed, disk = leases.changed, Disk()
    monkeypatch.setattr(leases, "changed", disk.changed)
    return disk


async def test_a_program_that_cannot_write_goes_on_for_itself_and_says_so_once(
    shop, tmp_path, disk, frozen, caplog
):
    async with tradingview_accounts.limiter_of(settings(tmp_path), HOME) as limiter:
        disk.is_full = True
        for _ in range(3):
            async with limiter.permit():
                pass
            await frozen.advance(10)
            await settle()
        limiter.hold(600)
        await frozen.advance(599)
        assert limiter.held_for() == pytest.approx(1)
    assert caplog.text.count("do not count with it") == 1


async def test_what_could_not_be_written_is_written_when_it_can_be_again(
    shop, tmp_path, disk, frozen
):
    async with tradingview_accounts.limiter_of(settings(tmp_path), HOME) as limiter:
        disk.is_full = True
        limiter.hold(600)
        await settle()
        disk.is_full = False
        await limiter.refresh()
    assert await held_for(tmp_path, HOME) == pytest.approx(600)


async def test_a_killed_program_keeps_the_account_no_longer_than_its_lease(shop, tmp_path, frozen):
    mine = settings(tmp_path, tv_pace=1000, tv_concurrency=1)
    async with (
        programs(mine.database_url, 1000, 1) as [other],
        tradingview_accounts.limiter_of(mine, HOME) as limiter,
    ):
        had = []

        async def ask():
            async with limiter.permit():
                had.append(frozen.monotonic())

        asking = asyncio.ensure_future(ask())
        other.kill()
        await other.wait()

        async def step():
            await frozen.advance(0.2)
            return had

        assert await eventually(step)
        assert had[0] >= LEASE.total_seconds()
        await asking


async def test_in_a_crowd_of_programs_there_are_never_too_many_at_once(tmp_path):
    """By the real clock; only a program that stands still for longer than a lease could break it."""
    rate, turns, number = 2000, 100, 3
    url = await asyncio.to_thread(new_database, tmp_path)
    async with programs(url, rate, 2, turns, number=number) as crowd:
        for program in crowd:
            program.stdin.write(b"\n")
        spans = [span for one in crowd for span in json.loads(await one.stdout.readline())]
    assert len(spans) == number * turns
    edges = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    at_once = 0
    for _, step in edges:
        at_once += step
        assert at_once <= 2
    began = min(began for began, _ in spans)
    assert max(ended for _, ended in spans) - began >= (number * turns - 2) / rate
