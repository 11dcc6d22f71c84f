"""Nobody waits in the dark: late answers, direct messages and the log channel, each once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import clock
from bot.store.catalogue import guilds
from bot.store.ledger import order_outcomes
from bot.store.records import Actor
from tests.support.discord_harness import at_work, eventually, labels, open_office, text_of
from tests.support.vendor_fixture import HOME, OTHER

ALL = {"item": "trend", "username": "Alice_T", "duration": "1M"}


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        harness.vendor.world.add_user("Alice_T")
        harness.log = harness.fake.add_channel(harness.guild, "log", public=False)
        await harness.make_rows()
        yield harness


async def waiting(harness):
    """A grant that says waiting, because TradingView hangs."""
    harness.switches.hang = True
    request = await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel, **ALL
    )
    await request.acknowledged_()
    await harness.passes(lambda: "⏳" in text_of(request.original))
    return request


def log_lines(harness):
    return [line for one in harness.as_owner.sees(harness.log) for line in one.content.split("\n")]


async def test_what_ends_after_15_minutes_is_told_once_by_direct_message(harness):
    async with at_work(harness):
        request = await waiting(harness)
        await harness.time.advance(16 * 60)
        harness.switches.hang = False
        await harness.passes(harness.as_mod.dms, 900)
        message = harness.as_mod.dms()[0]
        assert "✅ **Done:**" in message.content
        assert "Your order in **The shop**" in message.content
        assert "⏳" in text_of(request.original)
        assert len(harness.as_mod.sees(harness.channel)) == 1
        await harness.time.advance(600)
    async with at_work(harness):
        await harness.time.advance(60)
        await asyncio.sleep(0.2)
    assert len(harness.as_mod.dms()) == 1


async def test_closed_direct_messages_go_to_the_log_channel_never_where_it_was_asked(harness):
    await harness.choose_log_channel(harness.log)
    harness.fake.close_dms(harness.mod)
    async with at_work(harness):
        await waiting(harness)
        await harness.time.advance(16 * 60)
        harness.switches.hang = False
        await harness.passes(
            lambda: any("takes no direct messages" in line for line in log_lines(harness)), 900
        )
    assert len(harness.as_mod.sees(harness.channel)) == 1


async def test_a_known_member_gets_one_message_when_access_stands(harness):
    async with at_work(harness):
        request = await harness.run(harness.as_mod, "access grant", **ALL, member=harness.buyer)
        assert "Done" in text_of(request.original)
        await harness.passes(harness.as_buyer.dms)
        said = text_of(harness.as_buyer.dms()[0])
        assert "You can use **Trend** until **<t:" in said
        assert "Invite-only scripts" in said
        assert r"log in to TradingView as **Alice\_T**" in said
        again = await harness.run(harness.as_mod, "access grant", **ALL, member=harness.buyer)
        assert "Done" in text_of(again.original)
        await harness.passes(lambda: len(harness.as_buyer.dms()) == 2)
        await harness.time.advance(120)
        await asyncio.sleep(0.2)
    assert len(harness.as_buyer.dms()) == 2
    assert not harness.as_mod.dms()


async def test_a_customer_with_closed_direct_messages_holds_up_nobody(harness):
    harness.fake.close_dms(harness.buyer)
    async with at_work(harness):
        await harness.run(harness.as_mod, "access grant", **ALL, member=harness.buyer)

        async def told():
            return not await harness.outcomes.members_to_tell()

        await eventually(told)


async def test_a_crash_between_sending_and_marking_tells_once(harness, monkeypatch):
    await harness.choose_log_channel(harness.log)
    real_told, real_posted = order_outcomes.told, guilds.set_posted

    async def lost(*args):
        raise OSError("killed")

    async with at_work(harness):
        await waiting(harness)
        monkeypatch.setattr(order_outcomes, "told", lost)
        monkeypatch.setattr(guilds, "set_posted", lost)
        await harness.time.advance(16 * 60)
        harness.switches.hang = False
        await harness.passes(lambda: harness.as_mod.dms() and log_lines(harness), 900)
    monkeypatch.setattr(order_outcomes, "told", real_told)
    monkeypatch.setattr(guilds, "set_posted", real_posted)
    async with at_work(harness):

        async def settled():
            return not await harness.outcomes.untold()

        await eventually(settled)
        await eventually(lambda: any("✅" in line for line in log_lines(harness)))
        await asyncio.sleep(0.2)
    assert len(harness.as_mod.dms()) == 1
    lines = log_lines(harness)
    assert len(lines) == len(set(lines))


async def test_a_discord_that_fails_is_tried_again_and_stops_nothing(harness):
    await harness.choose_log_channel(harness.log)
    async with at_work(harness):
        await waiting(harness)
        harness.fake.switches.fail("message", 503, 3)
        await harness.time.advance(16 * 60)
        harness.switches.hang = False
        await harness.passes(harness.as_mod.dms, 1500)
        await harness.passes(lambda: any("✅" in line for line in log_lines(harness)), 1500)
    assert len(harness.as_mod.dms()) == 1


async def test_an_answer_interrupted_by_a_restart_turns_to_done_in_its_place(harness):
    async with at_work(harness):
        request = await waiting(harness)
    harness.switches.hang = False
    async with at_work(harness):
        await harness.passes(lambda: "✅" in text_of(request.original))
    assert not harness.as_mod.dms()


async def test_the_log_channel_shows_every_entry_once_in_order(harness):
    await harness.choose_log_channel(harness.log)
    async with at_work(harness):
        for _ in range(3):
            await harness.run(harness.as_mod, "access grant", **ALL)
        await harness.passes(lambda: sum("✅" in line for line in log_lines(harness)) == 3)
        lines = [line for line in log_lines(harness) if "ordered" in line or "✅" in line]
        assert lines[0].startswith(
            f"✅ <@{harness.mod.id}> ordered 1 month of **Trend** for **Alice\\_T**"
        )
        assert sum("ordered" in line for line in lines) == 3


async def test_a_removed_log_channel_stops_nothing_else(harness):
    await harness.choose_log_channel(harness.log)
    harness.fake.delete_channel(harness.log)
    async with at_work(harness):
        request = await waiting(harness)
        harness.switches.hang = False
        await harness.passes(lambda: "✅" in text_of(request.original))


async def test_a_request_for_a_name_comes_with_its_two_buttons(harness):
    from bot.store.ledger import events
    from bot.store.people import claims

    await harness.choose_log_channel(harness.log)
    at = clock.now() - timedelta(minutes=1)
    async with harness.vendor.database.write() as connection:
        for member in (harness.buyer, harness.stranger):
            claim = await claims.add(connection, harness.guild.id, member.id, "Alice_T", at)
            await events.record(
                connection,
                harness.guild.id,
                at,
                "claim",
                actor=Actor.member(member.id),
                member_id=member.id,
                after={"claim_id": claim.id, "username": "Alice_T"},
            )
    async with at_work(harness):
        await harness.passes(
            lambda: (
                [
                    labels(one)
                    for one in harness.as_owner.sees(harness.log)
                    if "says that" in one.content
                ]
                == [["Yes, it is theirs", "No"]] * 2
            )
        )


async def test_what_was_taken_away_can_be_put_back_from_the_direct_message(harness):
    async with at_work(harness):
        await harness.run(harness.as_mod, "access grant", **ALL)
        harness.switches.hang = True
        request = await harness.as_mod.run(
            "access revoke",
            guild=harness.guild,
            channel=harness.channel,
            item="trend",
            username="Alice_T",
        )
        await request.acknowledged_()
        await harness.passes(lambda: "⏳" in text_of(request.original))
        await harness.time.advance(16 * 60)
        harness.switches.hang = False
        await harness.passes(harness.as_mod.dms, 900)
        message = harness.as_mod.dms()[0]
        assert "has no access to **Trend** any more" in message.content
        pressed = await harness.as_mod.press(message, "Put back")
        await pressed.until(lambda one: "put back" in text_of(one))


async def test_a_wish_that_cannot_be_told_keeps_nobody_else_waiting(harness, monkeypatch):
    async with at_work(harness):
        tell, broken = harness.outcome_notifier._tell_asker, []

        async def one_is_broken(it):
            broken.append(it.order.id)
            if it.order.id == broken[0]:
                raise RuntimeError("a mistake of ours")
            await tell(it)

        await waiting(harness)
        await waiting(harness)
        monkeypatch.setattr(harness.outcome_notifier, "_tell_asker", one_is_broken)
        await harness.time.advance(16 * 60)
        harness.switches.hang = False
        await harness.passes(harness.as_mod.dms, 900)
        assert len(harness.as_mod.dms()) == 1


async def test_a_mistake_about_one_server_leaves_the_others_their_lines(harness, monkeypatch):
    harness.build()
    request = []
    async with harness.vendor.database.write() as connection:
        for guild_id in (HOME, OTHER):
            await guilds.set_log_channel(connection, guild_id, 6)

    async def broken(server):
        request.append(server.id)
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(harness.log_channel, "_write_up", broken)
    await harness.log_channel.write_up()
    assert {HOME, OTHER} <= set(request)


async def test_who_was_answered_meanwhile_gets_no_message_as_well(harness):
    async with at_work(harness):
        request = await harness.run(harness.as_mod, "access grant", **ALL)
        assert "Done" in text_of(request.original)

        async def told():
            return harness.outcomes.is_told(await harness.outcomes.receipt(1))

        await eventually(told)
        receipt = await harness.outcomes.receipt(1)
        stale = replace(receipt, order=replace(receipt.order, told_state=None))
        await harness.outcome_notifier._tell_asker(stale)
    assert not harness.as_mod.dms()


@pytest.mark.parametrize("code", [50001, 40003, 50035])
async def test_an_answer_that_discord_refuses_in_passing_is_changed_later(harness, code):
    async with at_work(harness):
        request = await waiting(harness)
        refusal = harness.fake.switches.refuse("original", code, 403)
        harness.switches.hang = False
        await harness.passes(lambda: refusal.hit, 120)
        assert "⏳" in text_of(request.original)
        await harness.passes(lambda: "✅" in text_of(request.original), 120)
    assert not harness.as_mod.dms()


async def test_who_takes_no_messages_is_told_in_the_log_channel_once_it_is_open(harness):
    await harness.choose_log_channel(harness.log)
    harness.fake.close_dms(harness.mod)
    harness.fake.set_overwrite(harness.log, harness.fake.world.bot, deny=1 << 11)
    async with at_work(harness):
        await waiting(harness)
        await harness.time.advance(16 * 60)
        harness.switches.hang = False

        async def ended():
            return (await harness.outcomes.receipt(1)).order.state == "done"

        await harness.time.advance(900)
        await eventually(ended)
        await harness.time.advance(120)
        assert not harness.outcomes.is_told(await harness.outcomes.receipt(1))
        harness.fake.set_overwrite(harness.log, harness.fake.world.bot)
        await harness.passes(
            lambda: any("takes no direct messages" in line for line in log_lines(harness)), 4000
        )


@pytest.mark.parametrize("code", [40003, 20026, 50001])
async def test_a_customer_is_not_marked_told_while_discord_delays(harness, code):
    async with at_work(harness):
        harness.fake.switches.refuse("dm", code)
        await harness.run(harness.as_mod, "access grant", **ALL, member=harness.buyer)
        await harness.passes(lambda: harness.fake.switches.faults[0].hit)
        await harness.time.advance(3)
        assert harness.as_buyer.dms() == []
        assert await harness.outcomes.members_to_tell()
    async with at_work(harness):  # a restart on the way
        await harness.time.advance(7 * 3600)
        await harness.passes(harness.as_buyer.dms)
        assert "You can use **Trend**" in harness.as_buyer.dms()[0].content
        await harness.time.advance(600)
    assert len(harness.as_buyer.dms()) == 1
