"""The buttons under what is said of a person, on pages: mends, claims; and people whom nobody knows yet."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.store.catalogue import guilds
from bot.store.people import claims, customers
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


async def test_a_claim_is_decided_on_the_page(dashboard, staff):
    ben = await customer(dashboard, None, dashboard.buyer)
    async with dashboard.vendor.database.write() as connection:
        at = dashboard.vendor.request().at
        await claims.add(connection, dashboard.guild.id, dashboard.buyer.id, "Alice_T", at, None)
    page = await staff.get(f"people/{ben.id}")
    assert "says that Alice_T" in page.text
    form, here = page.form("Yes, it is theirs"), str(page.url)
    page = await staff.post(form.action, form.fields, Referer=here)
    assert str(page.url) == here
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


async def test_the_mends_find_nothing_of_another_server(dashboard, manager):
    mine = await customer(dashboard)
    async with dashboard.vendor.database.write() as connection:
        at = dashboard.vendor.request().at
        await guilds.ensure(connection, 77, at)
        foreign = await customers.add(connection, 77, username="Alice_Two", member_id=5)
        claim = await claims.add(connection, 77, 6, "Alice_Two", at, None)
    script = await dashboard.vendor.add_script("theirs", guild_id=77)
    fields = (await manager.get(f"people/{mine.id}")).form("Grant").fields
    for path in (
        f"why/c{foreign.id}/trend",
        f"grant/c{foreign.id}/trend",
        f"grant/m{foreign.member_id}/trend",
        "grant/x1/trend",
        f"resume/c{foreign.id}/trend",
        f"name/{foreign.id}/Alice_T",
        f"name/{foreign.id}",
        f"tell/{foreign.id}",
        f"roles/{foreign.member_id}/trend",
        f"set-right/{script.id}/Alice_Two",
        f"take-over/{script.id}/Alice_Two",
        f"set-end/{script.id}/Alice_Two",
        f"end/{script.id}/Alice_Two",
    ):
        page = await manager.post(f"people/{path}", fields)
        assert page.status == 404, path
    for path in (
        "people/retry/theirs",
        f"claims/{claim.id}/accept",
        f"claims/{claim.id}/move",
        f"claims/{claim.id}/refuse",
    ):
        page = await manager.post(path, fields)
        assert page.status == 422, path
    assert (await now(dashboard, foreign.id)).member_id == 5
    assert await orders(dashboard) == 0


async def test_a_name_of_another_member_is_moved_after_a_question_and_a_young_session(
    dashboard, staff
):
    stan = await customer(dashboard, "Alice_T", dashboard.stranger)
    async with dashboard.vendor.database.write() as connection:
        at = dashboard.vendor.request().at
        await claims.add(connection, dashboard.guild.id, dashboard.buyer.id, "Alice_T", at, None)
    await staff.get(f"people/{stan.id}")
    page = await staff.press("Yes, it is theirs")
    assert "it belongs to @stan" in page.text
    assert (await now(dashboard, stan.id)).member_id == dashboard.stranger.id
    question = page
    await grow_old(dashboard)
    page = await staff.press("Yes, move it")
    assert page.status == 403
    assert (await now(dashboard, stan.id)).member_id == dashboard.stranger.id
    staff = await dashboard.signed_in(dashboard.mod)
    await staff.get(f"people/{stan.id}")
    await staff.press("Yes, it is theirs")
    page = await staff.press("Yes, move it")
    assert "accepted that Alice_T belongs to @ben" in page.text
    assert question.status == 200


async def test_a_paused_person_is_resumed_from_the_answer_why(dashboard, staff, alice):
    await have(dashboard, "Alice_T", "1M")
    await staff.get(f"people/{alice.id}")
    await staff.press("Pause it", item="trend")
    await staff.get(f"people/{alice.id}/why?item=trend")
    page = await staff.press("Resume")
    assert "/orders/" in page.url.path
    assert end(dashboard) == A_MONTH


async def test_a_wrong_name_is_put_right_from_the_answer_why(dashboard, staff):
    nobody = await customer(dashboard, "Alice_")
    page = await staff.get(f"people/{nobody.id}/why")
    assert "TradingView knows nobody called Alice_" in page.text
    page = await staff.press("Alice_T")
    assert "Their TradingView name is Alice_T now" in page.text
    page = await staff.get(f"people/{nobody.id}/why")
    assert (await now(dashboard, nobody.id)).username == "Alice_T"
