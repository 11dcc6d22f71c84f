"""The one sender of direct messages: what Discord says becomes one of three outcomes."""

import aiohttp
import discord
import pytest

from bot.notifications.direct_messages import Delivery, send_direct_message
from bot.replies import Button, Message
from tests.support.discord_harness import at_work, labels, open_office

HELLO = Message("hello", buttons=(Button("Press", "u:x:1"),))


@pytest.fixture
async def harness(tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        await harness.make_rows()
        async with at_work(harness):
            yield harness


async def send(harness, message=HELLO, **how):
    return await send_direct_message(harness.client, harness.buyer.id, message, **how)


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
    sent = await send_direct_message(harness.client, 42, HELLO)
    assert sent is Delivery.REFUSED


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_refusal_by_discord_is_final(harness, status):
    harness.fake.switches.fail("message", status, 1)
    assert await send(harness) is Delivery.REFUSED


@pytest.mark.parametrize("status", [401, 409])
async def test_any_other_error_may_pass(harness, status, caplog):
    harness.fake.switches.fail("message", status, 1)
    assert await send(harness) is Delivery.TRY_AGAIN
    assert await send(harness) is Delivery.DELIVERED


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
