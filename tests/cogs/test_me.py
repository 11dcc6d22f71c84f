"""/me and *I don't see it* over a real gateway: every cause, with what is said and done about it."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.purchases import Bought
from bot.access.request import RequestContext
from bot.access.rules.duration import parse_length
from bot.replies.errors.confirmations import ONLY_THE_NAME
from bot.store.catalogue import products
from bot.store.kinds import ActorKind
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.discord_harness import eventually, labels, text_of

UNSEEN, STILL = "I don't see it", "I still don't see it"


@pytest.fixture
async def shop(harness):
    """A product of two scripts; the buyer's name is known from staff; the log channel is open."""
    harness.second = await harness.script("range")
    async with harness.vendor.database.write() as connection:
        found = (await connection.exec_driver_sql("SELECT id FROM script ORDER BY id")).scalars()
        gold = await products.add(
            connection, harness.guild.id, by=harness.owner.id, at=clock.now(), slug="gold",
            title="Gold", grace_days=3, link="https://shop.example/gold",
        )  # fmt: skip
        await products.add_scripts(connection, gold.id, list(found))
    await link(harness, harness.buyer, "Alice_T")
    harness.log_there = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(harness.log_there)
    return harness


async def link(harness, user, name):
    async with harness.vendor.database.write() as connection:
        person = await customers.add(
            connection,
            harness.guild.id,
            member_id=user.id,
            username=name,
            tv_user_id=harness.vendor.world.find_user(name).id,
        )
        await customers.tie(connection, person.id, user.id, harness.mod.id, clock.now(), "staff")


async def grant(harness, item="gold", duration="1M", user=None):
    granted = await harness.run(
        harness.as_mod, "access grant", item=item, duration=duration, member=user or harness.buyer
    )
    await granted.until(lambda now: "✅" in text_of(now))
    await harness.passes(lambda: bool(harness.as_buyer.dms()))


async def view(harness, who=None):
    """The answer to /me."""
    return (await harness.run(who or harness.as_buyer, "me")).original


async def unseen(harness, message=None, label=UNSEEN):
    """Press it, and return what the member reads in the end."""
    message = message or await view(harness)
    press = await harness.as_buyer.press(message, label)
    await press.answered()
    await eventually(lambda: "Looking" not in text_of(press.original))
    assert press.ephemeral
    return press.original


def pines(harness):
    return list(harness.vendor.world.scripts)


def logged(harness):
    return [text_of(each) for each in harness.as_mod.sees(harness.log_there)]


async def test_a_product_is_one_message_and_one_line(shop):
    await grant(shop)
    [told] = shop.as_buyer.dms()
    said = text_of(told)
    assert "🎉 You can use **Gold** until" in said
    assert ", and 3 more days to renew" in said
    assert r"log in to TradingView as **Alice\_T**" in said
    assert "**Indicators → Invite-only scripts**" in said
    assert "Ctrl+R" in said
    assert "two indicators at a time" in said
    assert said.count("\n") <= 6
    assert labels(told) == [UNSEEN]
    shown = await view(shop)
    assert "- **Gold** (**Trend** and **Range**): until" in text_of(shown)
    assert labels(shown) == [UNSEEN, "Wrong name", "Redeem a code", "Buy or renew"]


async def test_a_renewal_says_the_new_end_and_no_more(shop):
    await grant(shop)
    await grant(shop)
    await shop.passes(lambda: len(shop.as_buyer.dms()) == 2)
    said = text_of(shop.as_buyer.dms()[-1])
    assert said.startswith("✅ **Gold** goes on until")
    assert "two indicators" not in said
    assert "Invite-only" not in said


async def test_whoever_comes_back_is_not_told_of_the_free_plan_again(shop):
    await grant(shop, duration="7D")
    await shop.time.advance(12 * 86_400)
    await grant(shop)
    await shop.passes(lambda: len(shop.as_buyer.dms()) == 2)
    said = text_of(shop.as_buyer.dms()[-1])
    assert "🎉 You can use **Gold** until" in said
    assert "Invite-only" in said
    assert "two indicators" not in said


