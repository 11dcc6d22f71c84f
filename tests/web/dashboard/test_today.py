"""The first page: each number leads to its people, what is stuck has its button, members' requests theirs."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot import clock
from bot.access.rules.releases import Release
from bot.replies import wrong_clock
from bot.store.ledger import events
from bot.store.people import claims, customers
from bot.store.sales import recent
from bot.store.tables.catalogue import script
from bot.store.tables.ledger import permission
from tests.access.queries.test_today import buy, filled
from tests.support.dashboard_harness import DashboardHarness
from tests.support.many import hold_all, many_people
from tests.support.vendor_fixture import AT, OTHER


async def sold(dashboard):
    return (await dashboard.overview.on_offer(dashboard.guild.id))[0]


async def stuck_person(dashboard, reason="refused"):
    [ann] = await many_people(dashboard.vendor.database, dashboard.guild.id, 1)
    await hold_all(
        dashboard.vendor.database,
        [(await sold(dashboard), ann)],
        wanted="nothing",
        state="stuck",
        reason=reason,
        detail="No such thing <script>",
    )
    return ann


async def test_every_number_leads_to_a_list_of_that_length(dashboard):
    await filled(dashboard, 5, guild_id=dashboard.guild.id)
    await filled(dashboard, 6, guild_id=OTHER)
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("")
    figures = {text: address for text, address in page.links.items() if "/people?show=" in address}
    assert len(figures) >= 7
    for text, address in figures.items():
        number = re.match(r"[\d,]+", text)
        if number is None:
            continue
        listed = await browser.get(address)
        total = re.search(r"([\d,]+) (?:person|people)\.", listed.text)
        assert total is not None, text
        if "show=access" in address and "have access" not in text:
            continue  # the seats: TradingView counts otherwise
        assert total[1] == number[0], (text, address)


async def test_a_quiet_day_and_an_empty_server(dashboard):
    browser = await dashboard.signed_in(dashboard.owner)
    page = await browser.get("")
    assert "Everything is on TradingView" in page.text
    assert "Nobody has access through Usher yet" in page.text
    assert "Nothing was sold through Usher yet" in page.text
    assert "Needs you" not in page.text


async def test_what_is_stuck_stands_there_with_its_button(dashboard):
    ann = await stuck_person(dashboard)
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("")
    assert "1 order is stuck" in page.text
    assert page.links[ann.username].endswith(f"/people/{ann.id}")
    assert "No such thing <script>" in page.text
    assert "&lt;script&gt;" in page.html
    page = await browser.press("Try again")
    assert page.status == 200
    assert "Trying 1 order for trend again" in page.text
    [entry] = await history(dashboard, "retry")
    assert entry.actor.member_id == dashboard.mod.id


async def history(dashboard, action):
    async with dashboard.vendor.database.read() as connection:
        found = await events.since(connection, dashboard.guild.id, 0)
    return [event for event in found if event.action == action]


async def test_a_form_without_its_token_and_an_item_of_another_server_do_nothing(dashboard):
    await stuck_person(dashboard)
    await dashboard.vendor.add_script("elsewhere", guild_id=OTHER)
    browser = await dashboard.signed_in(dashboard.mod)
    await browser.get("")
    form = browser.page.form("Try again")
    page = await browser.post(form.action, {**form.fields, "form_token": ""})
    assert page.status == 403
    page = await browser.post(form.action, {**form.fields, "item": "elsewhere"})
    assert page.status == 422
    assert await history(dashboard, "retry") == []


async def test_many_removals_are_asked_about_first(dashboard):
    people = await many_people(dashboard.vendor.database, dashboard.guild.id, 30)
    await hold_all(
        dashboard.vendor.database,
        [(await sold(dashboard), person) for person in people],
        wanted="nothing", seen="lifetime", replaces=1, state="stuck", reason="refused",
    )  # fmt: skip
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("")
    assert "and 20 more stuck" in page.text
    page = await browser.press("Try again")
    assert page.status == 409
    assert "30" in page.text
    assert await history(dashboard, "retry") == []
    page = await browser.get(page.links["No, leave it"])
    assert "30 orders are stuck" in page.text
    dashboard.time.set(clock.now() + timedelta(minutes=16))
    page = await browser.press("Try again")
    assert page.status == 403
    assert "sign in again" in page.text


async def test_a_member_who_waits_is_decided_about_here(dashboard):
    async with dashboard.vendor.database.write() as connection:
        claim = await claims.add(connection, dashboard.guild.id, dashboard.buyer.id, "Alice_T", AT)
        other = await claims.add(connection, OTHER, dashboard.buyer.id, "Bob", AT)
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("")
    assert "@ben says that Alice_T" in page.text
    form = page.form("No")
    elsewhere = form.action.replace(f"/{claim.id}/", f"/{other.id}/")
    assert (await browser.post(elsewhere, form.fields)).status in (404, 422)
    await browser.get("")
    page = await browser.press("Yes, it is theirs")
    assert "accepted that Alice_T belongs to @ben" in page.text
    async with dashboard.vendor.database.read() as connection:
        person = await customers.by_member(connection, dashboard.guild.id, dashboard.buyer.id)
        assert person.username == "Alice_T"
        assert await claims.waiting(connection, OTHER)


async def test_a_name_of_another_member_is_asked_about_once_more(dashboard):
    async with dashboard.vendor.database.write() as connection:
        guild_id = dashboard.guild.id
        await customers.add(
            connection, guild_id, member_id=dashboard.stranger.id, username="Alice_T"
        )
        await claims.add(connection, guild_id, dashboard.buyer.id, "Alice_T", AT)
    browser = await dashboard.signed_in(dashboard.mod)
    await browser.get("")
    page = await browser.press("Yes, it is theirs")
    assert "Move it, with everything it may use?" in page.text
    page = await browser.press("Yes, move it")
    assert "accepted that Alice_T belongs to @ben" in page.text


async def test_managers_see_the_money_of_a_sale_and_staff_do_not(dashboard, monkeypatch):
    [ann] = await many_people(dashboard.vendor.database, dashboard.guild.id, 1)
    async with dashboard.vendor.database.write() as connection:
        bought = await buy(connection, ann, await sold(dashboard), "one")

    async def facts_of(_, ids):
        paid = {
            "fact": "payment", "key": "in_1", "contract": "s", "at": "2026-03-01T00:00:00+00:00",
            "amount": "29.90", "currency": "EUR",
        }  # fmt: skip
        return {bought.id: [paid]} if bought.id in ids else {}

    monkeypatch.setattr(recent, "facts_of", facts_of)
    page = await (await dashboard.signed_in(dashboard.owner)).get("")
    assert "29.90 EUR" in page.text
    page = await (await dashboard.signed_in(dashboard.mod)).get("")
    assert "29.90" not in page.text
    assert ann.username in page.links
    assert "Payments" not in page.links


@pytest.mark.parametrize("who", ["owner", "mod"])
async def test_without_a_login_it_says_so_first_and_leads_managers_on(harness, who):
    await harness.make_staff()
    async with DashboardHarness(harness).running() as dashboard:
        browser = await dashboard.signed_in(getattr(dashboard, who))
        page = await browser.get("")
        assert "There is no TradingView login yet" in page.text
        leads_on = page.links.get("Add the login", "")
        assert leads_on.endswith("/login") if who == "owner" else not leads_on


async def test_the_pictures_say_in_words_and_in_tables_what_they_show(dashboard):
    await filled(dashboard, 7, guild_id=dashboard.guild.id)
    await dashboard.seat_counts.watch()
    dashboard.time.set(clock.now() + timedelta(days=1))
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("")
    pictures = re.findall(r'<svg class="chart"[^>]*role="img" aria-label="([^"]+)"', page.html)
    assert any(text.startswith("People with access by day") for text in pictures)
    assert any(text.startswith("Sales by week") for text in pictures)
    assert "Seats by day" in page.text
    assert "Sales by week" in page.text
    assert page.html.count("<script") == page.html.count("<script src=")
    assert " style=" not in page.html
    assert len(page.html.encode()) < 100_000


async def test_a_script_that_tradingview_refuses_can_be_tried_again(dashboard):
    async with dashboard.vendor.database.write() as connection:
        await connection.execute(
            update(script).values(paused_at=clock.now(), paused_reason="Forbidden <b>")
        )
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("")
    assert "is refused by TradingView" in page.text
    assert "Forbidden <b>" in page.text
    await browser.press("Try again")
    assert "is refused by TradingView" not in (await browser.get("")).text
    async with dashboard.vendor.database.read() as connection:
        assert (await connection.execute(permission.select())).all() == []


async def test_a_newer_release_stands_above_the_day(dashboard):
    await dashboard.releases.heard(Release("99.1.0", "https://usher.example/99.1.0"))
    for who in (dashboard.owner, dashboard.mod):
        page = await (await dashboard.signed_in(who)).get("")
        assert "There is a newer Usher, 99.1.0" in page.text
        assert "https://usher.example/99.1.0" in page.links.values()


async def test_a_wrong_clock_stands_above_the_day(dashboard, monkeypatch):
    monkeypatch.setattr(wrong_clock, "warning", lambda: "**The clock is wrong.**")
    page = await (await dashboard.signed_in(dashboard.mod)).get("")
    assert "The clock is wrong." in page.text
