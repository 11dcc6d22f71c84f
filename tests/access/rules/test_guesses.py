"""Wrong codes: some are free, then each makes one wait, longer each time."""

from datetime import UTC, datetime, timedelta

from bot.access.rules.guesses import OF_MEMBER, OF_SERVER, member_waits_until, server_waits_until

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def waits(number):
    until = member_waits_until([AT] * number)
    return None if until is None else until - AT


def test_a_slip_or_two_make_nobody_wait():
    assert [waits(number) for number in range(OF_MEMBER)] == [None] * OF_MEMBER
    assert server_waits_until([AT] * (OF_SERVER - 1)) is None


def test_each_further_one_doubles_the_wait_up_to_six_hours():
    minutes = [waits(number) / timedelta(minutes=1) for number in range(OF_MEMBER, OF_MEMBER + 8)]
    assert minutes == [10, 20, 40, 80, 160, 320, 360, 360]
    assert waits(10_000) == timedelta(hours=6)


def test_a_server_waits_until_fewer_than_50_lie_within_the_hour():
    wrong = [AT + timedelta(minutes=number) for number in range(60)]
    assert server_waits_until(wrong) == wrong[10] + timedelta(hours=1)
