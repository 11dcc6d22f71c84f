"""The dashboard's pages about payments: what waits, its mends, contracts, and what no page ever says."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from bot import clock
from bot.access.orders.price_questions import ask_in
from bot.access.rules import contract_json
from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Failure,
    Line,
    Payment,
    Reading,
    Refund,
    Snapshot,
    Status,
)
from bot.store.catalogue import guilds, products
from bot.store.kinds import DeliveryState
from bot.store.records import Delivery
from bot.store.sales import connections, prices
from bot.store.tables.payments import contract, contract_purchase, delivery
from tests.cogs.test_codes import link
from tests.support.shops import gets, hears, is_paid, states

MONTH = timedelta(days=30)
EMAIL = "buyer@example.com"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def shop(dashboard):
    """A connection that asks before anything is shortened, known to the bot as one from before its start."""
    async with dashboard.vendor.database.write() as connection:
        made = await connections.add(
            connection, dashboard.guild.id, public_id="x" * 22, provider="standard", options={},
            by=dashboard.owner.id, at=clock.now(), reference="r1",
        )  # fmt: skip
        made = await connections.change(connection, made.id, asks_first=True)
    await dashboard.vendor.services.connections.open()
    return made


@pytest.fixture
async def browser(dashboard):
    return await dashboard.signed_in(dashboard.owner)


async def sells(dashboard, shop, key, name=None):
    async with dashboard.vendor.database.write() as connection:
        price = await prices.add(connection, shop.id, key, name, clock.now())
        await ask_in(connection, shop, clock.now())
    return price


async def tells(dashboard, shop, *facts):
    """Let a message of the shop be worked on; its number."""
    number = await gets(
        dashboard.vendor.database,
        dashboard.vendor.vault,
        shop.id,
        f"e{clock.now().timestamp()}{len(facts)}{facts[0]}"[:150],
        DeliveryState.DONE,
    )
    message = Delivery(
        number, shop.id, "e", "sale", clock.now(), None, None,
        DeliveryState.NEW, None, 0, None, None, None,
    )  # fmt: skip
    contracts = dashboard.vendor.services.contracts
    async with dashboard.vendor.database.write() as connection:
        taken = await contracts.take_in(connection, shop, message, Reading(facts))
        await connection.execute(
            update(delivery).where(delivery.c.id == number).values(contract_id=taken.contract_id)
        )
    contracts.go_on(shop.guild_id, taken)
    return taken.contract_id


async def bought(dashboard, shop, order="sub_1", **buyer):
    """Let the script be sold: a price that is known, and a payment of a member."""
    async with dashboard.vendor.database.write() as connection:
        price = await prices.add(connection, shop.id, "p", None, clock.now())
        [script] = (await connection.exec_driver_sql("SELECT id FROM script")).scalars()
        await prices.set_item(connection, price.id, script_id=script)
    now = clock.now()
    paid = Payment(
        f"in_{order}", order, now, (Line(("p",), "Trend, monthly"),), now, now + MONTH,
        amount=Decimal("29.00"), currency="USD",
    )  # fmt: skip
    runs = Snapshot(order, now, Status.ACTIVE, renews=True, ends_at=now + MONTH)
    return await tells(dashboard, shop, paid, runs, Buyer(contract=order, **buyer))


async def pending(dashboard, shop, name, **values):
    return await is_paid(
        dashboard.vendor.database,
        dashboard.vendor.vault,
        shop.id,
        name,
        dashboard.guild.id,
        **values,
    )


async def whose(dashboard, contract_id):
    async with dashboard.vendor.database.read() as connection:
        return await connection.scalar(
            select(contract.c.customer_id).where(contract.c.id == contract_id)
        )


async def test_where_nothing_waits_it_says_so_and_leads_to_the_first_connection(browser):
    page = await browser.get("payments")
    assert page.status == 200
    assert "Nothing waits for you" in page.text
    assert "No shop is connected yet" in page.text
    assert page.links["Connect a shop"].endswith("/settings/webhooks")


async def test_an_unknown_price_is_said_with_a_list(dashboard, browser, shop):
    price = await sells(dashboard, shop, "gold", "Gold, monthly")
    number = await gets(
        dashboard.vendor.database, dashboard.vendor.vault, shop.id, "e1", DeliveryState.UNMAPPED
    )
    page = await browser.get("payments")
    assert "Gold, monthly" in page.text
    form = page.form("That is it")
    assert form.choices["item"] == ["", "s1", "none"]
    page = await browser.press("That is it")
    assert page.status == 404  # nothing was chosen
    await browser.get("payments")
    page = await browser.press("That is it", item="s1")
    assert "is Trend" in page.text or "is trend" in page.text
    assert "1 message that waited goes on now" in page.text
    assert "Which product is it?" not in page.text
    assert (await states(dashboard.vendor.database))[number] is not DeliveryState.UNMAPPED
    async with dashboard.vendor.database.read() as connection:
        known = await prices.by_id(connection, dashboard.guild.id, price.id)
    assert known.script_id == 1


async def test_an_order_of_nobody_is_assigned_to_a_member_or_a_name(dashboard, browser, shop):
    first = await pending(dashboard, shop, "A-17", buyer={"username": "Alice_T", "email": EMAIL})
    second = await pending(dashboard, shop, "A-18", buyer={"username": EMAIL})
    page = await browser.get("payments")
    assert "typed the name Alice_T" in page.text
    assert EMAIL not in page.html
    page = await browser.press(f"contracts/{first}/assign")
    assert page.status == 422  # nobody was named
    assert await whose(dashboard, first) is None
    await browser.get(f"payments/contracts/{first}")
    page = await browser.press("Assign", member=str(dashboard.buyer.id))
    assert "The order A-17 is of" in page.text
    assert "Assign" not in str([form.labels for form in page.forms])
    assert await whose(dashboard, first) is not None
    await browser.get(f"payments/contracts/{second}")
    page = await browser.press("Assign", username="Alice_Two")
    assert page.status == 200
    assert "The order A-18 is of Alice_Two now" in page.text
    assert "the operator" not in page.text
    assert EMAIL not in page.html


async def test_an_order_that_is_somebodys_by_now_is_not_taken_away(dashboard, browser, shop):
    number = await pending(dashboard, shop, "A-17")
    page = await browser.get(f"payments/contracts/{number}")
    form = page.form("Assign")
    await browser.press("Assign", member=str(dashboard.buyer.id))
    before = await whose(dashboard, number)
    page = await browser.post(form.action, {**form.fields, "username": "Alice_Two"})
    assert page.status == 422
    assert await whose(dashboard, number) == before


@pytest.mark.parametrize(("button", "stands"), [("Keep it", True), ("End it", False)])
async def test_what_staff_are_asked_about_is_decided_on_the_page(
    dashboard, browser, shop, button, stands
):
    await link(dashboard, dashboard.buyer, "Alice_T")
    number = await bought(dashboard, shop, discord_id=dashboard.buyer.id)
    [script] = dashboard.vendor.world.scripts.values()
    row = dashboard.vendor.world.row
    await dashboard.passes(lambda: row(script.pine_id, "Alice_T") is not None)
    await tells(dashboard, shop, Refund("re_1", "in_sub_1", clock.now(), is_full=True))
    page = await browser.get("")
    assert "1 purchase waits for your word before it ends" in page.text
    assert page.links["Decide"].endswith("/payments")
    page = await browser.get("payments")
    assert "May this end?" in page.text
    assert "the money was refunded" in page.text
    page = await browser.get(f"payments/contracts/{number}")
    assert "Refunded in full" in page.text
    page = await browser.press(button)
    assert page.status == 200
    assert f"member {dashboard.owner.id}" not in page.text
    await dashboard.passes(lambda: (row(script.pine_id, "Alice_T") is not None) is stands)
    assert "May this end?" not in (await browser.get("payments")).text


async def test_what_ends_access_asks_for_a_fresh_session_and_what_keeps_it_does_not(
    dashboard, browser, shop
):
    await bought(dashboard, shop, discord_id=dashboard.buyer.id)
    await tells(dashboard, shop, Refund("re_1", "in_sub_1", clock.now(), is_full=True))
    await browser.get("payments")
    await dashboard.time.advance(timedelta(minutes=16).total_seconds())
    page = await browser.press("End it")
    assert page.status == 403
    assert "sign in again" in page.text
    await browser.get("payments")
    assert (await browser.press("Keep it")).status == 200


async def test_messages_are_tried_again_one_or_all(dashboard, browser, shop):
    database, vault = dashboard.vendor.database, dashboard.vendor.vault
    numbers = [
        await gets(database, vault, shop.id, f"e{each}", DeliveryState.STUCK, reason="odd form")
        for each in range(3)
    ]
    page = await browser.get("payments")
    assert "odd form" in page.text
    page = await browser.press(f"messages/{numbers[0]}/replay")
    assert "1 message is tried again now" in page.text
    page = await browser.press("Try all again")
    assert "2 messages are tried again now" in page.text
    found = await states(database)
    assert all(found[number] is not DeliveryState.STUCK for number in numbers)


async def test_a_contract_is_told_in_words_without_a_body_or_an_address(dashboard, browser, shop):
    number = await bought(
        dashboard, shop, "sub_9", discord_id=dashboard.buyer.id, email=EMAIL, claim_codes=("KEY-1",)
    )
    now = clock.now()
    await tells(dashboard, shop, Failure("in_x", "sub_9", now, needs_buyer=True))
    await tells(dashboard, shop, Dispute("dp_1", "in_sub_9", now, DisputeState.INQUIRY))
    await tells(
        dashboard, shop, Refund("re_2", "in_sub_9", now, amount=Decimal("5.00"), is_full=False)
    )
    page = await browser.get(f"payments/contracts/{number}")
    for words in (
        "Paid 29.00 USD",
        "Active, renews",
        "confirm it with their bank",
        "The bank asks about a payment",
        "Refunded: 5.00",
        "worked on",
        "the shop, which named the member",
    ):
        assert words in page.text, words
    async with dashboard.vendor.database.read() as connection:
        gave = await connection.scalar(select(func.count()).select_from(contract_purchase))
    assert gave == 1
    assert page.links["To their page"].rpartition("/")[2].isdigit()
    for secret in (EMAIL, "KEY-1", "{}"):
        assert secret not in page.html


async def test_contracts_are_found_by_number_or_person_and_paged(dashboard, browser, shop):
    await link(dashboard, dashboard.buyer, "Alice_T")
    await bought(dashboard, shop, "sub_77", discord_id=dashboard.buyer.id)
    async with dashboard.vendor.database.write() as connection:
        await connection.execute(
            contract.insert(),
            [
                {
                    "guild_id": dashboard.guild.id, "connection_id": shop.id, "name": f"B-{each:03}",
                    "facts": [], "told": [], "why": "paid", "made_at": clock.now(),
                    "changed_at": clock.now(), "renews": False,
                }
                for each in range(60)
            ],
        )  # fmt: skip
    page = await browser.get("payments/contracts")
    assert "61 orders and subscriptions" in page.text
    assert "Page 1 of 2" in page.text
    assert "sub_77" not in page.text
    assert len(page.html) < 100_000
    assert "sub_77" in (await browser.get("payments/contracts?page=1")).text
    for text in ("sub_77", "alice_t", "in_sub_77", str(dashboard.buyer.id)):
        await browser.get("payments")
        page = await browser.press("Search", q=text)
        assert "1 order or subscription" in page.text, text
        assert "sub_77" in page.text
        assert "Alice_T" in page.links
    page = await browser.get("payments/contracts?q=%25")
    assert "Nothing fits" in page.text
    assert (await browser.get("payments/contracts?page=x")).status == 404


async def test_each_connection_says_how_it_stands(dashboard, browser, shop):
    page = await browser.get("payments")
    assert "the secret is missing" in page.text
    async with dashboard.vendor.database.write() as connection:
        sealed = dashboard.vendor.vault.seal(json.dumps(["whsec_hidden"]))
        await connections.change(connection, shop.id, secrets=sealed)
    assert "nothing has come yet" in (await browser.get("payments")).text
    await hears(dashboard.vendor.database, shop.id, kind="paid")
    page = await browser.get("payments")
    assert "works" in page.text
    await hears(dashboard.vendor.database, shop.id, refused="signature")
    page = await browser.get("payments")
    assert "hidden" not in page.text
    assert "x" * 22 not in page.html  # of its address


async def test_pages_with_a_long_list_of_items_stay_small(dashboard, browser, shop):
    async with dashboard.vendor.database.write() as connection:
        for number in range(300):
            await products.add(
                connection, dashboard.guild.id, by=1, at=clock.now(), slug=f"p{number}",
                title=f"A product with a long title {number}",
            )  # fmt: skip
    for number in range(20):
        await sells(dashboard, shop, f"price_{number}", f"Price {number}")
    page = await browser.get("payments")
    assert len(page.html) < 100_000
    assert "19 more come once these are answered" in page.text


async def test_what_others_typed_comes_escaped(dashboard, browser, shop):
    await sells(dashboard, shop, EVIL, EVIL)
    number = await pending(
        dashboard, shop, EVIL, buyer={"username": EVIL},
        facts=contract_json.to_json([Payment(EVIL, EVIL, clock.now(), lines=(Line((EVIL,), EVIL),))]),
    )  # fmt: skip
    await gets(
        dashboard.vendor.database, dashboard.vendor.vault, shop.id, "e", DeliveryState.STUCK,
        reason=EVIL,
    )  # fmt: skip
    for path in ("payments", f"payments/contracts/{number}", f"payments/contracts?q={EVIL}"):
        page = await browser.get(path)
        assert page.status == 200
        assert EVIL not in page.html
        assert "&lt;script&gt;" in page.html


async def test_another_servers_contracts_prices_and_messages_are_not_here(dashboard, browser, shop):
    database, vault = dashboard.vendor.database, dashboard.vendor.vault
    async with database.write() as connection:
        await connection.exec_driver_sql("INSERT INTO guild SELECT * FROM guild WHERE 0")

        await guilds.ensure(connection, 77, clock.now())
        theirs = await connections.add(
            connection, 77, public_id="y" * 22, provider="standard", options={},
            by=1, at=clock.now(), reference="r1",
        )  # fmt: skip
        price = await prices.add(connection, theirs.id, "g", "Their gold", clock.now())
    order = await is_paid(database, vault, theirs.id, "T-1", 77)
    message = await gets(database, vault, theirs.id, "e1", DeliveryState.STUCK)
    await sells(dashboard, shop, "gold")
    page = await browser.get("payments")
    assert "T-1" not in page.text
    assert "Their gold" not in page.text
    fields = {
        **page.form("That is it").fields,
        "item": "s1",
        "part": "x",
        "member": str(dashboard.buyer.id),
    }
    assert (await browser.get(f"payments/contracts/{order}")).status == 404
    assert "Nothing fits" in (await browser.get("payments/contracts?q=T-1")).text
    home = f"/dashboard/{dashboard.guild.id}/payments"
    for address in (
        f"prices/{price.id}",
        f"messages/{message}/replay",
        *(f"contracts/{order}/{what}" for what in ("assign", "end", "keep")),
    ):
        page = await browser.post(f"{home}/{address}", fields)
        assert page.status == 404, address
    await browser.post(f"{home}/replay", fields)
    assert (await states(database))[message] is DeliveryState.STUCK
    assert await whose(dashboard, order) is None


async def test_staff_who_manage_nothing_do_not_see_them(dashboard, shop):
    number = await pending(dashboard, shop, "A-17")
    browser = await dashboard.signed_in(dashboard.mod)
    assert "Payments" not in (await browser.get("")).links
    for path in ("payments", "payments/contracts", f"payments/contracts/{number}"):
        assert (await browser.get(path)).status == 403


async def test_a_buyer_without_a_tradingview_name_is_called_as_in_discord(dashboard, browser, shop):
    await bought(dashboard, shop, discord_id=dashboard.buyer.id)
    await tells(dashboard, shop, Refund("re_1", "in_sub_1", clock.now(), is_full=True))
    page = await browser.get("payments")
    assert "@ben" in page.links
    assert "of @ben: the money was refunded" in page.text


async def test_a_form_without_its_token_does_nothing(dashboard, browser, shop):
    number = await pending(dashboard, shop, "A-17")
    page = await browser.get(f"payments/contracts/{number}")
    form = page.form("Assign")
    sent = {**form.fields, "username": "Alice_T", "form_token": "x"}
    assert (await browser.post(form.action, sent)).status == 403
    assert await whose(dashboard, number) is None


async def test_the_order_that_a_shop_made_has_its_page(dashboard, shop, browser):
    await bought(dashboard, shop, username="Alice_T")
    page = await browser.get("orders/1")
    assert page.status == 200
    assert "Asked by" in page.text
    assert "Alice_T" in page.text


async def test_a_page_beyond_all_numbers_is_an_empty_page(dashboard):
    browser = await dashboard.signed_in(dashboard.owner)
    for path in ("payments", "payments/contracts", "people", "differences", "history"):
        page = await browser.get(f"{path}?page={2**63 - 1}")
        assert page.status in (200, 404), path
