"""The file of a pace: what may be wrong with it, with its disk and with the clock."""

import asyncio
import errno
import os
import stat
import struct
import sys
from datetime import timedelta

import pytest

from bot import clock
from bot.tradingview import Pace, book as books
from tests.support.fake_time import FakeTime

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="each program has its own there")

HOUR = 3600


class MovedTime(FakeTime):
    """Its wall clock can be put forward and back; what is counted in seconds goes on evenly."""

    ahead = timedelta()

    def now(self):
        return self._now + self.ahead

    def put(self, seconds):
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture
def moved():
    source = MovedTime()
    with clock.taken_from(source):
        yield source


@pytest.fixture
async def open_pace(tmp_path):
    """Paces over the same file, each with a look of its own at it, as another program has."""

    async def make(rate=1):
        path = tmp_path / "pace"
        books._open.pop(path.resolve(), None)
        return Pace(rate, 99, book=await asyncio.to_thread(books.open_book, path, tmp_path))

    yield make
    books._open.clear()


@pytest.fixture
def disk(monkeypatch):
    """A disk that takes nothing any more once `fails` is set."""

    class Disk:
        fails = None

        def pwrite(self, file, content, offset):
            if self.fails is not None:
                raise OSError(self.fails, os.strerror(self.fails))
            return write(file, content, offset)

    write, one = os.pwrite, Disk()
    monkeypatch.setattr(os, "pwrite", one.pwrite)
    return one


async def turns_within(pace, time, seconds):
    had = 0

    async def one():
        nonlocal had
        async with pace.turn():
            had += 1

    tasks = [asyncio.ensure_future(one()) for _ in range(50)]
    await time.advance(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return had


@pytest.mark.parametrize("fault", [errno.EIO, errno.EROFS, errno.ENOSPC])
@pytest.mark.parametrize("writes_before", [0, 1])
async def test_a_hold_that_cannot_be_written_is_kept(
    open_pace, frozen, disk, caplog, fault, writes_before
):
    pace = await open_pace()
    for _ in range(writes_before):
        pace.hold(1)
    disk.fails = fault
    pace.hold(600)
    assert pace.held_for() == pytest.approx(600)
    assert await turns_within(pace, frozen, 599) == 0
    assert await turns_within(pace, frozen, 1.5) == 1
    assert caplog.text.count("cannot be written") == 1


@pytest.mark.parametrize("fault", [errno.EIO, errno.EROFS])
async def test_the_rate_is_kept_where_nothing_can_be_written(open_pace, frozen, disk, fault):
    pace = await open_pace()
    assert await turns_within(pace, frozen, 0) == 2
    disk.fails = fault
    assert await turns_within(pace, frozen, 10) == 10


async def test_what_could_not_be_written_is_written_when_it_can_be_again(open_pace, frozen, disk):
    pace = await open_pace()
    disk.fails = errno.EIO
    pace.hold(600)
    disk.fails = None
    assert pace.held_for() == pytest.approx(600)
    assert (await open_pace()).held_for() == pytest.approx(600, abs=0.001)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 10, -10])
async def test_a_clock_that_is_moved_neither_ends_nor_prolongs_a_pause(open_pace, moved, jump):
    pace, other = await open_pace(), await open_pace()
    pace.hold(600)
    assert other.held_for() == pytest.approx(600, abs=0.001)
    await moved.advance(100)
    moved.put(jump)
    assert pace.held_for() == pytest.approx(500, abs=0.001)
    assert other.held_for() == pytest.approx(500, abs=0.001)
    await moved.advance(499)
    assert await turns_within(pace, moved, 0) == 0
    await moved.advance(1.5)
    assert pace.held_for() == other.held_for() == 0
    assert await turns_within(pace, moved, 0) == 1


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
async def test_who_comes_after_the_clock_was_moved_is_told_how_long_it_still_is(
    open_pace, moved, jump
):
    pace = await open_pace()
    pace.hold(600)
    await moved.advance(100)
    moved.put(jump)
    assert pace.held_for() == pytest.approx(500, abs=0.001)
    assert (await open_pace()).held_for() == pytest.approx(500, abs=0.001)


async def test_an_entry_from_the_future_counts_for_its_own_length(open_pace, moved):
    pace = await open_pace()
    pace.hold(600)
    del pace  # as if the program had ended
    moved.put(-HOUR)
    for left in (600, 400, 200):
        assert (await open_pace()).held_for() == pytest.approx(left, abs=0.001)
        await moved.advance(200)
    assert (await open_pace()).held_for() == 0


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 0.3, -0.3])
async def test_a_clock_that_is_moved_leaves_the_rate_as_it_is(open_pace, moved, jump):
    pace = await open_pace()
    assert await turns_within(pace, moved, 3) == 5
    moved.put(jump)
    assert await turns_within(pace, moved, 3) == 3


async def test_programs_that_look_in_turn_prolong_nothing(open_pace, moved):
    one, two = await open_pace(), await open_pace()
    one.hold(100)
    for _ in range(500):
        moved.put(1e-6)
        one.hold(1)
        moved.put(-1e-6)
        two.hold(1)
    assert one.held_for() == pytest.approx(100, abs=1e-4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"\xff" * 24,
        struct.pack("<3d", 1e18, 1e18, 0),
        struct.pack("<3d", float("inf"), float("nan"), float("-inf")),
        struct.pack("<3d", 5e9, 5e9, 5e9),
    ],
)
async def test_nonsense_in_the_file_stops_nobody(open_pace, frozen, tmp_path, content):
    await asyncio.to_thread((tmp_path / "pace").write_bytes, content)
    pace = await open_pace()
    assert pace.held_for() == 0
    assert await turns_within(pace, frozen, 0.9) >= 1
    pace.hold(30)
    assert pace.held_for() == pytest.approx(30)


def test_the_file_is_the_owners_alone(tmp_path):
    book = books.open_book(tmp_path / "pace", tmp_path)
    assert isinstance(book, books.SharedBook)
    assert stat.S_IMODE((tmp_path / "pace").stat().st_mode) == 0o600
    assert books.open_book(tmp_path / "x" / ".." / "pace", tmp_path) is book


def test_where_nothing_can_be_locked_each_program_has_a_pace_of_its_own(
    tmp_path, monkeypatch, caplog
):
    def refused(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.lockf", refused)
    assert type(books.open_book(tmp_path / "pace", tmp_path)) is books.Book
    assert "keep their own pace" in caplog.text


def test_where_there_can_be_no_file_each_program_has_a_pace_of_its_own(tmp_path, caplog):
    book = books.open_book(tmp_path / "nowhere" / "pace", tmp_path)
    assert type(book) is books.Book
    assert "keep their own pace" in caplog.text
