"""The pure rules: what is wanted, where time starts, what TradingView has to be told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import (
    NOTHING,
    UNKNOWN,
    State,
    Step,
    gives_more,
    moved_by_us,
    next_step,
    paid_until,
    preview,
    settle,
    stands,
    still_gives,
    want,
)
from bot.store.kinds import EntitlementKind, PermissionState, StateKind
from bot.store.records import Entitlement, Permission

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def reason(
    number=1,
    kind="until",
    *,
    length=None,
    ends=None,
    ended=None,
    request=NOW,
    row_day=None,
    grace=0,
):
    is_settled = ends is not None or kind != "until"
    return Entitlement(
        purchase_id=1,
        id=number, guild_id=1, script_id=1, permission_id=1, source="staff",
        reference=str(number), kind=EntitlementKind(kind), length=length, asked_at=request, asked_by=1, start_at=None,
        ends_at=ends, settled_at=NOW if is_settled else None, ended_at=ended, ended_by=None,
        note=None, row_day=row_day, grace_days=grace,
    )  # fmt: skip


def permission(wanted=NOTHING, *, replaces=None, before=UNKNOWN):
    return Permission(
        id=1, guild_id=1, script_id=1, customer_id=1, username="a", name_folded="a",
        tv_user_id=None, checked=True, wanted=wanted.kind, wanted_ends_at=wanted.ends_at,
        revision=1, synced_revision=0, replaces=replaces, held_back=False, seen=StateKind.UNKNOWN,
        seen_ends_at=None, seen_at=None, ours=StateKind.UNKNOWN, ours_ends_at=None, sent_revision=None,
        before=before.kind, before_ends_at=before.ends_at, differs=False, state=PermissionState.WAITING,
        reason=None, detail=None, attempts=0, next_try_at=None, asked_at=NOW,
    )  # fmt: skip


def until(days):
    return State(StateKind.UNTIL, NOW + days * DAY)


def test_a_kind_and_its_end_belong_together():
    for kind, end in zip(StateKind, (NOW, NOW, None, NOW, NOW), strict=True):
        with pytest.raises(ValueError, match="do not go together"):
            State(kind, end)


def test_lifetime_or_open_wins_else_the_latest_end_else_nothing():
    dated = [reason(1, ends=NOW + DAY), reason(2, ends=NOW + 5 * DAY)]
    assert want(dated) == until(5)
    assert want([*dated, reason(3, "open")]) == State(StateKind.OPEN)
    assert want([*dated, reason(3, "open"), reason(4, "lifetime")]) == State(StateKind.LIFETIME)
    assert want([]) == NOTHING


def test_what_ended_or_is_not_settled_counts_for_nothing():
    assert want([reason(1, "lifetime", ended=NOW), reason(2, length="1M")]) == NOTHING


def test_lengths_chain_in_the_order_asked():
    request = [reason(n, length="1D", request=NOW + timedelta(seconds=n)) for n in (3, 1, 2)]
    ends = {fixed.entitlement_id: fixed.ends_at for fixed in settle(request)}
    start = NOW + timedelta(seconds=1)
    assert ends == {1: start + DAY, 2: start + 2 * DAY, 3: start + 3 * DAY}


def test_time_starts_at_the_latest_known_end():
    [fixed] = settle([reason(1, ends=NOW + 9 * DAY), reason(2, length="1D")])
    assert fixed.start_at == NOW + 9 * DAY
    assert fixed.ends_at == NOW + 10 * DAY


@pytest.mark.parametrize(("asked", "starts"), [(0, 0), (2.9, 0), (3, 0), (3.1, 3.1)])
def test_time_asked_for_in_the_grace_days_starts_at_the_paid_end(asked, starts):
    at = NOW + asked * DAY
    before = reason(1, ends=NOW, grace=3)
    [fixed] = settle([before, reason(2, length="7D", request=at, grace=3)])
    assert fixed.start_at == NOW + starts * DAY
    assert fixed.ends_at == fixed.start_at + 7 * DAY == preview([before], parse_length("7D"), at)


@given(st.lists(st.tuples(st.floats(0, 40), st.integers(0, 10)), max_size=6))
def test_grace_is_given_once_and_is_no_time_that_was_paid_for(renewals):
    held = [reason(1, ends=NOW, grace=3)]
    for number, (asked, grace) in enumerate(renewals, 2):
        new = reason(number, length="7D", request=NOW + asked * DAY, grace=grace)
        [fixed] = settle([*held, new])
        paid = max(each.ends_at for each in held)
        lasted = want(held).ends_at
        assert fixed.start_at == (paid if new.asked_at <= lasted else new.asked_at)
        held.append(replace(new, ends_at=fixed.ends_at, settled_at=NOW, row_day=fixed.row_day))
        assert want(held).ends_at == max(lasted, fixed.ends_at + grace * DAY)


def test_months_asked_for_in_the_grace_days_go_on_with_their_row():
    end = datetime(2026, 2, 28, 12, tzinfo=UTC)
    before = reason(1, ends=end, row_day=31, grace=5)
    [fixed] = settle([before, reason(2, length="1M", request=end + 4 * DAY)])
    assert (fixed.ends_at, fixed.row_day) == (datetime(2026, 3, 31, 12, tzinfo=UTC), 31)


def test_the_paid_end_is_named_where_grace_days_follow_it():
    assert paid_until([reason(1, ends=NOW, grace=3)]) == NOW
    assert paid_until([reason(1, ends=NOW), reason(2, ends=NOW - DAY, grace=3)]) == NOW
    for without in (
        [],
        [reason(1, ends=NOW)],
        [reason(1, ends=NOW), reason(2, ends=NOW - 5 * DAY, grace=3)],
        [reason(1, ends=NOW, grace=3), reason(2, "lifetime")],
        [reason(1, ends=NOW, grace=3, ended=NOW)],
    ):
        assert paid_until(without) is None


def test_a_reason_still_gives_something_in_its_grace_days():
    ended = reason(1, ends=NOW, grace=3)
    assert still_gives(ended, NOW + 2 * DAY)
    assert not still_gives(ended, NOW + 3 * DAY)


def test_time_never_starts_before_it_was_asked():
    [fixed] = settle([reason(1, ends=NOW - 9 * DAY), reason(2, length="1D")])
    assert fixed.ends_at == NOW + DAY


def test_a_settled_end_never_moves():
    settled = reason(1, length="1M", ends=NOW + DAY)
    assert settle([settled]) == []


@given(st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_nothing_bought_is_ever_lost(days):
    request = [reason(n, length=f"{count}D") for n, count in enumerate(days, 1)]
    assert max(fixed.ends_at for fixed in settle(request)) == NOW + sum(days) * DAY


@pytest.mark.parametrize(
    ("wanted", "seen", "step"),
    [
        (until(5), NOTHING, Step.ADD),
        (until(5), until(3), Step.MODIFY),
        (until(5), until(-3), Step.MODIFY),
        (until(5), State(StateKind.LIFETIME), Step.MODIFY),
        (until(5), until(5), Step.NOTHING),
        (until(5), State(StateKind.UNTIL, NOW + 5 * DAY + timedelta(seconds=1)), Step.NOTHING),
        (until(5), State(StateKind.UNTIL, NOW + 5 * DAY + timedelta(seconds=2)), Step.MODIFY),
        (until(-1), NOTHING, Step.TOO_LATE),
        (until(-1), until(3), Step.TOO_LATE),
        (until(-1), until(-1), Step.NOTHING),
        (State(StateKind.LIFETIME), NOTHING, Step.ADD),
        (State(StateKind.LIFETIME), until(3), Step.MODIFY),
        (State(StateKind.LIFETIME), State(StateKind.LIFETIME), Step.NOTHING),
        (State(StateKind.OPEN), State(StateKind.LIFETIME), Step.NOTHING),
        (NOTHING, NOTHING, Step.NOTHING),
    ],
)
def test_what_is_sent_follows_from_wanted_and_seen(wanted, seen, step):
    assert next_step(permission(wanted), seen, NOW) is step


@pytest.mark.parametrize("seen", [until(3), State(StateKind.LIFETIME)])
def test_only_somebodys_order_removes(seen):
    assert next_step(permission(NOTHING), seen, NOW) is Step.NOTHING
    assert next_step(permission(NOTHING, replaces=7), seen, NOW) is Step.REMOVE


def test_an_expired_row_needs_no_removal():
    assert next_step(permission(NOTHING, replaces=7), until(-1), NOW) is Step.NOTHING
    assert stands(permission(NOTHING), until(-1), NOW)


def test_moved_by_us_needs_a_known_other_end_before():
    wanted = permission(until(30), before=until(3))
    assert moved_by_us(wanted, until(31))
    assert not moved_by_us(wanted, until(3))
    assert not moved_by_us(wanted, State(StateKind.LIFETIME))
    assert not moved_by_us(
        replace(wanted, before=StateKind.UNKNOWN, before_ends_at=None), until(31)
    )


def test_more_is_a_later_end_or_none():
    assert gives_more(until(5), until(3), NOW)
    assert gives_more(State(StateKind.LIFETIME), until(3), NOW)
    assert gives_more(until(5), NOTHING, NOW)
    assert not gives_more(until(3), until(5), NOW)
    assert not gives_more(until(5), State(StateKind.OPEN), NOW)
    assert not gives_more(until(-1), NOTHING, NOW)
    assert not gives_more(State(StateKind.LIFETIME), State(StateKind.OPEN), NOW)
