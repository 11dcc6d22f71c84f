"""A file of orders: which columns count, and what its rows ask for."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from bot.access.orders.bulk.records import Defaults
from bot.access.orders.bulk.sheets import read
from bot.access.rules.cells import MARKED, cell, table
from bot.access.rules.duration import parse_length
from bot.store.kinds import BatchKind
from bot.tradingview import LIFETIME, visible

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = 123456789012345678
MONTH = parse_length("30D")
MAY = datetime(2026, 5, 31, 23, 59, 59, 999000, UTC)


def sheet(text, kind=BatchKind.GRANT, encoding="utf-8", **defaults):
    return read(text.encode(encoding), kind, Defaults(**defaults), NOW)


def entry(text, kind=BatchKind.GRANT, **defaults):
    found = sheet(text, kind, **defaults)
    assert found.faulty == ()
    [only] = found.entries
    return only


@pytest.mark.parametrize(
    "text",
    [
        f"username,discord_id,item,duration,note\nZoe_fx,{ID},trend,30D,Hi",
        f"NOTE;Duration;Item;DISCORD ID;UserName\r\nHi;30d;trend;{ID};Zoe_fx\r\n",
        f"note\tlength\tproduct\tdiscord-id\tTradingView\nHi\t30 days\ttrend\t{ID}\tZoe_fx\n",
        f"comment|time|script|Discord user ID|TradingView username\rHi|30 D|trend|{ID}|@Zoe_fx\r",
        f'sep=;\n"tv name";"discord_id";"slug";"duration";"remarks"\n"Zoe_fx";"=""{ID}""";"trend";"\'+30D";"Hi"',
        f"Customers of March\n\nTV_Username,user_id,Item name,Period,Comments\nZoe_fx,'{ID},trend,30d, Hi ",
        f"What is your TradingView username?,Your Discord ID,item,duration,note\nZoe_fx,<@{ID}>,trend,30d,Hi",
    ],
    ids=["plain", "semicolon", "tab", "bar", "excel", "titled", "form"],
)
def test_columns_are_known_by_their_words_in_any_order_case_and_delimiter(text):
    only = entry(text)
    assert (only.username, only.member_id, only.item) == ("Zoe_fx", ID, "trend")
    assert (only.length, only.until, only.note) == (MONTH, None, "Hi")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_the_letters_of_a_note_are_certain(encoding):
    [only] = sheet("username,item,duration,note\nann,t,1M,Zoë", encoding=encoding).entries
    assert only.note == "Zoë"


@pytest.mark.parametrize(
    "title",
    ["until", "End", "ends", "Ends at", "end_date", "expires", "Expires-At", "EXPIRY", "valid until", "expiration"],
)  # fmt: skip
def test_an_end_has_many_names(title):
    only = entry(f"username,item,{title}\nann,trend,2026-05-31")
    assert (only.length, only.until) == (None, MAY)


def test_an_export_is_read_back_and_its_kind_does_not_confuse():
    text = (
        "username,discord_id,item,kind,until,note\n"
        f"ann,{ID},trend,until,2026-05-31T23:59:59.999000+00:00,\nbob,,trend,lifetime,lifetime,\n"
        f",{ID + 1},gold,open,lifetime,'=1+1\n"
    )
    found = sheet(text, BatchKind.SET)
    assert [(one.username, one.member_id, one.item, one.until) for one in found.entries] == [
        ("ann", ID, "trend", MAY),
        ("bob", None, "trend", LIFETIME),
        (None, ID + 1, "gold", LIFETIME),
    ]
    assert found.entries[2].note == "=1+1"
    assert (found.faulty, found.unread) == ((), ())


def test_a_cell_counts_before_what_counts_for_every_row():
    defaults = {"item": "gold", "length": parse_length("1Y"), "note": "spring"}
    found = sheet(
        "username,item,duration,until,note\na,,,,\nb,trend,30d,,own\nc,,,2026-05-31,", **defaults
    )
    assert [(one.item, one.length, one.until, one.note) for one in found.entries] == [
        ("gold", parse_length("1Y"), None, "spring"),
        ("trend", MONTH, None, "own"),
        ("gold", None, MAY, "spring"),
    ]


def test_of_an_exact_end_a_length_counts_from_now():
    expected = datetime(2026, 3, 31, 12, tzinfo=UTC)
    for text in ("username,item,duration\na,t,30d", "username,item,until\na,t,30d"):
        only = entry(text, BatchKind.SET)
        assert (only.length, only.until) == (None, expected)
    only = entry("username,item\na,t", BatchKind.SET, length=MONTH)
    assert (only.length, only.until) == (None, expected)
    assert entry("username,item,duration\na,t,L", BatchKind.SET).until == LIFETIME


def test_columns_that_only_files_of_ours_have_are_no_news():
    found = sheet("line,what,mend,username,item,duration,plan\n2,a,b,Ann_T,trend,1M,x\n")
    assert found.unread == ("plan",)


@pytest.mark.parametrize(
    ("kind", "unread"), [(BatchKind.EXTEND, ("until",)), (BatchKind.REVOKE, ("duration", "until"))]
)
def test_what_does_not_count_for_a_batch_is_said_and_no_mistake(kind, unread):
    found = sheet("username,item,duration,until\na,t,1M,2020-01-01", kind)
    assert found.unread == unread
    [only] = found.entries
    assert only.until is None
    assert only.length == (parse_length("1M") if kind is BatchKind.EXTEND else None)


