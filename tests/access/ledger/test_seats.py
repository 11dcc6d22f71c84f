"""Warnings come once a month, the guard stops number 101, and nothing is revoked for a count."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from bot import clock
from bot.access.ledger.errors import OverTheLine
from bot.access.sweeps.drift import Kind
from bot.store.ledger import permissions
from bot.store.people import customers
from bot.store.sweeps import seats
from bot.store.tables.ledger import permission
from tests.support.access_harness import eventually, open_harness
from tests.support.vendor_fixture import HOME, STAFF


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def seat(harness, number, start=0):
    """That many people with access for good."""
    async with harness.database.write() as connection:
        for one in range(start, start + number):
            name = f"seat{one}"
            person = await customers.add(connection, HOME, username=name)
            await connection.execute(
                insert(permission).values(
                    guild_id=HOME, script_id=harness.script.id, customer_id=person.id,
                    username=name, name_folded=name, wanted="lifetime", revision=0,
                    synced_revision=0, seen="lifetime", ours="unknown", before="unknown",
                    state="done", asked_at=clock.now(),
                )
            )  # fmt: skip


async def warnings(harness):
    return [one.after["level"] for one in await harness.vendor.events("seats")]


async def test_each_number_is_warned_of_once_a_month(harness):
    await seat(harness, 79)
    await harness.seat_counts.watch()
    assert await warnings(harness) == []
    await seat(harness, 2, 79)
    for _ in range(3):
        await harness.seat_counts.watch()
    assert await warnings(harness) == [80]
    await seat(harness, 15, 81)
    await harness.seat_counts.watch()
    assert await warnings(harness) == [80, 95], "the highest of those that were passed"
    await harness.time.advance(timedelta(days=25).total_seconds())
    await harness.seat_counts.watch()
    assert await warnings(harness) == [80, 95, 95]


async def test_the_most_of_a_day_is_kept_for_the_line(harness):
    await seat(harness, 3)
    await harness.seat_counts.watch()
    async with harness.database.write() as connection:
        await permissions.change(connection, 1, seen="nothing", wanted="nothing")
    await harness.seat_counts.watch()
    await harness.time.advance(86_400)
    await harness.seat_counts.watch()
    it = await harness.seat_counts.now(HOME)
    assert it.line.counted == ((datetime(2026, 3, 10, tzinfo=UTC).date(), 3),)
    assert it.line.expected[0] == (datetime(2026, 3, 11, tzinfo=UTC).date(), 2)
    assert it.line.month_end == datetime(2026, 3, 31, tzinfo=UTC).date()


async def test_the_list_that_was_never_read_is_named(harness):
    it = await harness.seat_counts.now(HOME)
    assert [one.slug for one in it.unread] == ["trend"]


async def test_another_user_of_a_known_name_counts_too(harness):
    await harness.done(await harness.grant("bob-fx", "1M"), within=5)
    user = harness.row("bob-fx").user
    harness.fake.world.revoke(harness.pine_id, "bob-fx")
    harness.fake.world.rename_user(user, "gone")
    nothing = {"wanted": "nothing", "wanted_ends_at": None, "seen": "nothing", "seen_ends_at": None}
    await harness.change("bob-fx", **nothing)
    harness.give("bob-fx", None)
    await harness.time.advance(60)
    await harness.sweeps.run(HOME, "trend", by=None)
    assert (await harness.seat_counts.now(HOME)).today == 1


async def guarded(harness, *, on=True):
    await harness.seat_counts.set_guard(harness.request(), on=on)


async def test_number_101_needs_a_yes_and_number_100_does_not(harness):
    await seat(harness, 99)
    await guarded(harness)
    order = await harness.grant("Ann_Trades", "1M")
    assert await harness.state(order) == "waiting"
    with pytest.raises(OverTheLine) as refused:
        await harness.grant("bob-fx", "1M")
    assert refused.value.seats == 101
    assert await harness.vendor.person(name="bob-fx") is None, "nothing was recorded"
    with pytest.raises(OverTheLine):
        await harness.set("bob-fx", "lifetime")
    await harness.grant("bob-fx", "1M", seats=101)
    [entry] = await harness.vendor.events("seat_allowed")
    assert entry.after == {"number": 101, "more": 1}


async def test_whoever_counts_already_is_never_asked_about(harness):
    await seat(harness, 101)
    await guarded(harness)
    harness.vendor.world.add_user("seat5")
    await harness.grant("seat5", "1M")
    await harness.set("seat6", "2027-01-01", unknown_name=True)


async def test_time_that_is_over_before_the_month_ends_is_not_asked_about(harness):
    await seat(harness, 101)
    await guarded(harness)
    await harness.grant("bob-fx", "7D")
    with pytest.raises(OverTheLine):
        await harness.grant("Ann_Trades", "3W")


async def test_without_the_guard_nobody_is_asked_and_nothing_is_taken_away(harness):
    await seat(harness, 150)
    await guarded(harness)
    await guarded(harness, on=False)
    await harness.done(await harness.grant("bob-fx", "1M"), within=10)
    await harness.seat_counts.watch()
    assert [call.path for call in harness.writes()] == ["/pine_perm/add/"]
    on, off = await harness.vendor.events("seat_guard")
    assert (on.after, off.after) == ({"on": True}, {"on": False})


async def test_a_delivery_that_comes_twice_is_not_asked_about_again(harness):
    await seat(harness, 99)
    await guarded(harness)
    request = harness.request()
    first = await harness.grant("bob-fx", "1M", request=request)
    await seat(harness, 5, 200)
    assert await harness.grant("bob-fx", "1M", request=request) == first


async def swept(harness):
    await harness.time.advance(60)
    await harness.sweeps.run(HOME, "trend", by=STAFF)


async def numbers_allowed(harness):
    return [one.after for one in await harness.vendor.events("seat_allowed")]


async def test_giving_back_what_is_missing_asks_once_with_the_last_number(harness):
    names = ("Ann_Trades", "bob-fx", "ann_trades2")
    for name in names:
        await harness.done(await harness.grant(name, "1Y"), within=10)
    for name in names:
        harness.fake.world.revoke(harness.pine_id, name)
    await swept(harness)
    await seat(harness, 99)
    await guarded(harness)
    before = len(harness.writes())
    with pytest.raises(OverTheLine) as refused:
        await harness.repairs.repair(harness.request(), harness.script.id, Kind.MISSING)
    assert (refused.value.seats, refused.value.more) == (102, 3)
    with pytest.raises(OverTheLine):
        await harness.repairs.repair(harness.request(seats=101), harness.script.id, Kind.MISSING)
    assert len(harness.writes()) == before, "nothing was ordered"
    repaired = await harness.repairs.repair(
        harness.request(seats=102), harness.script.id, Kind.MISSING
    )
    assert repaired.number == 3
    await eventually(lambda: all(harness.end(name) != "absent" for name in names))
    assert await numbers_allowed(harness) == [{"number": 102, "more": 3}]


async def stuck_order(harness):
    """Somebody whose order is stuck, and everybody else who fits without a fee."""
    harness.vendor.world.add_user("late")
    await harness.done(await harness.grant("late", "1Y"), within=10)
    harness.fake.world.revoke(harness.pine_id, "late")
    await harness.change("late", state="stuck", reason="refused", seen="nothing", seen_ends_at=None)
    await seat(harness, 100)
    await guarded(harness)


async def test_trying_a_stuck_order_again_is_asked_about(harness):
    await stuck_order(harness)
    with pytest.raises(OverTheLine) as refused:
        await harness.retries.retry(harness.request(), "trend")
    assert refused.value.seats == 101
    assert (await harness.permission("late")).state == "stuck"
    assert await harness.retries.retry(harness.request(seats=101), "trend") == 1
    await eventually(lambda: harness.end("late") != "absent")
    assert await numbers_allowed(harness) == [{"number": 101, "more": 1}]


async def test_mending_a_stuck_order_is_asked_about(harness):
    await stuck_order(harness)
    with pytest.raises(OverTheLine) as refused:
        await harness.repairs.repair(harness.request(), harness.script.id, Kind.STUCK)
    assert refused.value.seats == 101
    assert (await harness.permission("late")).state == "stuck"
    await harness.repairs.repair(harness.request(seats=101), harness.script.id, Kind.STUCK)
    await eventually(lambda: harness.end("late") != "absent")


async def test_putting_back_a_revoke_is_asked_about(harness):
    await harness.done(await harness.grant("bob-fx", "1Y"), within=10)
    revoked = await harness.revoke("bob-fx")
    await harness.done(revoked, within=10)
    await seat(harness, 100)
    await guarded(harness)
    with pytest.raises(OverTheLine) as refused:
        await harness.put_back(revoked)
    assert refused.value.seats == 101
    assert (await harness.permission("bob-fx")).wanted == "nothing"
    back = await harness.grants.put_back(harness.request(seats=101), revoked)
    await harness.done(back, within=10)
    assert await numbers_allowed(harness) == [{"number": 101, "more": 1}]


async def test_putting_back_what_a_mend_took_is_asked_about_once(harness):
    for name in ("other", "another"):
        harness.give(name, None)
    await swept(harness)
    request = harness.request(removals=2)
    repaired = await harness.repairs.repair(request, harness.script.id, Kind.EXTRA)
    assert repaired.took == 2
    await eventually(lambda: harness.end("other") == harness.end("another") == "absent")
    for name in ("other", "another"):
        while (await harness.permission(name)).state != "done":
            await harness.rest()
    await seat(harness, 100)
    await guarded(harness)
    with pytest.raises(OverTheLine) as refused:
        await harness.repairs.put_back(harness.request(), request.idempotency_key)
    assert (refused.value.seats, refused.value.more) == (102, 2)
    assert await harness.repairs.put_back(harness.request(seats=102), request.idempotency_key) == 2


async def test_taking_over_is_never_asked_about(harness):
    for number in range(3):
        harness.give(f"here{number}", None)
    await swept(harness)
    await seat(harness, 120)
    await guarded(harness)
    taken = await harness.adoption.take_over(harness.request(), harness.script.id)
    assert taken.number == 3


async def test_the_servers_are_counted_apart(harness):
    await seat(harness, 5)
    assert (await harness.seat_counts.now(HOME + 1)).today == 0
    async with harness.database.read() as connection:
        assert await seats.days(connection, HOME, clock.now().date()) == []
