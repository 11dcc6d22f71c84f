"""The list of people: found, cut down, in pages, and no other server's."""

import pytest
from sqlalchemy import insert, update

from bot.store.people import customers
from bot.store.tables.ledger import permission
from bot.store.tables.people import customer
from tests.support.fake_time import START
from tests.support.many import hold_all, many_people
from tests.support.vendor_fixture import AT, OTHER


async def people(dashboard, number, **held):
    """So many people of the shop who have the script for good."""
    found = await many_people(dashboard.vendor.database, dashboard.guild.id, number)
    script = (await dashboard.overview.on_offer(dashboard.guild.id))[0]
    await hold_all(dashboard.vendor.database, [(script, person) for person in found], **held)
    return found


async def test_staff_see_everybody_in_pages_and_find_somebody(dashboard):
    known = await people(dashboard, 120)
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("people")
    assert "120 people." in page.text
    assert "Page 1 of 3" in page.text
    shown = [link for link in page.links if link.startswith("Person_")]
    assert len(shown) == 50
    page = await browser.get(page.links["Later"])
    assert "Page 2 of 3" in page.text
    assert not set(shown) & set(page.links)
    page = await browser.press("Search", q=known[-1].username)
    assert page.links[known[-1].username].endswith(f"/people/{known[-1].id}")
    assert "1 person." in page.text
    page = await browser.get(page.links["With access"])  # the search goes along
    assert "1 person." in page.text


async def test_a_member_is_found_by_name_and_by_id_and_a_link_with_the_id_leads_to_the_person(
    dashboard,
):
    [ann] = await people(dashboard, 1)
    async with dashboard.vendor.database.write() as connection:
        await customers.tie(connection, ann.id, dashboard.buyer.id, 1, AT)
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("people?q=ben")
    assert page.links[ann.username].endswith(f"/people/{ann.id}")
    assert "@ben" in page.text
    await browser.get(f"people?q={dashboard.buyer.id}")
    assert browser.page.url.path.endswith(f"/people/{ann.id}")
    # A search while somebody types stays where it is.
    page = await browser.get(f"people?q={dashboard.buyer.id}", **{"HX-Request": "true"})
    assert ann.username in page.text


async def test_nobody_known_and_nobody_found_are_said_with_what_to_do(dashboard):
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("people")
    assert "Nobody is known here yet" in page.text
    [ann, *_] = await people(dashboard, 3)
    page = await browser.get(f"people?q={ann.username}x")
    assert f"Nobody fits {ann.username}x" in page.text
    page = await browser.get(page.links[ann.username])  # an alike name
    assert "1 person." in page.text
    page = await browser.get("people?show=blocked")
    assert "Nobody is in this list now" in page.text


async def test_another_servers_people_are_in_no_list(dashboard):
    await people(dashboard, 2)
    strangers = await many_people(dashboard.vendor.database, OTHER, 2, members=True)
    browser = await dashboard.signed_in(dashboard.owner)
    for path in ("people", "people?show=all&q=Person", f"people?q={strangers[0].member_id}"):
        page = await browser.get(path)
        assert not any(person.username in page.links for person in strangers)
    assert (await browser.get(f"/dashboard/{OTHER}/people")).status == 401


@pytest.mark.parametrize(
    "path", ["people?show=everything", "people?page=x", "people?page=-1", "people?q=%00"]
)
async def test_an_address_that_no_page_of_ours_has_leads_nowhere(dashboard, path):
    browser = await dashboard.signed_in(dashboard.mod)
    assert (await browser.get(path)).status == 404


async def test_markup_in_names_and_searches_comes_escaped(dashboard):
    [ann] = await people(dashboard, 1)
    evil = "<script>alert(1)</script>"
    async with dashboard.vendor.database.write() as connection:
        await connection.execute(
            update(customer).where(customer.c.id == ann.id).values(username=evil, name_folded=evil)
        )
    await dashboard.vendor.add_script("evil", guild_id=dashboard.guild.id, title=evil)
    browser = await dashboard.signed_in(dashboard.mod)
    for path in ("people", "people?q=%3Cscript%3E", "people?q=%22%3E%3Cscript%3Ealert(2)"):
        page = await browser.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.html
        assert "&lt;script&gt;" in page.html


async def test_each_row_says_how_it_stands(dashboard):
    await people(dashboard, 1, state="stuck", reason="refused")
    await people(dashboard, 1, wanted="until", wanted_ends_at=START, seen="nothing")
    browser = await dashboard.signed_in(dashboard.mod)
    assert "stuck" in (await browser.get("people?show=stuck")).text
    page = await browser.get("people")
    assert "no end" in page.text
    assert "ended 10 March 2026" in page.text
    assert "nothing now" in page.text


async def test_a_full_page_stays_below_a_hundred_kilobytes(dashboard):
    found = await many_people(dashboard.vendor.database, dashboard.guild.id, 60)
    async with dashboard.vendor.database.write() as connection:
        for person in found:
            long = f"{person.username}_{'x' * 50}"
            await connection.execute(
                update(customer)
                .where(customer.c.id == person.id)
                .values(username=long, name_folded=long.casefold())
            )
            await connection.execute(
                insert(permission).values(
                    guild_id=person.guild_id, script_id=1, customer_id=person.id, username=long,
                    name_folded=long.casefold(), wanted="lifetime", revision=0, synced_revision=0,
                    seen="unknown", ours="unknown", before="unknown", state="done", asked_at=AT,
                )
            )  # fmt: skip
    browser = await dashboard.signed_in(dashboard.mod)
    assert len((await browser.get("people?q=Person")).html.encode()) < 100_000


async def test_the_list_leads_to_the_form_for_somebody_new(dashboard):
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("people")
    assert page.links["Grant to somebody"].endswith("/people/new")
    page = await browser.get(page.links["Grant to somebody new"])
    assert page.status == 200
    assert page.form("Grant")
    assert page.links["People"].endswith("/people")
