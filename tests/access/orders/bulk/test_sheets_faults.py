"""What is wrong with a row of a file of orders, and with a file."""

import gzip
import io
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.orders.bulk.records import LARGEST, MAX_ROWS, Defaults
from bot.access.orders.bulk.sheets import read
from bot.access.people.import_errors import (
    EncodingUnclear,
    FileTooLarge,
    FileUnreadable,
    LinesRunTogether,
    LineTooLong,
    NoRows,
    TooManyColumns,
    WhoColumnMissing,
)
from bot.access.rules.duration import parse_length
from bot.errors import UserError
from bot.replies import explain
from bot.replies.bulk_problems import what
from bot.store.kinds import BatchKind, RowProblem, RowState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = 123456789012345678
HEADER = "username,discord_id,item,duration,until,note\n"


def sheet(text, kind=BatchKind.GRANT, **defaults):
    return read(text.encode(), kind, Defaults(**defaults), NOW)


def refused(data, kind=BatchKind.GRANT):
    with pytest.raises(UserError) as error:
        read(data if isinstance(data, bytes) else data.encode(), kind, Defaults(), NOW)
    return error.value


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (",,trend,1M,,", RowProblem.NOBODY_NAMED),
        ("not a name!,,trend,1M,,", RowProblem.NAME_UNREADABLE),
        ("ann—x,,trend,1M,,", RowProblem.NAME_HAS_LONG_DASH),
        ("an\u200bn,,trend,1M,,", RowProblem.NAME_HAS_HIDDEN_MARK),
        ("https://evil.example/u/ann/,,trend,1M,,", RowProblem.NAME_IS_OTHER_PAGE),
        (",ann#1234,trend,1M,,", RowProblem.ID_UNREADABLE),
        ("ann,12345,trend,1M,,", RowProblem.ID_UNREADABLE),
        ("ann,99999999999999999999,trend,1M,,", RowProblem.ID_UNREADABLE),
        ("ann,,,1M,,", RowProblem.NO_ITEM),
        ("ann,,trend,,,", RowProblem.NO_TIME),
        ("ann,,trend,1M,2026-05-31,", RowProblem.TWO_TIMES),
        ("ann,,trend,soon,,", RowProblem.DURATION_UNREADABLE),
        ("ann,,trend,-30d,,", RowProblem.DURATION_UNREADABLE),
        ("ann,,trend,30,,", RowProblem.DURATION_UNREADABLE),
        ("ann,,trend,51Y,,", RowProblem.TOO_FAR),
        ("ann,,trend,,2096-01-01,", RowProblem.TOO_FAR),
        ("ann,,trend,,soon,", RowProblem.DATE_UNREADABLE),
        ("ann,,trend,,2026-02-30,", RowProblem.DATE_UNREADABLE),
        ("ann,,trend,,01/02/2026,", RowProblem.DATE_AMBIGUOUS),
        ("ann,,trend,,2026-05-31 10:00,", RowProblem.DATE_WITHOUT_ZONE),
        ("ann,,trend,,2026-02-28,", RowProblem.DATE_PAST),
        (f"ann,,trend,1M,,{'n' * 201}", RowProblem.NOTE_TOO_LONG),
        ("ann,,trend,1M,,thanks, Ann", RowProblem.TOO_MANY_CELLS),
    ],
)
def test_a_mistake_is_named_with_the_cells_and_the_other_rows_go_on(cells, problem):
    found = sheet(f"{HEADER}{cells}\nzoe,,trend,1M,,\n")
    [row] = found.faulty
    assert (row.line, row.state, row.problem) == (2, RowState.FAULTY, problem)
    words = HEADER.strip().split(",")
    expected = {word: cell for word, cell in zip(words, cells.split(","), strict=False) if cell}
    assert dict(row.written) == expected
    assert [one.username for one in found.entries] == ["zoe"]


def test_a_row_that_names_somebody_keeps_that_so_that_it_can_be_erased_with_them():
    [row] = sheet(f"{HEADER}@Ann,{ID},trend,soon,,").faulty
    assert (row.username, row.member_id) == ("Ann", ID)


def test_both_days_that_a_date_can_mean_are_said_and_one_where_there_is_but_one():
    [row] = sheet(f"{HEADER}ann,,trend,,01/02/2027,").faulty
    assert (row.problem, row.detail) == (RowProblem.DATE_AMBIGUOUS, "2027-02-01, 2027-01-02")
    assert what(row).endswith("Did you mean 2027-02-01 or 2027-01-02?")
    two = sheet(f"{HEADER}ann,,trend,,31/05/2026,\nbob,,trend,,05/31/2026,").faulty
    assert [row.detail for row in two] == ["2026-05-31", "2026-05-31"]
    [short] = sheet(f"{HEADER}ann,,trend,,31/05/26,").faulty
    assert (short.problem, short.detail) == (RowProblem.DATE_AMBIGUOUS, None)


def test_an_end_that_is_over_is_a_mistake_but_in_an_export():
    """There it may have passed since, and stays so; by hand it is a slip of the year."""
    [row] = sheet("username,item,until\nann,trend,2016-05-31", BatchKind.SET).faulty
    assert row.problem is RowProblem.DATE_PAST
    exported = sheet("username,item,kind,until\nann,trend,until,2025-05-31", BatchKind.SET)
    assert exported.faulty == ()


def test_defaults_that_say_both_times_say_nothing_certain():
    end = datetime(2026, 5, 31, tzinfo=UTC)
    [row] = sheet("username\nann", item="t", length=parse_length("1M"), until=end).faulty
    assert row.problem is RowProblem.TWO_TIMES


