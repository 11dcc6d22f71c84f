"""Dates as a spreadsheet leaves them: taken where they can mean one day alone."""

from datetime import date

import pytest

from bot.access.orders.bulk.dates import DateColumn, may_need_proof, readings


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("31.12.2027", "2027-12-31"),
        ("31.12.2027 00:00", "2027-12-31"),
        ("1.2.2027 0:00:00", "2027-2-1"),
        ("2027/12/31", "2027-12-31"),
        ("2027/12/31 0:00", "2027-12-31"),
        ("2027. 12. 31.", "2027-12-31"),
        ("2027-12-31 00:00:00", "2027-12-31"),
    ],
)
def test_what_is_certain_by_itself_is_taken(typed, iso):
    assert DateColumn.of([typed]).iso(typed) == iso


@pytest.mark.parametrize(
    ("column", "isos"),
    [
        (["12/31/2027", "01/02/2027"], ["2027-12-31", "2027-01-02"]),
        (["1/2/2027 12:00:00 AM", "12/31/2027 0:00"], ["2027-1-2", "2027-12-31"]),
        (["31/12/2027", "01/02/2027"], ["2027-12-31", "2027-02-01"]),
        (["31-12-2027 00:00", "01-02-2027"], ["2027-12-31", "2027-02-01"]),
    ],
)
def test_one_date_proves_the_order_of_its_column(column, isos):
    proven = DateColumn.of(column)
    assert [proven.iso(typed) for typed in column] == isos


@pytest.mark.parametrize(
    "column",
    [
        ["01/02/2027", "03/04/2027"],
        ["31/12/2027", "12/31/2027"],
        ["2027/31/12", "2027/01/02"],
        ["31.12.27", "1/2/27"],
        ["31.12.2027 18:00", "2027-12-31 06:00"],
    ],
)
def test_what_is_not_proven_stays_as_it_was_typed(column):
    proven = DateColumn.of(column)
    assert [proven.iso(typed) for typed in column] == column


@pytest.mark.parametrize(
    "mistyped", ["45/01/2027", "32-01-2027", "13/00/2027", "01/45/2027", "30/02/2027", "31/12/0000"]
)
def test_what_is_no_day_at_all_proves_nothing(mistyped):
    assert DateColumn.of([mistyped, "01/02/2027"]).iso("01/02/2027") == "01/02/2027"
    assert DateColumn.of([mistyped, "12/31/2027"]).iso("01/02/2027") == "2027-01-02"
    year_first = "/".join(reversed(mistyped.replace("-", "/").split("/")))
    assert DateColumn.of([year_first, "2027/31/12"]).iso("2027/01/02") == "2027/01/02"
    assert DateColumn.of([year_first, "2027/12/31"]).iso("2027/01/02") == "2027-01-02"


def test_a_midnight_does_not_hide_that_the_order_is_not_proven():
    assert DateColumn.of(["01/02/2027 0:00"]).iso("01/02/2027 0:00") == "01/02/2027"


def test_the_days_that_it_can_mean_are_named():
    assert readings("01/02/2027") == [date(2027, 2, 1), date(2027, 1, 2)]
    assert readings("12/31/2027") == [date(2027, 12, 31)]
    assert readings("2027/31/12") == [date(2027, 12, 31)]
    assert readings("2/2/2027") == [date(2027, 2, 2)]
    assert readings("1/2/27") == readings("31/31/2027") == []


def test_a_file_without_such_dates_is_not_looked_through_twice():
    assert not may_need_proof(["ann,trend,2027-12-31", "bob,trend,1M"])
    assert may_need_proof(["ann,trend,2027-12-31", "bob,trend,1/2/2027"])
