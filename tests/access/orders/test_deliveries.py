"""What shops sent is worked through once, in order, and nothing holds up the rest."""

import asyncio
import logging
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update

from bot import clock
from bot.access.orders.deliveries import (
    AGAIN,
    FAILED,
    KEPT,
    NO_BODY,
    NO_KEY,
    TOO_MUCH,
    TRIES_AGAIN,
    UNTRUE,
    Taken,
)
from bot.access.orders.intake import Receipt
from bot.access.sources.payments import ADDRESS_SECRET
from bot.store.kinds import DeliveryState
from bot.store.sales import deliveries
from bot.store.tables import payments
from bot.store.vault import Vault
from tests.support.fake_time import eventually
from tests.support.full_disk import full_disk
from tests.support.shop_messages import ADDRESS, HOME, OTHER, open_shop, paid, signed
from tests.support.vendor_fixture import new_database

CONTRACTS = payments.contract


@pytest.fixture
async def shop(frozen, tmp_path):
    await asyncio.to_thread(new_database, tmp_path)
    async with open_shop(tmp_path, served=False) as shop:
        shop.source_id = await shop.connect()
        shop.time = frozen
        yield shop


async def take(shop, *bodies, address=ADDRESS):
    for body in bodies:
        assert await shop.intake.take(address, signed(body), body) is Receipt.TAKEN


async def delivery(shop, number=0):
    return (await shop.rows())[number]


async def test_each_is_done_with_what_it_changed_oldest_first(shop):
    await take(shop, *(paid(number, f"A-{number}") for number in (2, 1, 3)))
    assert await shop.deliveries.process() is None
    assert await shop.states() == [("m2", "done"), ("m1", "done"), ("m3", "done")]
    made = await shop.rows(CONTRACTS)
    assert [each.name for each in made] == ["A-2", "A-1", "A-3"]
    first = await delivery(shop)
    assert (first.contract_id, first.done_at) == (made[0].id, clock.now())
    assert first.occurred_at == first.received_at
    assert shop.notes.went_on == [(HOME, each.id) for each in made]
    await shop.deliveries.process()
    assert await shop.number(CONTRACTS) == 3


async def test_what_comes_is_worked_on_by_itself_and_what_was_left_at_the_start(shop):
    await take(shop, paid(1))
    shop.intake.on_new.append(shop.deliveries.wake)
    shop.deliveries.start()

    async def are_done(number):
        return await shop.states() == [(f"m{each}", "done") for each in range(1, number + 1)]

    await eventually(lambda: are_done(1))
    await take(shop, paid(2, "A-2"))
    await eventually(lambda: are_done(2))


@pytest.mark.parametrize("kind", ["test", "other"])
async def test_a_test_and_what_says_nothing_change_nothing(shop, kind):
    await take(shop, paid(kind=kind))
    await shop.deliveries.process()
    assert await shop.states() == [("m1", "ignored")]
    assert await shop.number(CONTRACTS) == 0
    [known] = await shop.rows(payments.connection)
    assert (known.heard_at, known.heard_kind) == (clock.now(), kind)


async def test_one_that_fails_leaves_nothing_half_done_and_holds_up_no_other(shop, caplog):
    shop.notes.fails = {"A-1"}
    await take(shop, paid(1, "A-1"), paid(2, "A-2"))
    assert await shop.deliveries.process() == TRIES_AGAIN[0]
    assert await shop.states() == [("m1", "new"), ("m2", "done")]
    assert [each.name for each in await shop.rows(CONTRACTS)] == ["A-2"]
    assert "ValueError at " in caplog.text
    assert "Secret_Buyer" not in caplog.text
    assert shop.stuck == []


async def test_one_that_failed_is_tried_again_ever_later_and_then_stuck_with_one_alert(shop):
    shop.notes.fails = {"A-1", "A-2"}
    await take(shop, paid(1, "A-1"), paid(2, "A-2"))
    for pause in TRIES_AGAIN:
        assert await shop.deliveries.process() == pause
        await shop.time.advance(pause - 1)
        await shop.deliveries.process()
        assert await shop.number(CONTRACTS) == 0
        await shop.time.advance(1)
    assert shop.stuck == []
    assert await shop.deliveries.process() is None
    assert await shop.states() == [("m1", "stuck"), ("m2", "stuck")]
    first = await delivery(shop)
    assert (first.reason, first.attempts) == (FAILED, len(TRIES_AGAIN) + 1)
    assert shop.stuck == [(HOME, shop.source_id)]


