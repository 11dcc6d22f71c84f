"""A month is a month: months in a row are counted from the day on which the row began."""

import calendar
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.access.rules.duration import Length, RowEnd, parse_length
from bot.access.rules.entitlements import preview, settle
from bot.store.kinds import EntitlementKind
from bot.store.records import Entitlement
from bot.tradingview.models import LIFETIME

LAST_SECOND = {"hour": 23, "minute": 59, "second": 59, "microsecond": 999_000}


def at(*day):
    return datetime(*day, 12, tzinfo=UTC)


def bought(number, length, asked_at):
    return Entitlement(
        purchase_id=1,
        id=number, guild_id=1, script_id=1, permission_id=1, source="staff", reference=str(number),
        kind=EntitlementKind.UNTIL, length=length, asked_at=asked_at, asked_by=1, start_at=None,
        ends_at=None, settled_at=None, ended_at=None, ended_by=None, note=None,
    )  # fmt: skip


def until(number, end, asked_at, row_day=None):
    """An end that staff set, or that was found on TradingView."""
    reason = replace(bought(number, None, asked_at), settled_at=asked_at, start_at=asked_at)
    return replace(reason, ends_at=end, row_day=row_day)


def fixed(reasons):
    """The reasons with their ends, all settled at once."""
    ends = {end.entitlement_id: end for end in settle(reasons)}
    return [
        replace(
            reason, start_at=end.start_at, ends_at=end.ends_at, row_day=end.row_day, settled_at=end.start_at
        )
        if (end := ends.get(reason.id))
        else reason
        for reason in reasons
    ]  # fmt: skip


def one_by_one(reasons):
    """The reasons with their ends, each settled before the next one is asked for."""
    settled = []
    for reason in reasons:
        settled = fixed([*settled, reason])
    return settled


def ends_of(reasons):
    return [reason.ends_at for reason in reasons]


def row_from(begun, *lengths):
    """The reasons of a row that begins with what is bought at that moment."""
    return [bought(number, length, begun) for number, length in enumerate(lengths, 1)]


