"""A form that the end of the program broke off: its sender reads on their next page what came of it, once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from yarl import URL

from bot import clock
from bot.access.orders.unanswered import FORMS_KEPT, number_of_form
from bot.store.tables.ledger import unanswered
from tests.support.dashboard_harness import DashboardHarness
from tests.support.dashboard_people import customer, end, orders
from tests.support.fake_time import eventually

CUT = "I was interrupted while I worked on this: the form that you sent"


@pytest.fixture
async def shop(harness):
    await harness.make_rows()
    harness.vendor.world.add_user("Alice_T")
    return harness


async def noted(dashboard):
    async with dashboard.vendor.database.read() as connection:
        return (await connection.execute(select(unanswered.c.interaction_id))).scalars().all()


async def nothing_noted(dashboard):
    async def is_so():
        return not await noted(dashboard)

    await eventually(is_so)


async def left_by(dashboard, browser, form, **changed):
    """The form is noted as if the program had been killed."""
    [session] = await dashboard.web_sessions.listed(dashboard.guild.id)
    row = {
        "interaction_id": number_of_form(f"web {session.id} {form.fields['once']}"),
        "guild_id": dashboard.guild.id,
        "member_id": dashboard.mod.id,
        "asked": "the form that you sent, trend 1M",
        "asked_at": clock.now(),
        "token": None,
        "in_place": False,
    }
    async with dashboard.vendor.database.write() as connection:
        await connection.execute(insert(unanswered).values(row | changed))
    return {each.key: each.value for each in browser.http.cookie_jar}


async def back(dashboard, kept):
    """The same browser, after the restart."""
    browser = await dashboard.browser()
    browser.http.cookie_jar.update_cookies(kept, URL(browser.origin))
    return browser


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_the_next_page_says_what_came_of_it(shop, moment):
    async with DashboardHarness(shop).running() as dashboard:
        alice = await customer(dashboard)
        staff = await dashboard.signed_in(dashboard.mod)
        form = (await staff.get(f"people/{alice.id}")).form("Grant")
        fields = {**form.fields, "duration": "1M"}
        if moment == "after":
            await staff.post(form.action, fields)
            await nothing_noted(dashboard)
        kept = await left_by(dashboard, staff, form)
    async with DashboardHarness(shop).running() as dashboard:
        other = await dashboard.signed_in(dashboard.owner)
        assert CUT not in (await other.get("")).text
        staff = await back(dashboard, kept)
        page = await staff.get(f"people/{alice.id}")
        assert CUT in page.text
        if moment == "before":
            assert "Nothing was ordered or changed. Please ask again." in page.text
            assert await orders(dashboard) == 0
        else:
            assert "Your order was recorded" in page.text
            assert "do not order it again" in page.text
        assert CUT not in (await staff.get(f"people/{alice.id}")).text
        await nothing_noted(dashboard)
        page = await staff.post(form.action, fields)
        assert "Done: Alice_T has Trend until" in page.text
        assert await orders(dashboard) == 1
        assert dashboard.fake.person(dashboard.mod).dms() == []


async def test_sent_again_before_any_page_nothing_more_is_said(shop):
    async with DashboardHarness(shop).running() as dashboard:
        alice = await customer(dashboard)
        staff = await dashboard.signed_in(dashboard.mod)
        form = (await staff.get(f"people/{alice.id}")).form("Grant")
        kept = await left_by(dashboard, staff, form)
    async with DashboardHarness(shop).running() as dashboard:
        staff = await back(dashboard, kept)
        page = await staff.post(form.action, {**form.fields, "duration": "1M"})
        assert "Done: Alice_T has Trend until" in page.text
        assert CUT not in page.text
        assert CUT not in (await staff.get("")).text
        await nothing_noted(dashboard)


async def test_nobody_is_told_of_a_form_whose_session_is_over(shop):
    async with DashboardHarness(shop).running() as dashboard:
        staff = await dashboard.signed_in(dashboard.mod)
        form = (await staff.get("people")).form("sign-out")
        await left_by(dashboard, staff, form, asked_at=clock.now() - FORMS_KEPT)
    async with DashboardHarness(shop).running() as dashboard:
        staff = await dashboard.signed_in(dashboard.mod)
        assert CUT not in (await staff.get("")).text
        await nothing_noted(dashboard)


async def test_stopped_while_a_form_waits_it_is_told_after_the_start(shop, monkeypatch):
    monkeypatch.setattr("bot.web.server._SHUTDOWN", 0.1)  # no form that waits is done by itself
    async with DashboardHarness(shop).running() as dashboard:
        staff = await dashboard.signed_in(dashboard.mod)
        await staff.get("people/new")
        dashboard.switches.hang = True
        sending = asyncio.get_running_loop().create_task(
            staff.press("Grant", username="Alice_T", item="trend", duration="1M")
        )
        await eventually(lambda: dashboard.tradingview.calls("hint"))
        kept = {each.key: each.value for each in staff.http.cookie_jar}
        assert len(await noted(dashboard)) == 1
    dashboard.switches.hang = False
    await asyncio.gather(sending, return_exceptions=True)
    shop.time.set(clock.now() + timedelta(minutes=1))
    async with DashboardHarness(shop).running() as dashboard:
        staff = await back(dashboard, kept)
        page = await staff.get("")
        assert CUT in page.text
        assert "trend 1M Alice_T" in page.text
        assert "Nothing was ordered or changed" in page.text
        assert end(dashboard) is None


async def test_a_history_entry_knows_its_form_and_the_next_form_is_another(shop):
    async with DashboardHarness(shop).running() as dashboard:
        staff = await dashboard.signed_in(dashboard.mod)
        alice = await customer(dashboard)
        numbers = []
        for _ in range(2):
            form = (await staff.get(f"people/{alice.id}")).form("Grant")
            await staff.post(form.action, {**form.fields, "duration": "1M"})
            [session] = await dashboard.web_sessions.listed(dashboard.guild.id)
            numbers.append(number_of_form(f"web {session.id} {form.fields['once']}"))
        for number in numbers:
            [entry] = await dashboard.history.of_interaction(number)
            assert entry.event.action == "grant"
