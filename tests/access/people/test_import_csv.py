"""A vendor's own list of customers: whatever wrote it, and whatever is wrong with it."""

import pytest

from bot.access.people import import_csv
from bot.access.people.import_csv import Line, Outcome, Person, Register
from bot.access.people.import_errors import (
    ColumnsMissing,
    EncodingUnclear,
    FileTooLarge,
    FileUnreadable,
    LinesRunTogether,
)
from bot.access.people.import_records import People, Taken
from bot.store.records import Claim, Customer
from tests.support.vendor_fixture import AT

ID = "123456789012345678"


def everybody(people):
    return People(tuple(people))


def some(*people, crowded=()):
    """Those who were asked about by number or name."""
    return People(people, is_everybody=False, crowded=crowded)


def customer(number, name=None, member=None):
    folded = name and name.casefold()
    return Customer(number, 1, member, name, folded, None, None, None)


def outcomes(text, people=(), known=(), claims=()):
    lines = import_csv.read(text.encode())
    verdicts = import_csv.match(lines, everybody(people), Register(known, claims))
    return [one.outcome for one in verdicts]


@pytest.mark.parametrize(
    "data",
    [
        f"discord_id,username\n{ID},Zoë_fx\n".encode(),
        f"username;discord_id\r\nZoë_fx;{ID}\r\n".encode(),
        f"note\tUserName\tDiscord ID\n\tZoë_fx\t{ID}".encode(),
        f"\ufeffdiscord_id,username\n{ID},Zoë_fx".encode(),
        f"discord_id;username\n{ID};Zoë_fx".encode("windows-1252"),
        f"discord_id\tusername\n{ID}\tZoë_fx".encode("utf-16"),
        f'sep=;\n"username";"discord_id"\n"Zoë_fx";"=""{ID}"""\n'.encode(),
        f"discord_id,username\r{ID},Zoë_fx\r".encode(),
        f"\n\ndiscord_id,username\n\n,,\n '{ID} , Zoë_fx \n".encode(),
    ],
    ids=["plain", "semicolon", "tab", "bom", "windows", "utf16", "excel", "mac", "blanks"],
)
def test_any_order_delimiter_and_encoding_is_read(data):
    [line] = import_csv.read(data)
    assert (line.member, line.username) == (ID, "Zoë_fx")


def test_lines_are_numbered_as_in_the_file():
    text = f'discord,username\nann,A\n\n"bob, too",B\n{ID},C\n'
    assert [line.number for line in import_csv.read(text.encode())] == [2, 4, 5]
    assert [line.number for line in import_csv.read(b"sep=,\ndiscord,username\nann,A")] == [3]


def test_the_number_counts_before_the_name_and_the_name_where_there_is_none():
    text = f"discord,discord_id,username\nann,{ID},A\nbob,,B"
    assert [line.member for line in import_csv.read(text.encode())] == [ID, "bob"]


@pytest.mark.parametrize(
    "titles",
    ["user_id,discord_id,username", "user_id,discord,username", "member,discord_user_id,username"],
)
def test_a_column_that_says_discord_counts_before_one_that_may_be_the_shops(titles):
    [line] = import_csv.read(f"{titles}\n111111111111111111,{ID},A".encode())
    assert line.member == ID


def test_discord_itself_counts_before_its_other_names():
    text = f"discord_tag,discord,discord_user_id,discord_id,username\nann#1,bob,1,{ID},A\nx,bob,,,B"
    assert [line.member for line in import_csv.read(text.encode())] == [ID, "bob"]


@pytest.mark.parametrize("number", ["user_id", "member_id"])
def test_a_column_that_says_less_counts_where_none_says_discord(number):
    [line] = import_csv.read(f"{number},username\n{ID},A".encode())
    assert line.member == ID


