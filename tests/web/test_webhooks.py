"""`POST /webhooks/{id}`: what is vouched for is kept and then acknowledged; all else changes nothing."""

import asyncio
import json
import logging
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot import clock
from bot.access.orders import refusals
from bot.access.orders.intake import STORE_TIMEOUT
from bot.store.tables import payments
from bot.web.connections import TIMEOUT
from bot.web.webhooks import MAX_BODY
from tests.support.fake_time import eventually
from tests.support.full_disk import full_disk
from tests.support.shop_messages import ADDRESS, HOST, OTHER, SECRET, open_shop, paid, signed
from tests.support.vendor_fixture import new_database

BODY = paid(buyer="Secret_Buyer", email="buyer@example.org")


@pytest.fixture
async def shop(frozen, tmp_path):
    await asyncio.to_thread(new_database, tmp_path)
    async with open_shop(tmp_path) as shop:
        await shop.connect()
        yield shop


async def refused(shop, frozen):
    """How many were counted as refused, and why the last one was."""
    await frozen.advance(refusals.EVERY + 1)

    async def counted():
        [row, *_] = await shop.rows(payments.connection)
        return row.refused and (row.refused, row.refused_why)

    return await eventually(counted)


async def test_what_is_vouched_for_is_kept_encrypted_before_it_is_acknowledged(shop):
    status, body, headers = await shop.send(BODY)
    assert (status, body) == (200, b"{}")
    assert headers["Content-Type"].startswith("application/json")
    [row] = await shop.rows()
    assert (row.event_key, row.kind, row.state) == ("m1", "paid", "new")
    assert b"Secret_Buyer" not in row.body
    assert shop.vault.open_bytes(row.body) == BODY
    [known] = await shop.rows(payments.connection)
    assert (known.heard_at, known.heard_kind, known.refused) == (clock.now(), "paid", 0)


async def test_each_of_several_secrets_vouches(shop):
    await shop.connect("rotating", secrets=("new", "old"))
    for secret, number in (("new", 1), ("old", 2)):
        body = paid(number)
        assert (await shop.send(body, "rotating", signed(body, secret)))[0] == 200
    assert await shop.number() == 2


def flipped(body):
    return {"body": body[:-2] + bytes([body[-2] ^ 1]) + body[-1:], "headers": signed(body)}


NOT_VOUCHED = {
    "one flipped byte": lambda: flipped(BODY),
    "an old time": lambda: {"headers": signed(BODY, at=clock.now() - timedelta(seconds=301))},
    "a time ahead": lambda: {"headers": signed(BODY, at=clock.now() + timedelta(seconds=301))},
    "another server's secret": lambda: {"headers": signed(BODY, "secret of the other")},
    "no header": lambda: {"headers": {}},
    "half a signature": lambda: {"headers": signed(BODY) | {"X-Signature": "abc"}},
    "a signature in no letters": lambda: {"headers": signed(BODY) | {"X-Signature": "äöü\u20ac"}},
    "a time in no digits": lambda: {"headers": signed(BODY) | {"X-Time": "soon"}},
    "an empty body": lambda: {"body": b"", "headers": signed(BODY)},
}


@pytest.mark.parametrize("what", NOT_VOUCHED)
async def test_what_nobody_vouches_for_is_counted_and_not_kept(shop, frozen, caplog, what):
    caplog.set_level(logging.DEBUG, "bot")
    await shop.connect("other", OTHER, secrets=("secret of the other",))
    status, body, _ = await shop.send(**{"body": BODY} | NOT_VOUCHED[what]())
    assert (status, list(json.loads(body))) == (401, ["errorMessage"])
    assert await shop.number() == 0
    number, why = await refused(shop, frozen)
    assert number == 1
    assert ("time" in why) == (what in ("an old time", "a time ahead"))
    assert_nothing_of_it(caplog)


def assert_nothing_of_it(caplog):
    for secret in ("Secret_Buyer", "example.org", SECRET, ADDRESS, "X-Signature"):
        assert secret not in caplog.text


