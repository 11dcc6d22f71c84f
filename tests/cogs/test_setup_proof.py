"""The last step of /setup show: a tester gets a day, TradingView shows it, and it is taken away again."""

import asyncio

import pytest

from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.store.ledger import events, orders, permissions
from tests.support.discord_harness import at_work, labels, text_of

PROVE = "Prove that it works"


@pytest.fixture
async def ready(harness):
    """Everything is set up but the proof."""
    await harness.choose_log_channel(harness.channel)
    await harness.run(harness.as_mod, "sync sweep", item="trend")
    harness.vendor.world.add_user("Tess_Tester")
    return harness


async def show(harness):
    return (await harness.run(harness.as_owner, "setup show")).original


async def prove(harness, name="Tess_Tester", **fields):
    """Press the button, fill the form; returns the interaction of the form."""
    press = await harness.as_owner.press(await show(harness), PROVE)
    return await harness.as_owner.submit(press, {"username": name, **fields})


def row(harness, name="Tess_Tester"):
    return harness.vendor.world.row(next(iter(harness.vendor.world.scripts)), name)


async def history(harness):
    async with harness.vendor.database.read() as connection:
        found = await events.since(connection, harness.guild.id, 0)
    return [event.action for event in found]


async def test_a_tester_is_given_a_day_and_it_is_taken_away_again(ready):
    harness = ready
    said = await show(harness)
    assert "⬜ Proof that it works" in text_of(said)
    assert labels(said) == [PROVE]
    sent = await prove(harness)
    await harness.passes(lambda: "your server is set up" in text_of(sent.original))
    text = text_of(sent.original)
    assert text.count("✅") == 3
    assert "✅ Given: a day for **Tess\\_Tester** on **Trend**" in text
    assert "✅ Read back: TradingView's list shows it, until" in text
    assert "✅ Taken away: TradingView's list does not show it any more" in text
    assert row(harness) is None
    assert len(harness.tradingview.calls("add")) == 1
    assert len(harness.tradingview.calls("remove")) == 1
    said = await show(harness)
    assert "Everything is set up" in text_of(said)
    assert "✅ Proof that it works: <t:" in text_of(said)
    assert labels(said) == []
    proof = [each for each in await history(harness) if each.startswith("proof")]
    assert proof == ["proof_begun", "proof_done"]


async def test_whoever_has_access_is_no_tester(ready):
    harness = ready
    script = next(iter(harness.vendor.world.scripts))
    harness.vendor.world.grant(script, "Alice_T")
    before = row(harness, "Alice_T")
    sent = await prove(harness, "Alice_T")
    await harness.passes(lambda: "Nothing was changed" in text_of(sent.original))
    assert "has access to **Trend** already" in text_of(sent.original)
    assert row(harness, "Alice_T") == before
    assert harness.tradingview.calls("add") == harness.tradingview.calls("remove") == []
    assert "proof_begun" not in await history(harness)


async def test_what_a_customer_ordered_is_proof_enough(ready):
    harness = ready
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    await harness.passes(lambda: row(harness, "Alice_T") is not None)
    await harness.time.advance(5)
    said = await show(harness)
    assert "✅ Proof that it works: <t:" in text_of(said)
    assert labels(said) == []


async def test_whoever_usher_gave_access_is_no_tester(ready):
    harness = ready
    early = await show(harness)
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    await harness.passes(lambda: row(harness, "Alice_T") is not None)
    end = row(harness, "Alice_T").end
    press = await harness.as_owner.press(early, PROVE)
    sent = await harness.as_owner.submit(press, {"username": "alice_t"})
    await harness.passes(lambda: "Nothing was changed" in text_of(sent.original))
    assert row(harness, "Alice_T").end == end


async def test_a_name_that_tradingview_does_not_have_is_refused(ready):
    harness = ready
    sent = await prove(harness, "Nobody_There")
    await harness.passes(lambda: "Nobody" in text_of(sent.original))
    assert "⏳" not in text_of(sent.original)
    assert harness.tradingview.calls("add") == []


async def test_a_name_spelled_nearly_so_can_be_picked(ready):
    harness = ready
    sent = await prove(harness, "Tess_Test")
    await harness.passes(lambda: sent.original and "Tess_Tester" in labels(sent.original))
    await harness.as_owner.press(sent.original, "Tess_Tester")
    await harness.passes(lambda: "your server is set up" in text_of(sent.original))
    assert row(harness) is None


async def test_with_several_scripts_one_is_named(ready):
    harness = ready
    await harness.script("scalper", "Scalper")
    await harness.run(harness.as_mod, "sync sweep", item="scalper")
    sent = await prove(harness, script="scalper")
    await harness.passes(lambda: "your server is set up" in text_of(sent.original))
    assert "**Scalper**" in text_of(sent.original)


async def test_a_login_that_does_not_work_is_said_before_anything_is_done(ready):
    harness = ready
    early = await show(harness)
    session = await harness.sessions.of(harness.guild.id)
    await harness.sessions.forget(harness.vendor.request(guild_id=harness.guild.id))
    press = await harness.as_owner.press(early, PROVE)
    sent = await harness.as_owner.submit(press, {"username": "Tess_Tester"})
    await harness.passes(lambda: "There is no TradingView login" in text_of(sent.original))
    del session
    assert "proof_begun" not in await history(harness)


async def test_tradingview_that_is_silent_touches_nobody(ready):
    harness = ready
    press = await harness.as_owner.press(await show(harness), PROVE)
    harness.switches.down = True
    sent = await harness.as_owner.submit(press, {"username": "Tess_Tester"})
    await harness.passes(lambda: sent.original and not sent.original.loading, seconds=120)
    harness.switches.down = False
    assert "TradingView" in text_of(sent.original)
    assert "proof_begun" not in await history(harness)
    await harness.passes(lambda: True)
    assert row(harness) is None


