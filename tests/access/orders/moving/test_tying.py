"""What somebody has already, by whatever reason, and what a shop's list makes of it: no end changes, nothing is written."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.orders.moving.matching import Outcome
from bot.access.request import Subject
from bot.store.catalogue import products
from bot.store.tables.payments import contract
from bot.store.tables.people import customer
from tests.support.access_harness import open_harness
from tests.support.fake_time import START
from tests.support.moved_shop import MovedShop, whop_membership, written
from tests.support.vendor_fixture import HOME, STAFF

ANN, BEN = 781784956044574751, 781784956044574752
SLACK = timedelta(days=2)
END = (START + timedelta(days=12)).replace(microsecond=0, second=0)
LATER = END + timedelta(days=31)
TITLES = "Membership ID,Discord ID,Product,Plan ID,Status,Renewal Period End,TradingView username\n"


def row(number=1, name="Ann_Trades", member="", product="Scripts", end=END, status="active"):
    return f"mem_{number}x,{member},{product},plan_{number},{status},{written(end)},{name}\n"


@pytest.fixture
async def moved(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        shop = MovedShop(harness, tmp_path, "whop")
        await shop.connect("whop")
        yield shop


async def test_what_staff_gave_stays_and_the_shop_goes_on_from_there(moved):
    harness = moved.harness
    await harness.done(await harness.grant("Ann_Trades", "10D"))
    given, writes = harness.end("Ann_Trades"), len(harness.writes())
    done = await moved.take_over(TITLES + row(end=given))
    assert (done.tied, harness.end("Ann_Trades"), len(harness.writes())) == (1, given, writes)
    assert {each.source for each in await harness.reasons("Ann_Trades")} == {"staff", "payment"}
    await moved.says("whop", whop_membership(LATER, "mem_1x"))
    assert harness.end("Ann_Trades") == LATER + SLACK


async def test_what_staff_took_over_before_becomes_the_contracts(moved):
    harness = moved.harness
    harness.give("Ann_Trades", END)
    await harness.sweeps.run(HOME, "trend", by=STAFF)
    await harness.adoption.take_over(harness.request(), harness.script.id)
    done = await moved.take_over(TITLES + row())
    assert (done.adopted, done.tied) == (0, 1)
    [reason] = await harness.reasons("Ann_Trades")
    assert (reason.source, reason.ends_at) == ("payment", END)
    assert (await moved.bought(), harness.writes()) == (["payment"], [])


async def test_what_was_given_back_by_hand_after_a_revoke_counts_again(moved):
    harness = moved.harness
    await harness.done(await harness.grant("Ann_Trades", "10D"))
    await harness.done(await harness.revoke("Ann_Trades"))
    harness.give("Ann_Trades", END)
    writes = len(harness.writes())
    assert (await moved.take_over(TITLES + row())).tied == 1
    held = await harness.permission("Ann_Trades")
    assert (held.wanted_ends_at, held.held_back, held.state) == (END, False, "done")
    await moved.says("whop", whop_membership(LATER, "mem_1x"))
    assert harness.end("Ann_Trades") == LATER + SLACK
    assert len(harness.writes()) == writes + 1


async def test_an_order_on_its_way_is_left_for_a_later_run(moved):
    harness = moved.harness
    harness.give("Ann_Trades", END)
    plan = await moved.plan(TITLES + row())
    assert plan.matches[0].outcome is Outcome.AGREES
    await moved.take_over(TITLES + row())
    await harness.change("Ann_Trades", state="waiting", next_try_at=clock.now() + timedelta(days=1))
    done = await moved.take_over(TITLES + row(number=2))
    assert (done.tied, len(done.left)) == (0, 1)
    assert len(await moved.rows(contract)) == 1


async def test_a_contract_that_messages_told_of_before_stays_as_it_is(moved):
    harness = moved.harness
    ground = await moved.moving.ground(HOME)
    assert set(ground.items) == {"trend"}
    asked = {
        "custom_field_responses": [{"id": "1", "question": "TradingView", "answer": "Ann_Trades"}]
    }
    await moved.take_over(
        TITLES + row(name="bob-fx")
    )  # it says which item the plan is; nobody has it
    await moved.says("whop", whop_membership(END, "mem_1x", **asked))
    [view] = await harness.services.prices.of_shop(HOME, moved.source.id)
    await harness.services.prices.set_item(
        harness.request(), moved.source.id, view.price.key, "trend"
    )
    await harness.services.deliveries.process()
    harness.queue.wake(HOME)
    await harness.rest()
    assert harness.end("Ann_Trades") == END + SLACK
    before = await moved.ledger()
    done = await moved.take_over(TITLES + row())
    assert (done.tied, done.known, await moved.ledger()) == (0, 1, before)


async def test_two_scripts_of_one_product_are_one_purchase_and_go_on_together(moved):
    harness = moved.harness
    other = await harness.vendor.add_script(slug="range")
    async with harness.database.write() as connection:
        gold = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", length="1M"
        )
        await products.add_scripts(connection, gold.id, [harness.script.id, other.id])
    ends = (END, END + timedelta(days=3))
    for script, end in zip((harness.script, other), ends, strict=True):
        harness.fake.world.grant(script.pine_id, "Ann_Trades", end)
    await harness.sweeps.run(HOME, "range", by=STAFF)
    items = {"Scripts": "gold"}
    assert (await moved.take_over(TITLES + row(), items=items)).tied == 1
    assert (await moved.bought(), harness.writes()) == (["payment"], [])
    await moved.says("whop", whop_membership(LATER, "mem_1x"))
    rows = [
        harness.fake.world.row(each.pine_id, "Ann_Trades").end for each in (harness.script, other)
    ]
    assert rows == [end + (LATER - END) + SLACK for end in ends]


async def test_who_has_less_than_they_paid_for_has_it_with_the_next_payment_or_at_once(moved):
    harness = moved.harness
    harness.give("Ann_Trades", END - timedelta(days=5))
    harness.give("bob-fx", END - timedelta(days=5))
    text = TITLES + row() + row(2, "bob-fx")
    done = await moved.take_over(text)
    assert (done.tied, done.ordered, harness.writes()) == (2, 0, [])
    await moved.says("whop", whop_membership(LATER, "mem_1x"))
    assert harness.end("Ann_Trades") == LATER + SLACK
    done = await moved.take_over(text.replace("mem_1x", "mem_3x"), extend_to_paid=True)
    harness.queue.wake(HOME)
    await harness.rest()
    assert harness.end("bob-fx") == END + SLACK
    writes = len(harness.writes())
    done = await moved.take_over(text, extend_to_paid=True)
    assert (done.ordered, len(harness.writes())) == (0, writes)


async def test_who_pays_and_has_nothing_gets_it_once_where_that_is_asked_for(moved):
    harness = moved.harness
    text = TITLES + row() + row(2, "bob-fx", status="renewing", end=END).replace(written(END), "")
    assert (await moved.take_over(text)).ordered == 0
    assert await moved.rows(contract) == []
    done = await moved.take_over(text, grant_missing=True)
    await (
        harness.services.purchases.look()
    )  # a bot beside the terminal finds what was ordered there
    await harness.rest()
    assert (done.ordered, harness.end("Ann_Trades")) == (1, END + SLACK)
    assert harness.end("bob-fx") == "absent"  # nobody says until when they paid
    done = await moved.take_over(text, grant_missing=True)
    assert (done.ordered, await moved.bought()) == (0, ["payment"])
    await moved.says("whop", whop_membership(LATER, "mem_1x"))
    assert harness.end("Ann_Trades") == LATER + SLACK


async def test_discord_members_are_known_by_the_list_and_a_clash_is_left(moved):
    harness = moved.harness
    for name in ("Ann_Trades", "bob-fx"):
        harness.give(name, END)
    await harness.vendor.resolve(BEN, "bob-fx")
    text = TITLES + row(member=ANN) + row(2, "bob-fx", member=781784956044574753)
    plan = await moved.plan(text)
    assert [each.outcome for each in plan.matches] == [Outcome.AGREES, Outcome.CLASH]
    assert (await moved.take_over(text)).tied == 1
    found = {each.username: each.member_id for each in await moved.rows(customer)}
    assert found == {"Ann_Trades": ANN, "bob-fx": BEN}
    # Who is known by now needs no name in the list.
    plan = await moved.plan(TITLES + row(name="", member=BEN) + row(3, name="", member=5 * 10**17))
    assert [each.outcome for each in plan.matches] == [Outcome.AGREES, Outcome.NO_NAME]


async def test_one_who_pays_twice_has_two_contracts_and_the_latest_end(moved):
    harness = moved.harness
    harness.give("Ann_Trades", END)
    text = TITLES + row() + row(2)
    assert (await moved.take_over(text)).tied == 2
    assert (harness.writes(), harness.end("Ann_Trades")) == ([], END)
    await moved.says("whop", whop_membership(LATER, "mem_1x"))
    await moved.says("whop", whop_membership(LATER, "mem_2x", plan={"id": "plan_2"}))
    assert harness.end("Ann_Trades") == LATER + SLACK
    assert await moved.bought() == ["payment", "payment"]


async def test_access_without_an_end_is_ended_when_the_shop_says_so(moved):
    harness = moved.harness
    harness.give("Ann_Trades", None)
    assert (await moved.take_over(TITLES + row())).tied == 1
    await harness.time.advance((END - clock.now()).total_seconds() + 60)
    over = whop_membership(END, "mem_1x", "expired", "membership.deactivated")
    await moved.says("whop", over)
    assert harness.end("Ann_Trades") == "absent"
    await moved.says("whop", whop_membership(LATER, "mem_1x"))
    assert harness.end("Ann_Trades") is None or harness.end("Ann_Trades") >= LATER
    assert await moved.bought() == ["payment"]


async def test_a_person_who_asked_to_be_forgotten_is_not_tied_anew(moved):
    harness = moved.harness
    harness.give("Ann_Trades", END)
    await moved.take_over(TITLES + row())
    await harness.erasures.forget(harness.request(confirmed=True), Subject(username="Ann_Trades"))
    done = await moved.take_over(TITLES + row(number=2))
    assert done.tied == 0


async def test_what_messages_told_before_anybody_knew_whose_it_is_counts_once(moved):
    harness = moved.harness
    harness.give("Ann_Trades", END)
    harness.give("bob-fx", END)
    for number, end in ((1, LATER), (2, END)):
        await moved.says(
            "whop", whop_membership(end, f"mem_{number}x", plan={"id": f"plan_{number}"})
        )
    done = await moved.take_over(TITLES + row() + row(2, "bob-fx"))
    harness.queue.wake(HOME)
    await harness.rest()
    assert (done.tied, harness.end("Ann_Trades"), harness.end("bob-fx")) == (2, LATER + SLACK, END)
    await harness.services.deliveries.process()
    await harness.rest()
    assert (len(harness.writes()), await moved.bought()) == (1, ["payment", "payment"])
    assert await moved.all_done()
