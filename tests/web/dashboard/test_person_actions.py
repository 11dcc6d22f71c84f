"""What staff change about somebody's access on a page: each is the command's own order, with its questions."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from yarl import URL

from bot.store.catalogue import guilds, scripts
from bot.store.people import customers
from bot.web.dashboard.routes import ROUTES
from tests.support.dashboard_harness import DashboardHarness
from tests.support.dashboard_people import customer, end, have, now, orders
from tests.support.vendor_fixture import hold

A_MONTH = datetime(2026, 4, 10, 12, tzinfo=UTC)


@pytest.fixture
async def alice(dashboard):
    return await customer(dashboard)


@pytest.fixture
async def staff(dashboard):
    """A browser of staff, just signed in."""
    return await dashboard.signed_in(dashboard.mod)


@pytest.fixture
async def manager(dashboard):
    return await dashboard.signed_in(dashboard.owner)


async def grow_old(dashboard):
    """Let the sessions be too old for removals."""
    await dashboard.time.advance(timedelta(minutes=16).total_seconds())


async def test_a_grant_leads_to_its_order_and_back_to_the_person(dashboard, staff, alice):
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Grant", item="trend", duration="1M", note="order 77")
    assert page.status == 200
    assert "/orders/" in page.url.path
    assert "Done: Alice_T has Trend until" in page.text
    assert "order 77" in page.text
    assert end(dashboard) == A_MONTH
    page = await staff.get(page.links["Back to the person"])
    assert "has it" in page.text
    assert "order 77" in page.text
    assert "given by staff" in page.text
    assert "1 month by @mia" in page.text


async def test_a_form_sent_twice_counts_once(dashboard, staff, alice):
    page = await staff.get(f"people/{alice.id}")
    form = page.form("Grant")
    fields = {**form.fields, "duration": "1M"}
    first, second = await asyncio.gather(
        staff.post(form.action, fields), staff.post(form.action, fields)
    )
    assert first.url.path == second.url.path
    assert await orders(dashboard) == 1
    assert end(dashboard) == A_MONTH


async def test_a_form_sent_again_after_a_restart_counts_once(harness):
    await harness.make_rows()
    harness.vendor.world.add_user("Alice_T")
    async with DashboardHarness(harness).running() as dashboard:
        alice = await customer(dashboard)
        staff = await dashboard.signed_in(dashboard.mod)
        page = await staff.get(f"people/{alice.id}")
        form = page.form("Grant")
        fields = {**form.fields, "duration": "1M"}
        await staff.post(form.action, fields)
        kept = {each.key: each.value for each in staff.http.cookie_jar}
    async with DashboardHarness(harness).running() as dashboard:
        staff = await dashboard.browser()
        staff.http.cookie_jar.update_cookies(kept, URL(staff.origin))
        page = await staff.post(form.action, fields)
        assert "Done: Alice_T has Trend until" in page.text
        assert await orders(dashboard) == 1
        assert end(dashboard) == A_MONTH


@pytest.mark.parametrize(
    ("label", "fields", "expected"),
    [
        ("Grant", {"duration": "soon"}, "is not a duration that I understand"),
        ("Grant", {"duration": "1M", "item": "other"}, "no script called other"),
        ("Set the end", {"until": "01/02/2027"}, "can be read in two ways"),
        ("Set the end", {"until": "2020-01-01"}, "is over"),
        ("End it now", {"item": "trend"}, "has no access to Trend"),
        ("Pause it", {"item": "trend"}, "pause"),
        ("Change it", {"from": "trend", "to": "trend"}, "Trend"),
    ],
)
async def test_what_cannot_be_done_is_said_as_the_command_says_it(
    dashboard, staff, alice, label, fields, expected
):
    await staff.get(f"people/{alice.id}")
    page = await staff.press(label, **fields)
    assert page.status == 422, page.text
    assert expected in page.text
    assert page.links["Go back"]
    assert await orders(dashboard) == 0


async def test_an_end_is_set_and_an_earlier_one_asks_first(dashboard, staff, alice):
    await have(dashboard, "Alice_T", "1Y")
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Set the end", until="2026-04-30")
    assert page.status == 409
    assert "takes time away" in page.text
    assert await orders(dashboard, "set") == 0
    page = await staff.press("Yes, shorten it")
    assert "Done" in page.text
    assert end(dashboard).date().isoformat() == "2026-04-30"
    page = await staff.press("Put back")
    assert "It is put back" in page.text
    assert end(dashboard).year == 2027


async def test_an_earlier_end_takes_a_young_session(dashboard, staff, alice):
    await have(dashboard, "Alice_T", "1Y")
    await grow_old(dashboard)
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Set the end", until="7D")
    assert page.status == 403
    assert "sign in again" in page.text
    assert await orders(dashboard, "set") == 0
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Set the end", until="2Y")  # a later one takes nothing away
    assert page.status == 200
    assert end(dashboard).year == 2028


async def test_a_gift_is_given_with_its_reason(dashboard, staff, alice):
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Give it", duration="2W", reason="won a <b>raffle</b>")
    assert "Done" in page.text
    page = await staff.get(f"people/{alice.id}")
    assert "won a <b>raffle</b>" in page.text
    assert "<b>" not in page.html
    assert "a gift" in page.text
    page = await staff.press("Give it", duration="2W", reason="   ")
    assert page.status == 404
    assert await orders(dashboard) == 1


async def test_a_plan_is_changed(dashboard, staff, alice):
    await dashboard.script("scalper")
    await have(dashboard, "Alice_T", "1M")
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Change it", **{"from": "trend", "to": "scalper", "until": ""})
    assert page.status == 200
    await dashboard.passes(lambda: end(dashboard) is None)
    page = await staff.get(page.url.path)
    assert "Scalper" in page.text


async def test_a_pause_and_its_end(dashboard, staff, alice):
    await have(dashboard, "Alice_T", "1M")
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Pause it", item="")
    assert page.status == 409  # everything they have
    page = await staff.press("Yes, pause it")
    assert page.status == 200
    assert end(dashboard) is None
    page = await staff.get(f"people/{alice.id}")
    assert "paused" in page.text
    page = await staff.press("Resume", item="trend")
    assert page.status == 200
    assert end(dashboard) == A_MONTH


async def test_access_is_ended_and_put_back_from_the_page(dashboard, staff, alice):
    await have(dashboard, "Alice_T", "1M")
    page = await staff.get(f"people/{alice.id}?do=revoke&item=trend")
    page = await staff.press("End it now", note="asked for it")
    assert "has no access to Trend any more" in page.text
    assert end(dashboard) is None
    page = await staff.get(f"people/{alice.id}")
    assert "ended" in page.text
    page = await staff.press("Put back")
    assert "It is put back" in page.text
    assert end(dashboard) == A_MONTH


async def test_what_lasts_for_good_is_ended_after_a_question_alone(dashboard, staff, alice):
    await have(dashboard, "Alice_T", "L")
    await staff.get(f"people/{alice.id}")
    page = await staff.press("End it now")
    assert page.status == 409
    assert "This ends everything" in page.text
    question = page
    page = await staff.get(page.links["No, leave it"])
    assert "has it" in page.text
    staff.page = question
    page = await staff.press("Yes, end it")
    assert page.status == 200
    assert end(dashboard) is None


@pytest.mark.parametrize("label", ["End it now", "Pause it", "Give it to them"])
async def test_an_old_session_takes_nothing_away(dashboard, staff, alice, label):
    await have(dashboard, "Alice_T", "1M")
    before = await orders(dashboard)
    await grow_old(dashboard)
    page = await staff.get(f"people/{alice.id}")
    assert "asks for a sign-in of the last 15 minutes" in page.text
    page = await staff.press(label)
    assert page.status == 403
    assert "Open a new link with /dashboard" in page.text
    assert await orders(dashboard) == before
    assert end(dashboard) == A_MONTH


async def test_what_another_server_has_is_not_found_and_not_changed(dashboard, staff, manager):
    async with dashboard.vendor.database.write() as connection:
        await guilds.ensure(connection, 77, dashboard.vendor.request().at)
        foreign = await customers.add(connection, 77, username="Alice_T")
    mine = await customer(dashboard)
    page = await manager.get(f"people/{mine.id}")
    fields = page.form("Grant").fields | {
        "duration": "1M",
        "until": "1Y",
        "from": "trend",
        "to": "trend",
        "reason": "x",
        "member": str(dashboard.buyer.id),
        "username": "Alice_Two",
        "other": "Alice_T",
    }
    for path in ("", "/why", "/evidence/page", "/evidence/table", "?look=now"):
        assert (await manager.get(f"people/{foreign.id}{path}")).status == 404
    actions = [
        key[1].partition("customer_id")[2].partition("/")[2]
        for key in dashboard.app[ROUTES].rules
        if key[0] == "POST" and "{customer_id:" in key[1]
    ]
    assert len(actions) > 15
    for action in actions:
        page = await manager.post(f"people/{foreign.id}/{action}", fields)
        assert page.status == 404, action
    person = await now(dashboard, foreign.id)
    assert (person.member_id, person.username, person.blocked_at) == (None, "Alice_T", None)
    assert await orders(dashboard) == 0


async def test_a_form_without_its_token_is_refused(dashboard, staff, alice):
    page = await staff.get(f"people/{alice.id}")
    fields = page.form("Grant").fields | {"duration": "1M", "form_token": "x"}
    page = await staff.post(f"people/{alice.id}/grant", fields)
    assert page.status == 403
    assert await orders(dashboard) == 0


async def seats(dashboard, number):
    """So many people have a seat by now."""
    async with dashboard.vendor.database.write() as connection:
        [script] = await scripts.listed(connection, dashboard.guild.id)
        for one in range(number):
            person = await customers.add(connection, dashboard.guild.id, username=f"seat{one}")
            await hold(connection, script, person, wanted="lifetime", seen="lifetime")


async def test_a_grant_over_the_line_of_seats_takes_a_manager(dashboard, staff, manager, alice):
    await seats(dashboard, 100)
    asked = dashboard.vendor.request(dashboard.mod.id, guild_id=dashboard.guild.id)
    await dashboard.seat_counts.set_guard(asked, on=True)
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Grant", duration="1M")
    assert page.status == 409
    assert "That takes a manager of this server. Nothing was changed." in page.text
    assert await orders(dashboard) == 0
    await manager.get(f"people/{alice.id}")
    page = await manager.press("Grant", duration="1M")
    assert page.status == 409
    [yes] = [label for form in page.forms for label in form.labels if label.startswith("Yes")]
    page = await manager.press(yes)
    assert "Done" in page.text
    assert end(dashboard) == A_MONTH


async def test_with_many_items_they_are_listed_once(dashboard, staff, alice):
    for number in range(60):
        await dashboard.script(f"script-{number}")
    page = await staff.get(f"people/{alice.id}")
    assert page.html.count("script-42") == 1
    page = await staff.press("Grant", item="script-42", duration="1M")
    assert "Done" in page.text
