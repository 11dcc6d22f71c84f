"""What staff change about who somebody is on a page: names, blocks, two records of one, being forgotten."""

from datetime import UTC, datetime

import pytest

from bot.store.kinds import Tie
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
