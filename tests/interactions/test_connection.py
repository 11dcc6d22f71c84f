"""The way to Discord: blocks are waited for as told, proxies used, certificates that fail end it in a sentence."""

import asyncio
import contextlib
import logging
import os
from pathlib import Path

import aiohttp
import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

import bot
import cogs
from bot.access.people.member_facts import MembersIntent
from bot.errors import StartupError
from bot.interactions import connection
from bot.interactions.connection import guard, log_in, stay_connected
from bot.settings import Secret
from tests.support import forks
from tests.support.certificates import self_signed
from tests.support.discord_harness import eventually, open_office, text_of
from tests.support.fake_time import settle
from tests.support.proxy import open_proxy, pump, serving

WEEKEND = 82721


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        await harness.make_rows()
        yield harness


@contextlib.asynccontextmanager
async def starting(harness, **changed):
    """Usher on its way to Discord, as `usher run` goes it."""
    client = harness.build(**changed)
    services = harness.vendor.services
    await services.open()
    guard(client, services.blockade)

    async def run():
        await log_in(client, harness.fake.bot_token, services.blockade)
        services.outcome_notifier.start()
        await stay_connected(client, services.blockade)

    task = asyncio.get_running_loop().create_task(run())
    try:
        yield task
    finally:
        task.cancel()
        await client.close()
        with contextlib.suppress(asyncio.CancelledError, StartupError):
            await task


def plain(caplog):
    text = "\n".join(record.getMessage() for record in caplog.records) + caplog.text
    assert "<html" not in text.lower()
    assert "Traceback" not in text
    return text


async def test_a_blocked_address_waits_as_long_as_told_at_login(harness, caplog):
    block = harness.fake.switches.block()
    async with starting(harness):
        await eventually(lambda: harness.fake.calls)
        await settle()
        await harness.time.advance(WEEKEND - 60)
        assert len(harness.fake.calls) == 1
        text = plain(caplog)
        assert "blocks this computer's address for 23 hours, until 2026-03-11 10:58 UTC" in text
        assert "TradingView's side goes on" in text
        harness.fake.switches.remove(block)
        await harness.time.advance(60)
        await eventually(harness.client.is_ready)
    assert text.count("blocks this computer's address") == plain(caplog).count(
        "blocks this computer's address"
    )


async def test_a_block_met_at_the_gateway_is_waited_for_and_ends(harness, caplog):
    block = harness.fake.switches.block("gateway")
    async with starting(harness) as task:
        await eventually(lambda: block.hit)
        await eventually(lambda: "blocks this computer's address" in caplog.text)
        await harness.time.advance(WEEKEND - 60)
        assert block.hit == 1
        assert not task.done()
        harness.fake.switches.remove(block)
        await harness.time.advance(60)
        await eventually(harness.client.is_ready)
        plain(caplog)


async def test_a_block_while_running_holds_messages_back_and_tradingview_goes_on(harness, caplog):
    log = harness.fake.add_channel(harness.guild, "log", public=False)
    await harness.choose_log_channel(log)
    async with starting(harness):
        await eventually(harness.client.is_ready)
        block = harness.fake.switches.block("message")
        await harness.outbox.post(harness.guild.id, harness.buyer.id, _hello())
        await eventually(lambda: block.hit)
        await harness.time.advance(600)
        assert block.hit == 1
        assert plain(caplog).count("blocks this computer's address") >= 1
        order = await harness.grants.grant(*_grant(harness))
        receipt = await harness.outcomes.outcome(order, 60)
        assert receipt.order.state == "done"
        harness.fake.switches.remove(block)
        await harness.time.advance(WEEKEND)
        await harness.passes(harness.as_buyer.dms)
        assert text_of(harness.as_buyer.dms()[0]) == "hello"


def _hello():
    from bot.replies import Message

    return Message("hello")


def _grant(harness):
    from bot.access.request import Subject
    from bot.access.rules.duration import parse_length

    harness.vendor.world.add_user("Alice_T")
    request = harness.vendor.request(by=harness.mod.id, guild_id=harness.guild.id)
    return request, "trend", parse_length("1M"), Subject(username="Alice_T"), None


# The members intent


def refuse_members(harness, *, members=False):
    harness.fake.allow_intents(members=members, presences=False, message_content=False)


def logged(harness, channel, words):
    return sum(words in text_of(message) for message in harness.as_owner.sees(channel))


UNSEEN, SEEN = "does not tell me who joins", "tells me again who joins"


async def show(harness):
    """The whole answer of /setup show."""
    return text_of((await harness.run(harness.as_owner, "setup show")).original)


async def choose(harness, log):
    """/setup log, with its answer."""
    chosen = await harness.as_owner.run(
        "setup log", guild=harness.guild, channel=log, at=harness.channel
    )
    await chosen.answered()


@contextlib.asynccontextmanager
async def started(harness, **changed):
    """Usher, ready, and its log channels written up."""
    async with starting(harness, **changed) as task:
        harness.client._connection.guild_ready_timeout = 0.1
        await cogs.load(harness.vendor.services)
        await eventually(harness.client.is_ready)
        await settle()
        yield task


async def test_without_the_members_intent_it_starts_and_says_so_once(harness, caplog):
    log = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(log)
    refuse_members(harness)
    for _ in range(2):
        async with started(harness) as task:
            assert not task.done()
            assert harness.client.members_intent is MembersIntent.REFUSED
            await harness.passes(lambda: logged(harness, log, UNSEEN))
            await harness.time.advance(60)
            said = await show(harness)
            assert UNSEEN.removeprefix("does ") in said
            assert "Server Members Intent" in said
        assert logged(harness, log, UNSEEN) == 1
    assert "goes on without" in plain(caplog)
    refuse_members(harness, members=True)
    async with started(harness):
        await harness.passes(lambda: logged(harness, log, SEEN))
        assert "Members:" not in await show(harness)
    refuse_members(harness)
    async with started(harness):
        await harness.passes(lambda: logged(harness, log, UNSEEN) == 2)
    assert logged(harness, log, SEEN) == 1


