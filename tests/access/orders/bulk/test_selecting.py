"""Whom a filter means, and how much each of them gets: once for every script."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from bot import clock
from bot.access.catalogue.errors import ItemUnknown
from bot.access.orders.bulk.errors import CompensatesForEver, NobodyChosen, NothingToDo
from bot.access.orders.bulk.records import Defaults, Filter
from bot.access.request import Subject
from bot.access.rules.duration import parse_length, read_end_before
from bot.replies.orders import to_customer
from bot.store.catalogue import products
from bot.store.kinds import BatchKind, BatchState, RowProblem, RowState, Tie
from bot.store.people import customers
from bot.store.tables.people import customer
from bot.tradingview import LIFETIME
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter
from tests.support.vendor_fixture import HOME, STAFF

NAMES = [f"Buyer_{number}" for number in range(6)]
DAY = 86_400
LATER = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in NAMES:
            harness.vendor.world.add_user(name)
        harness.other = await harness.vendor.add_script(slug="range")
        yield Counter(harness)


def moment(*parts):
    return datetime(*parts, tzinfo=UTC)


async def given(counter, names, length="1M", item="trend"):
    for name in names:
        await counter.harness.done(await counter.harness.grant(name, length, item))


async def product(counter, slug, *scripts):
    async with counter.harness.database.write() as connection:
        made = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug=slug, title=slug.title()
        )
        await products.add_scripts(connection, made.id, [script.id for script in scripts])
    return made


async def member(counter, name, number, tie=Tie.STAFF):
    """Let a member have that name."""
    person = await counter.harness.vendor.resolve(number, name)
    async with counter.harness.database.write() as connection:
        await connection.execute(update(customer).where(customer.c.id == person.id).values(tie=tie))


# What is compensated


async def test_a_compensation_gives_everybody_with_live_dated_access_so_much_more(counter):
    await given(counter, NAMES[:1], "5Y")
    await given(counter, NAMES[1:2], "1M")
    await given(counter, NAMES[2:3], "L")
    await given(counter, NAMES[3:4], "1D")
    await given(counter, NAMES[4:5], "1M", "range")
    await counter.harness.time.advance(2 * DAY)
    number = await counter.compensate("trend", "3D")
    assert await counter.who(number, RowState.PLANNED) == {(n, "trend") for n in NAMES[:2]}
    assert list((await counter.problems(number)).values()) == [RowProblem.ENDLESS]
    await counter.carry_out(number)
    assert counter.harness.end(NAMES[0]) == moment(2031, 3, 13, 12)
    assert counter.harness.end(NAMES[1]) == moment(2026, 4, 13, 12)
    assert counter.harness.end(NAMES[2]) is None
    assert counter.harness.end(NAMES[3]) <= clock.now()


async def test_a_compensation_adds_an_amount_of_time_and_never_lifetime(counter):
    await given(counter, NAMES[:1], "1M")
    for over in ("L", "lifetime"):
        with pytest.raises(CompensatesForEver):
            await counter.compensate("trend", over)
    with pytest.raises(CompensatesForEver):
        await counter.select(BatchKind.COMPENSATE, item="trend", until=LIFETIME)
    assert await counter.bulk.views.standing(HOME, BatchState.DRAFT) == []


async def test_a_compensation_counts_once_however_often_it_is_delivered(counter):
    await given(counter, NAMES[:1], "1M")
    request = counter.harness.request()
    press = replace(request, idempotency_key="press")
    defaults = Defaults(length=parse_length("3D"), note="an outage")
    select = counter.bulk.selection.draft
    chosen = Filter(item="trend")
    number = await select(request, BatchKind.COMPENSATE, chosen, defaults, None)
    for _ in range(3):
        again = await select(request, BatchKind.COMPENSATE, chosen, defaults, None)
        assert again == number
        await counter.bulk.batches.start(press, number)
    await counter.to_the_end(number)
    assert await select(request, BatchKind.COMPENSATE, chosen, defaults, None) == number
    await counter.bulk.batches.start(press, number)
    await counter.bulk.runner.look()
    await counter.harness.rest()
    assert counter.harness.end(NAMES[0]) == moment(2026, 4, 13, 12)
    batch = (await counter.view(number)).batch
    assert (batch.note, batch.chosen["length"]) == ("an outage", "3D")


async def test_what_stands_still_is_not_compensated_but_can_be_extended(counter):
    await given(counter, NAMES[:2], "1M")
    subject = Subject(username=NAMES[0])
    request = counter.harness.request(confirmed=True)
    await counter.harness.done(await counter.harness.pauses.pause(request, subject, "trend"))
    assert await counter.who(await counter.compensate("trend", "3D")) == {(NAMES[1], "trend")}
    number = await counter.select(BatchKind.EXTEND, item="trend", length="3D")
    assert await counter.who(number) == {(name, "trend") for name in NAMES[:2]}
    await counter.carry_out(number)
    resumed = await counter.harness.pauses.resume(
        counter.harness.request(confirmed=True), subject, "trend"
    )
    await counter.harness.done(resumed)
    assert counter.harness.end(NAMES[0]) >= moment(2026, 4, 13, 12)


async def test_a_product_is_compensated_on_each_of_its_scripts_once(counter):
    await product(counter, "gold", counter.harness.script, counter.harness.other)
    await given(counter, NAMES[:1], "1M", "gold")
    await given(counter, NAMES[1:2], "1M")
    number = await counter.compensate("gold", "3D")
    assert await counter.who(number) == {(NAMES[0], "gold")}
    await counter.carry_out(number)
    for script in (counter.harness.script, counter.harness.other):
        row = counter.harness.fake.world.row(script.pine_id, NAMES[0])
        assert row.end == moment(2026, 4, 13, 12)
    assert counter.harness.end(NAMES[1]) == moment(2026, 4, 10, 12)


async def test_who_has_all_of_a_product_has_it(counter):
    await product(counter, "gold", counter.harness.script, counter.harness.other)
    await given(counter, NAMES[:1], "1M", "trend")
    await given(counter, NAMES[:1], "1M", "range")
    number = await counter.compensate("gold", "3D")
    assert await counter.who(number) == {(NAMES[0], "gold")}


# Who is meant


async def test_the_end_must_lie_before_that_moment(counter):
    await given(counter, NAMES[:1], "1M")
    await given(counter, NAMES[1:2], "3M")
    await given(counter, NAMES[2:3], "L")
    number = await counter.select(BatchKind.EXTEND, item="trend", ends_before=LATER, length="1W")
    assert await counter.who(number) == {(NAMES[0], "trend")}


async def test_what_ends_with_a_day_ends_by_that_day(counter):
    for name, until in zip(NAMES, ("2026-04-29", "2026-04-30", "2026-05-01"), strict=False):
        await counter.harness.done(await counter.harness.set(name, until))
    by = read_end_before("2026-04-30", clock.now())
    number = await counter.select(BatchKind.EXTEND, item="trend", ends_before=by, length="1W")
    assert await counter.who(number) == {(name, "trend") for name in NAMES[:2]}


async def test_of_a_role_those_who_have_it_now(counter):
    await given(counter, NAMES[:3], "1M")
    await member(counter, NAMES[0], 11)
    await member(counter, NAMES[1], 12)
    number = await counter.select(
        BatchKind.EXTEND, item="trend", role_id=5, members=frozenset({11, 99}), length="1W"
    )
    assert await counter.who(number) == {(NAMES[0], "trend")}
    [row] = await counter.rows(number)
    assert row.member_id == 11
    assert (await counter.view(number)).batch.chosen["role_id"] == "5"


async def test_everyone_gets_it_for_each_thing_once(counter):
    await product(counter, "gold", counter.harness.script, counter.harness.other)
    await product(counter, "silver", counter.harness.script)
    await given(counter, NAMES[:1], "1M", "gold")
    await given(counter, NAMES[:1], "1M", "silver")
    await given(counter, NAMES[1:2], "1M", "range")
    await given(counter, NAMES[2:3], "1M", "silver")
    await given(counter, NAMES[2:3], "1M", "range")
    number = await counter.select(BatchKind.EXTEND, everyone=True, length="3D")
    assert await counter.who(number) == {
        (NAMES[0], "gold"),
        (NAMES[1], "range"),
        (NAMES[2], "silver"),
        (NAMES[2], "range"),
    }


async def test_everything_of_everyone_can_be_ended(counter):
    await product(counter, "gold", counter.harness.script, counter.harness.other)
    await product(counter, "silver", counter.harness.script)
    for item in ("gold", "silver"):
        await given(counter, NAMES[:1], "1M", item)
    await given(counter, NAMES[1:2], "1M", "range")
    number = await counter.select(BatchKind.REVOKE, everyone=True)
    assert (await counter.view(number)).forecast.people == 2
    await counter.carry_out(number)
    assert counter.harness.end(NAMES[0]) == "absent"
    assert counter.harness.fake.world.row(counter.harness.other.pine_id, NAMES[1]) is None
    await counter.undo(number)
    assert counter.harness.end(NAMES[0]) == moment(2026, 5, 10, 12)


async def test_who_stands_on_tradingviews_list_alone_is_meant_too(counter):
    harness = counter.harness
    harness.give("Ann_Trades", LATER)
    await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
    await given(counter, NAMES[:1], "1M")
    number = await counter.compensate("trend", "3D")
    assert await counter.who(number) == {(NAMES[0], "trend"), ("Ann_Trades", "trend")}
    await counter.carry_out(number)
    assert harness.end("Ann_Trades") == moment(2026, 6, 4, 12)


# To whom something is given


async def test_a_role_is_given_something_and_the_nameless_are_listed(counter):
    await member(counter, NAMES[0], 11)
    number = await counter.select(
        BatchKind.GRANT, item="trend", role_id=5, members=frozenset({11, 12}), length="1M"
    )
    planned, left_out = await counter.rows(number)
    assert (planned.username, planned.member_id) == (NAMES[0], 11)
    assert (left_out.member_id, left_out.problem) == (12, RowProblem.NO_NAME_KNOWN)
    assert left_out.state is RowState.LEFT_OUT


async def test_everyone_with_anything_is_given_something(counter):
    await given(counter, NAMES[:1], "1M", "range")
    await given(counter, NAMES[1:2], "1D", "range")
    await counter.harness.time.advance(2 * DAY)
    number = await counter.select(BatchKind.GRANT, item="trend", everyone=True, length="1W")
    assert await counter.who(number) == {(NAMES[0], "trend")}


async def test_those_whose_time_ends_soon_are_given_more(counter):
    await given(counter, NAMES[:1], "1M")
    await given(counter, NAMES[1:2], "1Y")
    number = await counter.select(BatchKind.GRANT, item="trend", ends_before=LATER, length="1W")
    assert await counter.who(number) == {(NAMES[0], "trend")}


async def test_a_length_sets_an_end_from_now(counter):
    await given(counter, NAMES[:1], "1M")
    number = await counter.select(BatchKind.SET, item="trend", length="1W")
    await counter.carry_out(number)
    assert counter.harness.end(NAMES[0]) == moment(2026, 3, 17, 12)


# Names that are merely claimed


async def test_by_a_claim_nobody_is_named_as_the_member_and_nobody_loses_anything(counter):
    await given(counter, NAMES[:2], "1M")
    await member(counter, NAMES[0], 13, Tie.CLAIMED)
    await member(counter, NAMES[1], 14)
    role = {"item": "trend", "role_id": 5, "members": frozenset({13, 14})}
    longer = await counter.rows(await counter.select(BatchKind.EXTEND, length="1W", **role))
    assert [(row.username, row.member_id) for row in longer] == [(NAMES[0], None), (NAMES[1], 14)]
    claimed, tied = await counter.rows(await counter.select(BatchKind.REVOKE, **role))
    assert (claimed.member_id, claimed.problem) == (13, RowProblem.NO_NAME_KNOWN)
    assert (tied.username, tied.state) == (NAMES[1], RowState.PLANNED)


# Nobody


@pytest.mark.parametrize(
    ("kind", "chosen", "refusal"),
    [
        (BatchKind.EXTEND, {}, NobodyChosen),
        (BatchKind.GRANT, {"item": "trend"}, NobodyChosen),
        (BatchKind.EXTEND, {"item": "trend", "role_id": 5}, NobodyChosen),
        (BatchKind.GRANT, {"everyone": True}, NothingToDo),
        (BatchKind.EXTEND, {"item": "nothing"}, ItemUnknown),
        (BatchKind.EXTEND, {"item": "trend"}, NothingToDo),
    ],
)
async def test_a_filter_that_means_nobody_is_refused(counter, kind, chosen, refusal):
    with pytest.raises(refusal):
        await counter.select(kind, length="1W", **chosen)


async def test_time_is_needed_once(counter):
    with pytest.raises(NothingToDo) as refusal:
        await counter.select(BatchKind.EXTEND, item="trend")
    assert refusal.value.problems == ((RowProblem.NO_TIME, 1),)


async def test_an_end_in_the_last_year_that_there_is_holds_up_nobody(counter):
    """Some vendors wrote the last of all dates for "for ever" on TradingView."""
    harness = counter.harness
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    harness.give("Buyer_1", last)
    await harness.done(await harness.grant("Buyer_0", "1M"))
    await harness.sweeps.run(HOME, "trend", by=1)
    number = await counter.compensate("trend", "3D")
    await counter.carry_out(number)
    assert harness.end("Buyer_0") == datetime(2026, 4, 13, 12, tzinfo=UTC)
    assert harness.end("Buyer_1") >= last
    await harness.done(await harness.grant("Buyer_1", "1Y"))
    assert harness.end("Buyer_1") >= last


async def test_who_could_use_it_all_the_time_hears_that_it_goes_on(counter):
    """Also where only TradingView's list showed it until then, by a batch and by one order alike."""
    harness = counter.harness
    async with harness.database.write() as connection:
        for number, name in enumerate(("Ann_Trades", "bob-fx", NAMES[0]), 700):
            person = await customers.add(connection, HOME, member_id=number)
            await customers.rename(connection, person.id, name, None)
    for name in ("Ann_Trades", "bob-fx"):
        harness.give(name, LATER)
    await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
    number = await counter.select(BatchKind.EXTEND, item="trend", length="3D", members=None)
    await counter.carry_out(number)
    rows = await counter.rows(number, RowState.ORDERED)
    receipts = [await harness.done(row.order_id, within=10) for row in rows]
    receipts += [
        await harness.done(await harness.grant(name, "3D")) for name in ("bob-fx", NAMES[0])
    ]
    said = [to_customer(receipt, "Shop").text for receipt in receipts]
    assert len(said) == 4
    assert all("goes on" in text and "You can use" not in text for text in said[:3]), said
    assert "You can use" in said[3]