async def test_an_address_that_does_not_exist_answers_like_a_wrong_signature(shop):
    await shop.connect("without", secrets=None)
    await shop.connect("removed")
    await shop.connect("unknown-provider", provider="gone")
    async with shop.database.write() as connection:
        await connection.execute(
            update(payments.connection)
            .where(payments.connection.c.public_id == "removed")
            .values(removed_at=clock.now())
        )
    addresses = ("nobody", "without", "removed", "unknown-provider", "%00", "%F0%9F", "x" * 300)
    answers = [await shop.send(b"x" + BODY, headers=signed(BODY))]
    answers += [await shop.send(BODY, address) for address in addresses]
    assert {(status, body) for status, body, _ in answers} == {(401, answers[0][1])}
    plain = [{**headers, "Date": ""} for *_, headers in answers]
    assert all(each == plain[0] for each in plain)
    assert await shop.number() == 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "m1", "id": "m2", "type": "paid", "order": "Secret_Buyer"}',
        b'{"id": "m1", "type": "paid", "order": "\\ud800 Secret_Buyer"}',
        b'{"id": "m1", "type": "paid", "order": "Secret_Buyer", "amount": 1' + b"0" * 30 + b"}",
        b'{"id": "m1", "type": "paid", "order": "Secret_Buyer", "amount": NaN}',
        b'{"id": "Secret_Buyer \xff"}',
        b'{"order": "Secret_Buyer"}',
        b"[" * 50_000,
        b"",
    ],
    ids=["twice", "half", "10^30", "nan", "bytes", "no id", "deep", "empty"],
)
async def test_what_is_vouched_for_and_not_readable_is_counted_and_not_kept(
    shop, frozen, caplog, body
):
    caplog.set_level(logging.DEBUG, "bot")
    status, answer, _ = await shop.send(body)
    assert (status, list(json.loads(answer))) == (400, ["errorMessage"])
    assert await shop.number() == 0
    assert (await refused(shop, frozen))[0] == 1
    assert_nothing_of_it(caplog)


async def test_an_id_of_any_length_and_any_characters_is_kept_once(shop):
    for number, name in enumerate(("x" * 5_000, "half \udc80 of one", "zero \u20ac"), 1):
        body = paid(number)
        headers = signed(body, **{"X-Id": name.encode(errors="surrogateescape").decode("latin-1")})
        assert [(await shop.send(body, headers=headers))[0] for _ in range(2)] == [200, 200]
    keys = [row.event_key for row in await shop.rows()]
    assert len(keys) == 3
    assert all(len(key) <= 200 for key in keys)


async def test_a_greeting_that_cannot_be_signed_yet_is_answered_and_not_kept(shop):
    assert (await shop.send(b"ping=1", headers={}))[:2] == (200, b"{}")
    assert (await shop.send(b"ping=1", "nobody", headers={}))[0] == 401
    assert await shop.number() == 0


async def test_where_nothing_is_signed_the_address_is_the_secret(shop):
    await shop.connect("unguessable", provider="unsigned", secrets=None)
    assert (await shop.send(paid(), "unguessable", headers={}))[0] == 200
    assert (await shop.send(paid(2), "unguessed", headers={}))[0] == 401
    assert await shop.number() == 1


async def test_a_secret_behind_the_address_vouches_and_no_header_takes_its_place(shop, caplog):
    caplog.set_level(logging.DEBUG, "bot")
    await shop.connect("asks", provider="unsigned")
    for address, headers, status in (
        ("asks?secret=first%20secret", {}, 200),
        ("asks?secret=first%20secrets", {}, 401),
        ("asks?secret=", {}, 401),
        ("asks?secret=%ED%A0%80", {}, 401),
        ("asks", {"Address-Secret": SECRET}, 401),
    ):
        assert (await shop.send(paid(), address, headers=headers))[0] == status, address
    assert_nothing_of_it(caplog)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_no_other_method_is_taken(shop, method):
    assert (await shop.send(BODY, method=method))[0] == 405
    assert await shop.number() == 0


# Size and time


async def test_a_large_message_is_refused_before_it_is_read(shop, frozen):
    await shop.intake.open()
    reader, writer = await asyncio.open_connection(HOST, shop.port)
    head = f"POST /webhooks/{ADDRESS} HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n"
    writer.write(head.encode())
    assert b" 413 " in await reader.readline()
    writer.close()
    assert await shop.number() == 0
    assert await refused(shop, frozen) == (1, "it is too large")