@pytest.mark.parametrize("kind", [BatchKind.EXTEND, BatchKind.SET])
def test_more_time_and_an_exact_end_each_need_theirs(kind):
    [row] = sheet("username,item\nann,t", kind).faulty
    assert row.problem is RowProblem.NO_TIME
    if kind is BatchKind.EXTEND:
        [row] = sheet("username,item,until\nann,t,2026-05-31", kind).faulty
        assert row.problem is RowProblem.NO_TIME


def test_one_who_is_named_again_for_one_item_counts_once():
    found = sheet(
        f"{HEADER}Ann,,trend,1M,,\nANN,,TREND,1Y,,\nann,,gold,1M,,\n,{ID},trend,1M,,\nbob,{ID},trend,1M,,\n"
        "carl,,trend,soon,,\ncarl,,trend,1M,,"
    )
    twice = [(row.line, row.detail) for row in found.faulty if row.problem is RowProblem.TWICE]
    assert twice == [(3, "2"), (6, "5")]
    assert [one.line for one in found.entries] == [2, 4, 5, 8]


@pytest.mark.parametrize("written", ["1.23457E+17", "123456789012345000", "1E+99"])
def test_a_shortened_id_is_left_to_be_looked_up(written):
    found = sheet(f"{HEADER},{written},trend,1M,,")
    assert [(one.member_id, one.written["discord_id"]) for one in found.entries] == [
        (None, written)
    ]


def workbook():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", FileUnreadable),
        (workbook(), FileUnreadable),
        (gzip.compress(HEADER.encode(), mtime=0), FileUnreadable),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", FileUnreadable),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", FileUnreadable),
        (HEADER.encode() + b"an\0n,,trend,1M,,", FileUnreadable),
        ((HEADER + "Пётр,,t,1M,,").encode("cp1251"), EncodingUnclear),
        (b"x" * (LARGEST + 1), FileTooLarge),
        (b"x" * 10_000_000, FileTooLarge),
        (HEADER.encode() + b"x" * 5_000_000, LineTooLong),
        (HEADER.encode() + b"," * 5_000_000, LineTooLong),
        (b"x" * LARGEST, LineTooLong),
        (HEADER.encode() + b"\n" * 5_000_000, FileTooLarge),
        (HEADER.encode() + b'"\n",' * 1_200_000, FileTooLarge),
        (HEADER.encode() + b'"ann,,t,1M,,\n' + b"bob,,t,1M,,\n" * 100, LinesRunTogether),
        (HEADER.encode() + b'"ann,,t,1M,,\n' + b"bob,,t,1M,,\n" * 19_000, LinesRunTogether),
        (HEADER.encode() + b"ann,,t,1M,,\n" * (MAX_ROWS + 1), FileTooLarge),
        (HEADER.encode(), NoRows),
        (HEADER.encode() + b",,,\n \n", NoRows),
        ((",".join(["username", *map(str, range(300))]) + "\nann\n").encode(), TooManyColumns),
        (b"name,e-mail\nann,a@b", WhoColumnMissing),
        (b"item,duration\ntrend,1M", WhoColumnMissing),
    ],
)
def test_what_is_no_file_of_orders_is_refused_with_a_sentence(data, kind):
    error = refused(data)
    assert type(error) is kind
    assert explain(error).expected


def test_the_refusal_says_how_large_a_file_may_be_and_which_columns_it_found():
    assert "Up to 5 MB and 20,000 lines" in explain(refused(b"x" * (LARGEST + 1))).text
    text = explain(refused("Name;`E-mail`;" + ";".join("abcdefgh") + "\nann;a@b")).text
    assert "holds `Name`, `'E-mail'`, `a`" in text
    assert "```\nusername,item,duration\nTrader_Joe,gold,30D\n```" in text


@pytest.mark.parametrize(
    "text",
    [
        "ann,trend,1M\nbob,trend,1M",
        "ann,trend,1M\ntradingview,trend,1M",
        "ann\nusername\nbob",
        "https://www.tradingview.com/u/ann/,trend,1M\nbob,trend,1M",
        "tv_ann,trend,1M\nbob,trend,1M",
        "tv_ann\nbob",
    ],
)
def test_a_first_row_without_names_above_it_is_never_taken_for_them(text):
    assert isinstance(refused(text), WhoColumnMissing)


def test_a_file_of_mistakes_alone_is_read():
    rows = "".join(f"no name {number}!,x,,soon,1/2/3,{'n' * 150}\n" for number in range(MAX_ROWS))
    found = sheet(HEADER + rows)
    assert (len(found.entries), len(found.faulty)) == (0, MAX_ROWS)


def test_a_file_of_old_letters_keeps_nobody_busy():
    text = "username,item,duration\n" + ("aé" * 50 + "\n") * 25_000
    assert isinstance(refused(text.encode("windows-1252")), FileTooLarge)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(
        st.sampled_from("username,discord_id;item\n\r\t|\"'=@+E1.0 é\0\ufeff"), max_size=200
    ).map(lambda text: (HEADER + text).encode()),
    st.sampled_from([BatchKind.GRANT, BatchKind.EXTEND, BatchKind.SET, BatchKind.REVOKE]),
)
def test_any_bytes_are_a_sheet_or_refused(data, kind):
    try:
        found = read(data, kind, Defaults(), NOW)
    except UserError as error:
        assert explain(error).expected  # noqa: PT017 - which one does not matter
    else:
        assert all(row.state is RowState.FAULTY for row in found.faulty)
        assert all(one.item for one in found.entries)
