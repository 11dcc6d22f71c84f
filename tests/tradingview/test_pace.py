import asyncio
import contextlib

import pytest
from conftest import settle

from bot import clock
from bot.tradingview import Pace
from bot.tradingview.pace import LONGEST_HOLD, USUAL_HOLD


class Crowd:
    """People who want turns; `began` lists (name, second) in the order in which they got one."""

    def __init__(self, pace):
        self.pace = pace
        self.began = []
        self.tasks = {}
        self.may_leave = asyncio.Event()
        self.may_leave.set()

    async def comes(self, *names, urgent=False):
        for name in names:
            self.tasks[name] = asyncio.ensure_future(self._one(name, urgent))
            await settle(2)

    async def _one(self, name, urgent):
        async with self.pace.turn(urgent=urgent):
            self.began.append((name, round(clock.monotonic(), 3)))
            await self.may_leave.wait()

    def order(self):
        return "".join(name for name, _ in self.began)

    def times(self):
        return [second for _, second in self.began]

    async def goes(self):
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


@pytest.fixture
async def crowd_of(frozen):
    async with contextlib.AsyncExitStack() as stack:

        def make(rate, concurrency):
            crowd = Crowd(Pace(rate, concurrency))
            stack.push_async_callback(crowd.goes)
            return crowd

        yield make


async def test_two_go_at_once_and_then_one_each_interval(crowd_of, frozen):
    crowd = crowd_of(2, 9)
    await crowd.comes(*"abcdef")
    await frozen.advance(10)
    assert crowd.times() == [0, 0, 0.5, 1, 1.5, 2]


@pytest.mark.parametrize("rate", [0.3, 1, 3, 7, 33.3])
async def test_the_rate_holds_over_many_turns(crowd_of, frozen, rate):
    crowd = crowd_of(rate, 50)
    await crowd.comes(*range(50))
    await frozen.advance(50 / rate)
    for first, last in ((i, j) for i in range(50) for j in range(i, 50)):
        passed = crowd.times()[last] - crowd.times()[first]
        assert last - first + 1 <= passed * rate + 2 + 0.1
    assert crowd.times()[-1] == pytest.approx(48 / rate, abs=0.01)


async def test_the_burst_comes_back_with_time_but_never_grows(crowd_of, frozen):
    crowd = crowd_of(2, 9)
    await crowd.comes(*"ab")
    await frozen.advance(60)
    await crowd.comes(*"cdef")
    await frozen.advance(10)
    assert crowd.times() == [0, 0, 60, 60, 60.5, 61]


async def test_no_more_at_once_than_the_concurrency(crowd_of, frozen):
    crowd = crowd_of(1000, 2)
    crowd.may_leave.clear()
    await crowd.comes(*"abcd")
    await frozen.advance(10)
    assert crowd.order() == "ab"
    crowd.may_leave.set()
    await frozen.advance(10)
    assert crowd.order() == "abcd"


async def test_urgent_first_and_otherwise_in_the_order_asked(crowd_of, frozen):
    crowd = crowd_of(1, 1)
    await crowd.comes(*"ab")
    await crowd.comes(*"cde")
    await crowd.comes(*"XYZ", urgent=True)
    await frozen.advance(20)
    assert crowd.order() == "abXYZcde"


async def test_an_urgent_one_does_not_jump_the_rate(crowd_of, frozen):
    crowd = crowd_of(1, 9)
    await crowd.comes(*"abc")
    await crowd.comes("X", urgent=True)
    await frozen.advance(20)
    assert crowd.began == [("a", 0), ("b", 0), ("X", 1), ("c", 2)]


async def test_who_gives_up_waiting_takes_no_place(crowd_of, frozen):
    crowd = crowd_of(1, 9)
    await crowd.comes(*"abcde")
    crowd.tasks["c"].cancel()
    crowd.tasks["d"].cancel()
    await frozen.advance(20)
    assert crowd.began == [("a", 0), ("b", 0), ("e", 1)]


async def test_cancelled_in_the_moment_of_the_turn_gives_it_back(crowd_of, frozen):
    crowd = crowd_of(1000, 1)
    crowd.may_leave.clear()
    await crowd.comes(*"abc")
    crowd.tasks["a"].cancel()
    await asyncio.sleep(0)  # a leaves; b's turn is given, but b has not run yet
    crowd.tasks["b"].cancel()
    crowd.may_leave.set()
    await frozen.advance(1)
    assert crowd.order() == "ac"


async def test_who_fails_inside_a_turn_gives_it_back(frozen):
    pace = Pace(1000, 1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with pace.turn():
                raise ZeroDivisionError
        await frozen.advance(1)
    async with pace.turn():
        pass


async def test_nothing_is_left_running_when_the_last_one_gives_up(crowd_of, frozen):
    crowd = crowd_of(1, 9)
    await crowd.comes(*"abc")
    crowd.tasks["c"].cancel()
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await crowd.comes("d")
    await frozen.advance(5)
    assert crowd.began[-1] == ("d", 1)


async def test_a_hold_stops_everybody_the_urgent_too(crowd_of, frozen):
    crowd = crowd_of(1, 9)
    crowd.pace.hold(30)
    assert crowd.pace.held_for() == 30
    await crowd.comes(*"abc")
    await crowd.comes("X", urgent=True)
    await frozen.advance(29)
    assert crowd.began == []
    await frozen.advance(60)
    assert crowd.began == [("X", 30), ("a", 31), ("b", 32), ("c", 33)]
    assert crowd.pace.held_for() == 0


async def test_a_hold_reaches_those_who_wait_already(crowd_of, frozen):
    crowd = crowd_of(1, 9)
    await crowd.comes(*"abc")
    crowd.pace.hold(10)
    await frozen.advance(60)
    assert crowd.times() == [0, 0, 10]


async def test_a_shorter_hold_never_shortens_a_longer_one(crowd_of):
    pace = crowd_of(1, 9).pace
    pace.hold(30)
    for seconds in (1, 0, -5):
        pace.hold(seconds)
    assert pace.held_for() == 30


async def test_a_hold_ends_after_fifteen_minutes_whatever_was_asked(crowd_of, frozen):
    crowd = crowd_of(1, 9)
    crowd.pace.hold(86_400)
    await crowd.comes("a")
    await frozen.advance(2000)
    assert crowd.began == [("a", LONGEST_HOLD)] == [("a", 900)]


async def test_slow_down_without_a_time_holds_for_a_moment(crowd_of):
    pace = crowd_of(1, 9).pace
    pace.slow_down(None)
    assert pace.held_for() == USUAL_HOLD
    pace.slow_down(7)
    assert pace.held_for() == 7


async def test_no_burst_straight_after_a_hold(crowd_of, frozen):
    crowd = crowd_of(2, 9)
    crowd.pace.hold(10)
    await crowd.comes(*"abc")
    await frozen.advance(60)
    assert crowd.times() == [10, 10.5, 11]


@pytest.mark.parametrize(("rate", "concurrency"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_a_pace_that_could_never_move_is_refused(rate, concurrency):
    with pytest.raises(ValueError, match="a pace needs"):
        Pace(rate, concurrency)


async def test_hundreds_waiting_need_one_timer(crowd_of, frozen):
    crowd = crowd_of(2, 9)
    await crowd.comes(*range(300))
    waiting = len(crowd.tasks) - len(crowd.began)
    assert len(asyncio.all_tasks()) <= waiting + 2  # this test and one timer
