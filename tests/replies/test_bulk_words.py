"""What managers read of batches: numbers first, and red only where it takes something away."""

from dataclasses import replace
from datetime import timedelta

import discord
import pytest

from bot.access.ledger.receipts import WaitingFor
from bot.access.orders.bulk.errors import UndoTooEarly, UndoTooLate
from bot.access.orders.bulk.views import BatchView
from bot.replies import bulk, bulk_progress, explain
from bot.replies.orders import why_waiting
from bot.store.kinds import BatchKind, BatchState, OrderState, RowProblem, RowState
from bot.store.ledger.batch_orders import Numbers
from tests.support.bulk import NOTHING_YET, NOW, made


@pytest.fixture(autouse=True)
def _that_day(frozen):
    frozen.set(NOW)


def view(
    rows, *, whole=NOTHING_YET, left_out=None, mistakes=None, orders=None, seconds=60.0, **batch
):
    numbers = Numbers(rows, left_out or {}, mistakes or {}, orders or {})
    return BatchView(made(forecast=whole.to_json(), **batch), whole, numbers, 0, seconds, 25)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "less than a minute"), (90, "about 2 minutes"), (1_300, "about 22 minutes"), (9_000, "about 2 hours")],
)  # fmt: skip
def test_how_long_it_takes_is_said_about(seconds, said):
    assert bulk.spoken_seconds(seconds) == said


def start_of(whole):
    return bulk.dry_run(view({RowState.PLANNED: 30}, whole=whole)).buttons[0]


def test_the_start_is_red_where_it_takes_something_away():
    assert start_of(NOTHING_YET).style is discord.ButtonStyle.success
    for loss in ({"ends": 1}, {"shortens": 1}):
        assert start_of(replace(NOTHING_YET, **loss)).style is discord.ButtonStyle.danger


@pytest.mark.parametrize("reason", [each for each in WaitingFor if each is not WaitingFor.ASKING])
def test_what_holds_up_a_batch_is_said_instead_of_how_long_it_takes(reason):
    running = view({RowState.PLANNED: 30}, state=BatchState.RUNNING)
    assert "About 1 minute left." in bulk_progress.progress(running).text
    said = bulk_progress.progress(replace(running, waiting_for=reason, quiet_until=NOW)).text
    assert " left." not in said
    assert why_waiting(reason, NOW) in said
    assert "nothing is lost" in said


def test_to_approve_is_red_as_access_ends():
    shown = bulk_progress.progress(view({RowState.PLANNED: 30}, state=BatchState.APPROVAL))
    assert "in the log channel, at `/bulk show`, or on the dashboard" in shown.text
    assert (shown.buttons[0].label, shown.buttons[0].style) == (
        "Approve",
        discord.ButtonStyle.danger,
    )


@pytest.mark.parametrize(
    ("kind", "chosen", "said"),
    [
        (BatchKind.GRANT, {"item": "trend", "length": "1M"}, "give 1 month of `trend`, for everybody with access"),
        (BatchKind.GRANT, {"item": "trend", "until": "lifetime"}, "give `trend` to lifetime, for everybody with access"),
        (BatchKind.EXTEND, {"length": "3D", "everyone": True}, "extend access by 3 days, for everybody with access"),
        (BatchKind.EXTEND, {"item": "trend", "length": "3D"}, "extend `trend` by 3 days, for everybody who has it"),
        (BatchKind.SET, {"item": "trend", "until": "lifetime"}, "set the end of `trend` to lifetime, for everybody who has it"),
        (BatchKind.REVOKE, {"item": "trend", "role_id": "7"}, "end access to `trend`, for everybody with <@&7>"),
        (BatchKind.COMPENSATE, {"item": "trend", "length": "3D"}, "compensate with 3 days of `trend`, for everybody who has it"),
    ],
)  # fmt: skip
def test_a_batch_is_named_by_what_it_does_and_for_whom(kind, chosen, said):
    assert bulk.title(view({}, kind=kind, chosen=chosen)) == said


def test_columns_that_count_for_nothing_are_said():
    shown = view({RowState.FAULTY: 2}, chosen={"unread": ["Artikel", "bis"]})
    said = "Columns of the file that do not count here: `Artikel` and `bis`"
    assert said in bulk.dry_run(shown).text
    assert "do not count" not in bulk.dry_run(view({RowState.FAULTY: 2})).text


def test_what_changed_nothing_is_not_undone(frozen):
    frozen.set(NOW)
    cancelled = view({RowState.WITHDRAWN: 9}, state=BatchState.CANCELLED, ended_at=NOW)
    shown = bulk_progress.result(cancelled)
    assert "Nothing was changed." in shown.text
    assert [each.label for each in shown.buttons] == ["Result file"]
    sent = view(
        {RowState.ORDERED: 62},
        orders={OrderState.WAITING: 62},
        state=BatchState.CANCELLED,
        ended_at=NOW,
    )
    shown = bulk_progress.result(sent)
    assert "62 rows were with TradingView already: `/bulk show` says" in shown.text
    assert [each.label for each in shown.buttons] == ["Result file", "Undo"]


def test_what_nobody_gains_from_has_no_start():
    shown = bulk.dry_run(view({RowState.FAULTY: 2}, whole=replace(NOTHING_YET, people=0)))
    assert [button.label for button in shown.buttons] == ["Discard"]


def test_of_a_batch_whose_rows_are_forgotten_that_is_said(frozen):
    frozen.set(NOW)
    old = view({}, state=BatchState.DONE, ended_at=NOW - timedelta(days=31))
    shown = bulk_progress.result(old)
    assert (
        "Its rows are forgotten after 30 days; `/audit` shows what each person got." in shown.text
    )
    assert shown.buttons == ()
    [embed] = bulk_progress.listed([old], 5, 0, 1).send_kwargs()["embeds"]
    assert "Its rows are forgotten after 30 days." in embed.description