async def test_an_intent_that_is_taken_away_meanwhile_ends_nothing(harness):
    async with started(harness) as task:
        assert harness.client.members_intent is MembersIntent.GRANTED
        refuse_members(harness)
        harness.fake.gateway.close_all(4014)
        await eventually(lambda: harness.client.members_intent is MembersIntent.REFUSED)
        await eventually(lambda: harness.fake.online)
        assert UNSEEN.removeprefix("does ") in await show(harness)
        assert not task.done()


async def test_a_log_channel_that_is_chosen_later_is_told_too(harness):
    log = harness.fake.add_channel(harness.guild, "log")
    refuse_members(harness)
    async with started(harness):
        await choose(harness, log)
        await harness.passes(lambda: logged(harness, log, UNSEEN))


async def test_an_intent_that_is_not_asked_for_is_not_missed(harness, caplog):
    log = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(log)
    refuse_members(harness)
    async with started(harness, discord_members_intent="off"):
        assert harness.client.members_intent is MembersIntent.OFF
        await harness.time.advance(60)
        await settle()
        assert "I do not ask Discord who gains and loses roles" in await show(harness)
        await choose(harness, log)
    assert not logged(harness, log, UNSEEN)
    assert "goes on without" not in plain(caplog)


async def test_a_refusal_although_nothing_is_asked_for_ends_it(harness):
    async with starting(harness, discord_members_intent="off") as task:
        await eventually(lambda: harness.fake.online)
        harness.fake.gateway.close_all(4014)
        with pytest.raises(StartupError, match="4014"):
            await asyncio.wait_for(asyncio.shield(task), 60)


@pytest.fixture
async def beyond(harness, tmp_path, monkeypatch):
    """Discord behind TLS under a name that only a proxy finds; TradingView too."""
    context, file = await asyncio.to_thread(self_signed, tmp_path, "discord.test", "gateway.test")
    port = yarl.URL(harness.fake.api_url).port

    async def serve(reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        finally:
            far_writer.close()

    monkeypatch.setattr(Route, "BASE", "https://discord.test/api/v10")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL("wss://gateway.test/gateway"))
    harness.fake.gateway.url = "wss://gateway.test/gateway"
    async with serving(serve, ssl=context) as secure:
        hosts = dict.fromkeys(("discord.test", "gateway.test"), secure)
        async with open_proxy(hosts) as proxy:
            proxy.certificate = file
            yield proxy


async def test_rest_and_gateway_of_discord_go_through_the_proxy(harness, beyond, monkeypatch):
    trusting = aiohttp.connector._make_ssl_context(True)
    trusting.load_verify_locations(beyond.certificate)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)
    async with starting(harness, https_proxy=Secret(beyond.url)):
        await eventually(harness.client.is_ready)
    there = {("CONNECT", f"{name}.test:443") for name in ("discord", "gateway")}
    assert set(beyond.asked) == there


@pytest.mark.parametrize("part", ["rest", "gateway"])
async def test_a_certificate_that_fails_ends_it_with_one_sentence(
    harness, beyond, monkeypatch, caplog, part
):
    if part == "gateway":
        monkeypatch.setattr(Route, "BASE", harness.fake.api_url)
    async with starting(harness, https_proxy=Secret(beyond.url)) as task:
        with pytest.raises(StartupError) as ended:
            await asyncio.wait_for(asyncio.shield(task), 60)
    assert ended.value.exit_code == 69
    for words in (
        "certificate of Discord cannot be verified",
        "clock",
        "ca-certificates",
        "SSL_CERT_FILE",
    ):
        assert words in str(ended.value)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_the_program_ends_with_that_sentence_and_an_exit_code(tmp_path):
    context, _ = await asyncio.to_thread(self_signed, tmp_path, "localhost")

    async def nothing(reader, writer):
        pass

    async with serving(nothing, ssl=context) as port:
        process = await forks.start(
            "bot",
            "run",
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(Path(bot.__file__).parent.parent),
                "DISCORD_TOKEN": "MTIz.abc.def",
                "DISCORD_API_URL": f"https://localhost:{port}/api/v10",
                "DISCORD_GATEWAY_URL": f"wss://localhost:{port}/gateway",
                "HTTP_PORT": "0",
            },
        )
        said = (await asyncio.wait_for(process.communicate(), 60))[0].decode()
    assert process.returncode == 69
    assert said.count("The certificate of Discord cannot be verified") == 1
    assert "Traceback" not in said


async def test_everything_else_has_its_turn_however_many_events_have_come(monkeypatch):
    """A socket that holds many events hands them out without a pause."""

    class Socket:
        async def receive(self, timeout=None):  # noqa: ASYNC109
            return "event"

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def burst():
        nonlocal turns
        turns = 0
        for _ in range(50):
            assert await socket.receive(timeout=60) == "event"
        return turns

    turns, socket = 0, Socket()
    counting = asyncio.ensure_future(count())
    await asyncio.sleep(0)
    assert await burst() == 0
    monkeypatch.setattr(connection, "_TURN", 0.0)
    socket = connection._taking_turns(socket)
    assert await burst() >= 49
    counting.cancel()


def test_discord_py_still_has_the_door_that_is_guarded():
    assert callable(discord.http.HTTPClient.ws_connect)
