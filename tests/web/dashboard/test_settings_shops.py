"""Shops and programs on the dashboard: secrets go in, or are shown once, and never come back."""

import re

import pytest

from bot.access.rules.addresses import Allowed
from bot.notifications.outgoing_http import Poster
from bot.store.catalogue import guilds
from tests.support.fake_time import eventually
from tests.support.receiver import receiving

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1zaG9wLXdobyBzZWxscw=="
NEW = "whsec_" + "YW5vdGhlci1zZWNyZXQtb2YtdGhlLXNob3AhISE="
SIGNS = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
OTHER_SERVER = 991


@pytest.fixture
async def browser(dashboard):
    return await dashboard.signed_in(dashboard.owner)


async def connect(browser, provider="standard", **fields):
    await browser.get(f"settings/webhooks/new?provider={provider}")
    return await browser.press("Connect it", **fields)


async def test_a_shop_is_connected_and_its_secret_is_on_no_page(dashboard, browser):
    page = await browser.get("settings/webhooks")
    assert "No shop is connected yet" in page.text
    page = await browser.get("settings/webhooks/new")
    assert {"Stripe", "Whop", "Discord's own shop"} <= set(page.links)
    assert (await browser.get("settings/webhooks/new?provider=nobody")).status == 422
    page = await connect(browser, secret=SECRET)
    assert page.url.path.endswith("settings/webhooks/1")
    assert "is added as connection 1" in page.text
    assert "/webhooks/" in page.text.partition("1. The address.")[2][:200]
    assert "Kept encrypted" in page.text
    pages = [page.html, (await browser.get("settings/webhooks")).html]
    page = await browser.get("settings/webhooks/1")
    assert 'type="password"' in page.html
    pages.append(page.html)
    page = await browser.press("settings/webhooks/1/secret", secret=NEW)
    assert "is kept" in page.text
    pages.append(page.html)
    page = await browser.press("settings/webhooks/1/secret", secret="x y")
    assert page.status == 422
    assert "x y" not in page.html
    await browser.get("settings/webhooks/1")
    page = await browser.press("Remove the old secret")
    assert "is changed" in page.text
    assert not any(secret in html for html in [*pages, page.html] for secret in (SECRET, NEW))


async def test_what_is_set_for_a_shop_is_changed_and_refused_as_with_the_command(
    dashboard, browser
):
    await connect(browser, "generic", secret="generic-secret")
    page = await browser.press(
        "settings/webhooks/1/edit", slack="2", grace="5", cancel="at once", refund="end",
        dispute="keep", ask="1",
    )  # fmt: skip
    assert "is changed" in page.text
    assert "goes on for 5 days" in page.text
    terms = (await dashboard.connections.one(dashboard.guild.id, 1)).terms
    assert (terms.slack_days, terms.grace_days, terms.cancel_ends_now) == (2, 5, True)
    assert (terms.partial_refund_ends, terms.dispute_holds) == (True, False)
    page = await browser.press("settings/webhooks/1/edit", slack="91")
    assert page.status == 422
    await browser.get("settings/webhooks/1")
    page = await browser.press("settings/webhooks/1/options", options="nonsense = <b>")
    assert page.status == 422
    assert "<b>" not in page.html
    assert (await dashboard.connections.one(dashboard.guild.id, 1)).terms == terms


async def test_a_shop_is_removed_after_a_yes(dashboard, browser):
    await connect(browser, secret=SECRET)
    page = await browser.press("Remove…")
    assert page.status == 409
    assert "Its messages are taken no more" in page.text
    assert len(await dashboard.connections.listed(dashboard.guild.id)) == 1
    page = await browser.press("Yes, remove it")
    assert "is removed" in page.text
    assert await dashboard.connections.listed(dashboard.guild.id) == []
    assert (await browser.get("settings/webhooks/1")).status == 404