@pytest.mark.parametrize(("has_rows", "said"), [(True, "Result file"), (False, "`/audit`")])
def test_after_a_day_it_is_said_what_to_do_in_the_place_of_an_undo(has_rows, said):
    shown = explain(UndoTooLate(NOW, has_rows=has_rows)).text
    assert "it can be undone for 24 hours" in shown
    assert said in shown
    assert "`/bulk set`" in shown


@pytest.mark.parametrize(
    ("state", "said"),
    [(BatchState.DRAFT, "nothing to undo"), (BatchState.APPROVAL, "nothing to undo"), (BatchState.RUNNING, "*Cancel*")],
)  # fmt: skip
def test_what_has_changed_nothing_need_not_be_cancelled_to_be_undone(state, said):
    text = explain(UndoTooEarly(state)).text
    assert said in text
    assert ("*Cancel*" in text) == (said == "*Cancel*")


def test_the_second_manager_is_said_before():
    shown = bulk.dry_run(view({RowState.PLANNED: 30}, whole=replace(NOTHING_YET, ends=26)))
    assert "a second manager has to press *Approve*" in shown.text
    nobody = view({RowState.PLANNED: 30}, whole=replace(NOTHING_YET, ends=1))
    shown = bulk.dry_run(replace(nobody, approval_above=0))
    assert "Any end of access takes a second manager here" in shown.text
    assert "ore than 0" not in shown.text
    shown = bulk.dry_run(view({RowState.PLANNED: 30}, whole=replace(NOTHING_YET, ends=25)))
    assert "second manager" not in shown.text


def test_mistakes_and_what_is_left_out_are_counted_apart():
    shown = bulk.dry_run(
        view(
            {RowState.PLANNED: 1, RowState.FAULTY: 2, RowState.LEFT_OUT: 4},
            mistakes={RowProblem.NO_ITEM: 1, RowProblem.NO_NAME_KNOWN: 1},
            left_out={
                RowProblem.SAME_ALREADY: 2,
                RowProblem.NO_NAME_KNOWN: 1,
                RowProblem.USER_UNKNOWN: 1,
            },
        )
    ).text
    assert shown.index("2 rows have a mistake") < shown.index("- 1 without a script or product")
    assert shown.index("3 rows are left out") < shown.index("- 2 with what is so already")
    assert shown.count("- 1 about members without a TradingView name") == 2
    assert "1 name is unknown to TradingView" in shown


def test_many_kinds_of_mistakes_do_not_make_a_preview_longer_than_a_phone():
    kinds = list(RowProblem)[:5]
    mistakes = dict(zip(kinds, (1, 1, 1, 1, 9), strict=True))
    shown = bulk.dry_run(view({RowState.PLANNED: 1, RowState.FAULTY: 13}, mistakes=mistakes)).text
    listed = [line for line in shown.splitlines() if line.startswith("- ")]
    assert len(listed) == 4
    assert listed[0].startswith("- 9 ")
    assert listed[-1] == "- 2 with something else"
    del mistakes[kinds[0]]
    shown = bulk.dry_run(view({RowState.PLANNED: 1, RowState.FAULTY: 12}, mistakes=mistakes)).text
    assert "something else" not in shown


@pytest.mark.parametrize("state", BatchState)
@pytest.mark.parametrize("kind", BatchKind)
def test_every_state_of_every_kind_fits_into_a_message(kind, state):
    undoes = {"undoes_id": 11} if kind is BatchKind.UNDO else {}
    shown = view(
        dict.fromkeys(RowState, 20000),
        left_out=dict.fromkeys(RowProblem, 20_000),
        mistakes=dict.fromkeys(RowProblem, 20_000),
        orders=dict.fromkeys(OrderState, 20000),
        kind=kind,
        state=state,
        file_name="f" * 200,
        note="n" * 200,
        **undoes,
    )
    for message in (
        bulk.dry_run(shown),
        bulk_progress.progress(shown),
        bulk_progress.result(shown),
        bulk_progress.moved_on(shown),
        bulk_progress.listed([shown] * 10, 5, 0, 3),
    ):
        parts = message.send_kwargs()
        assert len(parts["content"]) <= 2_000
        assert all(len(box) <= 6_000 for box in parts.get("embeds", ()))
        assert all(len(box.description or "") < 4_096 for box in parts.get("embeds", ()))


def test_a_batch_can_be_undone_for_a_day_and_an_undo_never(frozen):
    frozen.set(NOW)
    done = {"state": BatchState.DONE, "ended_at": NOW}
    rows = {"rows": {RowState.ORDERED: 1}, "orders": {OrderState.DONE: 1}}

    def offered(**values):
        return [each.label for each in bulk_progress.result(view(**rows, **values)).buttons]

    assert offered(**done) == ["Result file", "Undo"]
    assert offered(**done | {"ended_at": NOW - timedelta(hours=25)}) == ["Result file"]
    assert offered(**done, kind=BatchKind.UNDO, undoes_id=11) == ["Result file"]


def test_what_failed_is_amber_and_forgotten_rows_are_said():
    rows = {RowState.ORDERED: 2}
    failed = view(rows, orders={OrderState.DONE: 1, OrderState.STUCK: 1}, ended_at=NOW)
    assert bulk_progress.result(failed).text.startswith("⚠️")
    assert "forgotten after 30 days" in bulk_progress.result(view({}, ended_at=NOW)).text
