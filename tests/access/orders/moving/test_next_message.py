"""Who was taken over from a shop's list renews once, by the first message of that shop that comes over the wire."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import clock
from bot.access.orders.moving.matching import Outcome
from bot.access.request import Subject
from bot.store.sales import connections
from bot.store.tables.payments import contract, contract_ref
from tests.support.access_harness import open_harness
from tests.support.fake_time import START
from tests.support.moved_shop import (
    MovedShop,
    gumroad_charge,
    patreon_member,
    stripe_period,
    whop_membership,
    written,
)
from tests.support.vendor_fixture import HOME

SLACK = timedelta(days=2)
MONTH = timedelta(days=30)
END = (START + timedelta(days=12)).replace(microsecond=0, second=0)
NAME = "Ann_Trades"


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as it:
        it.give(NAME, END)
        yield it


def list_of(shop, end=END):
    """Ann in that shop's list, paid until then."""
    bought = end.replace(month=end.month - 1)
    return {
        "stripe": "id,Customer ID,Customer Email,Plan,Product,Status,Current Period End (UTC),"
        "Cancel At Period End,tradingview (metadata)\n"
        f"sub_1,cus_1,a@example.org,price_1,prod_1,active,{written(end)},false,{NAME}\n",
        "whop": "Membership ID;User ID;Email;Product;Plan ID;Status;Renewal Period End;"
        "TradingView username\n"
        f"mem_1;user_1;a@example.org;Scripts;plan_1;active;{written(end)};{NAME}\n",
        "patreon": "Name,Email,Discord,Patron Status,Tier,Last Charge Date,Last Charge Status,"
        "User ID,Next Charge Date,TradingView name\n"
        f"Ann,a@example.org,ann,Active patron,Gold,{written(bought)},Paid,9,{written(end)},{NAME}\n",
        "gumroad": "Purchase ID,Item Name,Purchase Email,Purchase Date,Purchase Time (UTC timezone),"
        "Fully Refunded?,Disputed?,Recurring Charge?,Product ID,Recurrence,License Key,"
        "TradingView username\n"
        f"s1==,Scripts,A@example.org,{bought:%Y-%m-%d},{written(bought)} UTC,0,0,0,gold,monthly,,{NAME}\n",
    }[shop]


def messages(shop, end):
    """The messages that tell of the period after that end, the same period once more, and that end itself."""
    later = end.replace(month=end.month + 1)
    if shop == "stripe":
        return [stripe_period(later, 2), stripe_period(later, 3), stripe_period(end, 1)], later
    if shop == "whop":
        return [whop_membership(each) for each in (later, later, end)], later
    if shop == "patreon":
        before = end.replace(month=end.month - 1)
        return [
            patreon_member(end, later),
            patreon_member(end, later, full_name="Ann"),
            patreon_member(before, end, full_name="Ann A."),
        ], later
    before = end.replace(month=end.month - 1)
    return [
        gumroad_charge("s2==", end),
        gumroad_charge("s2==", end, full_name="Ann"),
        gumroad_charge("s1==", before, full_name="Ann A."),
    ], later


@pytest.mark.parametrize("shop", ["stripe", "whop", "patreon", "gumroad"])
async def test_the_next_payment_extends_once_and_doubles_nothing(harness, tmp_path, shop):
    moved = MovedShop(harness, tmp_path, shop)
    await moved.connect(shop)
    done = await moved.take_over(list_of(shop))
    assert (done.adopted, done.tied, done.left) == (1, 1, [])
    assert (harness.writes(), harness.end(NAME)) == ([], END)
    assert await moved.bought() == ["payment"]
    told, later = messages(shop, END)
    await moved.says(shop, told[0])
    assert harness.end(NAME) == later + SLACK
    assert len(harness.writes()) == 1
    once = await moved.ledger()
    for message in told[1:]:
        await moved.says(shop, message)
    assert await moved.ledger() == once
    assert (harness.end(NAME), len(harness.writes())) == (later + SLACK, 1)
    assert await moved.bought() == ["payment"]
    assert len(await moved.rows(contract)) == 1
    assert await moved.all_done()