async def test_the_test_waits_for_a_message_and_says_what_came(dashboard, browser):
    page = await connect(browser, secret=SECRET)
    page = await browser.press("Test")
    assert "I wait for a message" in page.text
    address = page.url.path_qs
    view = await dashboard.connections.one(dashboard.guild.id, 1)
    refused = await browser.http.post(
        f"{browser.origin}/webhooks/{view.row.public_id}", data=b"{}",
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert refused.status == 401

    async def said():
        await dashboard.time.advance(1)
        return "I refused it" in (await browser.get(address)).text

    await eventually(said)
    page = await browser.press("Wait again")
    assert "I wait for a message" in page.text
    address = page.url.path_qs
    await dashboard.time.advance(601)
    assert "came. Nothing was changed" in (await browser.get(address)).text
    for query in ("", "?began=x&refused=0&at=", "?began=1&refused=0&at=nan"):
        page = await browser.get(f"settings/webhooks/1/test{query}")
        assert page.status in (200, 404), query


async def test_another_servers_shop_is_not_there(dashboard, browser):
    async with dashboard.vendor.database.write() as connection:
        await guilds.ensure(connection, OTHER_SERVER, dashboard.time.now())
    request = dashboard.vendor.request(guild_id=OTHER_SERVER)
    foreign = await dashboard.connections.add(request, "standard", SECRET)
    program = await dashboard.outgoing_endpoints.add(request, "https://a.example/", "")
    fields = (await browser.get("settings")).form("sign-out").fields
    path = f"settings/webhooks/{foreign.row.id}"
    for address in (path, f"{path}/test?began=1&refused=0&at="):
        page = await browser.get(address)
        assert page.status == 404
        assert foreign.row.public_id not in page.html
    for form in ("edit", "secret", "drop-old", "api-key", "options", "test", "remove"):
        page = await browser.post(f"{path}/{form}", {**fields, "secret": NEW})
        assert page.status in (404, 422), form
    for form in ("test", "replay", "remove"):
        address = f"settings/outgoing/{program.endpoint.id}/{form}"
        assert (await browser.post(address, fields)).status in (404, 422), form
    assert await dashboard.connections.one(OTHER_SERVER, foreign.row.id) == foreign
    assert len(await dashboard.outgoing_endpoints.listed(OTHER_SERVER)) == 1


async def test_a_program_is_added_with_its_secret_once_tested_and_removed(
    dashboard, browser, tmp_path
):
    async with receiving(tmp_path) as receiver:
        allowed = Allowed.of(("localhost",))
        dashboard.outgoing_endpoints._allowed = allowed
        dashboard.outgoing_webhooks._poster = Poster(allowed, receiver.trust)
        fields = (await browser.get("settings/outgoing")).form("Add it").fields
        asked = {**fields, "address": receiver.url, "kind_access.granted": "1"}
        page = await browser.post("settings/outgoing", asked)
        assert page.headers["Cache-Control"] == "no-store"
        assert len(SIGNS.findall(page.html)) == 1
        page = await browser.post("settings/outgoing", asked)
        assert "its secret was shown" in page.text
        page = await browser.get("settings/outgoing")
        assert "access.granted" in page.text
        assert not SIGNS.search(page.html)
        assert receiver.url not in page.html
        page = await browser.press("Send a test")
        assert "took the test" in page.text
        page = await browser.press("Send again what it did not take")
        assert "nothing to send again" in page.text
        page = await browser.press("Remove…")
        assert page.status == 409
        page = await browser.press("Yes, tell it nothing more")
        assert "is told nothing more" in page.text
        assert await dashboard.outgoing_endpoints.listed(dashboard.guild.id) == []
        page = await browser.press("Add it", address="http://10.0.0.1/secret-path")
        assert page.status == 422
        assert "secret-path" not in page.html


async def test_what_discord_sells_is_said_to_give_something(dashboard, browser):
    page = await browser.get("settings/discord-shop")
    assert "Discord sells nothing for this bot yet" in page.text
    sku = dashboard.fake.premium.add_sku("Gold <b>")
    page = await browser.get("settings/discord-shop")
    assert "Gold <b>" in page.text
    page = await browser.press("Save", item="trend")
    assert "gives Trend" in page.text
    [opening] = await dashboard.premium_rules.listed(dashboard.guild.id)
    assert opening.rule.sku_id == sku.id
    page = await browser.get("settings/webhooks")
    assert "Discord's own shop" in page.text
    fields = page.form("sign-out").fields
    assert (await browser.post("settings/discord-shop/77/item", fields)).status == 404
    page = await browser.get("settings/discord-shop")
    page = await browser.press("Remove…")
    page = await browser.press("Yes, remove it")
    assert "is removed" in page.text
    assert await dashboard.premium_rules.listed(dashboard.guild.id) == []
