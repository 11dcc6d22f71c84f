"""The files of a batch: what has to be mended, and what became of every row."""

import csv
import io
from datetime import UTC, datetime

import pytest

from bot.access.orders.bulk import sheets
from bot.access.orders.bulk.records import Defaults
from bot.access.orders.bulk.row_results import Outcome, RowResult
from bot.access.rules.duration import parse_length
from bot.replies import bulk_files
from bot.replies.bulk_problems import mend, problem_in_words, what
from bot.store.kinds import BatchKind, EntitlementKind, Reason, RowProblem, RowState, StateKind
from bot.store.records import BatchRow

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
END = datetime(2026, 4, 30, 23, 59, 59, tzinfo=UTC)
WRITTEN = {"username": "=1+1", "discord_id": "'12", "item": "trand", "until": "soon", "note": "\ta"}


def read(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def row(state, problem=None, **more):
    return BatchRow(2, state, problem, **more)


@pytest.mark.parametrize("problem", RowProblem)
def test_every_problem_has_words(problem):
    said = problem_in_words(problem)
    assert said.what.endswith((".", "?"))
    assert said.mend
    assert row(RowState.FAULTY, problem).problem is problem


def test_a_mistake_says_what_and_how_to_mend_it_beside_its_own_cells():
    faulty = row(RowState.FAULTY, RowProblem.ITEM_UNKNOWN, detail="trend, trial", written=WRITTEN)
    [line] = read(bulk_files.mistakes([RowResult(faulty, "", Outcome.LEFT_OUT)]))
    assert line["line"] == "2"
    assert (
        line["what"]
        == "There is no such script or product here. Did you mean trend or trial?"
        == what(faulty)
    )
    assert line["mend"] == mend(faulty)
    assert line["until"] == "soon"
    assert line["duration"] == ""


def test_a_date_with_the_year_behind_is_said_back_as_it_has_to_be_written():
    faulty = row(
        RowState.FAULTY,
        RowProblem.DATE_AMBIGUOUS,
        detail="2027-12-31",
        written={"until": "31.12.2027"},
    )
    assert what(faulty).endswith("could be mixed up. Did you mean 2027-12-31?")


def test_no_cell_is_taken_for_a_formula_and_each_is_told_back_equal():
    faulty = row(RowState.FAULTY, RowProblem.NOBODY_NAMED, written=WRITTEN)
    [line] = read(bulk_files.mistakes([RowResult(faulty, "", Outcome.LEFT_OUT)]))
    shown = {name: line[name] for name in ("username", "discord_id", "note")}
    assert shown == {"username": "'=1+1", "discord_id": "''12", "note": "'\ta"}
    assert {name: cell[1:] for name, cell in shown.items()} == {n: WRITTEN[n] for n in shown}


def test_a_name_that_tradingview_does_not_know_comes_back_with_what_was_asked():
    unknown = row(
        RowState.LEFT_OUT,
        RowProblem.USER_UNKNOWN,
        username="Nobody",
        member_id=7,
        kind=EntitlementKind.UNTIL,
        ends_at=END,
        note="order 5",
    )
    [line] = read(bulk_files.mistakes([RowResult(unknown, "trend", Outcome.LEFT_OUT)]))
    assert (line["username"], line["discord_id"], line["item"]) == ("Nobody", "7", "trend")
    assert (line["until"], line["duration"], line["note"]) == (
        END.isoformat(),
        "",
        "order 5",
    )


def test_a_result_says_before_after_and_how_it_stands():
    done = row(
        RowState.ORDERED,
        username="Ann_T",
        length="1M",
        kind=EntitlementKind.UNTIL,
        after=StateKind.UNTIL,
        after_ends_at=END,
        order_id=9,
    )
    failed = row(RowState.ORDERED, username="Bob", length="1M", order_id=10)
    found = [
        RowResult(done, "trend", Outcome.DONE),
        RowResult(failed, "trend", Outcome.FAILED, Reason.NO_SUCH_USER),
        RowResult(
            row(RowState.FAULTY, RowProblem.TWICE, detail="2", written={"username": "Ann_T"}),
            "",
            Outcome.LEFT_OUT,
        ),
        RowResult(row(RowState.WITHDRAWN, username="Carl"), "trend", Outcome.WITHDRAWN),
        RowResult(done, "trend", Outcome.LEFT_OUT, is_overtaken=True),
    ]
    lines = read(bulk_files.results(BatchKind.GRANT, found))
    assert lines[0] == {
        "line": "2",
        "username": "Ann_T",
        "discord_id": "",
        "item": "trend",
        "asked": "1M more",
        "before": "no access",
        "after": END.isoformat(),
        "state": "done",
        "why": "",
        "order": "9",
    }
    assert [line["state"] for line in lines[1:]] == ["failed", "left out", "cancelled", "left out"]
    assert "TradingView" in lines[1]["why"]
    assert lines[2]["why"].endswith("It is line 2.")
    assert "later order" in lines[4]["why"]


def test_the_file_of_mistakes_is_read_again_once_it_is_mended():
    problems = (RowProblem.ITEM_UNKNOWN, RowProblem.DATE_UNREADABLE, RowProblem.NO_TIME)
    written = (
        {"username": "-Ann_T", "item": "trand", "duration": "1M", "note": "=a, b"},
        {"discord_id": "123456789012345678", "item": "trend", "until": "soon"},
        {"username": "Carl", "discord": "ben", "item": "trend"},
    )
    found = [
        RowResult(row(RowState.FAULTY, problem, written=cells), "", Outcome.LEFT_OUT)
        for problem, cells in zip(problems, written, strict=True)
    ]
    text = bulk_files.mistakes(found).decode("utf-8-sig")
    assert "'123456789012345678" in text
    mended = text.replace("trand", "trend").replace("soon", "2026-12-31").replace("-Ann", "Ann")
    sheet = sheets.read(mended.encode(), BatchKind.GRANT, Defaults(length=parse_length("2M")), NOW)
    assert sheet.faulty == ()
    first, second, third = sheet.entries
    assert (first.username, first.item, first.note) == ("Ann_T", "trend", "=a, b")
    assert second.member_id == 123456789012345678
    assert third.written["discord"] == "ben"
