"""The products' pages: made, changed, their scripts with who gains and loses what, archived."""

from datetime import timedelta

import pytest

from tests.support.fake_time import eventually


async def product(dashboard, slug="gold"):
    return await dashboard.products.entry(dashboard.guild.id, slug)


@pytest.fixture
async def gold(dashboard):
    """A product of one script; Alice and eleven others have it, and a second script is on sale."""
    await dashboard.script("range")
    browser = await dashboard.signed_in(dashboard.owner)
    await browser.get("items/products/new")
    page = await browser.press(
        "Make the product", slug="gold", title="Gold <b>", script_trend="1", duration="1M"
    )
    assert "is added" in page.text
    return browser


async def give(dashboard, *names):
    for name in names:
        if name != "Alice_T":
            dashboard.vendor.world.add_user(name)
        await dashboard.run(
            dashboard.as_mod, "access grant", item="gold", duration="1M", username=name
        )


async def test_a_product_is_made_and_changed_as_with_the_command(dashboard, gold):
    role = dashboard.make_role("Gold members")
    await eventually(lambda: dashboard.client.get_guild(dashboard.guild.id).get_role(role.id))
    entry = await product(dashboard)
    path = f"items/products/{entry.product.id}"
    page = await gold.get(path)
    assert "Gold <b>" in page.text
    assert "1 month" in page.text
    page = await gold.press(
        "Save", trial="7D", grace="3", role=str(role.id), link="https://shop.example/gold"
    )
    assert "is changed" in page.text
    for words in ("trial of 7 days", "3 grace days", "@Gold members", "usually 1 month"):
        assert words in page.text, words
    page = await gold.press("Save", duration="", trial="", role="", link="")
    assert page.status == 200
    now = (await product(dashboard)).product
    assert (now.length, now.trial, now.role_id, now.link, now.grace_days) == (
        *(None,) * 4,
        3,
    )
    await gold.get(path)
    page = await gold.press("Save")
    assert page.status == 422
    assert "is so already" in page.text
    for wrong, words in (
        ({"slug": "trend"}, "is taken"),
        ({"title": ""}, "1 to 100"),
        ({"grace": "91"}, "0 to 90"),
        ({"grace": "x"}, "0 to 90"),
        ({"trial": "L"}, "A trial has an end"),
        ({"link": "javascript:alert(1)"}, "begins with https://"),
        ({"role": str(dashboard.staff.id)}, "may manage your customers"),
    ):
        await gold.get(path)
        page = await gold.press("Save", **wrong)
        assert (page.status, words in page.text) == (422, True), (wrong, page.text)
    assert (await product(dashboard)).product == now


async def test_who_gains_and_who_loses_is_said_before_the_scripts_change(dashboard, gold):
    await give(dashboard, "Alice_T", *(f"Buyer_{number}" for number in range(11)))
    path = f"items/products/{(await product(dashboard)).product.id}"
    await gold.get(path)
    page = await gold.press("Change its scripts", script_range="1")
    assert page.status == 409
    assert "Range comes: 12 people get it" in page.text
    assert "2 more (in the file)" in page.text
    question = page
    page = await gold.press("Download the list of everybody")
    assert page.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in page.headers["Content-Disposition"]
    assert page.html.count(",range,gains,") == 12
    assert [each.slug for each in (await product(dashboard)).scripts] == ["trend"]
    gold.page = question
    page = await gold.press("Yes, change it")
    assert "are changed" in page.text
    assert [each.slug for each in (await product(dashboard)).scripts] == ["range", "trend"]

    # Taking one out takes something away: the session must be young, and it can be put back.
    fields = {
        name: text for name, text in gold.page.form("Change its scripts").fields.items()
        if name != "script_trend"
    }  # fmt: skip
    page = await gold.post(f"{path}/scripts", fields)
    assert "Trend leaves: 12 people lose it" in page.text
    page = await gold.press("Yes, change it")
    assert [each.slug for each in (await product(dashboard)).scripts] == ["range"]
    page = await gold.press("Put back")
    assert "are changed" in page.text
    assert [each.slug for each in (await product(dashboard)).scripts] == ["range", "trend"]
    await dashboard.time.advance(timedelta(minutes=15).total_seconds())
    fields = (await gold.get(path)).form("Change its scripts").fields
    del fields["script_trend"]
    page = await gold.post(f"{path}/scripts", fields)
    assert page.status == 403
    assert [each.slug for each in (await product(dashboard)).scripts] == ["range", "trend"]


async def test_a_product_is_archived_after_a_yes_and_nobody_loses_it(dashboard, gold):
    await give(dashboard, "Alice_T")
    entry = await product(dashboard)
    path = f"items/products/{entry.product.id}"
    await gold.get(path)
    page = await gold.press("Archive…")
    assert "1 person has it" in page.text
    page = await gold.press("Yes, archive it")
    assert "is archived" in page.text
    [script] = entry.scripts
    assert dashboard.vendor.world.has_access(script.pine_id, "Alice_T")
    page = await gold.get(path)
    assert "It is archived since" in page.text
    assert not any("Save" in form.labels for form in page.forms)


async def test_prices_of_shops_stand_beside_what_they_give(dashboard, gold):
    request = dashboard.vendor.request(by=dashboard.owner.id, guild_id=dashboard.guild.id)
    view = await dashboard.connections.add(request, "standard")
    await dashboard.prices.set_item(request, view.row.id, "gold-<i>monthly", "gold")
    page = await gold.get(f"items/products/{(await product(dashboard)).product.id}")
    assert "gold-<i>monthly" in page.text
    [trend] = (await product(dashboard)).scripts
    assert "monthly" not in (await gold.get(f"items/scripts/{trend.id}")).text


async def test_a_product_of_nowhere_is_not_there(dashboard, gold):
    fields = (await gold.get("items")).form("sign-out").fields
    for number in (999, 0, "x"):
        path = f"items/products/{number}"
        assert (await gold.get(path)).status == 404
        for form in ("edit", "scripts", "scripts/people", "archive", "codes", "roles"):
            assert (await gold.post(f"{path}/{form}", fields)).status == 404, form
    assert (await gold.post("items/changes/999/put-back", fields)).status == 404