@pytest.mark.parametrize("end", ["dora,dora_x\n", 'do"ra,dora_x\n', "", "dora,dora_x\n" * 15_000])
def test_a_stray_quote_refuses_the_file_and_names_its_line(end):
    text = f'discord,username\nann,A\n"Bob,alice\ncarl,carl_x\n{end}'
    with pytest.raises(LinesRunTogether) as refused:
        import_csv.read(text.encode())
    assert refused.value.line == 3
    with pytest.raises(LinesRunTogether) as refused:
        import_csv.read(f"sep=,\n{text}".encode())
    assert refused.value.line == 4


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", FileUnreadable),
        (b" \n \n", FileUnreadable),
        (b"PK\x03\x04 a workbook", FileUnreadable),
        (b"\x89PNG\0\0", FileUnreadable),
        (b"name,mail\nann,a@b", ColumnsMissing),
        (b"username\nann", ColumnsMissing),
        (b"x" * (import_csv.LARGEST + 1), FileTooLarge),
        (b"discord,username\n" + b"a,b\n" * (import_csv.MAX_LINES + 1), FileTooLarge),
    ],
)
def test_what_is_no_list_is_refused(data, refusal):
    with pytest.raises(refusal):
        import_csv.read(data)


def test_bad_lines_are_named_and_the_others_go_on():
    text = (
        "discord_id,username\n1.23457E+17,A\n,A\n"
        f"{ID},\n{ID},not a name!\n{ID},Nobody\n111111111111111111,Ann\nstranger,Ann\n{ID},Ann"
    )
    people = [Person(int(ID), ("ann", "Ann"))]
    assert outcomes(text, people, [customer(1, "Ann")]) == [
        Outcome.ID_SHORTENED,
        Outcome.NO_MEMBER,
        Outcome.NO_NAME,
        Outcome.NAME_UNREADABLE,
        Outcome.NAME_UNKNOWN,
        Outcome.MEMBER_UNKNOWN,
        Outcome.MEMBER_UNKNOWN,
        Outcome.FITS,
    ]


def test_a_member_is_found_by_number_mention_or_any_name_in_any_case():
    people = [Person(int(ID), ("ann.b", "Ann  Über", "Nick"))]
    text = "discord,username\n" + "".join(
        f"{one},Ann\n"
        for one in (
            ID,
            f"<@{ID}>",
            f"<@!{ID}>",
            "@ANN.B",
            "ann über",
            "NICK",
            "ann.b#0",
            "Nick#1234",
        )
    )
    assert set(outcomes(text, people, [customer(1, "Ann")])) == {Outcome.FITS}


def test_a_name_that_several_members_go_by_ties_nobody():
    people = [Person(1, ("ann", "Boss")), Person(2, ("boss",))]
    assert outcomes("discord,username\nBoss,Ann", people, [customer(1, "Ann")]) == [
        Outcome.SEVERAL_MEMBERS
    ]


def test_existing_ties_and_waiting_requests_are_respected():
    people = [Person(number, (f"m{number}",)) for number in range(1, 8)]
    known = [
        customer(1, "Mine", 1),
        customer(2, "Theirs", 2),
        customer(3, "Free"),
        customer(4, "Wanted"),
        customer(5, "Own"),
        customer(6, None, 5),  # known as a member only
        customer(7, "Free2"),
    ]
    claims = [
        Claim(1, 1, 4, "WANTED", AT, "waiting", None),
        Claim(2, 1, 5, "own", AT, "waiting", None),
    ]
    text = "discord,username\nm1,mine\nm3,Theirs\nm1,Free\nm3,Wanted\nm4,Free2\nm5,Own\nm6,Free"
    assert outcomes(text, people, known, claims) == [
        Outcome.TIED_ALREADY,
        Outcome.NAME_TAKEN,
        Outcome.OTHER_NAME,
        Outcome.CLAIMED,
        Outcome.CLAIMED,
        Outcome.FITS,
        Outcome.FITS,
    ]


