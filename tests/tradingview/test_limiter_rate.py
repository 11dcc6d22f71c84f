"""How the limiter finds TradingView's limit, against models of servers that refuse what is too fast."""

import asyncio
import random

import pytest

from bot import clock
from bot.tradingview.limiter import DEEPEST_CUT, LEAST, LEAST_CUT, Limiter, Rate


class Bucket:
    """Takes `rate` requests a second, and `burst` at once after a rest."""

    def __init__(self, rate, burst=2):
        self.rate, self.burst, self.left, self.at = rate, burst, burst, 0.0

    def takes(self):
        now = clock.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1 - 1e-9:
            return False
        self.left -= 1
        return True


class Window:
    """Takes `rate` requests in any second."""

    def __init__(self, rate):
        self.rate, self.recent = rate, []

    def takes(self):
        now = clock.monotonic()
        self.recent = [moment for moment in self.recent if moment > now - 1]
        if len(self.recent) >= self.rate:
            return False
        self.recent.append(now)
        return True


class Alone:
    """Takes one request at a time; each keeps it busy for the whole latency."""

    def __init__(self):
        self.busy_until = 0.0

    def takes(self):
        now = clock.monotonic()
        if now < self.busy_until:
            return False
        self.busy_until = now + 0.1
        return True


class Load:
    """Askers who always want one more turn, over a connection of 100 ms that trembles."""

    def __init__(self, limiter, server, *, retry_after=1.0):
        self.limiter, self.server, self.retry_after = limiter, server, retry_after
        self.taken, self.refused = [], []
        self._chance = random.Random(7)
        self._askers = []

    async def __aenter__(self):
        self._askers = [asyncio.ensure_future(self._ask_on()) for _ in range(8)]
        return self

    async def __aexit__(self, *_):
        for asker in self._askers:
            asker.cancel()
        await asyncio.gather(*self._askers, return_exceptions=True)

    async def _ask_on(self):
        while True:
            await self._ask()

    async def _ask(self):
        began = None
        while True:
            async with self.limiter.permit(asked_at=began) as permit:
                began = permit.began
                latency = 0.1 * self._chance.uniform(0.7, 1.3)
                await clock.sleep(latency / 2)
                taken = self.server.takes()
                moment = clock.monotonic()
                await clock.sleep(latency / 2)
                if taken:
                    self.taken.append(moment)
                    return
                self.refused.append(moment)
                permit.slow_down(self.retry_after)

    def used(self, limit, since=0.0):
        """The share of the limit that was used since then."""
        count = sum(moment >= since for moment in self.taken)
        return count / (clock.monotonic() - since) / limit


def limiter_of(rate, concurrency=4):
    return Limiter(rate, concurrency, chance=random.Random(3).random)


@pytest.mark.parametrize("most", [6, 20, 1000])
@pytest.mark.parametrize("server_of", [Bucket, Window])
async def test_nine_tenths_of_the_limit_are_used_from_the_first_request_on(frozen, most, server_of):
    async with Load(limiter_of(most), server_of(5)) as load:
        await frozen.advance(240)
        assert load.used(5) >= 0.9


@pytest.mark.parametrize("limit", [0.5, 2, 30])
async def test_other_limits_are_found_as_well(frozen, limit):
    async with Load(limiter_of(50, 8), Bucket(limit, 2)) as load:
        await frozen.advance(600)
        assert load.used(limit, since=60) >= 0.9


@pytest.mark.parametrize("retry_after", [None, 0])
async def test_without_a_time_it_still_settles_below_the_limit(frozen, retry_after):
    async with Load(limiter_of(50), Bucket(5, 2), retry_after=retry_after) as load:
        await frozen.advance(240)
        assert load.used(5, since=60) >= 0.85


async def test_a_known_limit_is_rarely_run_into_again(frozen):
    async with Load(limiter_of(50), Bucket(5, 2)) as load:
        await frozen.advance(600)
        late = [moment for moment in load.refused if moment > 300]
        assert 0 < len(late) <= 20


async def test_one_request_at_a_time_is_a_limit_too(frozen):
    async with Load(limiter_of(50), Alone()) as load:
        await frozen.advance(600)
        assert load.used(10, since=300) >= 0.6


async def test_a_limit_that_rises_is_used_before_long(frozen):
    server = Bucket(5, 2)
    async with Load(limiter_of(30), server) as load:
        await frozen.advance(300)
        server.rate = 20
        await frozen.advance(150)
        assert load.used(20, since=420) >= 0.75


async def test_a_limit_that_goes_away_leaves_the_rate_that_was_set(frozen):
    server = Bucket(5, 2)
    async with Load(limiter_of(20), server) as load:
        await frozen.advance(300)
        server.rate = server.burst = 1e9
        await frozen.advance(120)
        assert load.limiter.rate == 20
        assert load.used(20, since=420 - 10) >= 0.98


async def test_a_limit_that_falls_is_noticed_within_seconds(frozen):
    server = Bucket(20, 2)
    async with Load(limiter_of(50), server) as load:
        await frozen.advance(300)
        server.rate = 4
        await frozen.advance(60)
        assert load.used(4, since=300) >= 0.7
        assert load.limiter.rate < 5


async def test_without_a_limit_the_concurrency_is_all_that_holds(frozen):
    async with Load(limiter_of(1000), Bucket(1e9, 1e9)) as load:
        await frozen.advance(60)
        assert load.used(4 / 0.1) >= 0.95
        assert load.refused == []


async def test_it_never_goes_faster_than_was_set(frozen):
    async with Load(limiter_of(3), Bucket(100, 100)) as load:
        await frozen.advance(600)
        assert len(load.taken) <= 600 * 3 + 2


async def test_one_refusal_cuts_the_rate_once_however_many_were_on_their_way(frozen):
    limiter = limiter_of(100, 4)
    turns = [limiter.permit() for _ in range(4)]
    held = []
    for turn in turns:
        held.append(asyncio.ensure_future(turn.__aenter__()))
        await frozen.advance(0.02)
    held[0].result().slow_down(1)
    rate = limiter.rate
    for one in held[1:]:
        one.result().slow_down(1)
    assert limiter.rate == rate < 100
    for turn in turns:
        await turn.__aexit__(None, None, None)


async def test_the_longest_of_several_pauses_is_kept(frozen):
    limiter = limiter_of(100, 4)
    async with limiter.permit() as first, limiter.permit() as second:
        first.slow_down(30)
        second.slow_down(1)
    assert limiter.held_for() == 30


async def test_a_cut_is_between_a_twentieth_and_a_half(frozen):
    rate = Rate(8)
    for passed in (0, 1, 50, 5000):
        before = rate.now()
        for _ in range(passed):
            rate.passed()
        rate.refused(0)
        assert before * DEEPEST_CUT <= rate.now() <= before * LEAST_CUT


async def test_the_rate_never_falls_to_nothing(frozen):
    rate = Rate(8)
    for _ in range(200):
        rate.refused(0)
        await frozen.advance(0.01)
    assert rate.now() >= LEAST * 0.5
    await frozen.advance(300)
    assert rate.now() == 8


async def test_a_rate_set_below_the_least_is_kept(frozen):
    rate = Rate(0.02)
    rate.refused(0)
    assert 0 < rate.now() <= 0.02


async def test_a_rate_rises_steadily_between_two_refusals(frozen):
    rate = Rate(50)
    rate.refused(0)
    seen = []
    for _ in range(120):
        seen.append(rate.now())
        await frozen.advance(1)
    assert seen == sorted(seen)
    assert seen[-1] == 50
