"""/access gift, move, pause, resume and check as staff and a buyer see them, from the command to TradingView."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.purchases import Bought
from bot.access.request import RequestContext
from bot.access.rules.duration import parse_length
from bot.store.catalogue import products
from bot.store.kinds import ActorKind
from bot.store.ledger import purchases
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.discord_harness import text_of

NAME = "Alice_T"
DAY = timedelta(days=1)


@pytest.fixture
async def shop(harness):
    """Silver is trend and base, gold is trend and range; Alice is the buyer's name."""
    for slug in ("range", "base"):
        await harness.script(slug)
    async with harness.vendor.database.write() as connection:
        for slug, scripts in {"silver": ("trend", "base"), "gold": ("trend", "range")}.items():
            plan = await products.add(
                connection,
                harness.guild.id,
                by=harness.owner.id,
                at=clock.now(),
                slug=slug,
                title=slug.title(),
                grace_days=3 if slug == "silver" else 0,
            )
            found = [
                (await find_item(connection, harness.guild.id, each)).script_id for each in scripts
            ]
            await products.add_scripts(connection, plan.id, found)
    return harness


def held(harness):
    """The ends that TradingView holds, by title."""
    world = harness.vendor.world
    rows = {s.title: world.row(pine, NAME) for pine, s in world.scripts.items()}
    return {title: row.end for title, row in rows.items() if row is not None}


async def run(harness, command, words, **options):
    """Run it as staff, and wait until the answer says these words; returns the answer."""
    request = await harness.as_mod.run(
        f"access {command}", guild=harness.guild, channel=harness.channel, **options
    )
    await harness.passes(lambda: request.messages and words in text_of(request.original))
    return request.original


async def granted(harness, item="silver", duration="1M", **options):
    return await run(
        harness, "grant", "✅", item=item, duration=duration, **({"username": NAME} | options)
    )


def told(harness):
    return [text_of(message) for message in harness.as_buyer.dms()]


async def test_a_gift_needs_a_reason_and_says_that_it_is_one(shop):
    await run(
        shop, "gift", "✅", item="trend", duration="1M", username=NAME, reason="won the contest"
    )
    said = text_of(await run(shop, "check", "Should be", username=NAME))
    assert "a gift 1 month by" in said
    assert "won the contest" in said
    given = await run(
        shop, "gift", "✅", item="trend", duration="L", username=NAME, reason="thanks"
    )
    assert "for lifetime" in text_of(given)  # and nothing was asked


async def test_a_plan_is_changed_with_one_answer_and_one_message(shop):
    await granted(shop, member=shop.buyer)
    await shop.passes(lambda: told(shop))
    before = held(shop)
    answer = await run(shop, "move", "✅", **{"from": "silver", "to": "gold", "username": NAME})
    said = text_of(answer)
    assert "**Moved:**" in said
    assert "**Gold** instead of **Silver** until" in said
    assert "instead of **Silver**" in said
    now = held(shop)
    assert set(now) == {"Trend", "Range"}
    assert now["Trend"] == before["Trend"]
    await shop.passes(lambda: len(told(shop)) == 2)
    assert "Your plan was changed" in told(shop)[-1]
    assert "**Gold** instead of **Silver**" in told(shop)[-1]
    await press(shop, answer, "Put back", "It is put back")
    assert held(shop) == before
    said = text_of(await run(shop, "check", "Should be", username=NAME))
    assert "**Silver**" in said


async def test_a_script_moves_to_another_script(shop):
    await granted(shop, item="base", member=shop.buyer)
    answer = await run(shop, "move", "✅", **{"from": "base", "to": "range", "username": NAME})
    assert "has **Range** instead of **Base** until" in text_of(answer)
    assert "instead of **Base**" in text_of(answer)
    await shop.passes(lambda: "you can use **Range** instead of **Base**" in told(shop)[-1])


async def press(harness, message, label, words):
    pressed = await harness.as_mod.press(message, label)
    await harness.passes(lambda: words in text_of(message) or _says(pressed, words))


def _says(pressed, words):
    return any(words in text_of(message) for message in pressed.messages)


async def test_a_move_that_waits_says_that_the_old_stays(shop):
    await granted(shop)
    shop.switches.down = True
    answer = await run(
        shop, "move", "⏳ **Waiting:**", **{"from": "silver", "to": "gold", "username": NAME}
    )
    assert "moves to **Gold**. **Silver** stays until that stands" in text_of(answer)
    assert "Base" in held(shop)
    shop.switches.down = False
    await shop.passes(lambda: "**Moved:**" in text_of(answer), seconds=400)
    assert "Base" not in held(shop)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"from": "silver", "to": "silver"}, "is both the old and the new one"),
        ({"from": "gold", "to": "silver"}, "There is nothing to move"),
        ({"from": "silver", "to": "bronze"}, "bronze"),
    ],
)
async def test_a_move_that_cannot_be_made_changes_nothing(shop, options, words):
    await granted(shop)
    before = held(shop)
    await run(shop, "move", words, username=NAME, **options)
    assert held(shop) == before


