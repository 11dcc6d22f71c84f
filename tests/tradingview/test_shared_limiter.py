"""What programs of one account may do together, over a row that each of them reads and changes."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import clock
from bot.tradingview.limiter import ClosedError
from bot.tradingview.shared_limiter import LEASE, POLL, RENEW, Lease, SharedLimiter
from tests.support.fake_time import FakeTime, settle

HOUR = 3600
LEASED = LEASE.total_seconds()
SOON = RENEW + 2 * POLL  # until a program that asks gets its share, when requests take no time


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


class Row:
    """The row as the database keeps it; changed by one at a time."""

    def __init__(self):
        self.lease = Lease()
        self.writes = 0
        self.lock = asyncio.Lock()
        self.written = asyncio.Event()
        self.written.set()

    async def share(self, change):
        async with self.lock:
            before, self.lease = self.lease, change(self.lease)
            lease = self.lease
            self.writes += lease != before
            await self.written.wait()
        return lease


class Program(SharedLimiter):
    """A program with requests of its own: each stays on its way until `leave` lets one go."""

    def __init__(self, row, rate, concurrency, *, lasts=None):
        self.is_stopped = False
        super().__init__(rate, concurrency, self._looked(row), chance=lambda: 0.0)
        self.began, self.running, self.tasks, self.lasts = [], 0, [], lasts
        self.leave = asyncio.Semaphore(0)

    def _looked(self, row):
        async def share(change):
            if self.is_stopped:
                await asyncio.Event().wait()
            return await row.share(change)

        return share

    @property
    def had(self):
        return len(self.began)

    def ask(self, number=1, **how):
        self.tasks += [asyncio.ensure_future(self._one(how)) for _ in range(number)]

    async def _one(self, how):
        async with self.permit(**how):
            self.began.append(clock.monotonic())
            self.running += 1
            try:
                await (self.leave.acquire() if self.lasts is None else clock.sleep(self.lasts))
            finally:
                self.running -= 1

    async def gives_up(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def kill(self):
        """End as a killed program does: it says nothing to anybody."""
        self.is_stopped = True
        for task in (*self.tasks, self._keeping):
            if task is not None:
                task.cancel()


@pytest.fixture
def row():
    return Row()


@pytest.fixture
async def program(row, frozen):
    made = []

    def make(rate, concurrency, **how):
        made.append(Program(row, rate, concurrency, **how))
        return made[-1]

    yield make
    for one in made:
        one.kill()
        await asyncio.gather(*one.tasks, return_exceptions=True)


@pytest.mark.parametrize("rate", [0.5, 2, 20])
async def test_programs_together_go_no_faster_than_one_and_take_turns(program, frozen, rate):
    programs = [program(rate, 99, lasts=0.1) for _ in range(3)]
    for one in programs:
        one.ask(400)
    await frozen.advance(60 / rate + 60)
    began = sorted(moment for one in programs for moment in one.began)
    for first, moment in enumerate(began):
        within = sum(moment <= other <= moment + 10 for other in began[first:])
        assert within <= 10 * rate + 2 + 0.1
    assert len(began) >= 0.6 * (60 / rate + 60) * rate
    assert min(one.had for one in programs) >= 0.15 * len(began)


async def test_programs_together_have_no_more_on_the_way_than_one(program, frozen):
    one, two = program(1000, 2), program(1000, 2)
    one.ask(2)
    await settle()
    two.ask(2)
    await frozen.advance(60)
    assert (one.had, two.had) == (2, 0)
    one.leave.release()
    await frozen.advance(10)
    assert two.had == 0  # one request of the other is still on its way
    one.leave.release()
    await frozen.advance(POLL)
    assert two.had == 2


async def test_a_program_gets_its_share_soon_however_much_another_has_waiting(program, frozen):
    busy, other = program(50, 4, lasts=0.1), program(50, 4, lasts=0.1)
    busy.ask(1000)
    await frozen.advance(3)
    for _ in range(3):
        had = other.had
        other.ask(urgent=True)
        await frozen.advance(SOON + 0.1)
        assert other.had == had + 1
    before = busy.had
    await frozen.advance(5)
    assert busy.had > before + 100


async def test_a_program_alone_keeps_the_lease_between_requests(program, row, frozen):
    one = program(1000, 4, lasts=0.1)
    for _ in range(50):
        one.ask()
        await frozen.advance(0.2)
    assert one.had == 50
    assert row.writes <= 2 + 10 / (LEASED / 2)


async def test_a_program_that_has_nothing_to_send_leaves_the_account_to_others(
    program, row, frozen
):
    one, two = program(1000, 4, lasts=0.1), program(1000, 4, lasts=0.1)
    one.ask()
    await frozen.advance(0.5 + 2 * RENEW)
    assert row.lease.holder is None
    assert asyncio.all_tasks() == {asyncio.current_task()}
    two.ask()
    await settle()
    assert two.had == 1


async def test_the_lease_of_a_killed_program_ends_by_its_time(program, frozen):
    one, two = program(1000, 1), program(1000, 1)
    one.ask()
    await settle()
    one.kill()
    two.ask()
    await frozen.advance(LEASED - 0.5)
    assert two.had == 0
    await frozen.advance(1)
    assert two.had == 1


async def test_a_program_that_was_stopped_sends_nothing_once_its_lease_has_ended(program, frozen):
    one, two = program(1, 9), program(1, 9)
    one.ask(50)
    await settle()
    one.is_stopped = True  # its database answers no more
    two.ask(50)
    await frozen.advance(LEASED + 1)
    had = one.had
    await frozen.advance(10)
    assert one.had == had
    assert two.had >= 9


async def test_a_program_that_was_killed_while_it_waited_stops_nobody_for_long(program, frozen):
    one, two = program(1000, 1, lasts=0.1), program(1000, 1)
    one.ask(1000)
    await frozen.advance(1)
    two.ask()
    await frozen.advance(POLL / 2)
    two.kill()
    await frozen.advance(SOON + LEASED + 1)
    had = one.had
    await frozen.advance(10)
    assert one.had >= had + 90


async def test_who_waits_no_more_is_not_waited_for(program, row, frozen):
    one, two = program(1000, 1), program(1000, 1)
    one.ask()
    await settle()
    two.ask()
    await settle()
    assert row.lease.wanted_by is not None
    await two.gives_up()
    await frozen.advance(POLL)
    assert row.lease.wanted_by is None


async def test_what_one_program_is_told_to_wait_holds_the_other(program, frozen):
    one, two = program(1, 9), program(1, 9)
    one.hold(7200)
    two.ask()
    await frozen.advance(7199)
    assert two.had == 0
    assert two.held_for() == pytest.approx(1)
    await frozen.advance(1.5)
    assert two.had == 1


async def test_a_hold_reaches_a_program_that_is_sending(program, frozen):
    one, two = program(2, 9, lasts=0.1), program(2, 9)
    one.ask(100)
    await frozen.advance(3)
    two.hold(600)
    await frozen.advance(RENEW)
    had = one.had
    await frozen.advance(500)
    assert one.had == had
    await frozen.advance(110)
    assert one.had > had


async def test_during_a_long_hold_nobody_looks_at_the_row(program, row, frozen):
    one = program(1, 9)
    one.hold(7200)
    one.ask()
    await frozen.advance(10)
    writes = row.writes
    await frozen.advance(7000)
    assert row.writes == writes
    assert row.lease.holder is None


async def test_a_pause_that_was_asked_for_outlasts_a_restart(program, frozen):
    one = program(1, 9)
    async with one.permit() as permit:
        permit.slow_down(7200)
    await one.close()
    two = program(1, 9)
    await two.refresh()
    assert two.held_for() == pytest.approx(7200)


async def test_a_restart_in_mid_lease_finds_the_pause_too(program, frozen):
    one = program(1, 9)
    async with one.permit() as permit:
        permit.slow_down(7200)
        await settle()
        one.kill()
    two = program(1, 9)
    await two.refresh()
    assert two.held_for() == pytest.approx(7200)


async def test_the_rate_that_one_program_found_is_the_others_too(program, frozen):
    one, two = program(1000, 9), program(1000, 9)
    async with one.permit() as permit:
        permit.slow_down(1)
    await one.close()
    await two.refresh()
    assert two.rate == pytest.approx(one.rate, rel=0.01)
    assert two.rate < 1000


async def test_a_rate_that_was_set_is_not_the_others(program, frozen):
    slow, fast = program(1, 9, lasts=0.1), program(1000, 9)
    slow.ask()
    await frozen.advance(5)
    await fast.refresh()
    assert fast.rate == 1000


async def test_closing_leaves_the_account_at_once(program, row, frozen):
    one = program(1, 9, lasts=0.1)
    one.ask()
    await frozen.advance(0.2)
    assert row.lease.holder is not None
    await one.close()
    assert row.lease.holder is None


async def test_a_lease_that_ended_while_the_computer_slept_is_taken_anew_at_once(program, frozen):
    one = program(1000, 9)
    one.ask()
    await settle()
    frozen.set(clock.now() + timedelta(days=2))
    one.ask()
    await settle()
    assert one.had == 2


async def test_no_second_burst_when_another_program_goes_on(program, frozen):
    one, two = program(1, 9, lasts=0.1), program(1, 9, lasts=0.1)
    one.ask(2)
    await frozen.advance(0.2)
    await one.close()
    two.ask(2)
    await frozen.advance(5)
    assert two.began == pytest.approx([1, 2], abs=0.001)


async def test_nothing_is_sent_while_the_lease_is_being_left(program, row, frozen):
    one = program(1000, 9, lasts=0.1)
    one.ask()
    await frozen.advance(0.5)
    row.written.clear()  # the disk is slow
    await frozen.advance(RENEW)
    one.ask()
    await settle()
    assert (row.lease.holder, one.had) == (None, 1)
    row.written.set()
    await frozen.advance(1)
    assert one.had == 2


async def test_a_row_that_cannot_be_changed_for_whatever_reason_leaves_nobody_waiting(
    row, frozen, caplog
):
    async def broken(change):
        raise LookupError("never thought of")

    one = SharedLimiter(1000, 9, broken)
    async with one.permit():
        pass
    await one.refresh()
    await frozen.advance(5)
    assert caplog.text.count("limits are not shared") == 1
    await one.close()


async def test_after_closing_nobody_waits_for_ever(program, frozen):
    one, two = program(1000, 1), program(1000, 1)
    one.ask()
    await settle()
    two.ask()
    await settle()
    await two.close()
    two.ask()
    await settle()
    assert [type(task.exception()) for task in two.tasks] == [ClosedError, ClosedError]
    await two.gives_up()


async def test_what_another_program_did_is_read_before_anything_is_sent(program, frozen):
    one, two = program(1000, 1, lasts=0.1), program(1000, 1, lasts=0.1)
    read, may_send = [], asyncio.Event()

    async def taken():
        read.append(two.had)
        await may_send.wait()

    two.taken = taken
    one.ask()
    await frozen.advance(0.2)
    two.ask(2)
    await frozen.advance(SOON)
    assert (read, two.had) == ([0], 0)
    may_send.set()
    await frozen.advance(0.5)
    assert (read, two.had) == ([0], 2)


async def test_what_cannot_be_read_of_another_program_keeps_nobody_waiting(program, frozen, caplog):
    async def taken():
        raise LookupError

    one = program(1000, 1, lasts=0.1)
    one.taken = taken
    one.ask()
    await frozen.advance(0.2)
    assert one.had == 1
    assert "could not be read" in caplog.text


# --- the clock ------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 10, -10])
async def test_a_clock_that_is_moved_neither_ends_nor_prolongs_a_pause(moved, row, jump):
    one, two = Program(row, 1, 9, lasts=0), Program(row, 1, 9, lasts=0)
    one.hold(600)
    await settle()
    await two.refresh()
    await moved.advance(100)
    moved.put(jump)
    for each in (one, two, one):
        await each.refresh()
        assert each.held_for() == pytest.approx(500, abs=0.01)
    await moved.advance(499)
    one.ask()
    two.ask()
    await settle()
    assert (one.had, two.had) == (0, 0)
    await moved.advance(10)
    assert (one.had, two.had) == (1, 1)
    await one.close()
    await two.close()


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
async def test_who_comes_after_the_clock_was_moved_is_told_how_long_it_still_is(moved, row, jump):
    one = Program(row, 1, 9)
    one.hold(600)
    await settle()
    await moved.advance(100)
    moved.put(jump)
    await one.refresh()
    two = Program(row, 1, 9)
    await two.refresh()
    assert two.held_for() == pytest.approx(500, abs=0.01)


async def test_a_row_from_the_future_counts_for_its_own_length(moved, row):
    one = Program(row, 1, 9)
    one.hold(600)
    await settle()
    moved.put(-HOUR)
    two = Program(row, 1, 9)
    await two.refresh()
    assert two.held_for() == pytest.approx(600)
    await moved.advance(200)
    await two.refresh()
    assert two.held_for() == pytest.approx(400)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 0.3, -0.3])
async def test_a_clock_that_is_moved_leaves_the_rate_as_it_is(moved, row, jump):
    one = Program(row, 1, 9, lasts=0)
    one.ask(50)
    await moved.advance(3)
    assert one.had == 5
    moved.put(jump)
    await moved.advance(6)
    assert one.had == 11
    one.kill()
    await one.gives_up()


async def test_a_lease_that_ends_too_far_ahead_is_of_a_wrong_clock(moved, row):
    row.lease = replace(row.lease, holder="somebody", leased_until=clock.now() + timedelta(hours=1))
    one = Program(row, 1, 9, lasts=0)
    one.ask()
    await settle()
    assert one.had == 1
    await one.close()


async def test_programs_that_look_in_turn_prolong_nothing(moved, row):
    one, two = Program(row, 1, 9), Program(row, 1, 9)
    one.hold(100)
    for _ in range(500):
        moved.put(1e-6)
        await one.refresh()
        one.hold(1)
        moved.put(-1e-6)
        await two.refresh()
        two.hold(1)
    assert one.held_for() == pytest.approx(100, abs=0.001)
