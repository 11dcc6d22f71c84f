"""Warnings come once a month, the guard stops number 101, and nothing is revoked for a count."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from bot import clock
from bot.access.errors import OverTheLine
from bot.access.ledger.seats import SeatCounts
from bot.access.sweeps.adopt import Adopting
from bot.access.sweeps.drift import Kind
from bot.access.sweeps.repair import Mending
from bot.access.sweeps.sweep import Sweeps
from bot.store.ledger import permissions
from bot.store.people import customers
from bot.store.sweeps import seats
from bot.store.tables.core import permission
from tests.support.access_harness import eventually, open_counter
from tests.support.vendor_fixture import HOME, STAFF


@pytest.fixture
async def counter(frozen, tmp_path):
    async with open_counter(tmp_path, frozen) as counter:
        counter.counts = SeatCounts(counter.database)
        yield counter


async def seat(counter, number, start=0):
    """That many people with access for good."""
    async with counter.database.write() as connection:
        for one in range(start, start + number):
            name = f"seat{one}"
            person = await customers.add(connection, HOME, username=name)
            await connection.execute(
                insert(permission).values(
                    guild_id=HOME, script_id=counter.script.id, customer_id=person.id,
                    username=name, name_folded=name, wanted="lifetime", revision=0,
                    synced_revision=0, seen="lifetime", ours="unknown", before="unknown",
                    state="done", asked_at=clock.now(),
                )
            )  # fmt: skip


async def warnings(counter):
    return [one.after["level"] for one in await counter.shop.events("seats")]


async def test_each_number_is_warned_of_once_a_month(counter):
    await seat(counter, 79)
    await counter.counts.watch()
    assert await warnings(counter) == []
    await seat(counter, 2, 79)
    for _ in range(3):
        await counter.counts.watch()
    assert await warnings(counter) == [80]
    await seat(counter, 15, 81)
    await counter.counts.watch()
    assert await warnings(counter) == [80, 95], "the highest of those that were passed"
    await counter.time.advance(timedelta(days=25).total_seconds())
    await counter.counts.watch()
    assert await warnings(counter) == [80, 95, 95]


async def test_the_most_of_a_day_is_kept_for_the_line(counter):
    await seat(counter, 3)
    await counter.counts.watch()
    async with counter.database.write() as connection:
        await permissions.change(connection, 1, seen="nothing", wanted="nothing")
    await counter.counts.watch()
    await counter.time.advance(86_400)
    await counter.counts.watch()
    it = await counter.counts.now(HOME)
    assert it.line.counted == ((datetime(2026, 3, 10, tzinfo=UTC).date(), 3),)
    assert it.line.expected[0] == (datetime(2026, 3, 11, tzinfo=UTC).date(), 2)
    assert it.line.month_end == datetime(2026, 3, 31, tzinfo=UTC).date()


async def test_the_list_that_was_never_read_is_named(counter):
    it = await counter.counts.now(HOME)
    assert [one.slug for one in it.unread] == ["trend"]


async def test_another_user_of_a_known_name_counts_too(counter):
    await counter.done(await counter.grant("bob-fx", "1M"), within=5)
    user = counter.row("bob-fx").user
    counter.fake.world.revoke(counter.pine_id, "bob-fx")
    counter.fake.world.rename_user(user, "gone")
    nothing = {"wanted": "nothing", "wanted_ends_at": None, "seen": "nothing", "seen_ends_at": None}
    await counter.change("bob-fx", **nothing)
    counter.give("bob-fx", None)
    await counter.time.advance(60)
    await Sweeps(counter.database, counter.shop.sessions).run(HOME, "trend", by=None)
    assert (await counter.counts.now(HOME)).today == 1


async def guarded(counter, *, on=True):
    await counter.counts.set_guard(counter.asked(), on=on)


async def test_number_101_needs_a_yes_and_number_100_does_not(counter):
    await seat(counter, 99)
    await guarded(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    assert await counter.state(wish) == "waiting"
    with pytest.raises(OverTheLine) as refused:
        await counter.grant("bob-fx", "1M")
    assert refused.value.seats == 101
    assert await counter.shop.person(name="bob-fx") is None, "nothing was recorded"
    with pytest.raises(OverTheLine):
        await counter.set("bob-fx", "lifetime")
    await counter.grant("bob-fx", "1M", seats=101)
    [entry] = await counter.shop.events("seat_allowed")
    assert entry.after == {"number": 101, "more": 1}


async def test_whoever_counts_already_is_never_asked_about(counter):
    await seat(counter, 101)
    await guarded(counter)
    counter.shop.world.add_user("seat5")
    await counter.grant("seat5", "1M")
    await counter.set("seat6", "2027-01-01", anyway=True)


async def test_time_that_is_over_before_the_month_ends_is_not_asked_about(counter):
    await seat(counter, 101)
    await guarded(counter)
    await counter.grant("bob-fx", "7D")
    with pytest.raises(OverTheLine):
        await counter.grant("Ann_Trades", "3W")


async def test_without_the_guard_nobody_is_asked_and_nothing_is_taken_away(counter):
    await seat(counter, 150)
    await guarded(counter)
    await guarded(counter, on=False)
    await counter.done(await counter.grant("bob-fx", "1M"), within=10)
    await counter.counts.watch()
    assert [call.path for call in counter.writes()] == ["/pine_perm/add/"]
    on, off = await counter.shop.events("seat_guard")
    assert (on.after, off.after) == ({"on": True}, {"on": False})


async def test_a_delivery_that_comes_twice_is_not_asked_about_again(counter):
    await seat(counter, 99)
    await guarded(counter)
    asked = counter.asked()
    first = await counter.grant("bob-fx", "1M", asked=asked)
    await seat(counter, 5, 200)
    assert await counter.grant("bob-fx", "1M", asked=asked) == first


async def swept(counter):
    await counter.time.advance(60)
    await Sweeps(counter.database, counter.shop.sessions).run(HOME, "trend", by=STAFF)


def mending(counter):
    return Mending(counter.database, counter.shop.vault, counter.queue, counter.news)


async def numbers_allowed(counter):
    return [one.after for one in await counter.shop.events("seat_allowed")]


async def test_giving_back_what_is_missing_asks_once_with_the_last_number(counter):
    names = ("Ann_Trades", "bob-fx", "ann_trades2")
    for name in names:
        await counter.done(await counter.grant(name, "1Y"), within=10)
    for name in names:
        counter.fake.world.revoke(counter.pine_id, name)
    await swept(counter)
    await seat(counter, 99)
    await guarded(counter)
    before = len(counter.writes())
    with pytest.raises(OverTheLine) as refused:
        await mending(counter).mend(counter.asked(), counter.script.id, Kind.MISSING)
    assert (refused.value.seats, refused.value.more) == (102, 3)
    with pytest.raises(OverTheLine):
        await mending(counter).mend(counter.asked(), counter.script.id, Kind.MISSING, seats=101)
    assert len(counter.writes()) == before, "nothing was ordered"
    mended = await mending(counter).mend(
        counter.asked(), counter.script.id, Kind.MISSING, seats=102
    )
    assert mended.number == 3
    await eventually(lambda: all(counter.end(name) != "absent" for name in names))
    assert await numbers_allowed(counter) == [{"number": 102, "more": 3}]


async def stuck_order(counter):
    """Somebody whose order is stuck, and everybody else who fits without a fee."""
    counter.shop.world.add_user("late")
    await counter.done(await counter.grant("late", "1Y"), within=10)
    counter.fake.world.revoke(counter.pine_id, "late")
    await counter.change("late", state="stuck", reason="refused", seen="nothing", seen_ends_at=None)
    await seat(counter, 100)
    await guarded(counter)


async def test_trying_a_stuck_order_again_is_asked_about(counter):
    await stuck_order(counter)
    with pytest.raises(OverTheLine) as refused:
        await counter.queue.retry(counter.asked(), "trend")
    assert refused.value.seats == 101
    assert (await counter.permission("late")).state == "stuck"
    assert await counter.queue.retry(counter.asked(), "trend", seats=101) == 1
    await eventually(lambda: counter.end("late") != "absent")
    assert await numbers_allowed(counter) == [{"number": 101, "more": 1}]


async def test_mending_a_stuck_order_is_asked_about(counter):
    await stuck_order(counter)
    with pytest.raises(OverTheLine) as refused:
        await mending(counter).mend(counter.asked(), counter.script.id, Kind.STUCK)
    assert refused.value.seats == 101
    assert (await counter.permission("late")).state == "stuck"
    await mending(counter).mend(counter.asked(), counter.script.id, Kind.STUCK, seats=101)
    await eventually(lambda: counter.end("late") != "absent")


async def test_putting_back_a_revoke_is_asked_about(counter):
    await counter.done(await counter.grant("bob-fx", "1Y"), within=10)
    revoked = await counter.revoke("bob-fx")
    await counter.done(revoked, within=10)
    await seat(counter, 100)
    await guarded(counter)
    with pytest.raises(OverTheLine) as refused:
        await counter.put_back(revoked)
    assert refused.value.seats == 101
    assert (await counter.permission("bob-fx")).wanted == "nothing"
    back = await counter.grants.put_back(counter.asked(), revoked, seats=101)
    await counter.done(back, within=10)
    assert await numbers_allowed(counter) == [{"number": 101, "more": 1}]


async def test_putting_back_what_a_mend_took_is_asked_about_once(counter):
    for name in ("other", "another"):
        counter.give(name, None)
    await swept(counter)
    asked = counter.asked()
    mended = await mending(counter).mend(asked, counter.script.id, Kind.EXTRA, agreed=2)
    assert mended.took == 2
    await eventually(lambda: counter.end("other") == counter.end("another") == "absent")
    for name in ("other", "another"):
        while (await counter.permission(name)).state != "done":
            await counter.rest()
    await seat(counter, 100)
    await guarded(counter)
    with pytest.raises(OverTheLine) as refused:
        await mending(counter).put_back(counter.asked(), asked.reference)
    assert (refused.value.seats, refused.value.more) == (102, 2)
    assert await mending(counter).put_back(counter.asked(), asked.reference, seats=102) == 2


async def test_taking_over_is_never_asked_about(counter):
    for number in range(3):
        counter.give(f"here{number}", None)
    await swept(counter)
    await seat(counter, 120)
    await guarded(counter)
    taken = await Adopting(counter.database).take_over(counter.asked(), counter.script.id)
    assert taken.number == 3


async def test_the_servers_are_counted_apart(counter):
    await seat(counter, 5)
    assert (await counter.counts.now(HOME + 1)).today == 0
    async with counter.database.read() as connection:
        assert await seats.days(connection, HOME, clock.now().date()) == []
