"""The menu of the dashboard: each page is in one of its places."""

import pytest

from bot.web.dashboard.places import place_of
from tests.support.dashboard_people import customer, orders


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", ""),
        ("retry", ""),
        ("people", "people"),
        ("people/12/revoke", "people"),
        ("orders/7", "people"),
        ("settings/webhooks/1/test", "settings"),
    ],
)
def test_a_page_is_in_the_place_that_its_address_begins_with(path, place):
    assert place_of(path) == place


async def test_more_time_is_offered_for_what_the_person_has_and_its_order_is_among_the_people(
    dashboard,
):
    made = {"slug": "all", "title": "Above all", "scripts": "trend"}
    await dashboard.run(dashboard.as_owner, "product create", **made)
    ann = await customer(dashboard, "Alice_T", duration="1M")
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get(f"people/{ann.id}")
    assert page.form("Grant").fields["item"] == "trend"
    assert page.form("Set the end").fields["item"] == "trend"
    page = await browser.press("Grant", duration="7D")
    assert await orders(dashboard, "grant") == 2
    assert (
        page.html.count('aria-current="page">People<') == 2
    )  # of the menu, and of that on a phone
