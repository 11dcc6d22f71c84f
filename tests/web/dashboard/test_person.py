"""One person's page: who they are, what they have and why until then, and what waits for them."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.purchases import Bought
from bot.access.request import RequestContext
from bot.access.rules.duration import parse_length
from bot.access.sources import payments
from bot.store.kinds import ActorKind, ClaimHow
from bot.store.ledger import purchases
from bot.store.people import customers
from bot.store.records import Actor
from bot.store.sales import connections, contract_purchases, contracts
from tests.support.dashboard_people import customer, end, have, orders

EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def staff(dashboard):
    return await dashboard.signed_in(dashboard.mod)


async def waiting_purchase(dashboard):
    """What a member without a TradingView name got."""
    async with dashboard.vendor.database.read() as connection:
        sold = await find_item(connection, dashboard.guild.id, "trend")
    by = Actor(ActorKind.SOURCE, "payment")
    request = RequestContext(dashboard.guild.id, by, "shop 1", clock.now())
    bought = Bought("payment", sold, dashboard.buyer.id, parse_length("1M"))
    return (await dashboard.purchases.open(request, bought)).purchase


async def contract_of(dashboard, person, bought):
    """A contract of that person, which gave the purchase."""
    await payments.offered()  # at the start, those of all connections are read
    at, guild_id = clock.now(), dashboard.guild.id
    async with dashboard.vendor.database.write() as connection:
        shop = await connections.add(
            connection,
            guild_id,
            public_id="x" * 22,
            provider="stripe",
            options={},
            by=1,
            at=at,
            reference="r1",
        )
        made = await contracts.add(
            connection, guild_id, shop.id, name="sub_1TXqYpR4", why="", at=at
        )
        await contracts.change(
            connection,
            made.id,
            customer_id=person.id,
            claimed_how=ClaimHow.STAFF,
            claimed_by=1,
            paid_end=datetime(2026, 4, 2, tzinfo=UTC),
        )
        await contract_purchases.add(
            connection, made.id, "main", bought.id, line_key="p", wanted={}
        )
    return made


async def test_the_page_says_who_it_is_and_why_until_then(dashboard, staff):
    ben = await customer(dashboard, "Alice_T", dashboard.buyer)
    await have(dashboard, "Alice_T", "1M")
    await have(dashboard, "Alice_T", "2W")
    page = await staff.get(f"people/{ben.id}")
    assert page.status == 200
    assert page.links["Alice_T"] == "https://www.tradingview.com/u/Alice_T/"
    assert str(dashboard.buyer.id) in page.text
    assert "@ben" in page.text
    assert "Should be until 24 April 2026" in page.text
    assert "last seen" in page.text
    assert "◀ this one decides" in page.text
    assert page.text.count("given by staff") >= 2
    assert "ordered 1 month of Trend" in page.text


async def test_look_now_reads_tradingview_and_says_when_it_is_silent(dashboard, staff):
    alice = await customer(dashboard, duration="1M")
    page = await staff.get(f"people/{alice.id}")
    page = await staff.get(page.links["Look now"])
    assert "TradingView was asked just now" in page.text
    assert "last seen" not in page.text
    dashboard.switches.down = True
    looking = asyncio.ensure_future(staff.get(f"people/{alice.id}?look=now"))
    await dashboard.passes(looking.done)
    assert "it did not answer just now; last seen" in looking.result().text


async def test_a_member_without_a_name_sees_what_waits(dashboard, staff):
    await waiting_purchase(dashboard)
    ben = await dashboard.vendor.person(member=dashboard.buyer.id, guild_id=dashboard.guild.id)
    page = await staff.get(f"people/{ben.id}")
    assert "@ben" in page.title
    assert "has no TradingView name yet" in page.text
    assert "1 month" in page.text
    assert not any(form.action.endswith("/revoke") for form in page.forms)
    await staff.press("Link", username="Alice_T")
    await dashboard.purchases.look()
    await dashboard.passes(lambda: end(dashboard) is not None)


async def test_contracts_are_for_managers_their_number_for_all(dashboard, staff):
    bought = await waiting_purchase(dashboard)
    ben = await dashboard.vendor.person(member=dashboard.buyer.id, guild_id=dashboard.guild.id)
    made = await contract_of(dashboard, ben, bought)
    page = await staff.get(f"people/{ben.id}")
    assert "sub_1TXqYpR4" in page.text
    assert "sub_1TXqYpR4" not in page.links
    assert "Payments" not in page.text
    manager = await dashboard.signed_in(dashboard.owner)
    page = await manager.get(f"people/{ben.id}")
    assert page.links["sub_1TXqYpR4"].endswith(f"payments/contracts/{made.id}")
    assert "Stripe" in page.text


async def test_the_evidence_is_a_file_for_managers(dashboard):
    alice = await customer(dashboard, duration="1M")
    manager = await dashboard.signed_in(dashboard.owner)
    await manager.get(f"people/{alice.id}")
    page = await manager.get(manager.page.links["Evidence for a dispute"])
    assert page.status == 200
    assert page.headers["Content-Disposition"].startswith('attachment; filename="evidence-')
    assert "What was bought" in page.text
    page = await manager.get(f"people/{alice.id}/evidence/table")
    assert page.headers["Content-Type"].startswith("text/csv")
    assert "time_utc" in page.html
    assert (await manager.get(f"people/{alice.id}/evidence/other")).status == 404


async def test_what_people_typed_comes_escaped(dashboard, staff):
    await dashboard.script("evil", f"Evil {EVIL}")
    alice = await customer(dashboard)
    async with dashboard.vendor.database.write() as connection:
        at = clock.now()
        await customers.block(connection, alice.id, at, by=dashboard.mod.id, reason=EVIL)
    await staff.get(f"people/{alice.id}")
    page = await staff.press("Grant", item="evil", duration="1M", note=EVIL)
    assert page.status == 409
    assert EVIL in page.text
    assert EVIL not in page.html
    page = await staff.press("Yes, do it")
    assert EVIL in page.text
    assert EVIL not in page.html
    for path in ("", "/why?item=evil", f"?do={EVIL}&item={EVIL}", "?look=now"):
        page = await staff.get(f"people/{alice.id}{path}")
        assert EVIL in page.text
        assert EVIL not in page.html
    page = await staff.get(f"people/new?username={EVIL}")
    assert EVIL not in page.html
    assert page.status == 422


async def test_who_is_gone_or_never_was_is_not_found(dashboard, staff):
    for number in ("0", "999", "99999999999999999999"):
        assert (await staff.get(f"people/{number}")).status == 404
    alice = await customer(dashboard)
    dashboard.take_role(dashboard.mod, dashboard.staff)
    assert (await staff.get(f"people/{alice.id}")).status == 403


async def test_many_purchases_and_entries_stay_a_small_page(dashboard, staff):
    alice = await customer(dashboard)
    at, guild_id = clock.now(), dashboard.guild.id
    async with dashboard.vendor.database.write() as connection:
        sold = await find_item(connection, guild_id, "trend")
        for number in range(60):
            await purchases.add(
                connection,
                guild_id,
                alice.id,
                script_id=sold.scripts[0].id,
                source="staff",
                reference=f"r{number}",
                kind="lifetime",
                actor=Actor.member(1),
                asked_at=at,
            )
    page = await staff.get(f"people/{alice.id}")
    assert "And 40 earlier ones" in page.text
    assert len(page.html) < 100_000
    assert await orders(dashboard) == 0
