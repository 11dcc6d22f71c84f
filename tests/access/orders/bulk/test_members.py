"""Which member a row's Discord id means, after what a spreadsheet did to it."""

from datetime import UTC, datetime

import pytest

from bot.access.orders.bulk.members import resolve, wanted
from bot.access.orders.bulk.records import Defaults
from bot.access.orders.bulk.sheets import read
from bot.access.people.import_records import People, Person
from bot.access.rules.duration import parse_length
from bot.store.kinds import BatchKind, RowProblem
from bot.store.records import Customer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = 123456789012345678
SHORT = "123456789012345000"
OTHERS = 923456789012345678


def entries(*rows, titles="discord_id,username"):
    defaults = Defaults(item="trend", length=parse_length("1M"))
    found = read("\n".join((titles, *rows)).encode(), BatchKind.GRANT, defaults, NOW)
    assert found.faulty == ()
    return found.entries


def customer(number, name=None, member=None):
    return Customer(number, 1, member, name, name and name.casefold(), None, None, None)


def resolved(rows, members=(), known=(), is_everybody=True, titles="discord_id,username"):
    """What comes of each row: a member, or the problem and its detail."""
    people = People(tuple(Person(each, names) for each, names in members), is_everybody)
    understood, unclear = resolve(
        entries(*rows, titles=titles),
        people,
        {each.name_folded: each for each in known if each.name_folded},
        {each.member_id: each for each in known if each.member_id},
    )
    outcomes = {each.line: each.member_id for each in understood}
    outcomes |= {row.line: (row.problem, row.detail) for row in unclear}
    return [outcomes[line] for line in sorted(outcomes)]


ANN = (ID, ("ann",))
NEAR = (ID + 7, ("bob",))


def test_a_whole_id_is_a_member_or_a_customer_who_left_and_nobody_of_another_server():
    rows = [f"{ID},", f"{OTHERS},zoe", f"{OTHERS + 1},", f"{OTHERS + 2},ann", ",bob"]
    gone = customer(1, "Zoe", OTHERS)
    unknown = (RowProblem.MEMBER_UNKNOWN, None)
    assert resolved(rows, [ANN], [gone]) == [ID, OTHERS, unknown, unknown, None]
    assert resolved(rows, [ANN]) == [ID, unknown, unknown, unknown, None]


def test_a_row_of_somebody_elses_server_keeps_its_cells():
    _, [row] = resolve(entries(f"{OTHERS},Zoe"), People(()), {}, {})
    assert (row.problem, row.username, row.member_id) == (
        RowProblem.MEMBER_UNKNOWN,
        "Zoe",
        OTHERS,
    )
    assert dict(row.written) == {"discord_id": str(OTHERS), "username": "Zoe"}


@pytest.mark.parametrize("written", [SHORT, "1.23456789012345E+17", "123456789012345680.0"])
def test_a_shortened_id_is_never_guessed_and_the_one_that_fits_is_named(written):
    assert resolved([f"{written},"], [ANN]) == [(RowProblem.ID_SHORTENED, str(ID))]
    assert resolved([f"{written},"], [(OTHERS, ())]) == [(RowProblem.ID_SHORTENED, None)]


def test_a_shortened_id_counts_beside_the_name_of_its_member():
    theirs = customer(1, "Zoe", ID)
    assert resolved([f"{SHORT},ZOE"], [ANN, NEAR], [theirs]) == [ID]
    assert resolved(["1.23457E+17,zoe"], [], [theirs], is_everybody=False) == [ID]


def test_a_shortened_id_beside_a_name_that_can_be_tied_counts_where_one_member_fits():
    for known in ([], [customer(1, "Zoe")], [customer(1, None, ID)]):
        assert resolved([f"{SHORT},zoe"], [ANN], known) == [ID]


def test_a_shortened_id_beside_a_name_that_is_anothers_is_no_certain_person():
    someone = customer(1, "Zoe", OTHERS)
    assert resolved([f"{SHORT},zoe"], [ANN], [someone]) == [(RowProblem.ID_SHORTENED, None)]
    other_name = customer(1, "Other", ID)
    assert resolved([f"{SHORT},zoe"], [ANN], [other_name]) == [(RowProblem.ID_SHORTENED, str(ID))]


def test_a_shortened_id_that_fits_several_is_nobodys():
    several = (RowProblem.ID_FITS_SEVERAL, None)
    assert resolved([f"{SHORT},", f"{SHORT},zoe"], [ANN, NEAR]) == [several, several]
    gone = customer(1, None, ID + 7)
    assert resolved([f"{SHORT},zoe"], [ANN], [gone]) == [several]


def test_a_name_on_discord_beside_a_shortened_id_makes_it_certain():
    titles = "discord_id,discord"
    rows = [f"{SHORT},@Ann", "1.23457E+17,bob", f"{SHORT},nobody"]
    assert resolved(rows, [ANN, NEAR], titles=titles) == [
        ID,
        ID + 7,
        (RowProblem.ID_FITS_SEVERAL, None),
    ]


def test_an_id_that_really_ends_in_zeros_counts_unless_another_fits_too():
    round_one = (int(SHORT), ("round",))
    assert resolved([f"{SHORT},"], [round_one]) == [int(SHORT)]
    assert resolved([f"{SHORT},"], [round_one, ANN]) == [(RowProblem.ID_FITS_SEVERAL, None)]


def test_where_not_everybody_was_looked_at_nobody_fits_for_certain():
    assert resolved([f"{SHORT},zoe"], [ANN], is_everybody=False) == [
        (RowProblem.ID_SHORTENED, None)
    ]


def test_discord_is_asked_about_ids_that_no_customer_has_and_names_beside_shortened_ones():
    found = entries(
        f"{ID},ann,",
        f"{OTHERS},bob,",
        f"{SHORT},carl,carl#1",
        ",dora,dora",
        titles="discord_id,username,discord",
    )
    asked = wanted(found, {OTHERS})
    assert asked.ids == {ID, int(SHORT)}
    assert asked.names == ("carl",)


def test_a_large_server_and_many_damaged_ids_are_compared_at_once():
    members = [(10**17 + number * 10**6, ()) for number in range(50_000)]
    rows = [f"{10**17 + number * 10**6 + 9000},n{number}" for number in range(19_000)]
    assert set(resolved(rows, members)) == {(RowProblem.ID_SHORTENED, None)}
