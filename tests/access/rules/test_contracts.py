"""What a contract comes to: what is paid, awaited, late, held, gone back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.access.rules.contracts import Given, Standing, Terms, Why, derive
from bot.access.rules.payments import (
    Dispute,
    DisputeState,
    Failure,
    Line,
    Payment,
    Refund,
    RefundState,
    Same,
    Snapshot,
    Status,
)

GOLD, SILVER = Line(("gold",)), Line(("silver",))
START = datetime(2026, 1, 1, tzinfo=UTC)


def at(days):
    return START + timedelta(days=days)


def period(start=0, end=30, key=None, lines=(GOLD,), amount=29, **more):
    return Payment(
        key or f"in_{start}", "sub", at(start), lines, at(start), at(end),
        amount=Decimal(amount), **more,
    )  # fmt: skip


def sale(key="pi", days=0, lines=(GOLD,), length=None):
    return Payment(key, "order", at(days), lines, length=length, amount=Decimal(29))


def receipt(days=0, key=None):
    return Payment(key or f"pay_{days}", "sub", at(days), amount=Decimal(29), is_receipt=True)


def snapshot(status=Status.ACTIVE, days=0, renews=None, **more):
    renews = status in (Status.ACTIVE, Status.TRIAL) if renews is None else renews
    return Snapshot("sub", at(days), status, renews, **more)


def refund(payment="in_0", days=5, **more):
    return Refund(f"re_{payment}_{days}", payment, at(days), **more)


def standing(*facts, now=10, **terms) -> Standing:
    return derive(facts, Terms(**terms), at(now))


def ends(found):
    return [
        (given.line.keys[0], given.ends_at, given.grace_days, given.is_late)
        for given in found.gives
    ]


def test_what_renews_gets_slack():
    found = standing(period(), snapshot())
    assert found.gives == (Given(GOLD, at=at(0), ends_at=at(30), grace_days=2),)
    assert (found.why, found.paid_end, found.renews) == (Why.PAID, at(30), True)


def test_without_a_word_on_renewing_it_is_taken_to_renew():
    assert ends(standing(period())) == [("gold", at(30), 2, False)]


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED, Status.ENDED, Status.UNPAID])
def test_what_does_not_renew_ends_with_what_is_paid(status):
    found = standing(period(), snapshot(status, renews=False))
    assert ends(found) == [("gold", at(30), 0, False)]
    assert not found.renews


def test_the_slack_is_the_vendors_to_decide():
    assert standing(period(), slack_days=5).gives[0].grace_days == 5


def test_a_running_status_without_a_payment_gives_nothing():
    assert standing(snapshot()) == Standing(Why.PENDING, renews=True)
    assert standing(snapshot(Status.TRIAL)).why is Why.TRIAL
    assert standing(snapshot(Status.ENDED)).why is Why.ENDED
    assert standing() == Standing(Why.PENDING)


def test_a_trial_that_nobody_paid_for_in_time_is_not_paid_yet():
    facts = (period(end=7, amount=0), snapshot(Status.TRIAL))
    assert standing(*facts, now=8).why is Why.TRIAL
    assert standing(*facts, now=9).why is Why.PENDING


@pytest.mark.parametrize(
    "facts",
    [
        (Failure("in_30", "sub", at(30)),),
        (Failure("in_30", "sub", at(30)), snapshot(days=1)),
        (snapshot(Status.PAST_DUE, 30),),
        (Failure("in_30", "sub", at(30), attempt=1), Failure("in_30", "sub", at(32), attempt=2)),
        (Failure("in_30", "sub", at(5)),),
        (Failure("in_30", "sub", at(30), due_at=at(29)),),
    ],
)
def test_a_failed_payment_starts_the_grace_days_at_the_paid_end_once(facts):
    found = standing(period(), *facts, now=31)
    assert ends(found) == [("gold", at(30), 3, True)]
    assert (found.why, found.renews) == (Why.PAST_DUE, False)


def test_a_payment_that_is_due_later_than_the_paid_end_is_late_from_then():
    facts = (
        Failure("in", "sub", at(32), due_at=at(31)),
        Failure("in", "sub", at(34), due_at=at(33)),
    )
    assert ends(standing(period(), *facts, now=31)) == [("gold", at(31), 3, True)]


@pytest.mark.parametrize(
    "facts",
    [
        (period(30, 60),),
        (period(30, 60, key="in"), Same("in", "pi")),
        (period(31, 60),),
        (receipt(31), period(30, 60, key="x")),
    ],
)
def test_a_failed_payment_that_came_after_all_is_not_late(facts):
    failure = Failure(
        "pi" if len(facts) == 2 and isinstance(facts[1], Same) else "in_30", "sub", at(30)
    )
    assert ends(standing(period(), failure, *facts, now=31)) == [("gold", at(60), 2, False)]


def test_a_newer_word_that_all_is_well_ends_the_grace_days():
    found = standing(period(), Failure("in_30", "sub", at(5)), snapshot(days=6))
    assert ends(found) == [("gold", at(30), 2, False)]


def test_a_past_due_word_older_than_the_payment_is_over():
    found = standing(period(), snapshot(Status.PAST_DUE, 31), period(30, 60, key="in"), receipt(33))
    assert ends(found) == [("gold", at(60), 2, False)]


# What goes back


def test_a_refund_of_the_running_period_leaves_no_days_on_top():
    found = standing(
        period(), period(30, 60), snapshot(days=30), refund("in_30", 31, is_full=True), now=31
    )
    assert ends(found) == [("gold", at(30), 0, False)]
    assert (found.why, found.paid_end) == (Why.REFUNDED, at(30))


def test_a_refund_of_an_upgrade_leaves_what_was_before():
    upgrade = period(10, 30, lines=(SILVER,), amount=10)
    assert ends(standing(period(), upgrade)) == [("silver", at(30), 2, False)]
    found = standing(period(), upgrade, refund("in_10", 11, amount=Decimal(10)))
    assert ends(found) == [("gold", at(30), 2, False)]


@pytest.mark.parametrize(
    "refunds",
    [
        [refund(is_full=True)],
        [refund(amount=Decimal(29))],
        [refund(days=5, amount=Decimal(10)), refund(days=6, amount=Decimal(19))],
        [refund(days=5, total=Decimal(10)), refund(days=6, total=Decimal(29))],
        [refund(days=5, total=Decimal(29)), refund(days=6, amount=Decimal(5))],
        [refund("sub", is_full=True, contract="sub")],
        [refund("unknown", is_full=True, contract="sub")],
    ],
)
def test_a_whole_refund_ends_it(refunds):
    found = standing(period(), *refunds)
    assert (found.why, found.gives, found.paid_end) == (Why.REFUNDED, (), None)
    assert found.partly_refunded == ()


@pytest.mark.parametrize(
    "refunds",
    [
        [refund(amount=Decimal(10))],
        [refund(total=Decimal(28))],
        [refund(is_full=False)],
        [refund()],
        [
            refund(days=5, total=Decimal(29)),
            refund(days=6, amount=Decimal(19), state=RefundState.FAILED),
        ],
    ],
)
def test_a_part_that_went_back_is_told_and_can_be_set_to_end_it(refunds):
    found = standing(period(), *refunds)
    assert (ends(found), found.partly_refunded) == ([("gold", at(30), 2, False)], ("in_0",))
    found = standing(period(), *refunds, partial_refund_ends=True)
    assert (found.why, found.gives) == (Why.REFUNDED, ())


@pytest.mark.parametrize("state", [RefundState.PENDING, RefundState.FAILED])
def test_money_that_did_not_go_back_changes_nothing(state):
    found = standing(period(), refund(amount=Decimal(29), is_full=True, state=state))
    assert (ends(found), found.partly_refunded) == ([("gold", at(30), 2, False)], ())


def test_a_total_told_after_a_refund_failed_is_without_it():
    failed = refund(days=6, amount=Decimal(29), state=RefundState.FAILED)
    assert standing(period(), refund(days=5, total=Decimal(29), is_full=True), failed).gives
    assert not standing(period(), failed, refund(days=7, total=Decimal(29), is_full=True)).gives


def test_a_receipt_ends_the_period_in_which_it_was_paid():
    facts = (period(), receipt(0), period(30, 60), receipt(30))
    assert ends(standing(*facts)) == [("gold", at(60), 2, False)]
    found = standing(*facts, refund("pay_0", 31, is_full=True), now=31)
    assert ends(found) == [("gold", at(60), 2, False)]
    found = standing(*facts, refund("pay_30", 31, is_full=True), now=31)
    assert (found.why, ends(found)) == (Why.REFUNDED, [("gold", at(30), 0, False)])


def test_a_receipt_that_is_the_same_as_a_period_is_its_refund():
    facts = (period(), period(30, 60), receipt(31, "pay"), Same("pay", "in_0"))
    found = standing(*facts, refund("pay", 32, is_full=True), now=32)
    assert ends(found) == [("gold", at(60), 2, False)]


def test_a_dispute_of_a_receipt_holds_its_period():
    dispute = Dispute("du", "pay_0", at(5), DisputeState.OPEN)
    assert standing(period(), receipt(0), dispute).why is Why.DISPUTED


def test_a_refund_of_a_payment_not_told_yet_waits():
    found = standing(period(), receipt(0), refund("pay_30", 5, is_full=True, contract="sub"))
    assert ends(found) == [("gold", at(30), 2, False)]


def test_a_dispute_can_be_set_to_hold_nothing():
    dispute = Dispute("du", "in_0", at(5), DisputeState.OPEN)
    assert standing(period(), dispute).why is Why.DISPUTED
    found = standing(period(), dispute, dispute_holds=False)
    assert (found.why, found.inquiries, len(found.gives)) == (Why.PAID, ("du",), 1)
    lost = Dispute("du", "in_0", at(6), DisputeState.LOST)
    assert standing(period(), dispute, lost, dispute_holds=False).why is Why.LOST


# Sales


def test_each_sale_and_line_is_one_of_its_own():
    found = standing(sale("pi_2", 3, (GOLD, SILVER), "1M"), sale("pi_1"))
    assert found.gives == (
        Given(GOLD, at(0), payment="pi_1"),
        Given(GOLD, at(3), payment="pi_2", length="1M"),
        Given(SILVER, at(3), payment="pi_2", length="1M"),
    )
    assert (found.why, found.paid_end, found.renews) == (Why.PAID, None, False)


def test_a_sale_that_went_back_or_is_held_is_not_named():
    facts = (sale("pi_1"), sale("pi_2", 3))
    found = standing(*facts, refund("pi_1", is_full=True))
    assert [given.payment for given in found.gives] == ["pi_2"]
    found = standing(*facts, Dispute("du", "pi_2", at(5), DisputeState.OPEN))
    assert [given.payment for given in found.gives] == ["pi_1"]
    assert standing(facts[0], refund("pi_1", is_full=True)).why is Why.REFUNDED


def test_one_sale_under_two_ids_counts_once():
    found = standing(sale("cs"), sale("pi", 1), Same("cs", "pi"))
    assert [given.payment for given in found.gives] == ["cs"]


def test_a_sale_that_the_shop_ended_lasts_unless_so_decided():
    over = Snapshot("order", at(5), Status.ENDED, renews=False)
    assert len(standing(sale(), over).gives) == 1
    assert standing(sale(), over, cancel_ends_now=True).gives == ()


# What it is for


def test_a_live_snapshot_says_what_it_is_for_while_that_is_paid():
    found = standing(period(), snapshot(days=5, lines=(SILVER,)))
    assert ends(found) == [("silver", at(30), 2, False)]


@pytest.mark.parametrize(
    "word",
    [
        snapshot(days=30, lines=(SILVER,)),
        snapshot(Status.PAST_DUE, 5, lines=(SILVER,)),
        snapshot(Status.ENDED, 5, lines=(SILVER,)),
        snapshot(Status.PENDING, 5, lines=(SILVER,)),
        snapshot(days=5),
    ],
)
def test_what_is_not_paid_yet_is_not_given(word):
    assert standing(period(), word).gives[0].line == GOLD


def test_lines_paid_at_one_moment_to_one_end_stand_beside_each_other():
    found = standing(period(lines=(GOLD,)), period(lines=(SILVER,), key="in_b"))
    assert ends(found) == [("gold", at(30), 2, False), ("silver", at(30), 2, False)]


def test_a_message_that_was_cut_is_completed_by_the_snapshot():
    cut = period(end=0, is_cut=True)
    assert ends(standing(cut, snapshot(ends_at=at(30)))) == [("gold", at(30), 2, False)]
    assert ends(standing(cut, snapshot(Status.ENDED, ends_at=at(30))))[0][1] == at(0)
    later = standing(cut, period(30, 60), snapshot(days=30, ends_at=at(90)))
    assert later.paid_end == at(60)
