"""Cells of CSV files: no spreadsheet calculates with one, and each reads back as it was."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st

from bot.access.people.import_csv import read
from bot.access.people.import_ids import read_number
from bot.access.rules.cells import MARKED, cell, plain, table

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x1b"))


def rows_in(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@given(st.lists(TEXTS, min_size=1, max_size=4))
@example(["=1+1", "+1", "-1", "@x"])
@example(["\tx", "\rx", "'x", "''=x"])
@example(['"', ",", "\r\n", "a\nb"])
@example(["", "'", "\ufeff", "x\x85y\u2028z"])
def test_any_text_reads_back_as_it_was(texts):
    _, row = rows_in(table(["a"] * len(texts), [texts]))
    assert [plain(each) for each in row] == texts
    assert not [each for each in row if each.startswith(MARKED[:-1])]


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[31mb", "a\ud800b", "\udfff"])
def test_what_no_file_can_hold_leaves_a_sign_in_its_place(text):
    [_, [written]] = rows_in(table(["a"], [[text]]))
    assert written == re.sub("[^ab0-9m\\[]", "\ufffd", text)


@pytest.mark.parametrize("sign", [*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20"])
def test_no_sign_that_a_spreadsheet_calculates_with_stands_first(sign):
    """Wide ones are such signs too where Excel speaks Japanese or Chinese."""
    [_, [written]] = rows_in(table(["a"], [[f"{sign}1+1"]]))
    assert written == f"'{sign}1+1"
    assert plain(written) == f"{sign}1+1"


@pytest.mark.parametrize("text", ["'Twas", "'=1", "''", "=", "-"])
def test_one_mark_is_taken_away_and_no_more(text):
    assert plain(cell(text)) == text
    assert plain("'plain") == "'plain"


def test_a_moment_is_written_in_utc_and_nothing_as_nothing():
    berlin = timezone(timedelta(hours=2))
    assert cell(datetime(2026, 5, 1, 1, 30, tzinfo=berlin)) == "2026-04-30T23:30:00+00:00"
    assert cell(datetime(2026, 4, 30, tzinfo=UTC)) == "2026-04-30T00:00:00+00:00"
    assert cell(None) == ""


@pytest.mark.parametrize("member_id", [81384788765712384, 1234567890123456789, 10**17])
def test_a_spreadsheet_takes_the_number_of_a_member_for_text_and_the_reader_for_that_number(
    member_id,
):
    """As a number it would keep 15 digits of it, and come back as another one."""
    assert cell(member_id) == f"'{member_id}"
    data = table(("username", "discord_id"), [("Ann_T", member_id)])
    [line] = read(data)
    number = read_number(line.member)
    assert (number.value, number.damaged and member_id != 10**17) == (member_id, False)
    assert cell(12) == "12"


def test_names_are_read_back_by_the_reader_of_lists():
    names = ["-dash", "_under", "Ann-T", "x" * 60]
    data = table(("username", "discord_id"), [(name, 81384788765712384) for name in names])
    assert [line.username for line in read(data)] == names


def test_no_other_module_writes_cells_of_its_own():
    root = Path(__file__).parents[3]
    writers = [
        path.relative_to(root).as_posix()
        for folder in ("bot", "cogs")
        for path in (root / folder).rglob("*.py")
        # The sandbox's examples are what a vendor's own spreadsheet writes.
        if "sandbox" not in path.parts
        and re.search(r"csv\.(writer|DictWriter)", path.read_text("utf-8"))
    ]
    assert writers == ["bot/access/rules/cells.py"]
