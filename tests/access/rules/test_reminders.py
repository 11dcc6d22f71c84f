"""Who is reminded of what, and when: by day, the nearest only, of one day together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.reminders import (
    ENDED,
    ENDED_WITHIN,
    Ending,
    Policy,
    by_day,
    due,
    is_night,
    read_days,
)

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
BEFORE = datetime(1990, 1, 1, tzinfo=UTC)
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
MOMENTS = st.integers(0, 37 * 366 * 24 * 60).map(
    lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
WHEN = Policy((7, 3, 1), UTC)


def ending(at=NOON, purchase=1, person=1, **more):
    rest = {"held_until": at, "fixed_at": BEFORE} | more
    return Ending(person, 70 + person, purchase, None, frozenset({1}), at, **rest)


def said(*endings, now, when=WHEN):
    return [
        (found.days, [each.purchase_id for each in found.endings])
        for found in due(1, endings, when, now)
    ]


def told(day, ends, when=WHEN):
    """The endings as they are known once these reminders of them were said."""
    return [replace(each, reminded=day) for each in ends]


@pytest.mark.parametrize(
    ("before", "days"),
    [(8, None), (7, 7), (6, 7), (3, 3), (2, 3), (1, 1), (0.5, None), (0, 0), (-2, 0), (-4, None)],
)
def test_the_nearest_reminder_that_is_due_is_said(before, days):
    now = NOON - before * DAY
    if before == 0.5:  # in the night
        assert said(ending(), now=now) == []
        assert said(ending(), now=now + 8 * HOUR) == [(1, [1])]
        return
    assert said(ending(), now=now) == ([] if days is None else [(days, [1])])


def test_none_is_said_twice_and_none_further_off_after_a_nearer_one():
    for already, days in ((7, 3), (3, 3), (1, 3), (0, 3)):
        assert (said(ending(reminded=already), now=NOON - 3 * DAY) == []) == (already <= days)


def test_what_was_given_later_than_a_reminder_was_due_needs_none():
    given_now = ending(fixed_at=NOON - 7 * DAY)
    assert said(given_now, now=NOON - 7 * DAY) == []
    assert said(given_now, now=NOON - 3 * DAY) == [(3, [1])]
    assert said(ending(fixed_at=NOON - HOUR), now=NOON) == [(ENDED, [1])]


def test_what_was_due_before_a_server_reminded_is_not_made_up_for():
    since = Policy((7, 3, 1), UTC, NOON - 3 * DAY)
    assert said(ending(), now=NOON - 3 * DAY, when=since) == []
    assert said(ending(), now=NOON - 2 * DAY, when=since) == []
    assert said(ending(), now=NOON - DAY, when=since) == [(1, [1])]


def test_what_ends_on_one_day_is_said_together_once():
    both = [ending(NOON, 1), ending(NOON + 3 * HOUR, 2)]
    assert said(*both, now=NOON - 7 * DAY) == [(7, [1, 2])]
    assert said(*told(1, both), now=NOON) == []
    assert said(*told(1, both), now=NOON + 3 * HOUR) == [(ENDED, [1, 2])]
    other_day, other_person = ending(NOON + DAY, 3), ending(NOON, 4, person=2)
    assert said(*both, other_day, other_person, now=NOON - 7 * DAY + HOUR) == [
        (7, [1, 2]),
        (7, [4]),
    ]


def test_of_one_day_only_what_was_not_said_yet_and_has_not_ended_is_named():
    both = [ending(NOON, 1), ending(NOON + 3 * HOUR, 2)]
    assert said(*both, now=NOON + HOUR) == [(1, [2])]  # Usher was off for a day
    assert said(*told(3, both[:1]), both[1], now=NOON - 2 * DAY) == [(3, [2])]


@pytest.mark.parametrize(
    ("hour", "zone", "at"),
    [
        (3, UTC, NOON.replace(hour=8)),
        (22, UTC, NOON.replace(hour=8) + DAY),
        (21.99, UTC, None),
        (8, UTC, None),
        (6.5, BERLIN, NOON.replace(hour=7)),
        (21, BERLIN, NOON.replace(hour=7) + DAY),
    ],
)
def test_what_falls_into_the_night_comes_in_the_morning(hour, zone, at):
    moment = NOON.replace(hour=0) + hour * HOUR
    assert by_day(moment, zone) == (at or moment)


def test_the_night_before_the_clocks_are_set_forward_ends_at_eight_too():
    assert by_day(datetime(2026, 3, 28, 23, tzinfo=UTC), BERLIN) == datetime(
        2026, 3, 29, 6, tzinfo=UTC
    )
    assert by_day(datetime(2026, 10, 24, 23, tzinfo=UTC), BERLIN) == datetime(
        2026, 10, 25, 7, tzinfo=UTC
    )


@given(MOMENTS, ZONES)
@settings(max_examples=300)
def test_by_day_is_soon_and_never_at_night(moment, zone):
    at = by_day(moment, zone)
    assert not is_night(at, zone)
    assert (
        moment <= at <= moment + 36 * HOUR
    )  # a calendar may leave out a whole day, as Samoa's did
    assert is_night(moment, zone) or at == moment


@given(
    MOMENTS,
    ZONES,
    st.sets(st.integers(1, 14), max_size=4).map(tuple),
    st.lists(st.floats(0, 30), max_size=4),
    st.floats(0.01, 1),
    st.lists(st.floats(0, 20), max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_whatever_looks_and_outages_come_each_is_said_once_by_day_and_in_order(
    first, zone, days, further, step, outages
):
    """Looks at any pace, with outages, through the days around some ends: as Usher lives them."""
    when = Policy(days, zone)
    ends = [ending(first + hours * HOUR, number) for number, hours in enumerate([0, *further], 1)]
    seen = {each.purchase_id: [] for each in ends}
    now, last = first - 16 * DAY, max(each.ends_at for each in ends) + ENDED_WITHIN + DAY
    while now < last:
        for found in due(1, ends, when, now):
            assert not is_night(now, zone)
            assert found.days in {ENDED, *days}
            for each in found.endings:
                assert (each.ends_at <= now) == (found.days == ENDED)
                assert now >= each.ends_at - found.days * DAY - 26 * HOUR
                seen[each.purchase_id].append(found.days)
            about = {each.purchase_id for each in found.endings}
            ends = [
                replace(each, reminded=found.days) if each.purchase_id in about else each
                for each in ends
            ]
        now += step * DAY
        if outages and now > first - outages[0] * DAY:
            now += outages.pop() * DAY
    for said_of in seen.values():
        assert said_of == sorted(set(said_of), reverse=True)


@given(MOMENTS, ZONES)
@settings(max_examples=100, deadline=None)
def test_looked_at_often_every_reminder_is_said_within_its_day(at, zone):
    one, seen, now = ending(at), [], at - 8 * DAY
    while now < at + 2 * DAY:
        for found in due(1, [one], Policy((7, 3, 1), zone), now):
            seen.append(found.days)
            assert now < at or not found.days
            one = replace(one, reminded=found.days)
        now += HOUR / 2
    assert seen == [7, 3, 1, ENDED]


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("7, 3, 1", (7, 3, 1)),
        ("1 3;7", (7, 3, 1)),
        ("14,14", (14,)),
        ("", ()),
        (" , ", ()),
        ("0", None),
        ("91", None),
        ("-1", None),
        ("7 days", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 40, None),
        (" ".join(map(str, range(1, 12))), None),
    ],
)
def test_days_are_read_as_people_type_them(typed, days):
    assert read_days(typed) == days
