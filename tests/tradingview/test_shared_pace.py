"""One pace for each account, whichever program calls: the bot, `usher check`, `usher session set`."""

import asyncio
import contextlib
import json
import struct
import sys
import time
from pathlib import Path

import pytest

from bot.tradingview import Pace
from bot.tradingview.book import open_book
from bot.tradingview.pace import HEAD_START, MAX_COURTESY, MAX_STANDSTILL
from tests.support.fake_time import settle

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="each program has its own there")

TESTS = Path(__file__).parents[1]


class Program:
    """Another program; see other_program.py."""

    def __init__(self, process):
        self.process = process

    async def line(self):
        return json.loads(await self.process.stdout.readline())

    async def does(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what, **more}).encode() + b"\n")
        return await self.line()

    async def end(self):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@pytest.fixture
async def programs(tmp_path):
    async with contextlib.AsyncExitStack() as stack:

        async def start(*arguments):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", str(Path(__file__).with_name("other_program.py")),
                str(tmp_path / "pace"), *map(str, arguments),
                env={"PYTHONPATH": f"{TESTS.parent}:{TESTS}"}, limit=2**20,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            program = Program(process)
            stack.push_async_callback(program.end)
            await program.line()
            return program

        yield start


@pytest.fixture
async def open_pace(tmp_path):
    """Paces of this program, over the same file; who waits in them goes at the end."""
    tasks = []

    class Visited(Pace):
        had = 0

        def ask(self, **how):
            tasks.append(asyncio.ensure_future(self._one(how)))

        async def _one(self, how):
            async with self.turn(**how):
                self.had += 1
                await self.leave.acquire()

    async def make(rate, concurrency):
        path = tmp_path / "pace"
        pace = Visited(rate, concurrency, book=await asyncio.to_thread(open_book, path, tmp_path))
        pace.leave = asyncio.Semaphore(0)
        return pace

    yield make
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_two_programs_together_go_no_faster_than_one(programs, open_pace, frozen):
    pace, other = await open_pace(1, 9), await programs(1, 9)
    for _ in range(3):
        pace.ask()
    await settle()
    assert (await other.does("ask"))["had"] == 0
    assert pace.had == 2  # at once, after a pause
    had = []
    for second in range(1, 5):
        theirs = (await other.does("clock", at=second))["had"]
        await frozen.advance(1)
        had.append((pace.had, theirs))
    assert had == [(2, 1), (3, 1), (3, 1), (3, 1)]


async def test_two_programs_together_have_no_more_on_the_way_than_one(programs, open_pace, frozen):
    pace, other = await open_pace(1000, 2), await programs(1000, 2)
    for _ in range(2):
        assert await other.does("ask")
        await other.does("clock", at=1)
    pace.ask()
    await frozen.advance(10)
    assert pace.had == 0
    assert (await other.does("leave"))["had"] == 2
    await frozen.advance(0.1)
    assert pace.had == 1
    await other.does("ask")
    assert (await other.does("clock", at=5))["had"] == 2
    pace.leave.release()
    await settle()
    assert (await other.does("clock", at=6))["had"] == 3


async def test_while_one_program_counts_no_other_counts(programs, open_pace, frozen):
    pace, other = await open_pace(1, 9), await programs(1, 9)
    await other.does("begin")
    pace.ask()
    await frozen.advance(10)
    assert pace.had == 0
    pace.hold(20)  # must not be lost all the same
    await other.does("end")
    assert pace.held_for() == pytest.approx(20)
    await frozen.advance(21)
    assert pace.had == 1


async def test_a_killed_program_leaves_no_slot_taken(programs, open_pace, frozen):
    pace, other = await open_pace(1000, 1), await programs(1000, 1)
    assert (await other.does("ask"))["had"] == 1
    pace.ask()
    await frozen.advance(10)
    assert pace.had == 0
    await other.end()
    await frozen.advance(0.1)
    assert pace.had == 1


async def test_a_program_that_was_stopped_on_the_way_stops_nobody_for_ever(
    programs, open_pace, frozen
):
    pace, other = await open_pace(1000, 1), await programs(1000, 1)
    assert (await other.does("ask"))["had"] == 1
    pace.ask()
    await frozen.advance(MAX_STANDSTILL - 1)
    assert pace.had == 0
    await frozen.advance(2)
    assert pace.had == 1
    pace.ask()  # and no faster from then on
    pace.leave.release()
    await frozen.advance(MAX_STANDSTILL - 2)
    assert pace.had == 1


async def test_what_one_program_is_told_to_wait_holds_the_other(programs, open_pace, frozen):
    pace, other = await open_pace(1, 9), await programs(1, 9)
    assert (await other.does("hold", seconds=7200))["held_for"] == 7200
    assert pace.held_for() == pytest.approx(7200, abs=0.001)
    pace.ask()
    await frozen.advance(7199)
    assert pace.had == 0
    async with asyncio.timeout(5):
        await frozen.advance(2)
    assert pace.had == 1
    pace.hold(600)
    answer = await other.does("clock", at=7201)
    assert answer["held_for"] == pytest.approx(600, abs=0.001)