def test_lines_that_contradict_each_other_tie_nobody_and_a_repeated_one_ties_once():
    people = [Person(1, ("m1",)), Person(2, ("m2",)), Person(3, ("m3",))]
    known = [customer(1, "A"), customer(2, "B"), customer(3, "C")]
    text = "discord,username\nm1,A\nm2,A\nm3,B\nm3,C"
    assert set(outcomes(text, people, known)) == {Outcome.CONTRADICTED}
    lines = import_csv.read(b"discord,username\nm1,A\nm1,a")
    verdicts = import_csv.match(lines, everybody(people), Register(known, ()))
    assert [one.outcome for one in verdicts] == [Outcome.FITS] * 2
    assert len({one.pair for one in verdicts}) == 1


def test_equal_names_are_proposed_unless_several_could_be_meant():
    people = [
        Person(1, ("ann_trades",)),
        Person(2, ("x", "Bob-FX")),
        Person(3, ("bob-fx",)),
        Person(4, ("carl", "Dora")),
        Person(5, ("eve",)),
    ]
    known = [
        customer(1, "Ann_Trades"),
        customer(2, "Bob-FX"),
        customer(3, "Carl"),
        customer(4, "Dora"),
        customer(5, "Eve", 9),
        customer(6, "Other", 5),
    ]
    it = import_csv.propose(everybody(people), Register(known, ()))
    assert [(one.username, one.member_id) for one in it.pairs] == [("Ann_Trades", 1)]
    assert it.unclear == 3


def test_line_of_hand_made_files_keeps_what_stood_there():
    assert import_csv.read(b"discord,username\n=cmd|x,@Ann") == [Line(2, "=cmd|x", "@Ann")]


@pytest.mark.parametrize(
    ("titles", "row"),
    [
        ("Discord ID,Username,TradingView", f"{ID},stranger,Ann"),
        ("TradingView,Username,Discord ID", f"Ann,stranger,{ID}"),
        ("Username,tv,Discord ID", f"stranger,Ann,{ID}"),
        ("Username,TV name,Discord ID", f"stranger,Ann,{ID}"),
        ("Username,Trading View,discord_id", f"stranger,Ann,{ID}"),
        ("Discord ID,TradingView ID", f"{ID},Ann"),
        ("Discord ID|TradingView", f"{ID}|Ann"),
        ("Discord ID,Username,TradingView plan,TradingView", f"{ID},stranger,Gold,Ann"),
        ("Discord ID,TradingView email,TradingView username", f"{ID},x@y,Ann"),
        ("Discord ID,TradingView,TradingView username", f"{ID},yes,Ann"),
        ("Timestamp;What is your Discord ID?;What is your TradingView username?", f"1;{ID};Ann"),
        (
            "Discord role;Your Discord ID (not your name);TradingView name, not your Discord one",
            f"x;{ID};Ann",
        ),
        ('"Your\nDiscord ID","Your\nTradingView name"', f"{ID},Ann"),
        ("ID в Discord,Ник в TradingView", f"{ID},Ann"),
    ],
)
def test_the_column_that_says_tradingview_counts_before_a_plain_username(titles, row):
    [line] = import_csv.read(f"{titles}\n{row}\n".encode())
    assert (line.member, line.username) == (ID, "Ann")


@pytest.mark.parametrize(
    "titles",
    ["Discord ID,TradingView plan", "Discord role,Username", "Discord ID,TradingView email", "Discord ID,name"],
)  # fmt: skip
def test_a_column_that_names_no_person_is_not_taken(titles):
    with pytest.raises(ColumnsMissing):
        import_csv.read(f"{titles}\n{ID},Ann".encode())


def test_a_column_can_be_chosen():
    data = f"Discord ID,Referrer Discord ID,Username,TradingView\n{ID},1,Bob,Ann".encode()
    columns = import_csv.columns(data)
    assert columns.titles == ("Discord ID", "Referrer Discord ID", "Username", "TradingView")
    assert (columns.usernames, columns.members) == ((3, 2), (0, 1))
    [line] = import_csv.read(data, Taken(username=2, member=1))
    assert (line.member, line.username) == ("1", "Bob")


