"""Months in a row, whenever they are settled, against the sandbox's TradingView."""

from datetime import UTC, datetime

import pytest

from tests.support.access_harness import open_harness


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


def noon(month, day, year=2027):
    return datetime(year, month, day, 12, tzinfo=UTC)


def end_of(month, day, year=2027):
    return datetime(year, month, day, 23, 59, 59, 999_000, tzinfo=UTC)


async def given(harness, *lengths):
    """The ends that TradingView holds after each of these, given one after the other."""
    ends = []
    for length in lengths:
        await harness.done(await harness.grant("Ann_Trades", length))
        ends.append(harness.end("Ann_Trades"))
    return ends


async def given_while_down(harness, *lengths):
    """The end that TradingView holds after these, which all waited for it."""
    harness.switches.down = True
    orders = [await harness.grant("Ann_Trades", length) for length in lengths]
    harness.switches.down = False
    for order in orders:
        await harness.done(order, within=60)
    return harness.end("Ann_Trades")


async def test_a_month_is_a_month(harness):
    await harness.done(await harness.set("Ann_Trades", "2027-01-31"))
    ends = await given(harness, "1M", "1M", "1M", "7D", "1M")
    assert ends == [end_of(2, 28), end_of(3, 31), end_of(4, 30), end_of(5, 7), end_of(6, 7)]


async def test_years_from_the_29th_of_february_come_back_to_it(harness):
    harness.time.set(noon(2, 29, 2028))
    ends = await given(harness, "1Y", "1Y", "1Y", "1Y")
    assert ends == [*(noon(2, 28, year) for year in (2029, 2030, 2031)), noon(2, 29, 2032)]


async def test_quarters_from_the_last_of_november_end_on_the_30th_again(harness):
    await harness.done(await harness.set("Ann_Trades", "2026-11-30"))
    ends = await given(harness, "3M", "3M", "1 quarter")
    assert ends == [end_of(2, 28), end_of(5, 30), end_of(8, 30)]


async def test_months_that_waited_together_end_as_if_given_one_by_one(harness):
    harness.time.set(noon(1, 31))
    assert await given_while_down(harness, "1M", "1M", "1M") == noon(4, 30)
    assert [reason.ends_at for reason in await harness.reasons("Ann_Trades")] == [
        noon(2, 28),
        noon(3, 31),
        noon(4, 30),
    ]
    assert await given(harness, "1M") == [noon(5, 31)]


async def test_an_end_found_on_tradingview_begins_a_row_at_its_own_day(harness):
    harness.time.set(noon(1, 31))
    await given(harness, "1M")
    harness.give("Ann_Trades", noon(3, 30))
    assert await given(harness, "11M", "1M") == [noon(2, 29, 2028), noon(3, 30, 2028)]


async def test_our_own_end_cut_to_seconds_on_tradingview_leaves_the_row(harness):
    await harness.done(await harness.set("Ann_Trades", "2027-01-31"))
    await given(harness, "1M")
    harness.give("Ann_Trades", end_of(2, 28).replace(microsecond=0))
    assert await given(harness, "1M") == [end_of(3, 31)]


@pytest.mark.parametrize("taken", ["set", "revoke"])
async def test_months_sold_after_a_removal_go_on_with_the_row_that_is_put_back(harness, taken):
    harness.time.set(noon(1, 31))
    await given(harness, "1M")
    order = (
        await harness.set("Ann_Trades", "2027-02-10")
        if taken == "set"
        else await harness.revoke("Ann_Trades")
    )
    await harness.done(order)
    await harness.time.advance(60)
    assert await given(harness, "1M") == [
        end_of(3, 10) if taken == "set" else noon(2, 28).replace(minute=1)
    ]
    await harness.done(await harness.put_back(order))
    assert harness.end("Ann_Trades") == noon(3, 31)
    assert await given(harness, "1M") == [noon(4, 30)]


async def test_months_that_start_after_the_row_lapsed_begin_a_new_one(harness):
    harness.time.set(noon(1, 31))
    await given(harness, "1M")
    harness.time.set(noon(3, 5))
    assert await given(harness, "1M", "1M") == [noon(4, 5), noon(5, 5)]
