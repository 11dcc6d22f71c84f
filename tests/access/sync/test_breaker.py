"""A TradingView that keeps failing is left alone, and felt for again."""

from bot.access.sync.breaker import FAILURES, FIRST_PAUSE, MAX_PAUSE, Breaker


def fail(breaker, times):
    for _ in range(times):
        breaker.failed()


def test_it_opens_after_five_failures_in_a_row(frozen):
    breaker = Breaker()
    fail(breaker, FAILURES - 1)
    breaker.answered()
    fail(breaker, FAILURES - 1)
    assert not breaker.is_open
    breaker.failed()
    assert breaker.is_open
    assert breaker.wait() == FIRST_PAUSE


def test_failures_of_what_was_under_way_when_it_opened_do_not_lengthen_the_pause(frozen):
    breaker = Breaker()
    fail(breaker, FAILURES + 11)
    assert breaker.wait() == FIRST_PAUSE


async def test_each_failed_probe_doubles_the_pause_up_to_a_minute(frozen):
    breaker = Breaker()
    fail(breaker, FAILURES)
    pauses = []
    for _ in range(6):
        pauses.append(breaker.wait())
        await frozen.advance(breaker.wait())
        assert breaker.wait() == 0
        breaker.failed()
    assert pauses == [5, 10, 20, 40, MAX_PAUSE, MAX_PAUSE]


async def test_one_answer_lets_everything_out_again(frozen):
    breaker = Breaker()
    fail(breaker, FAILURES)
    await frozen.advance(FIRST_PAUSE)
    breaker.failed()
    breaker.answered()
    assert not breaker.is_open
    fail(breaker, FAILURES)
    assert breaker.wait() == FIRST_PAUSE
