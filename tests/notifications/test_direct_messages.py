"""The one sender of direct messages: what Discord says becomes one of three outcomes."""

import aiohttp
import discord
import pytest

from bot import clock
from bot.notifications.direct_messages import QUARANTINE_PAUSE, TOO_FAST_PAUSE, Delivery
from bot.replies import Button, Message
from bot.replies.tone import Tone
from bot.store.kinds import Otherwise
from bot.store.maintenance import restore
from tests.support.discord_harness import at_work, labels, open_office, text_of

HELLO = Message("hello", buttons=(Button("Press", "u:x:1"),))


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        await harness.make_rows()
        async with at_work(harness):
            yield harness


async def send(harness, message=HELLO, **how):
    return await harness.direct_messages.send(harness.buyer.id, message, **how)


async def test_a_message_arrives_with_its_buttons(harness):
    assert await send(harness) is Delivery.DELIVERED
    [message] = harness.as_buyer.dms()
    assert (message.content, labels(message)) == ("hello", ["Press"])


async def test_the_same_nonce_twice_is_one_message(harness):
    for _ in range(2):
        assert await send(harness, nonce="o1") is Delivery.DELIVERED
    assert len(harness.as_buyer.dms()) == 1


async def test_closed_direct_messages_take_none(harness):
    harness.fake.close_dms(harness.buyer)
    assert await send(harness) is Delivery.REFUSED


async def test_an_account_that_is_gone_takes_none(harness):
    sent = await harness.direct_messages.send(42, HELLO)
    assert sent is Delivery.REFUSED


@pytest.mark.parametrize(
    ("target", "code", "status"),
    [("message", 50007, 403), ("message", 50278, 403), ("dm", 50278, 403), ("dm", 10013, 404)],
)
async def test_three_codes_mean_never(harness, target, code, status):
    harness.fake.switches.refuse(target, code, status)
    assert await send(harness) is Delivery.REFUSED


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 503])
async def test_any_other_error_may_pass(harness, status):
    harness.fake.switches.fail("message", status, 1)
    assert await send(harness) is Delivery.TRY_AGAIN
    assert await send(harness) is Delivery.DELIVERED


@pytest.mark.parametrize(
    ("target", "code", "status"),
    [("dm", 50001, 403), ("message", 50035, 400), ("message", 10003, 404), ("dm", 50033, 400)],
)
async def test_any_other_code_may_pass(harness, target, code, status):
    harness.fake.switches.refuse(target, code, status)
    assert await send(harness) is Delivery.TRY_AGAIN
    assert await send(harness) is Delivery.DELIVERED


async def test_messages_opened_too_fast_wait_all_together(harness):
    harness.fake.switches.refuse("dm", 40003)
    assert await send(harness) is Delivery.TRY_AGAIN
    calls = len(harness.fake.calls)
    assert await harness.direct_messages.send(harness.mod.id, HELLO) is Delivery.TRY_AGAIN
    assert len(harness.fake.calls) == calls
    await harness.time.advance(TOO_FAST_PAUSE)
    assert await send(harness) is Delivery.DELIVERED


async def test_a_quarantine_stops_all_tells_staff_once_and_ends_by_itself(harness):
    log = harness.fake.add_channel(harness.guild, "log", public=False)
    await harness.choose_log_channel(log)
    harness.fake.switches.refuse("dm", 20026, times=2)

    def lines():
        return [line for one in harness.as_owner.sees(log) for line in text_of(one).split("\n")]

    assert await send(harness) is Delivery.TRY_AGAIN
    calls = len(harness.fake.calls)
    assert await harness.direct_messages.send(harness.mod.id, HELLO) is Delivery.TRY_AGAIN
    assert len(harness.fake.calls) == calls
    await harness.log_channel.write_up()
    await harness.time.advance(QUARANTINE_PAUSE)
    assert await send(harness) is Delivery.TRY_AGAIN
    await harness.log_channel.write_up()
    [said] = [text for one in harness.as_owner.sees(log) if "spam" in (text := text_of(one))]
    for words in ("Nobody lost access", "discord.com/developers/applications", "dis.gd/contact"):
        assert words in said
    await harness.time.advance(QUARANTINE_PAUSE)
    assert await send(harness) is Delivery.DELIVERED
    await harness.log_channel.write_up()
    assert sum("takes direct messages of this bot again" in line for line in lines()) == 1


async def test_a_quarantine_is_not_told_again_after_a_restart(harness):
    harness.fake.switches.refuse("dm", 20026, times=2)
    assert await send(harness) is Delivery.TRY_AGAIN
    first = await stops(harness)
    services = harness.vendor.build()
    await services.direct_messages._waiting.stopped()
    assert await stops(harness) == first == 1