async def test_a_pause_that_was_asked_for_outlasts_a_restart(programs, open_pace, frozen):
    other = await programs(1, 9)
    await other.does("hold", seconds=7200)
    await other.end()
    pace = await open_pace(1, 9)
    assert pace.held_for() == pytest.approx(7200, abs=0.001)


@pytest.fixture
async def beside_many(programs, open_pace, frozen):
    """A pace beside a program that took every slot, and has many more waiting since a second."""
    pace, other = await open_pace(1000, 2), await programs(1000, 2)
    for _ in range(20):
        await other.does("ask")
    await other.does("clock", at=0.1)
    await frozen.advance(1)
    assert (await other.does("clock", at=1))["had"] == 2
    return pace, other


async def test_who_waits_in_another_program_gets_the_second_slot_that_is_free(beside_many, frozen):
    pace, other = beside_many
    theirs, second = 2, 1
    for ours in range(1, 6):
        pace.ask()
        await frozen.advance(1)
        second += 1
        assert (await other.does("clock", at=second))["had"] == theirs
        assert (await other.does("leave"))["had"] == theirs + 1  # it waited for longer
        assert (await other.does("leave"))["had"] == theirs + 1
        await frozen.advance(0.1)
        assert pace.had == ours
        pace.leave.release()
        await settle()
        second += 0.1
        theirs += 2
        assert (await other.does("clock", at=second))["had"] == theirs


async def test_somebody_who_waits_goes_before_bulk_of_another_program(beside_many, frozen):
    pace, other = beside_many
    pace.ask(urgent=True)
    await settle()
    assert (await other.does("leave"))["had"] == 2
    await frozen.advance(0.1)
    assert pace.had == 1


async def test_bulk_waits_for_the_urgent_of_another_program_no_longer_than_the_head_start(
    beside_many, frozen
):
    pace, other = beside_many
    await frozen.advance(HEAD_START)
    await other.does("clock", at=HEAD_START + 1)
    pace.ask(urgent=True)
    await settle()
    assert (await other.does("leave"))["had"] == 3


async def test_a_program_that_was_stopped_while_it_waited_keeps_no_slot_from_others(beside_many):
    pace, other = beside_many
    pace.ask(urgent=True)
    await settle()
    assert (await other.does("leave"))["had"] == 2
    assert (await other.does("clock", at=1 + MAX_COURTESY + 0.1))["had"] == 3
    assert pace.had == 0


async def test_who_waits_no_more_is_not_waited_for(beside_many):
    pace, other = beside_many
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0), pace.turn(urgent=True):
            pass
    assert (await other.does("leave"))["had"] == 3


@pytest.mark.parametrize("their_rate", [1, 0.5])
async def test_programs_take_turns_however_slow_one_of_them_is(
    programs, open_pace, frozen, their_rate
):
    """The other always looks first, so that it is not for luck that this one gets any."""
    pace, other = await open_pace(1, 99), await programs(their_rate, 99)
    for _ in range(50):
        await other.does("ask")
    for _ in range(50):
        pace.ask()
    before = had = 0  # their turns when this one last had one
    for tenths in range(1, 301):
        theirs = (await other.does("clock", at=tenths / 10))["had"]
        await frozen.advance(0.1)
        if pace.had > had:
            before, had = theirs, pace.had
        assert theirs - before <= 3
    assert theirs >= 5
    assert had >= 5


async def test_two_paces_of_one_program_take_turns_too(open_pace, frozen):
    one, two = await open_pace(1000, 1), await open_pace(1000, 1)
    for pace in (one, two):
        for _ in range(9):
            pace.ask()
    had = 0
    for turns in range(1, 9):
        await frozen.advance(1)
        assert one.had + two.had == turns
        assert abs(one.had - two.had) <= 2  # both came in the same moment
        (two if one.had == had else one).leave.release()
        had = one.had


async def test_two_paces_of_one_program_count_together_too(open_pace, frozen):
    one, two = await open_pace(1000, 1), await open_pace(1000, 1)
    one.ask()
    await frozen.advance(1)
    two.ask()
    await frozen.advance(10)
    assert (one.had, two.had) == (1, 0)
    one.leave.release()
    await frozen.advance(1)
    assert (one.had, two.had) == (1, 1)


async def test_in_a_crowd_of_programs_there_are_never_too_many_at_once(programs, tmp_path):
    """By the real clock; what is asked holds however slow the computer is."""
    rate, turns = 2000, 300
    crowd = [await programs(rate, 2, turns) for _ in range(3)]
    begun = time.time()
    for program in crowd:
        program.process.stdin.write(b"\n")
    spans = [tuple(span) for program in crowd for span in await program.line()]
    assert len(spans) == 3 * turns
    edges = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    at_once = 0
    for _, step in sorted(edges, key=lambda edge: (edge[0], edge[1])):
        at_once += step
        assert at_once <= 2
    due, *_ = struct.unpack("<3d", await asyncio.to_thread((tmp_path / "pace").read_bytes))
    assert due >= begun + 3 * turns / rate - 0.01
