"""Seats in words, whatever the numbers are."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.access.ledger.seats import Line, Seats
from bot.access.rules.seat_fee import Fee, MonthEnd, Reason
from bot.replies import seats
from bot.store.records import Script

SCRIPT = Script(1, 1, "PUB;x", "s" * 32, "*" * 50 + "`" * 50, None, None, None)
START = datetime(2026, 3, 31, 10, tzinfo=UTC)
TODAY = date(2026, 3, 10)


def line(numbers):
    days = tuple((TODAY - timedelta(days=back), 10**6 - back) for back in range(numbers, 0, -1))
    ahead = tuple((TODAY + timedelta(days=day), 10**6 + day) for day in range(22))
    return Line(days, ahead, date(2026, 3, 31))


def overview(guard, numbers=0):
    return Seats(
        today=10**6,
        then=10**6,
        end=MonthEnd(START, START + timedelta(hours=26)),
        reasons_today=dict.fromkeys(Reason, 10**6),
        reasons_then=dict.fromkeys(Reason, 10**6),
        fee=Fee(10**12, 10**12 + 5, 10**12, 0),
        guard=guard,
        unread=(SCRIPT,) * 40,
        line=line(numbers),
    )


@pytest.mark.parametrize("guard", [True, False])
def test_the_largest_numbers_fit(guard):
    answer = seats.overview(overview(guard), 2**62, b"")
    assert len(answer.text) <= 2_000
    assert "and 35 more" in answer.text
    fee = seats.readings(overview(guard), 2**62)
    assert sum(len(one) for one in fee.embeds) <= 6_000
    assert len(fee.embeds[0].description) <= 4_096


def test_money_is_rounded_to_nothing():
    assert [seats.money(amount) for amount in (0, 302_495, 2_995_000)] == [
        "US$0",
        "US$3,024.95",
        "US$29,950",
    ]
