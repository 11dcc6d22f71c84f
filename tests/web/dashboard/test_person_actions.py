"""What staff do on a person's page: each action is the command's own, with its questions and its refusals."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from yarl import URL

from bot.store.catalogue import guilds
from bot.store.kinds import Tie
from bot.store.people import customers
from bot.web.dashboard.routes import ROUTES
from tests.support.dashboard_harness import DashboardHarness
from tests.support.dashboard_people import customer, end, have, now, orders

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


@pytest.mark.parametrize(
    "action", ["block", "unblock", "end-all", "merge", "forget", "evidence/page"]
)
async def test_staff_do_not_what_takes_a_manager(dashboard, staff, alice, action):
    page = await staff.get(f"people/{alice.id}")
    assert not any(action in form.action for form in page.forms)
    fields = page.form("Grant").fields
    if action.startswith("evidence"):
        page = await staff.get(f"people/{alice.id}/{action}")
    else:
        page = await staff.post(f"people/{alice.id}/{action}", {**fields, "other": "Alice_Two"})
    assert page.status == 403
    person = await now(dashboard, alice.id)
    assert (person.blocked_at, person.forget_at, person.username) == (None, None, "Alice_T")


async def test_a_block_asks_about_what_they_have(dashboard, manager, alice):
    await have(dashboard, "Alice_T", "1M")
    await manager.get(f"people/{alice.id}")
    page = await manager.press("Block", reason="charged back")
    assert "is blocked, and still has access" in page.text
    assert "charged back" in page.text
    assert end(dashboard) == A_MONTH
    page = await manager.press("End what they have")
    assert "Their access to 1 script ends now" in page.text
    await dashboard.passes(lambda: end(dashboard) is None)
    await manager.get(f"people/{alice.id}")
    page = await manager.press("Unblock")
    assert "is no longer blocked" in page.text
    assert (await now(dashboard, alice.id)).blocked_at is None


async def test_only_of_a_blocked_person_everything_is_ended(dashboard, manager, alice):
    await have(dashboard, "Alice_T", "1M")
    page = await manager.get(f"people/{alice.id}")
    fields = page.form("Grant").fields
    page = await manager.post(f"people/{alice.id}/end-all", fields)
    assert page.status == 404
    assert end(dashboard) == A_MONTH


async def test_two_records_become_one_and_the_old_address_leads_there(dashboard, manager, alice):
    other = await customer(dashboard, None, dashboard.buyer)
    await manager.get(f"people/{alice.id}")
    page = await manager.press("Make them one", other=str(dashboard.buyer.id))
    assert page.status == 409
    assert (await now(dashboard, other.id)) is not None
    page = await manager.press("Yes, make them one")
    assert "Both are one customer now" in page.text
    assert (await now(dashboard, alice.id)).member_id == dashboard.buyer.id
    page = await manager.get(f"people/{other.id}")
    assert page.url.path.endswith(f"people/{alice.id}")


async def test_a_person_is_forgotten_after_a_question(dashboard, manager, alice):
    await manager.get(f"people/{alice.id}")
    page = await manager.press("Forget them")
    assert page.status == 409
    assert (await now(dashboard, alice.id)).forgotten is None
    await manager.press("Yes, forget them")
    assert (await now(dashboard, alice.id)).forgotten is not None
    page = await manager.get(f"people/{alice.id}")
    assert page.status == 404
    assert "Alice_T" not in page.text


async def test_a_name_gets_its_member_by_name_or_id(dashboard, staff, alice):
    page = await staff.get(f"people/{alice.id}")
    page = await staff.press("Link", member="nobody here")
    assert page.status == 422
    assert "find no member called nobody here" in page.text
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Link", member="1")
    assert page.status == 422
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Link", member="@Ben")
    assert page.status == 200
    person = await now(dashboard, alice.id)
    assert (person.member_id, person.tie) == (dashboard.buyer.id, Tie.STAFF)
    assert "@ben" in page.text
    page = await staff.press("Unlink")
    assert "no longer tied" in page.text
    assert (await now(dashboard, alice.id)).member_id is None


async def test_unlinking_somebody_with_access_asks_first(dashboard, staff):
    ben = await customer(dashboard, "Alice_T", dashboard.buyer, "1M")
    await staff.get(f"people/{ben.id}")
    page = await staff.press("Unlink")
    assert page.status == 409
    assert (await now(dashboard, ben.id)).member_id == dashboard.buyer.id
    page = await staff.press("Yes, untie it")
    assert "no longer tied" in page.text


async def test_a_member_without_a_name_gets_one_and_what_waited(dashboard, staff):
    ben = await customer(dashboard, None, dashboard.buyer)
    page = await staff.get(f"people/{ben.id}")
    assert "No TradingView name is known" in page.text
    page = await staff.press("Link", username="alice_t")
    assert (await now(dashboard, ben.id)).username == "Alice_T"
    assert "Alice_T" in page.title


async def test_a_grant_to_a_member_without_a_name_ties_the_one_that_is_typed(dashboard, staff):
    ben = await customer(dashboard, None, dashboard.buyer)
    await staff.get(f"people/{ben.id}")
    page = await staff.press("Grant", duration="1M", username="Alice_")
    assert page.status == 409
    assert await orders(dashboard) == 0
    page = await staff.press("Alice_T")
    assert "Done" in page.text
    assert (await now(dashboard, ben.id)).username == "Alice_T"
    assert end(dashboard) == A_MONTH


async def test_another_name_takes_what_they_have_along(dashboard, staff, alice):
    await have(dashboard, "Alice_T", "1M")
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Give this name", username="Alice_Two")
    assert "Their TradingView name is Alice_Two now" in page.text
    await dashboard.passes(lambda: end(dashboard, "Alice_Two") == A_MONTH)


async def test_everything_goes_to_another_member(dashboard, staff):
    ben = await customer(dashboard, "Alice_T", dashboard.buyer)
    await staff.get(f"people/{ben.id}")
    page = await staff.press("Give it to them", member="stan")
    assert page.status == 409
    assert (await now(dashboard, ben.id)).member_id == dashboard.buyer.id
    page = await staff.press("Yes, give it to them")
    assert "went from @ben to @stan" in page.text
    assert (await now(dashboard, ben.id)).member_id == dashboard.stranger.id


async def test_a_claim_is_decided_on_the_page(dashboard, staff):
    ben = await customer(dashboard, None, dashboard.buyer)
    async with dashboard.vendor.database.write() as connection:
        at = dashboard.vendor.request().at
        await customers.add_claim(
            connection, dashboard.guild.id, dashboard.buyer.id, "Alice_T", at, None
        )
    page = await staff.get(f"people/{ben.id}")
    assert "says that Alice_T" in page.text
    page = await staff.press("Yes, it is theirs")
    assert "accepted that Alice_T belongs to @ben" in page.text
    assert (await now(dashboard, ben.id)).username == "Alice_T"


async def test_why_no_access_is_said_with_its_mend(dashboard, staff, alice):
    page = await staff.get(f"people/{alice.id}/why?item=trend")
    assert "Trend" in page.text
    page = await staff.press("Grant")
    assert "do=grant&item=trend" in str(page.url)
    page = await staff.get(f"people/{alice.id}/why")
    assert page.status == 200


async def test_what_differs_is_taken_over_or_ended(dashboard, staff, alice):
    pine_id = next(iter(dashboard.vendor.world.scripts))
    dashboard.vendor.world.grant(pine_id, "Alice_T", None)
    page = await staff.get(f"people/{alice.id}?look=now")
    assert "somebody gave this on TradingView itself" in page.text
    page = await staff.press("Take over")
    assert "taken over" in page.text
    dashboard.vendor.world.grant(pine_id, "Alice_T", A_MONTH)
    page = await staff.get(f"people/{alice.id}?look=now")
    page = await staff.press("Set an end")
    assert "do=set" in str(page.url)
    await dashboard.time.advance(timedelta(minutes=16).total_seconds())
    await staff.get(f"people/{alice.id}?look=now")
    page = await staff.press("End access")
    assert page.status == 403
    assert end(dashboard) == A_MONTH


async def test_a_stuck_order_is_tried_once_more(dashboard, staff):
    nobody = await customer(dashboard, "Nobody_Yet")
    await staff.get(f"people/{nobody.id}")
    page = await staff.press("Grant", duration="1M")
    page = await staff.press("Grant anyway")
    assert "Not done" in page.text
    page = await staff.get(f"people/{nobody.id}")
    assert "was not given" in page.text
    dashboard.vendor.world.add_user("Nobody_Yet")
    page = await staff.press("Try once more")
    assert "Trying 1 order for trend again" in page.text
    await dashboard.passes(lambda: end(dashboard, "Nobody_Yet") == A_MONTH)


async def test_a_waiting_order_is_tried_now(dashboard, staff, alice):
    dashboard.switches.silent_ok = 99
    await staff.get(f"people/{alice.id}")
    granting = asyncio.ensure_future(staff.press("Grant", duration="1M"))
    await dashboard.passes(granting.done)
    assert "Waiting" in granting.result().text
    page = await staff.get(f"people/{alice.id}")
    assert "on its way" in page.text
    dashboard.switches.silent_ok = 0
    trying = asyncio.ensure_future(staff.press("Try now"))
    await dashboard.passes(trying.done)
    await dashboard.passes(lambda: end(dashboard) is not None)


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


async def test_somebody_new_is_granted(dashboard, staff):
    await staff.get("people/new")
    page = await staff.press("Grant", username="tradingview.com/u/alice_/", duration="1M")
    assert page.status == 409
    page = await staff.press("Alice_T")
    assert "Done" in page.text
    person = await dashboard.vendor.person(name="Alice_T", guild_id=dashboard.guild.id)
    page = await staff.get("people/new?username=alice_t")
    assert page.url.path.endswith(f"people/{person.id}")


async def test_a_name_that_only_tradingview_knows_is_looked_at(dashboard, staff):
    pine_id = next(iter(dashboard.vendor.world.scripts))
    dashboard.vendor.world.grant(pine_id, "__bob__", None)
    page = await staff.get("people/new?username=__bob__")
    assert "has 1 script" in page.text
    page = await staff.press("Take over")
    assert page.url.path.endswith(
        f"people/{(await dashboard.vendor.person(name='__bob__', guild_id=dashboard.guild.id)).id}"
    )


async def test_neither_a_name_nor_a_member_is_refused(dashboard, staff):
    await staff.get("people/new")
    page = await staff.press("Grant", duration="1M")
    assert page.status == 422
    assert await orders(dashboard) == 0