@pytest.mark.parametrize(
    "above",
    [
        "Customers of my shop\n",
        "Customers: who is who on Discord and TradingView\n\n",
        "Customers,,\nexported on 1 May,,\n\n",
        "Discord people,TradingView people,\n",
        'My "best" customers, 2026\n',
        "sep=,\nCustomers\n",
    ],
)
def test_titles_may_stand_above_the_names_of_the_columns(above):
    data = f"{above}TradingView,Username,Discord ID\nAnn,stranger,{ID}\n".encode()
    assert import_csv.read(data) == [Line(above.count("\n") + 2, ID, "Ann")]


def test_a_line_break_inside_a_quoted_cell_is_legal():
    data = f'note,discord_id,username\n"Hi,\nall ""well""\n",{ID},A\nx,2,"B\n"\n'.encode()
    assert import_csv.read(data) == [Line(2, ID, "A"), Line(5, "2", "B")]


@pytest.mark.parametrize(
    "rows", ['"Bob,alice\ncarl,carl_x"\n', 'bob,"alice\ncarl,carl_x\ndora,dora_x"\n']
)
def test_two_stray_quotes_that_swallow_lines_are_noticed(rows):
    with pytest.raises(LinesRunTogether) as refused:
        import_csv.read(f"discord,username\nann,A\n{rows}eve,E\n".encode())
    assert refused.value.line == 3


NAMES = "Discord;TradingView\nИван Петров;Ann\n"


@pytest.mark.parametrize(
    "data",
    [
        NAMES.encode("cp1251"),
        "Discord;TradingView\nŁukasz Żak;Ann\n".encode("cp1250"),
        "Discord;TradingView\nJiří;Ann\n".encode("cp1250"),
        "Discord;TradingView\n张伟;Ann\n".encode("gbk"),
        "Discord|TradingView\n朱镕基|Ann\n".encode("gbk"),
        "Discord,TradingView\n田中太郎,Ann\n".encode("shift_jis"),
        "Discord,TradingView\nカタカナ,Ann\n".encode("shift_jis"),
        "Discord,TradingView\n田中,Ann\n".encode("iso2022_jp"),
        "Discord,TradingView\n김철수,Ann\n".encode("euc_kr"),
        "Discord,TradingView\nΓιάννης,Ann\n".encode("cp1253"),
        f"Discord ID,TradingView\n{ID},Ann\n".encode("utf-16-le"),
        NAMES.encode("utf-16-be"),
        NAMES.encode("utf-32"),
        "Discord;TradingView\nPeña;Ann\n".encode("windows-1252"),  # Peńa in Windows-1250
    ],
    ids=[
        "1251", "1250", "czech", "gbk", "gbk-pipe", "sjis", "katakana", "jis", "korean", "greek", "utf16le",
        "utf16be", "utf32", "western",
    ],
)  # fmt: skip
def test_letters_that_are_uncertain_are_not_guessed(data):
    with pytest.raises(EncodingUnclear):
        import_csv.read(data)


def test_utf_16_counts_with_its_mark():
    for encoding, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        [line] = import_csv.read(mark + NAMES.encode(encoding))
        assert line.member == "Иван Петров"


SHORT = "123456789012345000"


