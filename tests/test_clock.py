"""Whose clock is right: the machine's, or that of those who answer."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from bot import clock
from bot.clock import Trust
from tests.support.fake_time import START

DAYS = timedelta(days=14)
HOUR = timedelta(hours=1)


@pytest.fixture(params=[-DAYS, DAYS], ids=["slow", "fast"])
def wrong(request, frozen):
    frozen.ahead = request.param
    return frozen


def hears(name, moment, **headers):
    clock.compare(
        name, {"Date": format_datetime(moment, usegmt=True), **headers}, clock.monotonic()
    )


def test_before_anybody_was_asked_nothing_is_known(frozen):
    frozen.ahead = DAYS
    assert clock.trust() is Trust.UNKNOWN
    assert clock.now() == START + DAYS
    assert not clock.is_wrong()


def test_one_that_agrees_is_enough(frozen):
    hears("Discord", START)
    assert clock.trust() is Trust.RIGHT
    assert clock.now() == START


def test_a_minute_is_borne(frozen):
    frozen.ahead = timedelta(seconds=59)
    hears("Discord", START)
    hears("TradingView", START)
    assert clock.trust() is Trust.RIGHT


def test_one_alone_is_not_believed(wrong):
    hears("Discord", START)
    assert clock.trust() is Trust.DOUBTFUL
    assert clock.is_wrong()
    assert clock.now() == START + wrong.ahead


def test_two_who_agree_are_believed_and_the_time_is_theirs(wrong):
    hears("Discord", START)
    hears("TradingView", START)
    assert clock.trust() is Trust.WRONG
    assert abs(clock.now() - START) <= timedelta(seconds=1)
    assert clock.by_machine() == START + wrong.ahead


async def test_one_who_says_it_again_later_is_believed(wrong):
    hears("Discord", START)
    await wrong.advance(5)
    hears("Discord", wrong.true_now())
    assert clock.trust() is Trust.WRONG
    await wrong.advance(3600)
    assert abs(clock.now() - wrong.true_now()) <= timedelta(seconds=1)


async def test_the_same_answer_again_proves_nothing(frozen):
    """A cache keeps the date of the day on which it was asked."""
    for _ in range(3):
        hears("TradingView", START - DAYS)
        await frozen.advance(5)
    assert clock.trust() is Trust.DOUBTFUL


async def test_a_stale_answer_is_outweighed_by_another_clock(frozen):
    hears("Discord", START)
    for second in range(4):
        hears("TradingView", START - DAYS + timedelta(seconds=second))
        assert clock.trust() is Trust.RIGHT
        await frozen.advance(1)
    assert clock.now() == frozen.true_now()


def test_what_a_cache_says_that_it_kept_is_not_taken(frozen):
    hears("TradingView", START - DAYS, Age="3600")
    assert clock.trust() is Trust.UNKNOWN


@pytest.mark.parametrize("date", ["", "soon", "Tue, 10 Mar 2026 12:00:00 +9999999"])
def test_what_is_no_date_is_not_taken(frozen, date):
    clock.compare("Discord", {"Date": date}, clock.monotonic())
    assert clock.trust() is Trust.UNKNOWN


async def test_an_answer_that_took_long_tells_no_time(frozen):
    asked_at = clock.monotonic()
    await frozen.advance(60)
    clock.compare("Discord", {"Date": format_datetime(START, usegmt=True)}, asked_at)
    assert clock.trust() is Trust.UNKNOWN


def test_a_clock_that_is_mended_is_right_at_once(wrong):
    hears("Discord", START)
    hears("TradingView", START)
    wrong.ahead = timedelta()
    assert clock.trust() is Trust.RIGHT
    assert clock.now() == START


@pytest.mark.parametrize("moved", [HOUR, -HOUR])
def test_a_clock_that_is_set_wrong_is_in_doubt_at_once(frozen, moved):
    hears("Discord", START)
    hears("TradingView", START)
    assert clock.now() == START
    frozen.ahead = moved
    assert clock.trust() is Trust.DOUBTFUL  # the computer may also have slept
    assert clock.now() == START
    hears("Discord", START)
    assert clock.trust() is Trust.WRONG


async def test_a_computer_that_slept_is_right_at_the_next_answer(frozen):
    hears("Discord", START)
    hears("TradingView", START)
    frozen.ahead = 8 * HOUR  # what is counted in seconds stood still meanwhile
    assert clock.trust() is Trust.DOUBTFUL
    hears("Discord", START + 8 * HOUR)
    assert clock.trust() is Trust.RIGHT
    assert clock.now() == START + 8 * HOUR


def test_what_was_asked_counts_from_the_askers_moment_where_ours_is_off(wrong):
    asked = START - timedelta(seconds=0.2)
    assert clock.moment_of(asked) == asked
    wrong.ahead = timedelta()
    assert clock.moment_of(asked) == START
    assert clock.trust() is Trust.UNKNOWN


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (90, "90 seconds fast"),
        (-1200, "20 minutes slow"),
        (-7200, "2 hours slow"),
        (14 * 86400, "14 days fast"),
    ],
)
def test_how_wrong_it_is_in_words(seconds, words):
    assert clock.off_by(timedelta(seconds=seconds)) == words
