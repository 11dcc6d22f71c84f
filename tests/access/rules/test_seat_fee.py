"""Seats are counted high: once for each person, whatever is known of them (wire §16)."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.access.rules.seat_fee import FEE_CENTS, Census, Reason, cents, level_of, month_end
from bot.store.kinds import EntitlementKind, PermissionState, StateKind
from bot.store.sweeps.seats import Held, Listed, Why

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
START = datetime(2026, 3, 31, 10, tzinfo=UTC)
LATER, SOON, PAST = START + timedelta(days=9), NOW + timedelta(days=1), NOW - timedelta(days=1)


def held(number, name, *, script=1, user=None, **values):
    rest = {
        "wanted": "nothing",
        "wanted_ends_at": None,
        "seen": "unknown",
        "seen_ends_at": None,
        "state": "done",
    } | values
    rest |= {column: StateKind(rest[column]) for column in ("wanted", "seen")}
    rest["state"] = PermissionState(rest["state"])
    return Held(number, script, user, name, **rest)


def why(number, source="staff", kind="until", length=None, ends_at=None):
    return Why(number, source, EntitlementKind(kind), length, NOW, ends_at)


def shown(ends_at=None):
    return {"seen": "until" if ends_at else "lifetime", "seen_ends_at": ends_at}


@pytest.mark.parametrize(
    ("now", "start"),
    [
        (datetime(2026, 3, 10, tzinfo=UTC), START),
        (datetime(2026, 3, 31, 23, tzinfo=UTC), START),
        (datetime(2026, 4, 1, 11, 59, tzinfo=UTC), START),
        (datetime(2026, 4, 1, 12, tzinfo=UTC), datetime(2026, 4, 30, 10, tzinfo=UTC)),
        (datetime(2026, 12, 31, 9, tzinfo=UTC), datetime(2026, 12, 31, 10, tzinfo=UTC)),
        (datetime(2027, 1, 1, 3, tzinfo=UTC), datetime(2026, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_the_month_ends_from_its_first_midnight_on_earth_to_its_last(now, start):
    end = month_end(now)
    assert (end.start, end.stop - end.start) == (start, timedelta(hours=26))
    assert end.month == f"{start:%Y-%m}"


def test_one_person_on_several_scripts_counts_once_also_under_an_older_name():
    census = Census(
        [
            held(1, "ann", user=5, **shown()),
            held(2, "ann", script=2, **shown(LATER)),
            held(3, "ann_old", script=3, user=5, **shown()),
        ],
        [],
        [Listed(4, 5, "ann", None)],
    )
    assert census.count(NOW) == census.count(START) == 1
    assert census.fee(START).each_script == 0
    seated = census.at(START)
    assert seated.count == 1
    assert seated.has(None, "Ann")
    assert seated.has(5, "anything")
    assert not seated.has(6, "bob")


def test_what_is_over_does_not_count_and_what_ends_in_the_last_hours_does():
    census = Census(
        [
            held(1, "a", **shown(PAST)),
            held(2, "b", **shown(SOON)),
            held(3, "c", **shown(START + timedelta(minutes=1))),
        ],
        [],
        [Listed(1, None, "d", PAST), Listed(1, None, "e", None)],
    )
    assert census.count(NOW) == 3
    assert census.count(START) == 2


def test_what_is_on_its_way_counts_and_what_is_stuck_does_not():
    census = Census(
        [
            held(1, "a", wanted="until", wanted_ends_at=LATER, seen="nothing", state="waiting"),
            held(2, "b", seen="nothing", state="waiting"),  # time asked for, end not fixed yet
            held(3, "c", wanted="lifetime", seen="nothing", state="stuck"),
            held(4, "d", wanted="lifetime", seen="nothing"),  # taken away by hand
            held(5, "e", wanted="lifetime"),  # never looked at
            held(6, "f", wanted="until", wanted_ends_at=LATER, state="waiting", **shown(SOON)),
        ],
        [why(2, length="1M")],
        [],
    )
    assert [census.at(START).has(None, name) for name in "abcdef"] == [
        True,
        True,
        False,
        False,
        True,
        True,
    ]


def test_everybody_stands_under_one_reason():
    reasons = [
        why(1, ends_at=LATER),
        why(1, "comp", "lifetime"),
        why(2, kind="lifetime"),
        why(3, "found", "open"),
        why(4, "comp", "lifetime"),
        why(5, "trial", ends_at=LATER),
        why(6, "webhook", ends_at=LATER),
    ]
    people = [held(number, f"p{number}", **shown()) for number in range(1, 8)]
    found = Census(people, reasons, [Listed(1, None, "stranger", None)]).by_reason(NOW)
    assert found == {
        Reason.SOLD: 1,
        Reason.LIFETIME: 1,
        Reason.COMP: 2,
        Reason.TRIAL: 1,
        Reason.TAKEN_OVER: 1,
        Reason.STRANGER: 1,
        Reason.UNKNOWN: 1,
    }


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (why(1, kind="lifetime"), Reason.LIFETIME),
        (why(1, "comp", "lifetime"), Reason.COMP),
        (why(1, "role", "open"), Reason.OPEN),
        (why(1, "found", "open"), Reason.TAKEN_OVER),
    ],
)
@pytest.mark.parametrize("order", [why(1, ends_at=LATER), why(1, length="1M")])
def test_time_on_top_of_access_without_an_end_moves_nobody_to_sold(before, reason, order):
    person = [held(1, "ann", **shown())]
    assert Census(person, [before], []).by_reason(NOW) == {reason: 1}
    assert Census(person, [before, order], []).by_reason(NOW) == {reason: 1}
    assert Census(person, [before, order], []).by_reason(START) == {reason: 1}


def test_whoever_was_taken_over_with_an_end_is_sold_once_more_time_is_bought():
    person = [held(1, "ann", **shown(LATER))]
    taken = why(1, "found", ends_at=LATER)
    assert Census(person, [taken], []).by_reason(NOW) == {Reason.TAKEN_OVER: 1}
    assert Census(person, [taken, why(1, length="1M")], []).by_reason(NOW) == {Reason.SOLD: 1}


def test_a_reason_that_is_over_by_then_is_none():
    reasons = [
        why(1, ends_at=PAST),  # sold, over
        why(1, "comp", ends_at=LATER),
        why(2, ends_at=SOON),  # sold, over at the month's end
        why(2, "trial", ends_at=LATER),
        why(3, ends_at=PAST),  # sold, over; what runs was made by hand
        why(4, ends_at=SOON),
        why(4, length="1M"),  # goes on top of the first
    ]
    people = [held(number, f"p{number}", **shown(LATER)) for number in (1, 2, 3, 4)]
    census = Census(people, reasons, [])
    assert census.by_reason(NOW) == {Reason.SOLD: 2, Reason.COMP: 1, Reason.UNKNOWN: 1}
    assert census.by_reason(START) == {
        Reason.SOLD: 1,
        Reason.COMP: 1,
        Reason.TRIAL: 1,
        Reason.UNKNOWN: 1,
    }


@pytest.mark.parametrize(("kind", "end"), [("until", LATER), ("open", None)])
def test_whoever_is_taken_over_is_called_so_whatever_the_end(kind, end):
    listed = Listed(1, None, "p1", end)
    assert Census([], [], [listed]).by_reason(NOW) == {Reason.STRANGER: 1}
    taken = Census([held(1, "p1", **shown(end))], [why(1, "found", kind, ends_at=end)], [])
    assert taken.by_reason(NOW) == {Reason.TAKEN_OVER: 1}


def test_the_fee_is_a_cliff_at_101():
    assert [cents(number) for number in (0, 100, 101, 1_000)] == [0, 0, 302_495, 2_995_000]


def test_each_reading_of_the_terms_has_its_figure():
    people = [held(number, f"p{number}", **shown()) for number in range(101)]
    people += [held(1000 + number, f"p{number}", script=2, **shown()) for number in range(9)]
    people += [held(2000 + number, f"over{number}", **shown(PAST)) for number in range(5)]
    fee = Census(people, [], []).fee(START)
    assert fee.once == 101 * FEE_CENTS
    assert fee.above == FEE_CENTS
    assert fee.each_script == 110 * FEE_CENTS
    assert fee.with_over == 106 * FEE_CENTS


def test_the_numbers_to_warn_of():
    assert [level_of(number) for number in (0, 79, 80, 94, 95, 99, 100, 400)] == [
        0,
        0,
        80,
        90,
        95,
        95,
        100,
        100,
    ]