async def stops(harness):
    from bot.store.ledger import events

    async with harness.vendor.database.read() as connection:
        found = await events.since(connection, harness.guild.id, 0)
    return sum(event.action == "messages_stopped" for event in found)


async def test_a_long_pause_that_discord_asks_for_holds_up_nothing_else(harness):
    harness.fake.switches.slow_down("message", retry_after=900)
    assert await send(harness) is Delivery.TRY_AGAIN
    began = clock.monotonic()
    assert await send(harness) is Delivery.TRY_AGAIN
    assert clock.monotonic() == began
    await harness.time.advance(900)
    assert await send(harness) is Delivery.DELIVERED


async def test_what_discord_delays_survives_a_restart_and_arrives_once(harness):
    harness.fake.switches.refuse("dm", 40003, times=2)
    await harness.outbox.post(harness.guild.id, harness.buyer.id, HELLO)
    await harness.outbox.deliver()
    assert harness.as_buyer.dms() == []
    await harness.client.close()
    await harness.time.advance(TOO_FAST_PAUSE)
    harness.fake.switches.clear()
    async with at_work(harness):
        await harness.passes(harness.as_buyer.dms)
        await harness.outbox.deliver()
    [message] = harness.as_buyer.dms()
    assert (message.content, labels(message)) == ("hello", ["Press"])


async def test_closed_messages_go_to_the_log_channel_once_it_is_open(harness):
    log = harness.fake.add_channel(harness.guild, "log", public=False)
    await harness.choose_log_channel(log)
    harness.fake.close_dms(harness.buyer)
    harness.fake.set_overwrite(log, harness.fake.world.bot, deny=1 << 11)
    await harness.passes(lambda: harness.log_channel.trouble(harness.guild.id, log.id))
    await harness.outbox.post(harness.guild.id, harness.buyer.id, HELLO, Otherwise.LOG)
    await harness.time.advance(120)
    harness.fake.set_overwrite(log, harness.fake.world.bot)
    await harness.passes(
        lambda: any(
            "takes no direct messages" in text_of(one) for one in harness.as_owner.sees(log)
        ),
        900,
    )


async def test_a_message_that_waited_keeps_its_edge_also_in_the_log_channel(harness):
    log = harness.fake.add_channel(harness.guild, "log", public=False)
    await harness.choose_log_channel(log)
    grave = Message("It failed. Nothing was changed.", tone=Tone.STOP)
    await harness.outbox.post(harness.guild.id, harness.mod.id, grave)
    harness.fake.close_dms(harness.buyer)
    await harness.outbox.post(harness.guild.id, harness.buyer.id, grave, Otherwise.LOG)
    done = Message("✅ **Done:** it is there.")  # its sign stands in the second line there
    await harness.outbox.post(harness.guild.id, harness.buyer.id, done, Otherwise.LOG)

    def shown():
        closed = [one for one in log.messages if "takes no direct messages" in text_of(one)]
        return [*harness.as_mod.dms(), *closed]

    await harness.passes(lambda: len(shown()) == 3)
    edges = [[box.get("color") for box in message.embeds] for message in shown()]
    assert edges == [[Tone.STOP.value], [Tone.STOP.value], [Tone.DONE.value]]


async def test_after_a_restore_nothing_is_sent_that_may_have_been(harness):
    harness.fake.switches.refuse("dm", 40003, times=None)
    await harness.outbox.post(harness.guild.id, harness.buyer.id, HELLO)
    await harness.outbox.deliver()
    async with harness.vendor.database.write() as connection:
        await restore.mark(connection, clock.now(), clock.now())
    harness.fake.switches.clear()
    await harness.time.advance(3600)
    await harness.outbox.deliver()
    assert harness.as_buyer.dms() == []


@pytest.mark.parametrize("error", [aiohttp.ClientError, OSError, discord.DiscordException])
async def test_a_broken_connection_may_pass(harness, monkeypatch, error):
    async def broken(*_):
        raise error

    monkeypatch.setattr(harness.client, "get_user", lambda _: None)
    monkeypatch.setattr(harness.client, "fetch_user", broken)
    assert await send(harness) is Delivery.TRY_AGAIN


async def test_a_mistake_of_ours_is_not_taken_for_trouble_with_discord(harness, monkeypatch):
    def broken(_):
        raise ZeroDivisionError

    monkeypatch.setattr(harness.client, "get_user", broken)
    with pytest.raises(ZeroDivisionError):
        await send(harness)