async def test_one_that_failed_before_goes_through_later(shop):
    shop.notes.fails = {"A-1"}
    await take(shop, paid(1, "A-1"))
    await shop.deliveries.process()
    shop.notes.fails = set()
    await shop.time.advance(TRIES_AGAIN[0])
    assert await shop.deliveries.process() is None
    assert await shop.states() == [("m1", "done")]


async def test_a_try_that_a_wrong_clock_put_off_for_days_comes_now(shop):
    await take(shop, paid())
    async with shop.database.write() as connection:
        later = clock.now() + timedelta(days=300)
        await connection.execute(update(payments.delivery).values(next_try_at=later))
    await shop.deliveries.process()
    assert await shop.states() == [("m1", "done")]


async def test_what_cannot_be_read_is_stuck_at_once_with_its_reason(shop, caplog):
    caplog.set_level(logging.DEBUG, "bot")
    await take(shop, paid(1, "Secret_Buyer", kind="odd"), paid(2, "A-2"), paid(3, kind="odd"))
    await shop.deliveries.process()
    assert await shop.states() == [("m1", "stuck"), ("m2", "done"), ("m3", "stuck")]
    assert (await delivery(shop)).reason == "it has another form"
    assert shop.stuck == [(HOME, shop.source_id)], "once for the connection"
    assert "Secret_Buyer" not in caplog.text


async def test_one_that_tells_of_thousands_of_things_is_stuck_before_it_holds_up_others(shop):
    await take(shop, paid(1, times=501), paid(2))
    await shop.deliveries.process()
    assert await shop.states() == [("m1", "stuck"), ("m2", "done")]
    assert (await delivery(shop)).reason == TOO_MUCH


async def test_each_connection_has_an_alert_of_its_own(shop):
    other = await shop.connect("other", OTHER)
    await take(shop, paid(1, kind="odd"))
    await take(shop, paid(1, kind="odd"), address="other")
    await shop.deliveries.process()
    assert shop.stuck == [(HOME, shop.source_id), (OTHER, other)]


async def test_once_somebody_saw_to_it_the_next_one_is_an_alert_again(shop):
    await take(shop, paid(1, kind="odd"))
    await shop.deliveries.process()
    await take(shop, paid(2, kind="odd"))
    await shop.deliveries.process()
    assert len(shop.stuck) == 1
    async with shop.database.write() as connection:
        await connection.execute(update(payments.delivery).values(state=DeliveryState.IGNORED))
    await take(shop, paid(3, kind="odd"))
    await shop.deliveries.process()
    assert len(shop.stuck) == 2


@pytest.mark.parametrize("lost", ["key", "body"])
async def test_what_nobody_can_open_any_more_is_stuck_with_the_reason(shop, lost):
    await take(shop, paid(1), paid(2, "A-2"))
    strange = Vault(Fernet.generate_key().decode()).seal("x") if lost == "key" else None
    async with shop.database.write() as connection:
        await connection.execute(
            update(payments.delivery)
            .where(payments.delivery.c.event_key == "m1")
            .values(body=strange)
        )
    await shop.deliveries.process()
    assert await shop.states() == [("m1", "stuck"), ("m2", "done")]
    assert (await delivery(shop)).reason == (NO_KEY if lost == "key" else NO_BODY)


async def test_what_the_order_says_of_a_message_is_kept(shop):
    shop.notes.answers = {
        "A-1": Taken(DeliveryState.UNMAPPED, reason="price"),
        "A-2": Taken(DeliveryState.STUCK, reason="no such item"),
    }
    await take(shop, paid(1, "A-1"), paid(2, "A-2"))
    await shop.deliveries.process()
    assert await shop.states() == [("m1", "unmapped"), ("m2", "stuck")]
    assert [row.reason for row in await shop.rows()] == ["price", "no such item"]
    assert shop.stuck == [(HOME, shop.source_id)]


async def test_a_full_disk_is_no_fault_of_a_message(shop):
    await take(shop, paid())
    shop.deliveries.start()
    with full_disk():
        await shop.time.advance(AGAIN * 10)
    row = await delivery(shop)
    assert (row.state, row.attempts) in (("new", 0), ("done", 0))

    async def is_done():
        await shop.time.advance(AGAIN)
        return await shop.states() == [("m1", "done")]

    await eventually(is_done)


