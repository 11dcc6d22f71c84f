"""A vendor's own list of customers: whatever wrote it, and whatever is wrong with it."""

import pytest

from bot.access.errors import ColumnsMissing, FileTooLarge, FileUnreadable, LinesRunTogether
from bot.access.people import import_csv
from bot.access.people.import_csv import Line, Outcome, Person, Register
from bot.store.records import Claim, Customer
from tests.support.vendor_fixture import AT

ID = "123456789012345678"


def customer(number, name=None, member=None):
    folded = name and name.casefold()
    return Customer(number, 1, member, name, folded, None, None, None)


def outcomes(text, people=(), known=(), claims=()):
    lines = import_csv.read(text.encode())
    verdicts = import_csv.match(lines, people, Register(known, claims))
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
    verdicts = import_csv.match(lines, people, Register(known, ()))
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
    it = import_csv.propose(people, Register(known, ()))
    assert [(one.username, one.member_id) for one in it.pairs] == [("Ann_Trades", 1)]
    assert it.unclear == 3


def test_line_of_hand_made_files_keeps_what_stood_there():
    assert import_csv.read(b"discord,username\n=cmd|x,@Ann") == [Line(2, "=cmd|x", "@Ann")]
