"""A form that is sent twice at the same moment does what it does once, whichever form it is."""

import asyncio

from sqlalchemy import func, select

from bot.store.tables.columns import metadata
from tests.support.dashboard_people import customer, have, orders


async def number(dashboard, table):
    async with dashboard.vendor.database.read() as connection:
        query = select(func.count()).select_from(metadata.tables[table])
        return (await connection.execute(query)).scalar_one()


async def twice(browser, path, **fields):
    token = (await browser.get("settings/sessions")).form("Sign out").fields["form_token"]
    sent = fields | {"form_token": token, "once": path.encode().hex()[-32:].rjust(32, "0")}
    pages = await asyncio.gather(*(browser.post(path, sent) for _ in range(2)))
    assert all(page.status < 500 for page in pages), [page.text for page in pages]
    return pages


async def test_orders_for_a_person_are_given_once(dashboard):
    alice = await customer(dashboard)
    await have(dashboard, "Alice_T", "1Y")
    browser = await dashboard.signed_in(dashboard.owner)
    path = f"people/{alice.id}"
    for form, kind, fields in (
        ("gift", "grant", {"item": "trend", "duration": "1M", "reason": "a raffle"}),
        ("set", "set", {"item": "trend", "until": "2Y"}),
        ("pause", "pause", {"item": "trend"}),
        ("resume", "resume", {"item": "trend"}),
    ):
        before = await orders(dashboard, kind)
        await twice(browser, f"{path}/{form}", **fields)
        assert await orders(dashboard, kind) == before + 1, form
    before = await orders(dashboard)
    await twice(browser, "people/new/grant", username="__bob__", item="trend", duration="1M")
    assert await orders(dashboard) == before + 1


async def test_what_is_made_is_made_once(dashboard):
    browser = await dashboard.signed_in(dashboard.owner)
    for table, path, fields in (
        ("api_key", "settings/keys", {"name": "panel", "scope_read": "1"}),
        ("product", "items/products/new", {"slug": "gold", "title": "Gold", "script_trend": "1"}),
        ("code_batch", "items/scripts/1/codes", {"duration": "1M", "count": "2"}),
        ("connection", "settings/webhooks/new", {"provider": "standard"}),
    ):
        await twice(browser, path, **fields)
        assert await number(dashboard, table) == 1, table


async def test_a_file_or_a_filter_that_is_sent_twice_makes_one_dry_run(dashboard):
    await customer(dashboard, duration="1M")
    browser = await dashboard.signed_in(dashboard.owner)
    given = {"item": "trend", "everyone": "1", "duration": "1M"}
    await twice(browser, "batches/new/grant/people", **given)
    assert await number(dashboard, "batch") == 1
    page = await browser.get("batches/new/extend")
    form = page.form("Show what would change")
    file = ("people.csv", b"username,item,duration\nAlice_T,trend,1M\n")
    sent = form.fields | {"file": file}
    pages = await asyncio.gather(*(browser.send(form, sent) for _ in range(2)))
    assert {page.status for page in pages} == {200}
    assert await number(dashboard, "batch") == 2


async def test_two_browsers_that_answer_one_question_do_it_once(dashboard):
    """The yes is of the session that was asked: in another it is no form at all."""
    alice = await customer(dashboard)
    await have(dashboard, "Alice_T", "1Y")
    browser, other = [await dashboard.signed_in(dashboard.owner) for _ in range(2)]
    await browser.get(f"people/{alice.id}")
    page = await browser.press("Set the end", until="1M")
    form = next(each for each in page.forms if "agreed" in each.fields)
    await other.get(f"people/{alice.id}")
    own = other.page.form("Sign out").fields["form_token"]
    assert (await other.post(form.action, form.fields)).status == 403
    assert (await other.post(form.action, form.fields | {"form_token": own})).status == 404
    for changed in ({"until": "2D"}, {"once": "1" * 32}, {"agreed": form.fields["agreed"][:-4]}):
        assert (await browser.post(form.action, form.fields | changed)).status == 404, changed
    elsewhere = form.action.replace("/set", "/gift")
    assert (await browser.post(elsewhere, form.fields)).status == 404
    assert await orders(dashboard, "set") == 0
    await asyncio.gather(*(browser.post(form.action, form.fields) for _ in range(2)))
    assert await orders(dashboard, "set") == 1


async def test_a_role_that_is_lost_between_question_and_yes_ends_the_yes(dashboard):
    alice = await customer(dashboard)
    await have(dashboard, "Alice_T", "1Y")
    browser = await dashboard.signed_in(dashboard.mod)
    await browser.get(f"people/{alice.id}")
    page = await browser.press("Set the end", until="1M")
    form = next(each for each in page.forms if "agreed" in each.fields)
    dashboard.take_role(dashboard.mod, dashboard.staff)
    assert (await browser.post(form.action, form.fields)).status == 403
    assert await orders(dashboard, "set") == 0