async def test_the_grace_days_of_what_was_paid_are_named(shop):
    async with shop.vendor.database.read() as connection:
        item = await find_item(connection, shop.guild.id, "gold")
    request = RequestContext(shop.guild.id, Actor(ActorKind.SOURCE, "role"), "p1", clock.now())
    bought = Bought("role", item, shop.buyer.id, parse_length("1M"), grace=True)
    await shop.purchases.open(request, bought)
    await shop.passes(lambda: bool(shop.as_buyer.dms()))
    for said in (text_of(shop.as_buyer.dms()[0]), text_of(await view(shop))):
        assert ", and 3 more days to renew" in said


async def test_what_waits_for_a_name_is_shown_with_the_button_to_link(shop):
    async with shop.vendor.database.read() as connection:
        item = await find_item(connection, shop.guild.id, "gold")
    request = RequestContext(shop.guild.id, Actor(ActorKind.SOURCE, "role"), "p1", clock.now())
    await shop.purchases.open(request, Bought("role", item, shop.stranger.id, parse_length("1M")))
    shown = await view(shop, shop.as_stranger)
    assert "⏳ **Gold** begins as soon as I know your name" in text_of(shown)
    assert labels(shown)[0] == "Link TradingView"


# I don't see it


async def test_proof_with_the_checklist(shop):
    await grant(shop)
    asked = len(shop.tradingview.calls("list"))
    shown = await unseen(shop)
    said = text_of(shown)
    assert len(shop.tradingview.calls("list")) == asked + 2
    assert r"TradingView shows Alice\_T:" in said
    assert "**Trend**: since <t:" in said
    assert "until **" in said
    assert r"logged in as **Alice\_T** (<https://www.tradingview.com/u/Alice_T/>)" in said
    assert "Ctrl+R" in said
    assert labels(shown) == [STILL, "Wrong name"]
    assert not any("does not see" in line for line in logged(shop))


async def test_whoever_still_does_not_see_it_calls_staff_once_a_day_with_the_facts(shop):
    await grant(shop)
    shown = await unseen(shop)
    for _ in range(2):
        assert "I called the staff" in text_of(await unseen(shop, shown, STILL))
    await shop.passes(lambda: any("does not see" in line for line in logged(shop)))
    await shop.time.advance(60)
    [line] = [line for line in logged(shop) if "does not see" in line]
    assert rf"**Alice\_T** (<@{shop.buyer.id}>) does not see **Gold**" in line
    assert "it should be until" in line
    [call] = [each for each in shop.as_mod.sees(shop.log_there) if "does not see" in text_of(each)]
    checked = await shop.as_mod.press(call, "Look at it")
    await checked.until(lambda now: "Trend" in text_of(now))
    assert checked.ephemeral
    assert labels(call) == ["Look at it"]
    refused = await shop.as_buyer.press(call, "Look at it")
    await refused.until(lambda now: "Only" in text_of(now))


async def test_what_is_missing_is_mended_and_told_once(shop):
    await grant(shop)
    for pine in pines(shop):
        shop.vendor.world.revoke(pine, "Alice_T")
    press = await shop.as_buyer.press(await view(shop), UNSEEN)
    await shop.passes(lambda: "It is back" in text_of(press.original))
    said = text_of(press.original)
    assert "TradingView did not show you **Gold**; now it does until" in said
    assert all(shop.vendor.world.has_access(pine, "Alice_T") for pine in pines(shop))
    await shop.time.advance(120)
    assert len(shop.as_buyer.dms()) == 1
    await shop.passes(lambda: any("pressed *I don't see it*" in line for line in logged(shop)))


async def test_one_of_two_scripts_is_mended_without_touching_the_other(shop):
    await grant(shop)
    first, second = pines(shop)
    kept = shop.vendor.world.row(first, "Alice_T")
    shop.vendor.world.revoke(second, "Alice_T")
    press = await shop.as_buyer.press(await view(shop), UNSEEN)
    await shop.passes(lambda: "It is back" in text_of(press.original))
    assert shop.vendor.world.row(first, "Alice_T") == kept
    assert shop.vendor.world.has_access(second, "Alice_T")