async def test_a_pause_of_10_days_moves_the_end_by_10_days(shop):
    await granted(shop, member=shop.buyer)
    await shop.passes(lambda: told(shop))
    before = held(shop)
    stopped = clock.now()
    said = text_of(await run(shop, "pause", "⏸️", item="silver", username=NAME))
    assert "**Paused:** **Silver**" in said
    assert held(shop) == {}
    await shop.passes(lambda: "paused by the staff" in told(shop)[-1])
    await shop.time.advance(10 * 86_400)
    check = text_of(await run(shop, "check", "Should be", username=NAME))
    assert "2 scripts paused" in check
    assert "no access, as it is paused since" in check
    me = await shop.run(shop.as_buyer, "me")
    assert "paused since" in text_of(me.original)
    listed = await shop.run(shop.as_mod, "access list", item="base")
    assert "paused since" in text_of(listed.original)
    added = text_of(await granted(shop, duration="5D"))
    assert "It is paused since" in added
    assert held(shop) == {}
    went_on = clock.now()
    said = text_of(await run(shop, "resume", "▶️ **Goes on:**", item="silver", username=NAME))
    assert "The end moved later by the length of the pause" in said
    stood = went_on - stopped
    for title, end in held(shop).items():
        assert abs(end - before[title] - stood - 5 * DAY) < timedelta(minutes=5)
    await shop.passes(lambda: "goes on until" in told(shop)[-1])
    assert len(told(shop)) == 3


async def test_a_pause_of_everything_is_asked_about(shop):
    await granted(shop)
    await granted(shop, item="range")
    asked = await run(shop, "pause", "pauses everything", username=NAME)
    assert len(held(shop)) == 3
    await press(shop, asked, "Yes, pause it", "⏸️ **Paused:**")
    assert held(shop) == {}
    asked = await run(shop, "resume", "lets everything go on", username=NAME)
    await press(shop, asked, "Yes, go on", "▶️ **Goes on:**")
    assert len(held(shop)) == 3


async def test_the_check_tells_each_reason_its_length_its_grace_and_which_one_decides(shop):
    await granted(shop, item="silver", duration="1M")
    await granted(shop, item="trend", duration="7D")
    said = text_of(await run(shop, "check", "Should be", username=NAME))
    assert "**Silver**: given by staff 1 month by" in said
    assert "and 3 days of grace until" in said
    assert "given by staff 7 days by" in said
    assert said.count("this one decides") == 1
    await run(shop, "revoke", "Shall I do it", item="trend", username=NAME)


async def test_scripts_of_a_product_that_stand_alike_share_a_block(shop):
    await granted(shop)
    said = text_of(await run(shop, "check", "Should be", username=NAME))
    assert "**Silver** (Base, Trend)" in said or "**Silver** (Trend, Base)" in said
    assert said.count("Should be:") == 1


async def test_the_check_says_who_ended_what_lately_and_what_is_held_back(shop):
    await granted(shop, item="trend")
    await run(shop, "revoke", "✅", item="trend", username=NAME)
    said = text_of(await run(shop, "check", "ended", username=NAME))
    assert "▫️ given by staff 1 month: ended" in said
    assert f"by <@{shop.mod.id}>" in said
    assert "Held back since staff ended it" in said


async def test_the_check_says_that_a_lost_source_ends_it(shop):
    await granted(shop, item="trend")
    async with shop.vendor.database.write() as connection:
        person = await customers.by_name(connection, shop.guild.id, NAME)
        [bought] = (await purchases.of_customers(connection, [person.id]))[person.id]
        await purchases.change(connection, [bought.id], lapses_at=clock.now() + 3 * DAY)
    said = text_of(await run(shop, "check", "Should be", username=NAME))
    assert "⚠️ lost: it ends" in said


async def test_the_check_of_a_member_without_a_name_says_what_waits_for_it(shop):
    nobody = await shop.run(shop.as_mod, "access check", member=shop.stranger)
    assert "waits" not in text_of(nobody.original)
    async with shop.vendor.database.read() as connection:
        sold = await find_item(connection, shop.guild.id, "gold")
    request = RequestContext(shop.guild.id, Actor(ActorKind.SOURCE, "staff"), "shop 1", clock.now())
    bought = Bought("staff", sold, shop.stranger.id, parse_length("1M"))
    await shop.purchases.open(request, bought)
    waits = await shop.run(shop.as_mod, "access check", member=shop.stranger)
    assert "has no TradingView name yet" in text_of(waits.original)
    assert ": 1 month" in text_of(waits.original)