@pytest.mark.parametrize(
    "written",
    [
        f"'{ID}",
        f"’{ID}",
        f"{ID}.0",
        f"{ID},00",
        "123.456.789.012.345.678",
        "123,456,789,012,345,678",
        "123,456,789,012,345,678.00",
        "123 456 789 012 345 678",
        "123\u202f456\u202f789\u202f012\u202f345\u202f678",
        f"\u202a{ID}\u202c",
        f"\u2066{ID}\u2069",
        f"\ufeff{ID}\u200b",
        "12345\u200b6789012345678",
        f'="{ID}"',
        f"<@{ID}>",
        f"https://discord.com/users/{ID}",
        "１２３４５６７８９０１２３４５６７８",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_puts_around_the_digits_is_taken_away(written):
    people = [Person(int(ID), ("ann",))]
    assert outcomes(f"discord_id\tusername\n{written}\tAnn", people, [customer(1, "Ann")]) == [
        Outcome.FITS
    ]


@pytest.mark.parametrize(
    "written",
    [
        SHORT, f"{SHORT}.0", "123456789012346000", "123.456.789.012.345.000", "123456789012345680.0",
        "1.23456789012345E+17", "1,23456789012346E+17", "1.2345678901234568e+17",
    ],
)  # fmt: skip
def test_a_shortened_number_is_never_tied_and_the_one_that_fits_is_proposed(written):
    people = [Person(int(ID), ("ann",)), Person(123456799912345678, ("bob",))]
    lines = import_csv.read(f"discord_id;username\n{written};Ann".encode())
    [matched] = import_csv.match(lines, everybody(people), Register([customer(1, "Ann")], ()))
    assert matched.outcome is Outcome.ID_FITS_ONE
    assert matched.pair.member_id == int(ID)


@pytest.mark.parametrize("written", [SHORT, "1.23457E+17", "1,23457E+17", "1E+99"])
def test_a_shortened_number_that_fits_nobody_is_said(written):
    people = [Person(123456799912345678, ("bob",))]
    assert outcomes(f"discord_id;username\n{written};Ann", people, [customer(1, "Ann")]) == [
        Outcome.ID_SHORTENED
    ]


def test_two_that_fit_are_said_and_neither_is_proposed():
    people = [Person(int(ID), ("ann",)), Person(int(ID) + 7, ("bob",))]
    lines = import_csv.read(f"discord_id,username\n{SHORT},Ann".encode())
    [matched] = import_csv.match(lines, everybody(people), Register([customer(1, "Ann")], ()))
    assert (matched.outcome, matched.pair) == (Outcome.ID_FITS_SEVERAL, None)


def test_an_id_that_really_ends_in_zeros_counts():
    people = [Person(int(SHORT), ("ann",)), Person(int(ID), ("bob",))]
    lines = import_csv.read(f"discord_id,username\n{SHORT},Ann".encode())
    [matched] = import_csv.match(lines, everybody(people), Register([customer(1, "Ann")], ()))
    assert (matched.outcome, matched.pair.member_id) == (Outcome.FITS, int(SHORT))


@pytest.mark.parametrize(
    ("also", "outcome"),
    [("ann", Outcome.FITS), ("bob", Outcome.ID_SHORTENED), ("", Outcome.ID_SHORTENED)],
)
def test_a_name_beside_a_shortened_number_makes_it_certain(also, outcome):
    people = [Person(int(ID), ("ann",)), Person(923456789012345678, ("bob",))]
    text = f"discord_id,discord,username\n1.23457E+17,{also},Ann"
    assert outcomes(text, people, [customer(1, "Ann")]) == [outcome]


def test_what_is_proposed_gives_way_to_what_is_certain():
    people = [Person(int(ID), ("ann",)), Person(2, ("bob",))]
    known = [customer(1, "Ann"), customer(2, "Bob")]
    text = f"discord,username\n{ID},Ann\n{SHORT},Bob\nbob,Bob"
    assert outcomes(text, people, known) == [Outcome.FITS, Outcome.CONTRADICTED, Outcome.FITS]


def test_a_tradingview_name_of_digits_is_no_member():
    people = [Person(int(ID), ("ann",))]
    assert import_csv.propose(everybody(people), Register([customer(1, ID)], ())).pairs == ()


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("Ann—x", Outcome.NAME_HAS_LONG_DASH),
        ("An\u200bn", Outcome.NAME_HAS_HIDDEN_MARK),
        ("https://evil.example/u/Ann/", Outcome.NAME_IS_OTHER_PAGE),
        ("Ann!", Outcome.NAME_UNREADABLE),
        ("\u202aAnn\u202c", Outcome.FITS),
        ("https://de.tradingview.com/u/Ann/", Outcome.FITS),
    ],
)
def test_a_name_that_cannot_be_one_is_told_why(written, outcome):
    people = [Person(int(ID), ("ann",))]
    text = f"discord_id;username\n{ID};{written}"
    assert outcomes(text, people, [customer(1, "Ann")]) == [outcome]