async def test_what_is_not_shown_in_time_is_ordered_back_and_said(ready):
    """TradingView goes away between the look and the order."""
    harness = ready
    give = harness.setup_proof.give

    async def give_and_go_away(*args):
        order_id = await give(*args)
        harness.switches.down = True
        return order_id

    harness.setup_proof.give = give_and_go_away
    sent = await prove(harness)
    await harness.passes(lambda: "could not be proven" in text_of(sent.original), seconds=300)
    text = text_of(sent.original)
    assert "⚠️ Given: not within a minute" in text or "another order" in text
    assert "Taken away" in text
    harness.switches.down = False
    await harness.passes(lambda: row(harness) is None, seconds=600)
    assert labels(await show(harness)) == [PROVE]


async def test_access_that_somebody_else_gave_meanwhile_stays(ready):
    harness = ready
    take_back = harness.setup_proof.take_back

    async def after_a_customers_order(request, order_id):
        customers = harness.vendor.request(guild_id=harness.guild.id)
        tester = Subject(username="Tess_Tester")
        await harness.grants.grant(customers, "trend", parse_length("1M"), tester)
        return await take_back(request, order_id)

    harness.setup_proof.take_back = after_a_customers_order
    sent = await prove(harness)
    await harness.passes(lambda: "Taken away" in text_of(sent.original), seconds=200)
    await harness.passes(lambda: (row(harness).end - harness.time.now()).days >= 27, seconds=200)
    assert (row(harness).end - harness.time.now()).days <= 31


async def test_killed_in_between_it_ends_by_itself_and_the_checklist_says_so(closed_office):
    harness = closed_office
    async with at_work(harness):
        await harness.script()
        await harness.log_in()
        harness.vendor.world.add_user("Tess_Tester")
        request = harness.vendor.request(guild_id=harness.guild.id)
        await harness.setup_proof.give(request, None, "Tess_Tester")
        await harness.passes(lambda: row(harness) is not None)
    assert (row(harness).end - harness.time.now()).days in (0, 1)
    async with at_work(harness, harness.build()):
        said = text_of(await show(harness))
        assert "**Tess\\_Tester** still has the access of the last proof; it ends by itself" in said
        await harness.time.advance(2 * 86_400)
        assert "still has the access" not in text_of(await show(harness))


async def test_delivered_twice_it_is_one_proof(ready):
    harness = ready
    press = await harness.as_owner.press(await show(harness), PROVE)
    sent = await harness.as_owner.submit(press, {"username": "Tess_Tester"}, deliver=2)
    await harness.passes(lambda: "your server is set up" in text_of(sent.original))
    await harness.passes(lambda: row(harness) is None)
    assert len(harness.tradingview.calls("add")) == 1
    proof = [each for each in await history(harness) if each.startswith("proof")]
    assert proof == ["proof_begun", "proof_done"]


async def test_two_proofs_at_once_give_one_day(ready):
    harness = ready
    said = await show(harness)
    presses = [await harness.as_owner.press(said, PROVE) for _ in range(2)]
    fields = {"username": "Tess_Tester"}
    sent = await asyncio.gather(*(harness.as_owner.submit(each, fields) for each in presses))
    await harness.passes(lambda: all("⏳" not in text_of(each.original) for each in sent))
    await harness.passes(lambda: any("is set up" in text_of(each.original) for each in sent))
    assert sum("Nothing was changed" in text_of(each.original) for each in sent) == 1
    assert len(harness.tradingview.calls("add")) == 1
    assert row(harness) is None


async def test_a_login_that_ends_in_between_leaves_no_tester_unsaid(ready):
    harness = ready
    take_back = harness.setup_proof.take_back

    async def without_a_login(request, order_id):
        harness.vendor.world.end_all_sessions()
        return await take_back(request, order_id)

    harness.setup_proof.take_back = without_a_login
    sent = await prove(harness)
    await harness.passes(lambda: "it is ordered" in text_of(sent.original), seconds=300)
    still = "**Tess\\_Tester** still has the access of the last proof; it ends by itself"
    assert still in text_of(await show(harness))
    await harness.log_in()
    await harness.passes(lambda: row(harness) is None, seconds=300)
    await harness.time.advance(5)
    assert still not in text_of(await show(harness))


async def test_a_discord_that_takes_no_word_leaves_no_tester_with_access(ready):
    harness = ready
    give = harness.setup_proof.give

    async def give_and_lose_discord(*args):
        order_id = await give(*args)
        harness.fake.switches.refuse("original", 50035, 400, times=None)
        return order_id

    harness.setup_proof.give = give_and_lose_discord
    sent = await prove(harness)
    await harness.passes(lambda: len(harness.tradingview.calls("remove")) == 1, seconds=200)
    assert row(harness) is None
    harness.fake.switches.clear()
    await harness.passes(lambda: "Tess" in text_of(sent.original), seconds=200)


async def test_what_staff_ended_comes_no_more_by_itself_than_before(ready):
    harness = ready
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Tess_Tester"
    )
    await harness.passes(lambda: row(harness) is not None)
    customers = harness.vendor.request(guild_id=harness.guild.id)
    await harness.grants.revoke(customers, "trend", Subject(username="Tess_Tester"))
    await harness.passes(lambda: row(harness) is None)
    request = harness.vendor.request(guild_id=harness.guild.id)
    given = await harness.setup_proof.give(request, None, "Tess_Tester")
    await harness.setup_proof.take_back(request, given)
    async with harness.vendor.database.read() as connection:
        order = await orders.by_id(connection, given)
        assert (await permissions.by_id(connection, order.permission_id)).held_back
