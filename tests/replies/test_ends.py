"""An end reads as the day that was typed, whatever zone the reader lives in."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.access.people.errors import NameIsOtherPage
from bot.access.people.import_errors import EncodingUnclear
from bot.access.rules.errors import DateAmbiguous, DatePast, DateWithoutZone
from bot.replies import explain
from bot.replies.text import end_day, until, until_day, until_paid, until_paid_day
from bot.tradingview import LIFETIME

TYPED = datetime(2026, 4, 30, 23, 59, 59, 999000, tzinfo=UTC)
NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)


def test_a_day_that_was_typed_is_named_in_utc_with_the_readers_own_moment_beside_it():
    assert until(TYPED) == (
        "until **30 April 2026, end of day UTC** (<t:1777593599:f> for you, <t:1777593599:R>)"
    )
    assert until_day(TYPED) == "until 30 April 2026, end of day UTC"


def test_another_moment_is_a_day_of_the_readers_own():
    assert until(NOON) == "until **<t:1777550400:D>** (<t:1777550400:R>)"
    assert until_day(NOON) == f"until {end_day(NOON)}" == "until <t:1777550400:D>"
    assert until(LIFETIME) == "**for lifetime**"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DatePast(TYPED), "**30 April 2026 is over.**"),
        (DatePast(NOON), "**<t:1777550400:f> is over.**"),
        (DateWithoutZone("2026-04-30 12:00"), "does not say in which time zone"),
        (DateAmbiguous("01/02/2026"), "can be read in two ways"),
        (NameIsOtherPage("https://evil.example/u/Ann/"), "is no profile on TradingView"),
        (EncodingUnclear(), "**CSV UTF-8**"),
    ],
)
def test_a_refusal_says_which(error, words):
    assert words in explain(error).sentence


def test_both_ends_are_named_where_grace_days_lie_between():
    held = NOON + timedelta(days=3)
    assert until_paid(held, NOON) == (
        "until **<t:1777550400:D>** (<t:1777550400:R>), and 3 more days to renew: "
        "TradingView shows it until **<t:1777809600:D>**"
    )
    assert until_paid_day(held, NOON) == "until <t:1777550400:D>, and 3 more days to renew"
    assert "1 more day to renew" in until_paid(TYPED + timedelta(days=1), TYPED)
    for end, paid in ((NOON, None), (NOON, NOON), (LIFETIME, NOON), (NOON, held)):
        assert until_paid(end, paid) == until(end)
        assert until_paid_day(end, paid) == until_day(end)