async def test_more_than_was_bought_is_proof_and_stays(shop):
    await grant(shop)
    for pine in pines(shop):
        shop.vendor.world.grant(pine, "Alice_T", None)
    assert "TradingView shows" in text_of(await unseen(shop))
    assert all(shop.vendor.world.row(pine, "Alice_T").end is None for pine in pines(shop))


async def test_a_mend_that_must_wait_is_told_once_after_a_quarter_of_an_hour(shop):
    await grant(shop)
    for pine in pines(shop):
        shop.vendor.world.revoke(pine, "Alice_T")
    message = await view(shop)
    async with shop.vendor.database.write() as connection:
        await connection.exec_driver_sql("UPDATE script SET paused_at = '2026-03-01 00:00:00'")
    press = await shop.as_buyer.press(message, UNSEEN)
    await shop.passes(lambda: "I sent it once more" in text_of(press.original))
    await shop.time.advance(20 * 60)
    for item in ("trend", "range"):
        await shop.run(shop.as_mod, "sync retry", item=item)
    await shop.passes(lambda: len(shop.as_buyer.dms()) == 2)
    assert "It is back" in text_of(shop.as_buyer.dms()[-1])
    await shop.time.advance(60)
    assert len(shop.as_buyer.dms()) == 2


async def test_no_name(shop):
    asked = len(shop.tradingview.calls("list"))
    press = await shop.as_stranger.press(await panel_of(shop), UNSEEN)
    await press.answered()
    assert "I do not know your TradingView name yet" in text_of(press.original)
    assert labels(press.original) == ["Link TradingView"]
    assert len(shop.tradingview.calls("list")) == asked


async def panel_of(harness):
    await harness.run(harness.as_owner, "panel post")
    return harness.as_buyer.sees(harness.channel)[-1]


async def test_nothing_bought(shop):
    asked = len(shop.tradingview.calls("list"))
    press = await shop.as_buyer.press(await panel_of(shop), UNSEEN)
    await press.answered()
    said = text_of(press.original)
    assert r"There is nothing for Alice\_T here yet" in said
    assert labels(press.original) == ["Redeem a code", "Wrong name", "Buy or renew"]
    assert len(shop.tradingview.calls("list")) == asked


async def test_what_ended_is_said(shop):
    await grant(shop, duration="7D")
    await shop.time.advance(12 * 86_400)
    said = text_of(await unseen(shop, shop.as_buyer.dms()[0]))
    assert r"Nothing is running for Alice\_T.** **Trend** and **Range** ended" in said


async def test_an_ended_login_is_no_matter_of_the_buyer(shop):
    await grant(shop)
    shop.vendor.world.end_all_sessions()
    await shop.vendor.test_logins()
    said = text_of(await unseen(shop))
    assert "The shop's connection to TradingView is down" in said
    assert "What you have is kept" in said
    assert "login" not in said
    assert not any("does not see" in line for line in logged(shop))


async def test_a_silent_tradingview_changes_nothing_and_calls_nobody(shop):
    await grant(shop)
    shop.switches.set("down", True)
    message = await view(shop)
    press = await shop.as_buyer.press(message, UNSEEN)
    await shop.passes(lambda: "TradingView did not answer" in text_of(press.original))
    assert not any("does not see" in line for line in logged(shop))


async def test_what_waits_says_so_without_internals(shop):
    await grant(shop)
    shop.switches.set("down", True)
    waiting = await shop.as_mod.run(
        "access grant", guild=shop.guild, item="trend", duration="1M", member=shop.buyer
    )
    await shop.passes(lambda: "⏳" in text_of(waiting.original))
    press = await shop.as_buyer.press(await view(shop), UNSEEN)
    await shop.passes(lambda: "On its way" in text_of(press.original))
    said = text_of(press.original)
    assert "What you have is kept" in said
    assert "/sync" not in said