@pytest.mark.parametrize(
    ("begun", "lengths", "ends"),
    [
        ((2027, 1, 31), ("1M",) * 4, [(2027, 2, 28), (2027, 3, 31), (2027, 4, 30), (2027, 5, 31)]),
        ((2028, 1, 31), ("1M",) * 2, [(2028, 2, 29), (2028, 3, 31)]),
        ((2027, 1, 30), ("1M",) * 2, [(2027, 2, 28), (2027, 3, 30)]),
        ((2027, 2, 28), ("1M",) * 2, [(2027, 3, 28), (2027, 4, 28)]),
        ((2028, 2, 29), ("1Y",) * 4, [(2029, 2, 28), (2030, 2, 28), (2031, 2, 28), (2032, 2, 29)]),
        ((2026, 11, 30), ("3M",) * 3, [(2027, 2, 28), (2027, 5, 30), (2027, 8, 30)]),
        ((2026, 8, 31), ("1Y 6M", "1M"), [(2028, 2, 29), (2028, 3, 31)]),
        # What is not whole months begins a new row at its end.
        ((2027, 1, 31), ("1M", "7D", "1M"), [(2027, 2, 28), (2027, 3, 7), (2027, 4, 7)]),
        ((2027, 1, 31), ("1M", "2W", "1M"), [(2027, 2, 28), (2027, 3, 14), (2027, 4, 14)]),
        # Its months still belong to the row: the same as a month, and then three days.
        ((2027, 1, 31), ("1M", "1M 3D", "1M"), [(2027, 2, 28), (2027, 4, 3), (2027, 5, 3)]),
        ((2027, 1, 31), ("1M", "1M", "3D", "1M"), [(2027, 2, 28), (2027, 3, 31), (2027, 4, 3), (2027, 5, 3)]),
        ((2026, 8, 31), ("1y 6m 3d", "1M"), [(2028, 3, 3), (2028, 4, 3)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", [fixed, one_by_one])
def test_months_in_a_row_are_counted_from_the_day_on_which_it_began(begun, lengths, ends, how):
    assert ends_of(how(row_from(at(*begun), *lengths))) == [at(*end) for end in ends]


@pytest.mark.parametrize("how", [fixed, one_by_one])
def test_an_exact_end_or_one_found_on_tradingview_begins_a_row_at_its_own_day(how):
    end = datetime(2027, 1, 31, **LAST_SECOND, tzinfo=UTC)
    months = [bought(number, "1M", at(2026, 3, 10)) for number in (2, 3, 4)]
    reasons = how([until(1, end, at(2026, 3, 10)), *months])
    assert ends_of(reasons)[1:] == [
        datetime(2027, month, day, **LAST_SECOND, tzinfo=UTC)
        for month, day in ((2, 28), (3, 31), (4, 30))
    ]


def test_an_end_that_lapsed_ends_its_row():
    month = until(1, at(2027, 2, 28), at(2027, 1, 31), row_day=31)
    late = at(2027, 3, 5)
    assert ends_of(fixed([month, bought(2, "1M", late)]))[1:] == [at(2027, 4, 5)]
    just = bought(2, "1M", month.ends_at)
    assert ends_of(fixed([month, just]))[1:] == [at(2027, 3, 31)]


def test_the_later_end_has_the_row_and_of_equal_ones_the_one_that_gives_more():
    first, asked = until(1, at(2027, 2, 28), at(2027, 1, 31), row_day=31), at(2027, 2, 1)
    later = until(2, at(2027, 2, 28) + timedelta(hours=1), asked)
    same = until(3, at(2027, 2, 28), asked)
    month = bought(4, "1M", asked)
    assert fixed([first, later, month])[-1].ends_at == at(2027, 3, 28) + timedelta(hours=1)
    assert fixed([first, same, month])[-1].ends_at == at(2027, 3, 31)
    assert fixed([same, first, month])[-1].ends_at == at(2027, 3, 31)


def test_lifetime_leaves_the_row_of_what_is_dated():
    row = row_from(at(2027, 1, 31), "1M", "1M")
    lifetime = replace(
        until(9, None, at(2027, 2, 1)), kind=EntitlementKind.LIFETIME, start_at=at(2027, 2, 1)
    )
    assert ends_of(fixed([row[0], lifetime, row[1]])) == [at(2027, 2, 28), None, at(2027, 3, 31)]
    assert preview([row[0], lifetime], parse_length("1M"), at(2027, 2, 2)) is LIFETIME


def test_what_a_refund_leaves_is_settled_anew_in_its_row():
    first, second, third = fixed(row_from(at(2027, 1, 31), "1M", "1M", "1M"))
    refunded = replace(second, ended_at=at(2027, 2, 1))
    anew = replace(third, start_at=None, ends_at=None, settled_at=None, row_day=None)
    assert fixed([first, refunded, anew])[-1].ends_at == at(2027, 3, 31)
    refunded = replace(first, ended_at=at(2027, 2, 1))
    anew = [replace(each, start_at=None, ends_at=None, settled_at=None) for each in (second, third)]
    assert ends_of(fixed([refunded, *anew]))[1:] == [at(2027, 2, 28), at(2027, 3, 31)]


def test_what_is_shown_before_it_is_ordered_is_what_it_comes_to():
    now, month = at(2027, 1, 31), parse_length("1M")
    row = row_from(now, "1M", "1M", "1M")
    for known in range(3):
        for before in (row[:known], fixed(row[:known])):  # waiting, or settled
            assert preview(before, month, now) == fixed(row[: known + 1])[-1].ends_at
    assert preview([], parse_length("L"), now) is LIFETIME


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2060, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - in UTC
MONTHS = st.lists(st.integers(1, 40), min_size=1, max_size=12)
LENGTHS = st.builds(
    Length, st.integers(0, 2), st.integers(0, 14), st.integers(0, 3), st.integers(0, 40)
).filter(lambda length: not length.lifetime)


def month_later(begun, months):
    """The day that many months after a day: the same day of that month, or its last."""
    year, month = divmod(begun.year * 12 + begun.month - 1 + months, 12)
    return date(year, month + 1, min(begun.day, calendar.monthrange(year, month + 1)[1]))


@given(MOMENTS, MONTHS)
def test_any_row_of_whole_months_ends_on_the_day_it_began_or_the_last_of_the_month(begun, months):
    row = fixed(row_from(begun, *(f"{each}M" for each in months)))
    for number, reason in enumerate(row, 1):
        assert reason.ends_at.date() == month_later(begun, sum(months[:number]))
        assert reason.ends_at - reason.ends_at.replace(hour=0, minute=0, second=0, microsecond=0) == (
            timedelta(hours=begun.hour, minutes=begun.minute, seconds=begun.second,
                      milliseconds=begun.microsecond // 1000)
        )  # fmt: skip


@given(MOMENTS, st.lists(st.tuples(LENGTHS, st.integers(0, 90)), min_size=1, max_size=12))
def test_when_each_is_settled_makes_no_difference(begun, asked):
    reasons = []
    for number, (length, days) in enumerate(asked, 1):
        begun += timedelta(days=days)
        reasons.append(bought(number, length.text, begun))
    assert one_by_one(reasons) == fixed(reasons)
    half = len(reasons) // 2
    assert fixed([*fixed(reasons[:half]), *reasons[half:]]) == fixed(reasons)


@given(MOMENTS, LENGTHS, st.integers(1, 12))
def test_months_at_once_and_one_by_one_end_alike(begun, before, months):
    start = RowEnd.begun(begun).extended(before)
    together, single = start.extended(Length(months=months)), start
    for _ in range(months):
        single = single.extended(Length(months=1))
    assert together == single
    assert start.extended(Length(years=1)) == start.extended(Length(months=12))


@given(MOMENTS, st.lists(LENGTHS, min_size=1, max_size=6), LENGTHS)
def test_more_time_always_ends_later_and_never_gives_less_than_its_days(begun, lengths, more):
    row = RowEnd.begun(begun)
    for length in lengths:
        row = row.extended(length)
    after = row.extended(more)
    assert after.at > row.at
    assert after.at >= more.add_to(row.at) - timedelta(milliseconds=1)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York"])
@pytest.mark.parametrize("hour", [0, 6, 12, 18, 23])
def test_the_machines_time_zone_moves_no_row(zone, hour, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        begun = datetime(2027, 1, 31, hour, 30, tzinfo=UTC)
        elsewhere = begun.astimezone()  # as a clock in that zone shows it
        for moment in (begun, elsewhere):
            ends = ends_of(one_by_one(row_from(moment, "1M", "1M", "1M")))
            assert ends == [
                datetime(2027, month, day, hour, 30, tzinfo=UTC)
                for month, day in ((2, 28), (3, 31), (4, 30))
            ]
            assert preview([], parse_length("1M"), moment) == ends[0]
    finally:
        monkeypatch.undo()
        time.tzset()
