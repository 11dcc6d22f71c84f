import asyncio
import contextlib

import pytest

from bot import clock
from bot.tradingview.limiter import (
    IN_A_ROW,
    JITTER,
    MAX_HOLD,
    MAX_USUAL_HOLD,
    USUAL_HOLD,
    Limiter,
)
from tests.support.fake_time import settle


class Crowd:
    """People who want turns; `began` lists (name, second) in the order in which they got one."""

    def __init__(self, limiter):
        self.limiter = limiter
        self.began = []
        self.tasks = {}
        self.may_leave = asyncio.Event()
        self.may_leave.set()

    async def comes(self, *names, **how):
        for name in names:
            self.tasks[name] = asyncio.ensure_future(self._one(name, how))
            await settle(2)

    async def _one(self, name, how):
        async with self.limiter.permit(**how):
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
            crowd = Crowd(Limiter(rate, concurrency))
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
    limiter = Limiter(1000, 1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with limiter.permit():
                raise ZeroDivisionError
        await frozen.advance(1)
    async with limiter.permit():
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
    crowd.limiter.hold(30)
    assert crowd.limiter.held_for() == 30
    await crowd.comes(*"abc")
    await crowd.comes("X", urgent=True)
    await frozen.advance(29)
    assert crowd.began == []
    await frozen.advance(60)
    assert crowd.began == [("X", 30), ("a", 31), ("b", 32), ("c", 33)]
    assert crowd.limiter.held_for() == 0


async def test_a_hold_reaches_those_who_wait_already(crowd_of, frozen):
    crowd = crowd_of(1, 9)
    await crowd.comes(*"abc")
    crowd.limiter.hold(10)
    await frozen.advance(60)
    assert crowd.times() == [0, 0, 10]


async def test_a_shorter_hold_never_shortens_a_longer_one(crowd_of):
    limiter = crowd_of(1, 9).limiter
    limiter.hold(30)
    for seconds in (1, 0, -5):
        limiter.hold(seconds)
    assert limiter.held_for() == 30


@pytest.mark.parametrize("asked", [900, 3600, 80_000])
async def test_a_pause_is_as_long_as_it_was_asked_for(crowd_of, frozen, asked):
    crowd = crowd_of(1, 9)
    crowd.limiter.hold(asked)
    await crowd.comes("a")
    await frozen.advance(100_000)
    assert crowd.began == [("a", asked)]


@pytest.mark.parametrize("asked", [86_401, 10**12, float("inf")])
async def test_an_absurd_pause_ends_after_a_day(crowd_of, frozen, asked):
    crowd = crowd_of(1, 9)
    crowd.limiter.hold(asked)
    await crowd.comes("a")
    await frozen.advance(100_000)
    assert crowd.began == [("a", MAX_HOLD)] == [("a", 86_400)]


async def refused(limiter, retry_after):
    """How long everything is held when the next request is refused."""
    async with limiter.permit() as permit:
        permit.slow_down(retry_after)
    return limiter.held_for()


async def test_a_named_time_is_obeyed_to_the_letter(frozen):
    limiter = Limiter(1000, 9, chance=lambda: 1.0)
    assert await refused(limiter, 7) == 7
    await frozen.advance(8)
    assert await refused(limiter, 0.25) == 0.25


async def test_without_a_time_the_pause_doubles_at_each_refusal_in_a_row(frozen):
    limiter = Limiter(1000, 9, chance=lambda: 0.0)
    holds = []
    for _ in range(8):
        holds.append(await refused(limiter, None))
        await frozen.advance(100)
    assert holds == [2, 4, 8, 16, 32, 60, 60, 60]
    assert (USUAL_HOLD, MAX_USUAL_HOLD) == (2, 60)
    async with limiter.permit():
        pass  # not too fast
    await frozen.advance(10)
    assert await refused(limiter, None) == 2


@pytest.mark.parametrize("chance", [0.0, 0.4, 1.0])
async def test_without_a_time_chance_lengthens_the_pause(frozen, chance):
    limiter = Limiter(1000, 9, chance=lambda: chance)
    assert await refused(limiter, None) == USUAL_HOLD * (1 + JITTER * chance)


async def test_told_to_wait_no_time_at_all_it_waits_all_the_same(frozen):
    assert await refused(Limiter(1000, 9, chance=lambda: 0.0), 0) == USUAL_HOLD


async def test_who_comes_again_keeps_the_place_in_the_line(crowd_of, frozen):
    crowd = crowd_of(1, 1)
    await crowd.comes(*"ab")
    await frozen.advance(1)
    asked_at = clock.monotonic()
    await crowd.comes("c")
    await frozen.advance(0.5)
    await crowd.comes("d")

    async def comes_again():
        async with crowd.limiter.permit(asked_at=asked_at):
            crowd.began.append(("X", clock.monotonic()))

    crowd.tasks["X"] = asyncio.ensure_future(comes_again())
    await frozen.advance(20)
    assert crowd.order() == "abcXd"


async def test_the_urgent_never_starve_the_others(crowd_of, frozen):
    crowd = crowd_of(1, 1)
    await crowd.comes("x", "y")  # the burst
    await crowd.comes(*"abc")
    await crowd.comes(*"ABCDEFGHIJKL", urgent=True)
    await frozen.advance(60)
    assert IN_A_ROW == 4
    assert crowd.order() == "xyABCDaEFGHbIJKLc"


async def test_the_helpful_go_between_the_urgent_and_the_others(crowd_of, frozen):
    crowd = crowd_of(1, 1)
    await crowd.comes("x", "y")
    await crowd.comes(*"ab")
    await crowd.comes(*"123", helpful=True)
    await crowd.comes(*"AB", urgent=True)
    await frozen.advance(60)
    assert crowd.order() == "xyAB12a3b"


async def test_who_was_urgent_alone_owes_the_others_nothing(crowd_of, frozen):
    crowd = crowd_of(1, 1)
    await crowd.comes("x", "y")
    await crowd.comes(*"ABCDEF", urgent=True)
    await frozen.advance(3)
    await crowd.comes("a")
    await frozen.advance(60)
    assert crowd.order() == "xyABCDEFa"


async def test_no_burst_straight_after_a_hold(crowd_of, frozen):
    crowd = crowd_of(2, 9)
    crowd.limiter.hold(10)
    await crowd.comes(*"abc")
    await frozen.advance(60)
    assert crowd.times() == [10, 10.5, 11]


@pytest.mark.parametrize(("rate", "concurrency"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_a_limiter_that_could_never_move_is_refused(rate, concurrency):
    with pytest.raises(ValueError, match="a limiter needs"):
        Limiter(rate, concurrency)


async def test_hundreds_waiting_need_one_timer(crowd_of, frozen):
    crowd = crowd_of(2, 9)
    await crowd.comes(*range(300))
    waiting = len(crowd.tasks) - len(crowd.began)
    assert len(asyncio.all_tasks()) <= waiting + 2  # this test and one timer


async def test_the_wait_to_come_is_that_of_the_rate_and_of_holds_alone(crowd_of, frozen):
    crowd = crowd_of(2, 2)
    assert crowd.limiter.expected_wait() == 0
    await crowd.comes(*"abcdef")  # the burst of two goes at once
    assert crowd.limiter.expected_wait() == pytest.approx(0.5 + 4 / 2)
    await crowd.comes("g")
    told = crowd.limiter.expected_wait()
    await frozen.advance(told - 0.01)
    assert len(crowd.began) == 7
    assert crowd.limiter.expected_wait() == pytest.approx(0.01)
    crowd.limiter.hold(60)
    assert crowd.limiter.expected_wait() >= 60


async def test_slow_answers_are_no_wait_of_ours(crowd_of, frozen):
    crowd = crowd_of(2, 2)
    crowd.may_leave.clear()
    await crowd.comes(*"abcdefgh")
    await frozen.advance(30)
    assert len(crowd.began) == 2
    assert crowd.limiter.expected_wait() == 0
