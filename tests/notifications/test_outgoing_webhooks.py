"""Messages to the vendor's own programs, over real sockets: signed, in order, once each, and to nothing private."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import socket
from datetime import timedelta

import pytest

from bot import clock
from bot.access.queries import outgoing_events
from bot.access.queries.errors import (
    AddressProblem,
    AddressUnusable,
    EndpointUnknown,
    KindsUnknown,
    RemovesEndpoint,
    TooManyEndpoints,
)
from bot.access.queries.outgoing_events import RETRIES
from bot.access.request import Subject
from bot.access.rules.addresses import Allowed
from bot.notifications import outgoing_http
from bot.notifications.outgoing_http import Letter, Poster, signature
from bot.store.kinds import EndpointState, OutgoingState, PostResult
from bot.store.sales import outgoing
from tests.support.access_harness import eventually, open_harness
from tests.support.receiver import receiving
from tests.support.vendor_fixture import AT, HOME, MEMBER, OTHER

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
async def receiver(tmp_path):
    async with receiving(tmp_path) as receiver:
        yield receiver


@pytest.fixture
async def harness(tmp_path, frozen, receiver):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        harness.receiver = receiver
        allow(harness, ("localhost",), receiver.trust)
        harness.outgoing_webhooks.start()
        yield harness


def allow(harness, names, trust):
    allowed = Allowed.of(names)
    harness.outgoing_endpoints._allowed = allowed
    harness.outgoing_webhooks._poster = Poster(allowed, trust)


async def add(harness, url=None, kinds="", guild_id=HOME):
    request = harness.request(guild_id=guild_id)
    return await harness.outgoing_endpoints.add(request, url or harness.receiver.url, kinds)


async def granted(harness, name="Ann_Trades"):
    order_id = await harness.grant(name, "1M", note="a note")
    await harness.done(order_id, within=10)
    return order_id


async def arrives(harness, number=1, seconds=60):
    """Let time pass until so many messages came."""
    for _ in range(seconds):
        await harness.rest()
        if len(harness.receiver.got) >= number:
            await harness.rest()
            return
        await harness.time.advance(1)
    raise AssertionError(f"{len(harness.receiver.got)} messages, not {number}")


async def entry(harness, endpoint_id=1):
    return await harness.outgoing_endpoints.entry(HOME, endpoint_id)


def verified(receiver, secret):
    """Every message, after its signature was verified as a receiver would."""
    for headers, body in receiver.got:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert abs(int(headers["webhook-timestamp"]) - clock.now().timestamp()) < 300
        yield json.loads(body)


def test_the_signature_is_that_of_standard_webhooks():
    """The published vector: id, time and body with its signature."""
    payload = '{"test": 2432232314}'
    assert (
        signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", payload)
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


# What is told


async def test_access_that_stands_is_told_with_who_what_and_until_when(harness):
    await harness.vendor.resolve(MEMBER, "Ann_Trades")
    new = await add(harness)
    order_id = await granted(harness)
    await arrives(harness)
    [body] = verified(harness.receiver, new.secret)
    assert body["type"] == "access.granted"
    assert body["timestamp"].endswith("Z")
    assert body["data"] == {
        "guild_id": str(HOME), "order_id": order_id, "item": "trend", "script": "trend",
        "pine_id": harness.pine_id, "username": "Ann_Trades", "discord_id": str(MEMBER),
        "customer_id": body["data"]["customer_id"], "kind": "until", "end": "2026-04-10T12:00:00+00:00",
    }  # fmt: skip
    assert "a note" not in harness.receiver.got[0][1]


async def test_access_that_was_ended_is_told(harness):
    await granted(harness)
    await add(harness)
    await harness.done(await harness.revoke("Ann_Trades"), within=10)
    await arrives(harness)
    [body] = harness.receiver.bodies
    assert (body["type"], body["data"]["kind"]) == ("access.ended", "nothing")


async def test_access_that_ends_by_itself_is_told_once(harness):
    await granted(harness)
    await add(harness)
    await harness.time.advance(31 * 86_400 + 60)
    await arrives(harness)
    await harness.time.advance(600)
    await harness.rest()
    [body] = harness.receiver.bodies
    assert (body["type"], body["data"]["end"]) == ("access.ended", "2026-04-10T12:00:00+00:00")
    assert body["data"]["order_id"] is None


async def test_what_cannot_be_done_is_told_as_failed_access_and_as_a_stuck_order(harness):
    await add(harness)
    order_id = await harness.grant("Nobody_Here", "1M", unknown_name=True)
    await harness.becomes(order_id, "stuck", within=600)
    await arrives(harness, 2)
    failed, stuck = harness.receiver.bodies
    assert (failed["type"], stuck["type"]) == ("access.failed", "order.stuck")
    assert failed["data"] == stuck["data"]
    assert failed["data"]["reason"] == "no_such_user"


async def test_a_login_that_died_is_told(harness):
    await add(harness)
    harness.vendor.world.sessions.clear()
    await harness.vendor.test_logins()
    await arrives(harness)
    [body] = harness.receiver.bodies
    assert body["type"] == "login.dead"
    assert body["data"] == {"guild_id": str(HOME), "waiting": 0}


async def test_a_program_is_told_what_it_asked_for_alone_and_nothing_of_another_server(harness):
    await add(harness, kinds="access.ended, login.dead")
    await add(harness, guild_id=OTHER)
    await granted(harness)
    await harness.done(await harness.revoke("Ann_Trades"), within=10)
    await arrives(harness)
    await harness.time.advance(60)
    await harness.rest()
    assert [body["type"] for body in harness.receiver.bodies] == ["access.ended"]


async def test_nothing_is_told_of_what_happened_before(harness):
    await granted(harness)
    await add(harness)
    await granted(harness, "bob-fx")
    await arrives(harness)
    await harness.rest()
    assert [body["data"]["username"] for body in harness.receiver.bodies] == ["bob-fx"]


# Never lost, never under two ids


async def test_what_happened_while_nothing_ran_is_told_afterwards(harness, monkeypatch):
    await add(harness)

    async def crashes():
        raise OSError("killed")

    monkeypatch.setattr(harness.outgoing_webhooks._events, "collect", crashes)
    await granted(harness)
    assert harness.receiver.got == []
    monkeypatch.undo()
    await arrives(harness)


async def test_a_crash_after_the_answer_sends_it_again_under_the_same_id(harness, monkeypatch):
    await add(harness)
    events = harness.outgoing_webhooks._events
    tried = events.tried

    async def crashes(*_):
        raise RuntimeError("killed")

    monkeypatch.setattr(events, "tried", crashes)
    await granted(harness)
    await arrives(harness)
    await harness.rest()
    assert len(harness.receiver.got) == 1  # not over and over
    monkeypatch.setattr(events, "tried", tried)
    await arrives(harness, 2)
    assert len(set(harness.receiver.ids)) == 1


async def test_collecting_twice_keeps_it_once(harness):
    new = await add(harness)
    await granted(harness)
    async with (
        harness.database.write() as connection
    ):  # a crash undid the note, but not the message
        await outgoing.change_endpoint(connection, new.endpoint.id, read_event_id=0)
    await harness.outgoing_webhooks._events.collect()
    await arrives(harness)
    await harness.time.advance(60)
    await harness.rest()
    assert len(harness.receiver.got) == len(set(harness.receiver.ids)) == 1


# Trying again


async def test_what_fails_is_tried_again_at_the_moments_of_standard_webhooks(harness):
    await add(harness)
    harness.receiver.answer = [500]
    await granted(harness)
    await arrives(harness)
    for number, pause in enumerate(RETRIES, start=1):
        await harness.rest()
        assert len(harness.receiver.got) == number
        await harness.time.advance(pause * 0.99)
        await harness.rest()
        assert len(harness.receiver.got) == number, pause
        await harness.time.advance(pause * 0.15 + 1)
        await harness.rest()
    assert len(harness.receiver.got) == 1 + len(RETRIES)
    assert len(set(harness.receiver.ids)) == 1
    assert len({body for _, body in harness.receiver.got}) == 1
    assert (await entry(harness)).counts == {OutgoingState.FAILED: 1}


async def test_messages_come_in_their_order_also_after_one_that_failed(harness):
    await add(harness)
    harness.receiver.answer = [503, 200]
    await granted(harness)
    await granted(harness, "bob-fx")
    await arrives(harness, 3)
    assert [body["data"]["username"] for body in harness.receiver.bodies] == [
        *("Ann_Trades", "Ann_Trades", "bob-fx")
    ]


@pytest.mark.parametrize("status", [300, 302, 307, 400, 404, 500])
async def test_only_a_yes_counts_and_nothing_is_followed(harness, status):
    new = await add(harness)
    harness.receiver.answer = [status]
    posted = await harness.outgoing_webhooks.test(new.endpoint)
    assert (posted.result, posted.status) == (PostResult.STATUS, status)
    assert len(harness.receiver.got) == 1


async def test_a_program_that_hangs_is_given_up_after_15_seconds_and_holds_up_no_other(
    harness, tmp_path
):
    async with receiving(tmp_path, harness.receiver) as other:
        await add(harness)
        await add(harness, other.url)
        harness.receiver.hang.clear()
        await granted(harness)
        await eventually(lambda: other.got and harness.receiver.got)
        assert (await entry(harness)).endpoint.result is None
        await harness.time.advance(14)
        await harness.rest()
        assert (await entry(harness)).endpoint.result is None
        await harness.time.advance(2)
        await harness.rest()
        assert (await entry(harness)).endpoint.result is PostResult.SILENT
        assert (await entry(harness, 2)).counts == {OutgoingState.SENT: 1}


async def test_after_days_of_nothing_but_failure_it_is_off_with_one_alarm_and_a_replay_tells_all(
    harness,
):
    await add(harness)
    harness.receiver.answer = [500]
    for name in ("Ann_Trades", "bob-fx"):
        await granted(harness, name)
    for _ in range(10 * 24 * 2):
        await harness.time.advance(1_800)
        await harness.rest()
        if (await entry(harness)).endpoint.state is EndpointState.OFF:
            break
    off = (await entry(harness)).endpoint
    assert off.state is EndpointState.OFF
    assert clock.now() - off.failing_since >= outgoing_events.OFF_AFTER
    number = len(harness.receiver.got)
    await granted(harness, "ann_trades2")  # while it is off
    await harness.time.advance(3 * 86_400)
    await harness.rest()
    assert len(harness.receiver.got) == number
    assert len(await harness.vendor.events("outgoing_off")) == 1
    harness.receiver.answer = [200]
    await harness.outgoing_endpoints.replay(harness.request(), 1)
    await arrives(harness, number + 3)
    told = [body["data"]["username"] for body in harness.receiver.bodies[number:]]
    assert told == ["Ann_Trades", "bob-fx", "ann_trades2"]
    assert (await entry(harness)).endpoint.failing_since is None


async def test_a_program_that_says_gone_is_told_nothing_more(harness):
    await add(harness)
    harness.receiver.answer = [410]
    await granted(harness)
    await arrives(harness)
    await harness.rest()
    assert (await entry(harness)).endpoint.state is EndpointState.OFF


async def test_what_was_taken_is_forgotten_after_30_days(harness):
    await add(harness)
    await granted(harness)
    await arrives(harness)
    await harness.time.advance(29 * 86_400)
    await harness.rest()
    assert (await entry(harness)).counts == {OutgoingState.SENT: 1}
    await harness.time.advance(2 * 86_400)
    await harness.rest()
    assert (await entry(harness)).counts.get(OutgoingState.SENT, 0) <= 1  # the end of the month
    async with harness.database.read() as connection:
        kept = await outgoing.counts(connection, [1])
    assert sum(kept[1].values()) <= 1


async def test_a_person_who_is_forgotten_is_in_no_message(harness, tmp_path):
    await add(harness)
    await granted(harness)
    await arrives(harness)
    await harness.erasures.forget(harness.request(confirmed=True), Subject(username="Ann_Trades"))
    for _ in range(60):
        await harness.erasures.carry_out()
        await harness.rest()
        await harness.time.advance(5)
    await harness.rest()
    assert await harness.vendor.person(name="Ann_Trades") is None
    assert (await entry(harness)).counts == {}


# Where it goes


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://a.example/x", AddressProblem.UNREADABLE),
        ("no address", AddressProblem.UNREADABLE),
        ("https://", AddressProblem.UNREADABLE),
        ("https://[::1/x", AddressProblem.UNREADABLE),
        ("https://a.example:0/x", AddressProblem.UNREADABLE),
        ("https://me:pw@a.example/x", AddressProblem.PASSWORD),
        ("http://a.example/x", AddressProblem.NOT_HTTPS),
        ("https://127.0.0.1/x", AddressProblem.PRIVATE),
        ("https://[::ffff:10.0.0.1]/x", AddressProblem.PRIVATE),
        ("https://169.254.169.254/latest/meta-data", AddressProblem.PRIVATE),
        ("https://api.localhost./x", AddressProblem.PRIVATE),
        ("https://a.example/" + "x" * 1_000, AddressProblem.LONG),
    ],
)
async def test_an_address_that_can_never_work_is_refused_at_once(harness, url, why):
    allow(harness, (), None)
    with pytest.raises(AddressUnusable) as refused:
        await add(harness, url)
    assert refused.value.why is why
    assert await harness.outgoing_endpoints.listed(HOME) == []


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ),
        *("localhost", "169.254.169.254", "[fe80::1]", "0.0.0.0"),
    ],
)
async def test_no_connection_is_made_to_a_private_address_however_it_is_written(receiver, host):
    posted = await Poster(Allowed(), receiver.trust).post(
        f"https://{host}:{receiver.port}/x", SECRET, Letter("msg_1", "{}")
    )
    assert posted.result in (PostResult.FORBIDDEN, PostResult.UNREACHABLE)
    if host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
        assert posted.result is PostResult.FORBIDDEN
    assert receiver.got == []


def leads_to(monkeypatch, *answers):
    """Let a name lead to each of these addresses in turn, as with a server of names that lies."""
    asked = iter(answers)

    async def getaddrinfo(_, host, port, **__):
        address = next(asked)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(type(loop), "getaddrinfo", getaddrinfo)


async def test_a_name_that_leads_elsewhere_the_second_time_is_refused(receiver, monkeypatch):
    """The first time it leads to the receiver, by an address that is allowed; then to a private one."""
    leads_to(monkeypatch, "127.0.0.1", "127.0.0.2")
    poster = Poster(Allowed.of(("127.0.0.1",)), receiver.trust)
    address = f"https://localhost:{receiver.port}/x"
    results = [(await poster.post(address, SECRET, Letter("m", "{}"))).result for _ in range(2)]
    assert results == [PostResult.TAKEN, PostResult.FORBIDDEN]
    assert len(receiver.got) == 1


async def test_the_address_that_was_looked_at_is_the_one_connected_to(
    receiver, monkeypatch, tmp_path
):
    """One question for each connection: nothing can change between the look and the connection."""
    leads_to(monkeypatch, "127.0.0.1")  # a second question would fail
    poster = Poster(Allowed.of(("127.0.0.0/8",)), receiver.trust)
    posted = await poster.post(f"https://localhost:{receiver.port}/x", SECRET, Letter("m", "{}"))
    assert posted.result is PostResult.TAKEN


async def test_a_certificate_that_nobody_vouches_for_is_refused(receiver):
    poster = Poster(Allowed.of(("localhost",)))
    posted = await poster.post(receiver.url, SECRET, Letter("msg_1", "{}"))
    assert posted.result is PostResult.UNTRUSTED
    assert receiver.got == []


async def test_a_proxy_of_the_environment_is_not_used(receiver, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    poster = Poster(Allowed.of(("localhost",)), receiver.trust)
    assert (await poster.post(receiver.url, SECRET, Letter("m", "{}"))).status == 200


# Secrets, limits, servers


async def test_secrets_are_encrypted_and_in_no_log_and_no_repr(harness, caplog, tmp_path):
    for name in ("bot", "cogs"):  # at the most that LOG_LEVEL makes each say
        caplog.set_level(logging.DEBUG, name)
    new = await add(harness)
    await granted(harness)
    await arrives(harness)
    [shown] = await harness.outgoing_endpoints.listed(HOME)
    content = b"".join(path.read_bytes() for path in tmp_path.glob("usher.db*"))
    for text in (repr(shown), repr(new), caplog.text, content.decode("latin-1")):
        assert new.secret not in text
        assert "of-the-vendor" not in text
        assert "a secret of the vendor" not in text


async def test_a_lost_key_is_a_result_and_ends_nothing(harness):
    new = await add(harness)
    endpoint = new.endpoint
    async with harness.database.write() as connection:
        await outgoing.change_endpoint(connection, endpoint.id, secret=None)
    await granted(harness)
    await harness.time.advance(20)
    await harness.rest()
    assert (await entry(harness)).endpoint.result is PostResult.LOST


async def test_a_request_that_comes_twice_adds_one_program_and_shows_the_secret_once(harness):
    request = harness.request()
    first = await harness.outgoing_endpoints.add(request, harness.receiver.url, "")
    again = await harness.outgoing_endpoints.add(request, harness.receiver.url, "")
    assert first.secret is not None
    assert (again.endpoint.id, again.secret) == (first.endpoint.id, None)
    assert len(base64.b64decode(first.secret.removeprefix("whsec_"))) >= 24


async def test_there_is_an_end_to_how_many(harness):
    for _ in range(10):
        await add(harness)
    with pytest.raises(TooManyEndpoints):
        await add(harness)


async def test_a_kind_that_does_not_exist_is_said(harness):
    with pytest.raises(KindsUnknown) as refused:
        await add(harness, kinds="access.granted, access.gone")
    assert refused.value.text == "access.gone"


async def test_no_server_reaches_the_programs_of_another(harness):
    new = await add(harness, guild_id=OTHER)
    for act in (harness.outgoing_endpoints.replay, harness.outgoing_endpoints.remove):
        with pytest.raises(EndpointUnknown):
            await act(harness.request(confirmed=True), new.endpoint.id)
    assert await harness.outgoing_endpoints.listed(HOME) == []


async def test_removing_asks_first_and_leaves_nothing(harness):
    await add(harness)
    harness.receiver.answer = [500]
    await granted(harness)
    await arrives(harness)
    with pytest.raises(RemovesEndpoint) as asked:
        await harness.outgoing_endpoints.remove(harness.request(), 1)
    assert (asked.value.host, asked.value.number) == ("localhost", 1)
    await harness.outgoing_endpoints.remove(harness.request(confirmed=True), 1)
    await harness.time.advance(3_600)
    await harness.rest()
    assert len(harness.receiver.got) == 1
    assert await harness.outgoing_endpoints.listed(HOME) == []


def test_the_time_out_and_the_pauses_are_those_of_the_design():
    assert outgoing_http.TIMEOUT == 15
    assert RETRIES == (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    assert timedelta(days=5) == outgoing_events.OFF_AFTER