async def test_a_stuck_order_calls_staff_once_a_day(shop):
    await grant(shop)
    shop.vendor.world.revoke(pines(shop)[0], "Alice_T")
    async with shop.vendor.database.write() as connection:
        await connection.exec_driver_sql(
            "UPDATE permission SET state = 'stuck', reason = 'refused'"
        )
    said = text_of(await unseen(shop))
    assert "There is a problem" in said
    assert "They know which access it is about" in said
    assert "/sync" not in said
    await shop.passes(lambda: any("does not see" in line for line in logged(shop)))
    await shop.time.advance(61)
    await unseen(shop)
    await shop.time.advance(60)
    [line] = [line for line in logged(shop) if "does not see" in line]
    assert "and is stuck" in line


async def test_a_new_name_on_tradingview_is_followed(shop):
    await grant(shop)
    world = shop.vendor.world
    world.rename_user(world.find_user("Alice_T"), "Alice_New")
    for slug in ("trend", "range"):
        await shop.run(shop.as_mod, "sync sweep", item=slug)
    press = await shop.as_buyer.press(await view(shop), UNSEEN)
    await shop.passes(lambda: r"TradingView shows Alice\_New" in text_of(press.original))


async def test_a_name_that_tradingview_does_not_know_is_asked_for(shop):
    await grant(shop)
    world = shop.vendor.world
    world.delete_user(world.find_user("Alice_T"))
    for pine in pines(shop):
        world.revoke(pine, "Alice_T")
    shown = await unseen(shop)
    assert r"TradingView knows nobody called Alice\_T" in text_of(shown)
    assert labels(shown) == ["Wrong name"]


async def test_one_look_a_minute_and_ten_a_day(shop):
    await grant(shop)
    message = await view(shop)
    await unseen(shop, message)
    await shop.time.advance(1)
    said = text_of(await unseen(shop, message))
    assert "I looked on TradingView for you a moment ago" in said
    for _ in range(9):
        await shop.time.advance(61)
        assert "TradingView shows" in text_of(await unseen(shop, message))
    await shop.time.advance(61)
    assert "ten times within a day" in text_of(await unseen(shop, message))
    await shop.passes(lambda: any("more than ten times" in line for line in logged(shop)))
    await shop.time.advance(timedelta(days=1).total_seconds())
    assert "TradingView shows" in text_of(await unseen(shop, shop.as_buyer.dms()[0]))


async def test_a_press_that_is_delivered_twice_counts_once(shop):
    await grant(shop)
    press = await shop.as_buyer.press(await view(shop), UNSEEN, deliver=2)
    await press.answered()
    await eventually(lambda: "TradingView shows" in text_of(press.original))


async def test_nothing_of_other_people_and_nothing_withheld_is_told(shop):
    """What staff gave to a bare name stays hidden from the member who merely claims it."""
    linking = await shop.run(shop.as_stranger, "link", username="Alice_Two")
    press = await shop.as_stranger.press(linking.original, "Yes, that is me")
    await press.until(lambda now: "is your TradingView name now" in text_of(now))
    given = await shop.run(
        shop.as_mod, "access grant", item="trend", duration="1M", username="Alice_Two"
    )
    given = await shop.as_mod.press(given.original, ONLY_THE_NAME)
    panel = await panel_of(shop)
    press = await shop.as_stranger.press(panel, UNSEEN)
    await press.answered()
    assert r"There is nothing for Alice\_Two here yet" in text_of(press.original)


async def test_the_button_in_a_direct_message_works_and_closed_ones_lose_nothing(shop):
    await grant(shop)
    [told] = shop.as_buyer.dms()
    assert "TradingView shows" in text_of(await unseen(shop, told))
    shop.fake.close_dms(shop.buyer)
    granted = await shop.run(
        shop.as_mod, "access grant", item="gold", duration="1M", member=shop.buyer
    )
    await granted.until(lambda now: "✅" in text_of(now))
    await shop.time.advance(60)
    assert not any("goes on" in text_of(each) for each in shop.as_buyer.dms())
    assert "**Gold**" in text_of(await view(shop))


async def test_without_a_log_channel_the_member_is_asked_to_write_to_staff(shop):
    await grant(shop)
    async with shop.vendor.database.write() as connection:
        await connection.exec_driver_sql("UPDATE guild SET log_channel_id = NULL")
    said = text_of(await unseen(shop, await unseen(shop), STILL))
    assert "Please write to the staff of this server" in said
    assert "called" not in said