@pytest.mark.parametrize("shop", ["stripe", "whop", "patreon", "gumroad"])
async def test_the_same_end_said_again_changes_nothing(harness, tmp_path, shop):
    moved = MovedShop(harness, tmp_path, shop)
    await moved.connect(shop)
    await moved.take_over(list_of(shop))
    before = await moved.ledger()
    told, _ = messages(shop, END)
    await moved.says(shop, told[2])
    assert (await moved.ledger(), harness.writes(), harness.end(NAME)) == (before, [], END)
    assert len(await moved.rows(contract)) == 1


async def test_run_twice_nothing_doubles_also_after_a_renewal(harness, tmp_path):
    moved = MovedShop(harness, tmp_path, "patreon")
    await moved.connect("patreon")
    await moved.take_over(list_of("patreon"))
    before = await moved.ledger()
    again = await moved.take_over(list_of("patreon"))
    assert (again.tied, again.known, await moved.ledger()) == (0, 1, before)
    told, _ = messages("patreon", END)
    await moved.says("patreon", told[0])
    before = await moved.ledger()
    again = await moved.take_over(list_of("patreon"))
    assert (again.tied, again.known, await moved.ledger()) == (0, 1, before)
    assert len(await moved.rows(contract)) == 1


async def test_a_shop_that_is_connected_later_goes_on_with_it(harness, tmp_path):
    moved = MovedShop(harness, tmp_path, "whop")
    assert (await moved.take_over(list_of("whop"))).tied == 1
    await moved.connect("whop")
    told, later = messages("whop", END)
    await moved.says("whop", told[0])
    assert harness.end(NAME) == later + SLACK
    assert await moved.bought() == ["payment"]
    assert (len(await moved.rows(contract)), await moved.all_done()) == (1, True)


async def test_access_without_an_end_stays_so_until_the_shop_says_it_is_over(harness, tmp_path):
    harness.give("bob-fx", None)
    moved = MovedShop(harness, tmp_path, "stripe")
    await moved.connect("stripe")
    text = list_of("stripe").replace(NAME, "bob-fx")
    plan = await moved.plan(text)
    assert plan.matches[0].outcome is Outcome.UNDATED
    assert (await moved.take_over(text)).tied == 1
    assert (harness.writes(), harness.end("bob-fx")) == ([], None)
    [reason] = await harness.reasons("bob-fx")
    assert (reason.source, reason.kind) == ("payment", "open")
    later = END + MONTH
    await moved.says("stripe", stripe_period(later, 2))
    assert (harness.writes(), harness.end("bob-fx")) == ([], None)
    await passes_to(harness, later + SLACK - timedelta(hours=1))
    assert harness.end("bob-fx") is None
    await passes_to(harness, later + SLACK + timedelta(minutes=1))
    assert harness.end("bob-fx") == "absent"


async def passes_to(harness, moment):
    """That moment comes, and what is due by then is looked at."""
    await harness.time.advance((moment - clock.now()).total_seconds())
    await harness.services.purchases.look()
    await harness.rest()


async def test_addresses_are_kept_encrypted_alone(harness, tmp_path):
    moved = MovedShop(harness, tmp_path, "gumroad")
    await moved.connect("gumroad")
    await moved.take_over(list_of("gumroad"))
    async with harness.database.read() as connection:
        refs = list(await connection.scalars(select(contract_ref.c.ref)))
        names = list(await connection.scalars(select(contract.c.name)))
    assert any(ref.startswith("await address ") for ref in refs)
    assert "example" not in repr(refs + names)
    await harness.erasures.forget(harness.request(confirmed=True), Subject(username=NAME))
    await harness.rest()
    await harness.erasures.carry_out()
    async with harness.database.read() as connection:
        refs = list(await connection.scalars(select(contract_ref.c.ref)))
    assert not [ref for ref in refs if ref.startswith("await ")]


async def test_of_one_buyers_two_subscriptions_the_right_one_goes_on(harness, tmp_path):
    other = await harness.vendor.add_script(slug="range")
    harness.fake.world.grant(other.pine_id, NAME, END)
    await harness.sweeps.run(100, "range", by=1)
    moved = MovedShop(harness, tmp_path, "gumroad")
    await moved.connect("gumroad")
    text = list_of("gumroad")
    title, row = text.splitlines()
    second = row.replace("s1==", "s9==").replace("Scripts", "Other").replace("gold", "silver")
    done = await moved.take_over(f"{title}\n{row}\n{second}\n", items={"Other": "range"})
    assert (done.tied, len(await moved.rows(contract))) == (2, 2)
    more = {"product_name": "Other", "permalink": "silver", "product_id": "prod2=="}
    await moved.says("gumroad", gumroad_charge("s10==", END, subscription_id="sub2==", **more))
    assert harness.end(NAME) == END
    later = END.replace(month=END.month + 1) + SLACK
    assert harness.fake.world.row(other.pine_id, NAME).end == later
    await moved.says("gumroad", gumroad_charge("s2==", END))
    assert harness.end(NAME) == later
    assert await moved.bought() == ["payment", "payment"]
    assert await moved.all_done()