def test_a_name_that_differs_only_by_what_does_not_show_is_no_other_name():
    people = [Person(1, ("Boss",)), Person(2, ("Bo\u200bss",)), Person(3, ("\u200b",))]
    assert outcomes("discord,username\nBoss,Ann", people, [customer(1, "Ann")]) == [
        Outcome.SEVERAL_MEMBERS
    ]


def test_many_damaged_numbers_in_a_large_server_are_read_at_once():
    people = [Person(10**17 + number * 10**6, (f"m{number}",)) for number in range(50_000)]
    rows = "".join(f"{10**17 + number * 10**6 + 9000},N{number}\n" for number in range(19_000))
    known = [customer(number + 1, f"N{number}") for number in range(19_000)]
    assert set(outcomes(f"discord_id,username\n{rows}", people, known)) == {Outcome.ID_SHORTENED}


@pytest.mark.parametrize("mark", [",", "|", ";", "\t", "discord,", "tradingview|", '""\n'])
def test_a_file_of_delimiters_keeps_nobody_busy(mark):
    with pytest.raises((ColumnsMissing, FileUnreadable)):
        import_csv.read((mark * (import_csv.LARGEST // len(mark))).encode())


@pytest.mark.parametrize("column", ["member", "username"])
def test_a_cell_too_long_for_a_name_is_cut_before_anything_is_compared(column):
    # Marks above and below in turn: to put 130,000 of them in order takes a minute.
    long = "bob" + "\u0300\u0316" * 60_000
    cells = {"member": "ann", "username": "Ann"} | {column: long}
    [line] = import_csv.read(f"discord,tradingview\n{cells['member']},{cells['username']}".encode())
    assert len(getattr(line, column)) < 1_100


def test_what_is_cut_off_a_long_cell_never_leaves_a_name():
    text = "discord,tradingview\nbob" + "\u200b" * 2_000 + "x,Ann"
    assert outcomes(text, [Person(5, ("bob",))], [customer(1, "Ann")]) == [Outcome.MEMBER_UNKNOWN]


# Where Discord lists nobody, those who are meant are asked about one by one


def wanted(text):
    return import_csv.wanted(import_csv.read(text.encode()))


def test_each_member_of_a_list_is_asked_about_once_by_number_or_else_by_name():
    asked = wanted(
        f"discord_id,discord,tradingview\n{ID},ann,Ann\n{ID},ann,Ann\n,@Ben,Ben\n,ben ,Ben2\n,Old#1234,Old\n"
        "1.23457E+17,carl,Carl\n99999999999999999999,dora,Dora\n,emma,\n"
    )
    assert asked.ids == {int(ID)}
    assert asked.names == ("Ben", "Old", "carl")


def test_a_damaged_number_fits_nobody_for_certain_where_not_everybody_was_looked_at():
    lines = import_csv.read(b"discord_id,tradingview\n123456789012345000,Ann")
    known = Register([customer(1, "Ann")], ())
    ann = Person(int(ID), ("ann",))
    [matched] = import_csv.match(lines, everybody([ann]), known)
    assert matched.outcome is Outcome.ID_FITS_ONE
    [matched] = import_csv.match(lines, some(ann), known)
    assert matched.outcome is Outcome.ID_SHORTENED


def test_a_name_that_too_many_begin_with_ties_nobody():
    lines = import_csv.read(b"discord,tradingview\nAnn,Ann\nben,Ben")
    ann, ben = Person(1, ("ann",)), Person(2, ("Ben",))
    known = Register([customer(1, "Ann"), customer(2, "Ben")], ())
    people = some(ann, ben, crowded=("ann",))
    matched = import_csv.match(lines, people, known)
    assert [one.outcome for one in matched] == [Outcome.SEVERAL_MEMBERS, Outcome.FITS]
    proposals = import_csv.propose(people, known)
    assert ([pair.username for pair in proposals.pairs], proposals.unclear) == (["Ben"], 1)