async def test_what_grows_too_large_is_refused_as_soon_as_it_is(shop, frozen):
    await shop.intake.open()

    async def pieces():
        for _ in range(10):
            yield b"x" * (MAX_BODY // 8)

    assert (await shop.send(pieces(), headers={}))[0] == 413
    assert await shop.number() == 0
    assert await refused(shop, frozen) == (1, "it is too large")
    whole = paid(text="x" * (MAX_BODY - 200))
    assert (await shop.send(whole))[0] == 200


async def test_a_large_message_that_comes_slowly_is_cut_off(shop, frozen):
    await shop.intake.open()
    reader, writer = await asyncio.open_connection(HOST, shop.port)
    head = f"POST /webhooks/{ADDRESS} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode() + b"5\r\nhello\r\n")
    await eventually(lambda: frozen.wakes(TIMEOUT))  # the server has begun to read

    async def cut_off():
        await frozen.advance(1)
        writer.write(b"1\r\nx\r\n")
        return reader.at_eof() or reader.exception()

    await eventually(cut_off)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    assert await shop.number() == 0
    assert await refused(shop, frozen) == (1, "it did not come whole")


# When it cannot be kept


def locked(shop):
    raw = sqlite3.connect(shop.tmp_path / "usher.db", isolation_level=None, check_same_thread=False)
    raw.execute("BEGIN IMMEDIATE")
    return raw


async def test_while_the_database_is_busy_the_shop_is_asked_to_come_again(shop, frozen):
    assert (await shop.send(paid(1)))[0] == 200
    with closing(await asyncio.to_thread(locked, shop)):
        sending = asyncio.ensure_future(shop.send(paid(2)))
        copy = asyncio.ensure_future(shop.send(paid(1)))
        await eventually(lambda: frozen.wakes(STORE_TIMEOUT) == 2)  # both wait to be stored
        await frozen.advance(STORE_TIMEOUT / 4)
        assert (await copy)[0] == 200, "it is kept already"  # it is looked for, and no time passes
        while not sending.done():
            await asyncio.sleep(0.01)
            await frozen.advance(STORE_TIMEOUT / 8)
        status, _, headers = sending.result()
        assert status == 503
        assert int(headers["Retry-After"]) > 0
    assert (await shop.send(paid(2)))[0] == 200
    assert await shop.number() == 2


async def test_on_a_full_disk_the_shop_is_asked_to_come_again(shop):
    assert (await shop.send(paid(1)))[0] == 200
    with full_disk():
        status, body, headers = await shop.send(paid(2))
        assert (status, list(json.loads(body))) == (503, ["errorMessage"])
        assert int(headers["Retry-After"]) > 0
        assert (await shop.send(paid(1)))[0] == 200
    assert (await shop.send(paid(2)))[0] == 200


async def test_one_that_cannot_be_kept_does_not_fail_those_beside_it(shop):
    await shop.intake.open()
    odd = await shop.connect("odd")
    assert (await shop.send(paid(1), "odd"))[0] == 200
    async with shop.database.write() as connection:  # behind its back
        await connection.execute(payments.delivery.delete())
        await connection.execute(
            payments.connection.delete().where(payments.connection.c.id == odd)
        )
    answers = await asyncio.gather(
        *(shop.send(paid(number), name) for number in (2, 3) for name in ("odd", ADDRESS))
    )
    assert [status for status, *_ in answers] == [503, 200, 503, 200]


# More than once, and many


async def test_copies_at_the_same_moment_are_kept_once_and_all_acknowledged(shop):
    answers = await asyncio.gather(*(shop.send(BODY) for _ in range(20)))
    assert {status for status, *_ in answers} == {200}
    assert await shop.number() == 1


async def test_the_same_id_of_two_connections_is_two_messages(shop):
    await shop.connect("other", OTHER)
    assert [(await shop.send(BODY, name))[0] for name in (ADDRESS, "other")] == [200, 200]
    assert await shop.number() == 2


async def test_strangers_are_limited_and_keep_no_shop_out(shop):
    await shop.intake.open()
    statuses = [(await shop.send(BODY, f"guess-{number}"))[0] for number in range(40)]
    assert set(statuses[:20]) == {401}
    assert set(statuses[20:]) == {429}
    assert (await shop.send(BODY))[0] == 200, "from the same address"
    bad = await shop.send(b"x", headers=signed(BODY))
    unknown = await shop.send(b"x", "guess")
    assert bad[:2] == unknown[:2], "still alike"
    assert bad[0] == 429


async def test_many_messages_of_a_shop_all_come_in(shop):
    await shop.intake.open()
    bodies = [paid(number) for number in range(400)]
    for start in range(0, 400, 50):
        answers = await asyncio.gather(*(shop.send(body) for body in bodies[start : start + 50]))
        assert {status for status, *_ in answers} == {200}
    assert await shop.number() == 400


async def test_a_change_of_a_connection_counts_from_the_next_message_on(shop):
    assert (await shop.send(paid(1)))[0] == 200
    async with shop.database.write() as connection:
        await connection.execute(
            update(payments.connection).values(secrets=shop.vault.seal(json.dumps(["another"])))
        )
    shop.intake.changed(ADDRESS)
    assert (await shop.send(paid(2)))[0] == 401
    assert (await shop.send(paid(2), headers=signed(paid(2), "another")))[0] == 200