async def test_something_else_that_the_buyer_buys_is_a_contract_of_its_own(harness, tmp_path):
    moved = MovedShop(harness, tmp_path, "gumroad")
    await moved.connect("gumroad")
    await moved.take_over(list_of("gumroad"))
    other = {"product_name": "Stickers", "permalink": "stick", "product_id": "prod9=="}
    await moved.says(
        "gumroad", gumroad_charge("s7==", START, subscription_id="", recurrence="", **other)
    )
    assert len(await moved.rows(contract)) == 2
    told, later = messages("gumroad", END)
    await moved.says("gumroad", told[0])
    assert (harness.end(NAME), len(await moved.rows(contract))) == (later + SLACK, 2)
    assert await moved.bought() == ["payment"]


async def test_a_tier_that_the_message_does_not_name_is_asked_about_once(harness, tmp_path):
    moved = MovedShop(harness, tmp_path, "patreon")
    await moved.connect("patreon")
    await moved.take_over(list_of("patreon"))
    told, later = messages("patreon", END)
    bare = {**told[0], "included": []}
    await moved.says("patreon", bare)
    assert (harness.end(NAME), len(await moved.rows(contract))) == (END, 1)
    await harness.services.prices.set_item(harness.request(), moved.source.id, "4", "trend")
    await harness.services.deliveries.process()
    harness.queue.wake(HOME)
    await harness.rest()
    assert (harness.end(NAME), await moved.bought()) == (later + SLACK, ["payment"])
    assert await moved.all_done()


async def test_what_was_bought_once_ends_when_the_money_goes_back(harness, tmp_path):
    moved = MovedShop(harness, tmp_path, "gumroad")
    await moved.connect("gumroad")
    harness.give("bob-fx", None)
    text = list_of("gumroad").replace("monthly", "").replace(NAME, "bob-fx")
    assert (await moved.take_over(text)).tied == 1
    back = {"resource_name": "refund", "refunded": "true", "subscription_id": "", "recurrence": ""}
    await moved.says("gumroad", gumroad_charge("s1==", START, **back))
    assert harness.end("bob-fx") == "absent"
    assert await moved.bought() == ["payment"]


async def test_a_newer_list_gives_the_time_that_is_paid_and_the_message_of_it_no_more(
    harness, tmp_path
):
    moved = MovedShop(harness, tmp_path, "stripe")
    await moved.connect("stripe")
    await moved.take_over(list_of("stripe"))
    later = END.replace(month=END.month + 1)
    assert (await moved.take_over(list_of("stripe", later))).ordered == 0
    assert harness.end(NAME) == END
    for ordered in (1, 0):
        done = await moved.take_over(list_of("stripe", later), extend_to_paid=True)
        harness.queue.wake(HOME)
        await harness.rest()
        assert (done.ordered, harness.end(NAME)) == (ordered, later + SLACK)
    await moved.says("stripe", stripe_period(later, 2))
    assert (harness.end(NAME), len(harness.writes())) == (later + SLACK, 1)
    following = later.replace(month=later.month + 1)
    await moved.says("stripe", stripe_period(following, 3))
    assert (harness.end(NAME), await moved.bought()) == (following + SLACK, ["payment"])


async def test_a_shop_that_is_connected_anew_goes_on_after_the_list_was_taken_over_again(
    harness, tmp_path
):
    moved = MovedShop(harness, tmp_path, "whop")
    before = await moved.connect("whop")
    await moved.take_over(list_of("whop"))
    async with harness.database.write() as connection:
        await connections.change(connection, before.id, removed_at=clock.now())
    await moved.connect("whop")
    assert (await moved.take_over(list_of("whop"))).known == 1
    told, later = messages("whop", END)
    await moved.says("whop", told[0])
    assert (harness.end(NAME), await moved.all_done()) == (later + SLACK, True)
    assert await moved.bought() == ["payment"]