def test_columns_that_say_nothing_to_us_are_named():
    found = sheet(
        "e-mail,username,TradingView,item,plan, paid ,duration,\nx@y,shopname,Ann,t,Gold,yes,1M,"
    )
    assert found.unread == ("e-mail", "username", "plan", "paid")
    assert found.entries[0].username == "Ann"


def test_of_two_columns_with_one_meaning_the_first_counts_and_the_other_is_named():
    found = sheet("username,product,item,duration\nann,gold,trend,1M")
    assert (found.entries[0].item, found.unread) == ("trend", ("product",))


def test_a_row_keeps_its_cells_and_its_line_and_empty_rows_are_none():
    found = sheet('\nusername,item,duration,note\n\n,,,\nann,t,1M,"a\nb"\n"",,\n@bob,t,1M,')
    assert [(one.line, dict(one.written)) for one in found.entries] == [
        (5, {"username": "ann", "item": "t", "duration": "1M", "note": "a\nb"}),
        (8, {"username": "@bob", "item": "t", "duration": "1M"}),
    ]


@pytest.mark.parametrize("title", ["discord", "member", "member_id", "Discord user"])
def test_a_column_of_discord_may_hold_ids_and_its_names_are_only_looked_at_beside_one(title):
    found = sheet(f"{title},username,item,duration\n{ID},ann,t,1M\nbob#1,bob,t,1M\n{ID + 1},,t,1M")
    assert [(one.member_id, one.username) for one in found.entries] == [
        (ID, "ann"),
        (None, "bob"),
        (ID + 1, None),
    ]


@pytest.mark.parametrize(
    ("written", "note"),
    [
        ("'=1+1", "=1+1"),
        ("'+1", "+1"),
        ("'-1", "-1"),
        ("'@ann", "@ann"),
        ("'\tx", "\tx"),
        ("'\rx", "\rx"),
        ("''=1", "'=1"),
        ("''", "'"),
        ("'quoted'", "'quoted'"),
        ("=1+1", "=1+1"),
        ('="007"', "007"),
        (" spaced ", "spaced"),
    ],
)
def test_what_an_export_did_to_a_note_is_undone(written, note):
    lines = io.StringIO()
    csv.writer(lines).writerows(
        [["username", "item", "duration", "note"], ["a", "t", "1M", written]]
    )
    assert entry(lines.getvalue()).note == note


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1b"), max_size=60))
def test_any_note_that_an_export_wrote_reads_back_equal(text):
    note = text if text.startswith(MARKED) else text.strip()  # as notes are typed
    head = ["username", "discord_id", "item", "until", "note"]
    data = table(head, [["-ann", ID, "t", MAY, note]])
    [only] = read(data, BatchKind.SET, Defaults(), NOW).entries
    assert (only.username, only.member_id, only.until) == ("-ann", ID, MAY)
    shows_nothing = not visible(note).strip() and not note.startswith(MARKED)
    assert only.note == (None if shows_nothing else note)


@pytest.mark.parametrize("sign", ["\0", "\x1b"])
def test_a_sign_at_which_readers_stop_costs_no_other_row_of_an_export(sign):
    head = ["username", "item", "until", "note"]
    data = table(head, [["ann", "t", MAY, f"a{sign}b"], ["bob", "t", MAY, None]])
    found = read(data, BatchKind.SET, Defaults(), NOW).entries
    assert [(one.username, one.note) for one in found] == [("ann", "a\ufffdb"), ("bob", None)]


def test_in_a_file_alone_with_names_every_one_of_them_counts():
    found = sheet("username\nann\ntradingview\nbob", item="t", length=MONTH)
    assert [one.username for one in found.entries] == ["ann", "tradingview", "bob"]


def test_of_exports_put_behind_one_another_no_line_of_titles_is_a_person():
    one = "\ufeffusername,item,until\r\nann,t,lifetime\r\n"
    found = sheet(one + one.replace("ann", "bob"), BatchKind.SET)
    assert [(entry.line, entry.username) for entry in found.entries] == [(2, "ann"), (4, "bob")]
    assert found.faulty == ()


_ROW = st.fixed_dictionaries(
    {
        "username": st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True),
        "discord_id": st.integers(10**17 + 1, 2**63 - 1).filter(lambda number: number % 1000),
        "item": st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True),
        "note": st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1),
    }
)


@given(
    st.lists(_ROW, min_size=1, max_size=5, unique_by=(lambda r: r["username"].casefold(), lambda r: r["discord_id"])),
    st.permutations(["username", "discord_id", "item", "note", "until"]),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([str.upper, str.title, lambda title: title.replace("_", " "), lambda title: f" {title} "]),
    st.sampled_from(["\r\n", "\n", "\r"]),
)  # fmt: skip
def test_what_programs_write_is_read_back_equal(rows, order, delimiter, encoding, spelled, ending):
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter=delimiter, lineterminator=ending)
    writer.writerow([spelled(title) for title in order])
    for row in rows:
        cells = row | {"until": "lifetime"}
        texts = [str(cells[title]) for title in order]
        writer.writerow([cell(text) for text in texts])
    found = sheet(lines.getvalue(), BatchKind.SET, encoding)
    assert (found.faulty, found.unread) == ((), ())
    assert [
        {"username": e.username, "discord_id": e.member_id, "item": e.item, "note": e.note[:200]}
        for e in found.entries
    ] == rows
