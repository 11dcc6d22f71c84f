import os
import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from bot.access.errors import DateAmbiguous, DatePast, DateUnreadable, DurationUnreadable, TooFar
from bot.access.rules.duration import Length, cut, parse_length, parse_until
from bot.tradingview import LIFETIME

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("7D", "7D"), ("2W", "2W"), ("1M", "1M"), ("1Y", "1Y"), ("L", "L"), ("1L", "L"),
        ("lifetime", "L"), ("LIFETIME", "L"), ("30 days", "30D"), ("1y 6m", "1Y 6M"),
        (" 1 Month ", "1M"), ("1 day", "1D"), ("3mo", "3M"), ("1Y6M", "1Y 6M"), ("2 weeks", "2W"),
        ("1M 1M", "2M"), ("1 year, 2 days", "1Y 2D"), ("007d", "7D"),
    ],
)  # fmt: skip
def test_lengths_are_read_as_people_write_them(typed, text):
    assert parse_length(typed).text == text


@pytest.mark.parametrize(
    "typed",
    ["", " ", "0D", "-5D", "soon", "1", "D", "1.5M", "1h", "5 minutes", "1M?", "😀", "x" * 500,
     "0D 0M", "one month", "٣D", "1M; drop"],
)  # fmt: skip
def test_what_is_no_length_is_refused(typed):
    with pytest.raises(DurationUnreadable):
        parse_length(typed)


@pytest.mark.parametrize("typed", ["99999Y", "51Y", "999999999D", "601M"])
def test_too_long_is_refused(typed):
    with pytest.raises(TooFar):
        parse_length(typed)


@given(st.integers(1, 30), st.integers(0, 60), st.integers(0, 100), st.integers(0, 1000))
def test_a_length_reads_back_as_it_is_shown(years, months, weeks, days):
    length = Length(years, months, weeks, days)
    assert parse_length(length.text) == length


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ((2027, 1, 31), "1M", (2027, 2, 28)),
        ((2028, 1, 31), "1M", (2028, 2, 29)),
        ((2027, 2, 28), "1M", (2027, 3, 28)),
        ((2027, 1, 30), "1M", (2027, 2, 28)),
        ((2027, 1, 29), "1M", (2027, 2, 28)),
        ((2028, 1, 29), "1M", (2028, 2, 29)),
        ((2028, 2, 29), "1Y", (2029, 2, 28)),
        ((2028, 2, 29), "4Y", (2032, 2, 29)),
        ((2026, 12, 31), "1M", (2027, 1, 31)),
        ((2026, 3, 28), "1D", (2026, 3, 29)),
        ((2026, 8, 31), "1Y 6M", (2028, 2, 29)),
    ],
)
def test_calendar_arithmetic_is_that_of_the_calendar(start, length, end):
    moved = parse_length(length).add_to(datetime(*start, 12, tzinfo=UTC))
    assert moved == datetime(*end, 12, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Apia"])
def test_the_machines_time_zone_changes_nothing(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert parse_length("1M").add_to(datetime(2027, 1, 31, 23, 30, tzinfo=UTC)) == datetime(
            2027, 2, 28, 23, 30, tzinfo=UTC
        )
        assert parse_until("2026-03-29", NOW) == datetime(
            2026, 3, 29, 23, 59, 59, 999000, tzinfo=UTC
        )
    finally:
        os.environ.pop("TZ", None)
        monkeypatch.undo()
        time.tzset()


def test_a_moment_of_another_zone_is_added_to_in_utc():
    east = timezone(timedelta(hours=14))
    start = datetime(2027, 2, 1, 5, tzinfo=east)  # 31 January in UTC
    assert Length(months=1).add_to(start) == datetime(2027, 2, 28, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "end"),
    [
        ("2026-04-30", datetime(2026, 4, 30, 23, 59, 59, 999000, tzinfo=UTC)),
        ("2026-03-10", datetime(2026, 3, 10, 23, 59, 59, 999000, tzinfo=UTC)),
        ("2026-4-3", datetime(2026, 4, 3, 23, 59, 59, 999000, tzinfo=UTC)),
        ("1M", datetime(2026, 4, 10, 12, tzinfo=UTC)),
        ("lifetime", LIFETIME),
        ("L", LIFETIME),
    ],
)
def test_an_end_is_a_day_in_utc_a_length_from_now_or_lifetime(typed, end):
    assert parse_until(typed, NOW) == end


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("01/02/2026", DateAmbiguous), ("1.2.2026", DateAmbiguous), ("01-02-2026", DateAmbiguous),
        ("2026/02/01", DateAmbiguous), ("2026-03-09", DatePast), ("2020-01-01", DatePast),
        ("2026-02-30", DateUnreadable), ("31.02.2026", DateUnreadable), ("2026-13-01", DateUnreadable), ("soon", DateUnreadable),
        ("", DateUnreadable), ("0D", DateUnreadable), ("9999-12-31", TooFar), ("99999Y", TooFar),
        ("😀", DateUnreadable), ("2026-04-30 12:00", DateUnreadable), ("0000-01-01", DateUnreadable),
    ],
)  # fmt: skip
def test_what_is_no_end_is_refused(typed, refusal):
    with pytest.raises(refusal):
        parse_until(typed, NOW)


@pytest.mark.parametrize(
    ("typed", "only"),
    [
        ("31.12.2026", date(2026, 12, 31)), ("12/31/2026", date(2026, 12, 31)),
        ("1.1.2027", date(2027, 1, 1)), ("2026/31/12", date(2026, 12, 31)),
        ("01/02/2026", None), ("31.12.26", None),
    ],
)  # fmt: skip
def test_a_date_that_can_be_read_in_one_way_only_names_it(typed, only):
    with pytest.raises(DateAmbiguous) as refused:
        parse_until(typed, NOW)
    assert refused.value.only == only


@given(st.text(max_size=80))
def test_no_text_breaks_the_readers(text):
    for read in (parse_length, lambda typed: parse_until(typed, NOW)):
        try:
            read(text)
        except (DurationUnreadable, DateUnreadable, DateAmbiguous, DatePast, TooFar):
            continue


def test_ends_are_cut_to_milliseconds():
    assert cut(datetime(2026, 1, 1, 0, 0, 0, 123999, tzinfo=UTC)).microsecond == 123000