# What its provider is asked about


async def take_unsigned(shop, *bodies):
    await shop.connect("unsigned", provider="unsigned", secrets=("s",))
    for body in bodies:
        assert await shop.intake.take("unsigned", {ADDRESS_SECRET: "s"}, body) is Receipt.TAKEN


async def test_what_nobody_signed_counts_once_its_provider_bears_it_out(shop):
    await take_unsigned(shop, paid())
    assert shop.asked == [], "not before it is acknowledged"
    async with shop.database.write() as connection:
        await connection.execute(
            update(payments.connection).values(api_key=shop.vault.seal("key-1"))
        )
    await shop.deliveries.process()
    assert shop.asked == [("m1", "key-1")]
    assert await shop.states() == [("m1", "done")]


async def test_what_its_provider_does_not_know_changes_nothing_and_staff_hear_of_it(shop):
    shop.says = 404
    await take_unsigned(shop, paid())
    await shop.deliveries.process()
    assert await shop.states() == [("m1", "stuck")]
    assert (await delivery(shop)).reason == UNTRUE
    assert await shop.number(CONTRACTS) == 0
    assert len(shop.stuck) == 1


@pytest.mark.parametrize("silence", [None, 500])
async def test_while_a_provider_does_not_say_its_messages_wait_and_no_other(shop, silence):
    shop.says = silence
    await take_unsigned(shop, paid(1), paid(2, "A-2"))
    await take(shop, paid(3, "A-3"))
    assert await shop.deliveries.process() == TRIES_AGAIN[0]
    assert await shop.states() == [("m1", "new"), ("m2", "new"), ("m3", "done")]
    assert len(shop.asked) == 1, "once in a round"
    shop.says = 200
    await shop.time.advance(TRIES_AGAIN[0])
    await shop.deliveries.process()
    assert {state for _, state in await shop.states()} == {"done"}


# Once more


async def test_staff_let_a_message_be_processed_again(shop):
    await take(shop, paid(1, kind="odd"), paid(2, "A-2"))
    await shop.deliveries.process()
    ids = [row.id for row in await shop.rows()]
    assert await shop.again(*ids, guild_id=OTHER) == 0, "of another server"
    assert await shop.again(*ids) == 2
    assert await shop.states() == [("m1", "new"), ("m2", "new")]
    await shop.deliveries.process()
    assert await shop.states() == [("m1", "stuck"), ("m2", "done")]


async def test_what_waited_for_a_price_goes_on_once_it_is_mapped(shop):
    shop.notes.answers = {"A-1": Taken(DeliveryState.UNMAPPED)}
    await take(shop, paid(1), paid(2, "A-2"), paid(3))
    await shop.deliveries.process()
    shop.notes.answers = {}
    async with shop.database.write() as connection:
        assert await deliveries.process_unmapped(connection, shop.source_id) == 2
    await shop.deliveries.process()
    assert {state for _, state in await shop.states()} == {"done"}


# What is old


async def test_bodies_go_after_ninety_days_and_what_tells_a_copy_stays(shop):
    old = [paid(number, f"A-{number}") for number in range(450)]
    await take(shop, *old)
    await shop.time.advance(KEPT.total_seconds() - 60)
    await take(shop, paid(1_000))
    await shop.deliveries.forget_bodies()
    assert all(row.body for row in await shop.rows())
    await shop.time.advance(61)
    await shop.deliveries.forget_bodies()
    rows = await shop.rows()
    assert [row.event_key for row in rows if row.body] == ["m1000"]
    await take(shop, old[0])  # the shop sends it once more, with a signature of today
    assert await shop.number() == len(rows)
    assert await shop.again(*(row.id for row in rows)) == 1, "none without body"


async def test_nothing_seems_old_to_a_wrong_clock(shop, monkeypatch):
    await take(shop, paid())
    await shop.time.advance(KEPT.total_seconds() + 60)
    monkeypatch.setattr(clock, "is_wrong", lambda: True)
    await shop.deliveries.forget_bodies()
    assert (await delivery(shop)).body


async def test_no_secret_and_no_body_shows_in_a_repr(shop):
    await take(shop, paid())
    assert "first secret" not in repr(shop.intake._sources)
    assert "gAAAA" not in repr(shop.intake._sources)
