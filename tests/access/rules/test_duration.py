import os
import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from bot.access.rules.duration import Length, cut, is_end_of_day, parse_length, parse_until
from bot.access.rules.errors import (
    DateAmbiguous,
    DatePast,
    DateUnreadable,
    DateWithoutZone,
    DurationUnreadable,
    TooFar,
)
from bot.tradingview import LIFETIME

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("7D", "7D"), ("2W", "2W"), ("1M", "1M"), ("1Y", "1Y"), ("L", "L"), ("1L", "L"),
        ("lifetime", "L"), ("LIFETIME", "L"), ("30 days", "30D"), ("1y 6m", "1Y 6M"),
        (" 1 Month ", "1M"), ("1 day", "1D"), ("3mo", "3M"), ("1Y6M", "1Y 6M"), ("2 weeks", "2W"),
        ("1M 1M", "2M"), ("1 year, 2 days", "1Y 2D"), ("007d", "7D"),
        ("forever", "L"), ("Permanent", "L"), ("permanently", "L"), ("2 yrs", "2Y"), ("1 yr", "1Y"),
        ("1 quarter", "3M"), ("2 Quarters", "6M"), ("1q", "3M"), ("+30D", "30D"), ("+ 1 month", "1M"),
        ("2wks", "2W"), ("3 MOS", "3M"), ("1y, 1 quarter", "1Y 3M"),
    ],
)  # fmt: skip
def test_lengths_are_read_as_people_write_them(typed, text):
    assert parse_length(typed).text == text


@pytest.mark.parametrize(
    "typed",
    ["", " ", "0D", "-5D", "soon", "1", "D", "1.5M", "1h", "5 minutes", "1M?", "😀", "x" * 500,
     "0D 0M", "one month", "٣D", "1M; drop", "++1D", "+", "+-1D", "forever 1D", "for ever"],
)  # fmt: skip
def test_what_is_no_length_is_refused(typed):
    with pytest.raises(DurationUnreadable):
        parse_length(typed)


@pytest.mark.parametrize("typed", ["99999Y", "51Y", "999999999D", "601M", "201 quarters"])
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
        ("forever", LIFETIME),
        ("+30D", datetime(2026, 4, 9, 12, tzinfo=UTC)),
        ("2026-04-30T18:00Z", datetime(2026, 4, 30, 18, tzinfo=UTC)),
        ("2026-04-30 18:00:30z", datetime(2026, 4, 30, 18, 0, 30, tzinfo=UTC)),
        ("2026-04-30 18:00 UTC", datetime(2026, 4, 30, 18, tzinfo=UTC)),
        ("2026-04-30T18:00+02:00", datetime(2026, 4, 30, 16, tzinfo=UTC)),
        ("2026-04-30T18:00:00.123456-0530", datetime(2026, 4, 30, 23, 30, 0, 123000, tzinfo=UTC)),
        ("2026-04-30T1800+02", datetime(2026, 4, 30, 16, tzinfo=UTC)),
        ("2026-04-30T23:59:59.999Z", datetime(2026, 4, 30, 23, 59, 59, 999000, tzinfo=UTC)),
        ("<t:1777593599>", datetime(2026, 4, 30, 23, 59, 59, 999000, tzinfo=UTC)),
        (" <t:1777593599:R> ", datetime(2026, 4, 30, 23, 59, 59, 999000, tzinfo=UTC)),
        ("<t:1777593598>", datetime(2026, 4, 30, 23, 59, 58, tzinfo=UTC)),
        ("<t:1777593599:F>", datetime(2026, 4, 30, 23, 59, 59, 999000, tzinfo=UTC)),
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
        ("2026-04-30T18:00", DateWithoutZone), ("2026-04-30 18:00:00", DateWithoutZone),
        ("2026-04-30T25:00Z", DateUnreadable), ("2026-02-30T12:00Z", DateUnreadable),
        ("2026-04-30T12:00+99:00", DateUnreadable), ("0001-01-01T00:00+14:00", DateUnreadable),
        ("2026-04-30T12:00 CEST", DateUnreadable), ("2026-03-10T12:00Z", DatePast),
        ("2026-03-10T13:59+02:00", DatePast), ("<t:0>", DatePast), ("<t:-1:R>", DatePast),
        ("<t:99999999999>", TooFar), ("<t:999999999999999:R>", TooFar), ("<t:x>", DateUnreadable),
        ("<t:-999999999999999>", DateUnreadable), ("9999-12-31T23:59Z", TooFar),
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


@pytest.mark.parametrize(
    ("moment", "answer"),
    [
        (datetime(2026, 4, 30, 23, 59, 59, 999000, tzinfo=UTC), True),
        (datetime(2026, 4, 30, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 5, 1, 1, 59, 59, tzinfo=timezone(timedelta(hours=2))), True),
        (datetime(2026, 4, 30, 23, 59, 58, tzinfo=UTC), False),
        (datetime(2026, 4, 30, 23, 59, 59, tzinfo=timezone(timedelta(hours=2))), False),
    ],
)
def test_the_last_second_of_a_day_in_utc_is_known(moment, answer):
    assert is_end_of_day(moment) is answer
