"""Nobody waits in the dark: late answers, direct messages and the log channel, each once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import clock
from bot.store.catalogue import guilds
from bot.store.ledger import orders
from tests.support.discord_harness import at_work, eventually, labels, open_office, text_of
from tests.support.vendor_fixture import HOME, OTHER

ALL = {"item": "trend", "username": "Alice_T", "duration": "1M"}


@pytest.fixture
async def office(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as office:
        office.time = frozen
        office.shop.world.add_user("Alice_T")
        office.log = office.fake.add_channel(office.guild, "log", public=False)
        await office.make_rows()
        yield office


async def waiting(office):
    """A grant that says waiting, because TradingView hangs."""
    office.switches.hang = True
    asked = await office.as_mod.run(
        "access grant", guild=office.guild, channel=office.channel, **ALL
    )
    await asked.acknowledged_()
    await office.passes(lambda: "⏳" in text_of(asked.original))
    return asked


def log_lines(office):
    return [line for one in office.as_owner.sees(office.log) for line in one.content.split("\n")]


async def test_what_ends_after_15_minutes_is_told_once_by_direct_message(office):
    async with at_work(office):
        asked = await waiting(office)
        await office.time.advance(16 * 60)
        office.switches.hang = False
        await office.passes(office.as_mod.dms, 900)
        message = office.as_mod.dms()[0]
        assert "✅ **Done:**" in message.content
        assert "Your order in **The shop**" in message.content
        assert "⏳" in text_of(asked.original)
        assert len(office.as_mod.sees(office.channel)) == 1
        await office.time.advance(600)
    async with at_work(office):
        await office.time.advance(60)
        await asyncio.sleep(0.2)
    assert len(office.as_mod.dms()) == 1


async def test_closed_direct_messages_go_to_the_log_channel_never_where_it_was_asked(office):
    await office.log_channel(office.log)
    office.fake.close_dms(office.mod)
    async with at_work(office):
        await waiting(office)
        await office.time.advance(16 * 60)
        office.switches.hang = False
        await office.passes(
            lambda: any("takes no direct messages" in line for line in log_lines(office)), 900
        )
    assert len(office.as_mod.sees(office.channel)) == 1


async def test_a_known_member_gets_one_message_when_access_stands(office):
    async with at_work(office):
        asked = await office.run(office.as_mod, "access grant", **ALL, member=office.buyer)
        assert "Done" in text_of(asked.original)
        await office.passes(office.as_buyer.dms)
        said = office.as_buyer.dms()[0].content
        assert "You can use **Trend** until **<t:" in said
        assert "Invite-only scripts" in said
        assert r"log in to TradingView as **Alice\_T**" in said
        again = await office.run(office.as_mod, "access grant", **ALL, member=office.buyer)
        assert "Done" in text_of(again.original)
        await office.passes(lambda: len(office.as_buyer.dms()) == 2)
        await office.time.advance(120)
        await asyncio.sleep(0.2)
    assert len(office.as_buyer.dms()) == 2
    assert not office.as_mod.dms()


async def test_a_customer_with_closed_direct_messages_holds_up_nobody(office):
    office.fake.close_dms(office.buyer)
    async with at_work(office):
        await office.run(office.as_mod, "access grant", **ALL, member=office.buyer)

        async def told():
            return not await office.answers.members_to_tell()

        await eventually(told)


async def test_a_crash_between_sending_and_marking_tells_once(office, monkeypatch):
    await office.log_channel(office.log)
    real_told, real_posted = orders.told, guilds.set_posted

    async def lost(*args):
        raise OSError("killed")

    async with at_work(office):
        await waiting(office)
        monkeypatch.setattr(orders, "told", lost)
        monkeypatch.setattr(guilds, "set_posted", lost)
        await office.time.advance(16 * 60)
        office.switches.hang = False
        await office.passes(lambda: office.as_mod.dms() and log_lines(office), 900)
    monkeypatch.setattr(orders, "told", real_told)
    monkeypatch.setattr(guilds, "set_posted", real_posted)
    async with at_work(office):

        async def settled():
            return not await office.answers.untold()

        await eventually(settled)
        await eventually(lambda: any("✅" in line for line in log_lines(office)))
        await asyncio.sleep(0.2)
    assert len(office.as_mod.dms()) == 1
    lines = log_lines(office)
    assert len(lines) == len(set(lines))


async def test_a_discord_that_fails_is_tried_again_and_stops_nothing(office):
    await office.log_channel(office.log)
    async with at_work(office):
        await waiting(office)
        office.fake.switches.fail("message", 503, 3)
        await office.time.advance(16 * 60)
        office.switches.hang = False
        await office.passes(office.as_mod.dms, 1500)
        await office.passes(lambda: any("✅" in line for line in log_lines(office)), 1500)
    assert len(office.as_mod.dms()) == 1


async def test_an_answer_interrupted_by_a_restart_turns_to_done_in_its_place(office):
    async with at_work(office):
        asked = await waiting(office)
    office.switches.hang = False
    async with at_work(office):
        await office.passes(lambda: "✅" in text_of(asked.original))
    assert not office.as_mod.dms()


async def test_the_log_channel_shows_every_entry_once_in_order(office):
    await office.log_channel(office.log)
    async with at_work(office):
        for _ in range(3):
            await office.run(office.as_mod, "access grant", **ALL)
        await office.passes(lambda: sum("✅" in line for line in log_lines(office)) == 3)
        lines = [line for line in log_lines(office) if "ordered" in line or "✅" in line]
        assert lines[0].startswith(
            f"<@{office.mod.id}> ordered 1 month of **Trend** for **Alice\\_T**"
        )
        assert sum("ordered" in line for line in lines) == 3


async def test_a_removed_log_channel_stops_nothing_else(office):
    await office.log_channel(office.log)
    office.fake.delete_channel(office.log)
    async with at_work(office):
        asked = await waiting(office)
        office.switches.hang = False
        await office.passes(lambda: "✅" in text_of(asked.original))


async def test_a_request_for_a_name_comes_with_its_two_buttons(office):
    from bot.store.ledger import events

    await office.log_channel(office.log)
    async with office.shop.database.write() as connection:
        for claim_id in (1, 2):
            await events.record(
                connection,
                office.guild.id,
                clock.now() - timedelta(minutes=1),
                "claim",
                actor_id=office.buyer.id,
                member_id=office.buyer.id,
                after={"claim_id": claim_id, "username": "Alice_T"},
            )
    async with at_work(office):
        await office.passes(
            lambda: (
                [
                    labels(one)
                    for one in office.as_owner.sees(office.log)
                    if "says that" in one.content
                ]
                == [["Yes, it is theirs", "No"]] * 2
            )
        )


async def test_what_was_taken_away_can_be_put_back_from_the_direct_message(office):
    async with at_work(office):
        await office.run(office.as_mod, "access grant", **ALL)
        office.switches.hang = True
        asked = await office.as_mod.run(
            "access revoke",
            guild=office.guild,
            channel=office.channel,
            item="trend",
            username="Alice_T",
        )
        await asked.acknowledged_()
        await office.passes(lambda: "⏳" in text_of(asked.original))
        await office.time.advance(16 * 60)
        office.switches.hang = False
        await office.passes(office.as_mod.dms, 900)
        message = office.as_mod.dms()[0]
        assert "has no access to **Trend** any more" in message.content
        pressed = await office.as_mod.press(message, "Put back")
        await pressed.until(lambda one: "put back" in text_of(one))


async def test_a_wish_that_cannot_be_told_keeps_nobody_else_waiting(office, monkeypatch):
    async with at_work(office):
        tell, broken = office.teller._tell_asker, []

        async def one_is_broken(it):
            broken.append(it.wish.id)
            if it.wish.id == broken[0]:
                raise RuntimeError("a mistake of ours")
            await tell(it)

        await waiting(office)
        await waiting(office)
        monkeypatch.setattr(office.teller, "_tell_asker", one_is_broken)
        await office.time.advance(16 * 60)
        office.switches.hang = False
        await office.passes(office.as_mod.dms, 900)
        assert len(office.as_mod.dms()) == 1


async def test_a_mistake_about_one_server_leaves_the_others_their_lines(office, monkeypatch):
    office.build()
    asked = []
    async with office.shop.database.write() as connection:
        for guild_id in (HOME, OTHER):
            await guilds.set_log_channel(connection, guild_id, 6)

    async def broken(server):
        asked.append(server.id)
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(office.logbook, "_write_up", broken)
    await office.logbook.write_up()
    assert {HOME, OTHER} <= set(asked)


async def test_who_was_answered_meanwhile_gets_no_message_as_well(office):
    async with at_work(office):
        asked = await office.run(office.as_mod, "access grant", **ALL)
        assert "Done" in text_of(asked.original)

        async def told():
            return office.answers.is_told(await office.answers.receipt(1))

        await eventually(told)
        receipt = await office.answers.receipt(1)
        stale = replace(receipt, wish=replace(receipt.wish, told_state=None))
        await office.teller._tell_asker(stale)
    assert not office.as_mod.dms()
