"""The files of /export as downloads: for managers, of this server alone, and with an entry in the history."""

import csv
import io

import pytest

from tests.support.dashboard_people import customer


def rows(page):
    return list(csv.DictReader(io.StringIO(page.html.removeprefix("\ufeff"), newline="")))


@pytest.fixture
async def manager(dashboard):
    return await dashboard.signed_in(dashboard.owner)


async def test_the_list_and_each_item_lead_to_the_files(dashboard, manager):
    await customer(dashboard, duration="1M")
    for path, name in (("people", "customers.csv"), ("items/scripts/1", "customers-trend.csv")):
        page = await manager.get(path)
        page = await manager.get(page.links["Download customers"])
        assert page.status == 200
        assert page.headers["Content-Type"].startswith("text/csv")
        assert page.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        [row] = rows(page)
        assert (row["username"], row["item"], row["kind"]) == ("Alice_T", "trend", "until")
    page = await manager.get("people")
    for link, column in (
        ("Download purchases", "source"),
        ("Download access", "agrees"),
    ):
        await manager.get("people")
        assert column in rows(await manager.get(page.links[link]))[0]
    page = await manager.get("history")
    assert page.text.count("exported the customers: 1 person") == 3
    assert page.text.count("exported the customers of Trend: 1 person") == 1


async def test_an_item_of_another_server_is_none(dashboard, manager):
    page = await manager.get("people/exports/customers?item=elsewhere")
    assert page.status == 422
    assert "elsewhere" in page.text
    assert (await manager.get("people/exports/everything")).status == 404


async def test_staff_are_neither_shown_nor_given_them(dashboard):
    await customer(dashboard, duration="1M")
    staff = await dashboard.signed_in(dashboard.mod)
    page = await staff.get("people")
    assert "Download" not in page.text
    assert (await staff.get("people/exports/customers")).status == 403


async def test_before_the_first_customer_there_is_nothing_to_download(dashboard, manager):
    page = await manager.get("people")
    assert "Nobody is known here yet" in page.text
    assert "Download" not in page.text
