"""Connections to shops: their secrets, their prices, and what waits for staff."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.errors import ItemUnknown
from bot.access.errors import ButtonGone
from bot.access.orders.connection_view import ConnectionChange
from bot.access.orders.connections import MAX_CONNECTIONS, OLD_FOR
from bot.access.orders.errors import (
    ApiKeyUnusable,
    ConnectionUnknown,
    ContractUnknown,
    DeliveryUnknown,
    OptionsUnusable,
    OrderTaken,
    PriceNotNamed,
    ProviderUnknown,
    SecretUnusable,
    TooManyConnections,
)
from bot.access.orders.pending import note_stuck
from bot.access.orders.price_questions import MAX_QUESTIONS, NOTHING, ask_in
from bot.access.request import Subject
from bot.access.rules.contracts import Terms
from bot.replies.history import ALARMS
from bot.store.kinds import DeliveryState
from bot.store.ledger import events
from bot.store.sales import connections, prices
from tests.support.shops import gets, is_paid, made_up_providers, states
from tests.support.vendor_fixture import HOME, OTHER, open_shop

SECRET, NEWER = "ac_00000000", "ac_11111111"


@pytest.fixture
async def vendor(frozen, tmp_path):
    with made_up_providers():
        async with open_shop(tmp_path) as vendor:
            yield vendor


def asks(vendor, guild_id=HOME):
    return replace(vendor.request(guild_id=guild_id), at=clock.now())


async def add(vendor, name="acme", secret=SECRET, **more):
    return (await vendor.connections.add(asks(vendor), name, secret, **more)).row


def secrets_of(vendor, row):
    return json.loads(vendor.vault.open(row.secrets))


async def price(vendor, row, key="gold", name="Gold, monthly"):
    async with vendor.database.write() as connection:
        return await prices.add(connection, row.id, key, name, clock.now())


async def ask(vendor, row):
    async with vendor.database.write() as connection:
        await ask_in(connection, row, clock.now())


async def actions(vendor, *wanted):
    async with vendor.database.read() as connection:
        return [each for each in await events.since(connection, HOME, 0) if each.action in wanted]


# Adding


async def test_a_secret_is_kept_encrypted_and_the_address_is_long_and_not_to_be_guessed(vendor):
    first, second = await add(vendor), await add(vendor)
    assert secrets_of(vendor, first) == [SECRET]
    assert SECRET.encode() not in first.secrets
    assert first.public_id != second.public_id
    assert len(first.public_id) >= 22  # 128 bits in base64
    assert SECRET not in repr(first)
    assert first.public_id not in repr(first)


async def test_a_request_that_comes_twice_adds_one_connection(vendor):
    request = asks(vendor)
    first = await vendor.connections.add(request, "acme", SECRET)
    assert (await vendor.connections.add(request, "acme", SECRET)).row == first.row
    assert len(await vendor.connections.listed(HOME)) == 1


async def test_a_vendor_may_have_no_secret_yet(vendor):
    row = await add(vendor, secret=" ")
    assert row.secrets is None
    view = await vendor.connections.set_secret(asks(vendor), row.id, f" {SECRET}\n")
    assert secrets_of(vendor, view.row) == [SECRET]
    assert view.old_until is None


@pytest.mark.parametrize(
    "secret", ["ac_0", "https://shop.example/ac_00000000", "ac_0000 0000", "ac_" + "0" * 2_000]
)
async def test_what_is_no_secret_of_that_provider_adds_nothing(vendor, secret):
    with pytest.raises(SecretUnusable) as refused:
        await add(vendor, secret=secret)
    assert secret not in str(refused.value.__dict__)
    assert await vendor.connections.listed(HOME) == []


async def test_an_unknown_provider_and_one_connection_too_many_are_refused(vendor):
    with pytest.raises(ProviderUnknown) as refused:
        await add(vendor, "nobody")
    assert "acme" in refused.value.near
    for _ in range(MAX_CONNECTIONS):
        await add(vendor, secret="")
    with pytest.raises(TooManyConnections):
        await add(vendor)


async def test_only_a_provider_that_has_use_for_it_takes_an_api_key(vendor):
    row = await add(vendor, "tailor", "", api_key="key-12345")
    assert vendor.vault.open(row.api_key) == "key-12345"
    view = await vendor.connections.set_api_key(asks(vendor), row.id, "")
    assert view.row.api_key is None
    with pytest.raises(ApiKeyUnusable):
        await add(vendor, api_key="key-12345")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://usher.example/", "https://usher.example/webhooks/"),
        ("http://usher.example", None),
        (None, None),
    ],
)
async def test_only_a_public_https_address_can_be_pasted_at_a_shop(vendor, url, address):
    vendor.build(public_url=url)
    row = await add(vendor)
    expected = None if address is None else f"{address}{row.public_id}"
    assert vendor.connections.address(row) == expected


# Rotating


async def test_the_secret_before_stays_good_for_a_day(vendor, frozen):
    row = await add(vendor)
    told = []
    vendor.connections.on_change.append(told.append)
    view = await vendor.connections.set_secret(asks(vendor), row.id, NEWER)
    assert secrets_of(vendor, view.row) == [NEWER, SECRET]
    assert view.old_until == clock.now() + OLD_FOR
    await frozen.advance(OLD_FOR.total_seconds() - 1)
    await vendor.connections.forget_old_secrets()
    assert (await vendor.connections.one(HOME, row.id)).secrets == 2
    await frozen.advance(1)
    await vendor.connections.forget_old_secrets()
    view = await vendor.connections.one(HOME, row.id)
    assert secrets_of(vendor, view.row) == [NEWER]
    assert view.old_until is None
    assert told == [row.public_id] * 2


async def test_an_old_secret_can_be_removed_at_once(vendor):
    row = await add(vendor)
    await vendor.connections.set_secret(asks(vendor), row.id, NEWER)
    view = await vendor.connections.drop_old_secrets(asks(vendor), row.id)
    assert secrets_of(vendor, view.row) == [NEWER]
    assert view.old_until is None


async def test_the_same_secret_again_changes_nothing_and_an_old_one_comes_back_first(vendor):
    row = await add(vendor)
    for secret, kept in ((SECRET, [SECRET]), (NEWER, [NEWER, SECRET]), (SECRET, [SECRET, NEWER])):
        view = await vendor.connections.set_secret(asks(vendor), row.id, secret)
        assert secrets_of(vendor, view.row) == kept


async def test_no_secret_stands_in_the_history(vendor):
    row = await add(vendor, "tailor", "", api_key="key-12345")
    await vendor.connections.set_secret(asks(vendor), row.id, "another-secret")
    async with vendor.database.read() as connection:
        said = str([event.after for event in await events.since(connection, HOME, 0)])
    assert "secret" not in said
    assert "key-12345" not in said
    assert row.public_id not in said


# Settings


async def test_what_is_decided_is_kept_as_far_as_it_is_not_the_default(vendor):
    row = await add(vendor)
    change = ConnectionChange(grace_days=7, dispute_holds=True, asks_first=True, name_field=" tv ")
    view = await vendor.connections.edit(asks(vendor), row.id, change)
    assert view.row.terms == {"grace_days": 7}
    assert view.terms == Terms(grace_days=7)
    assert view.row.asks_first
    assert view.row.options == {"name_field": "tv"}
    back = ConnectionChange(grace_days=3, asks_first=False, name_field="")
    view = await vendor.connections.edit(asks(vendor), row.id, back)
    assert (view.row.terms, view.row.options, view.row.asks_first) == ({}, {}, False)
    assert len(await actions(vendor, "webhook_edit")) == 2
    await vendor.connections.edit(asks(vendor), row.id, back)
    assert len(await actions(vendor, "webhook_edit")) == 2


async def test_options_are_checked_by_the_provider_and_leave_ours_alone(vendor):
    row = await add(vendor, "tailor", "a-secret")
    await vendor.connections.edit(asks(vendor), row.id, ConnectionChange(name_field="tv"))
    await vendor.connections.set_secret(asks(vendor), row.id, "another-secret")
    both = {"header": "X-Sign", "name_field": "tv"}
    view = await vendor.connections.set_options(asks(vendor), row.id, both)
    assert view.options == both
    assert view.old_until is not None
    back = ConnectionChange(name_field="")
    assert (await vendor.connections.edit(asks(vendor), row.id, back)).options == {
        "header": "X-Sign"
    }
    with pytest.raises(OptionsUnusable) as refused:
        await vendor.connections.set_options(asks(vendor), row.id, {"colour": "red"})
    assert "colour" in refused.value.reason
    with pytest.raises(OptionsUnusable):
        await vendor.connections.set_options(asks(vendor), (await add(vendor)).id, {"header": "X"})


async def test_a_removed_connection_is_unknown_and_its_secrets_are_gone(vendor):
    row = await add(vendor)
    told = []
    vendor.connections.on_change.append(told.append)
    removed = (await vendor.connections.remove(asks(vendor), row.id)).row
    assert removed.removed_at is not None
    assert removed.secrets is None
    assert told == [row.public_id]
    assert await vendor.connections.listed(HOME) == []
    with pytest.raises(ConnectionUnknown):
        await vendor.connections.remove(asks(vendor), row.id)


async def test_another_servers_connection_is_unknown_whatever_is_asked_of_it(vendor):
    row = await add(vendor)
    other, number = asks(vendor, OTHER), row.id
    for refused in (
        vendor.connections.one(OTHER, number),
        vendor.connections.heard(OTHER, number),
        vendor.connections.edit(other, number, ConnectionChange(grace_days=9)),
        vendor.connections.set_options(other, number, {}),
        vendor.connections.set_secret(other, number, NEWER),
        vendor.connections.drop_old_secrets(other, number),
        vendor.connections.set_api_key(other, number, ""),
        vendor.connections.remove(other, number),
        vendor.prices.of_shop(OTHER, number),
        vendor.prices.set_item(other, number, "gold", "trend"),
        vendor.pending.replay(other, number),
    ):
        with pytest.raises(ConnectionUnknown):
            await refused
    assert (await vendor.connections.one(HOME, number)).row == row


# Prices


async def test_a_price_is_asked_about_once_and_what_waited_goes_on_when_it_is_said(vendor):
    script, row = await vendor.add_script(), await add(vendor)
    sold = await price(vendor, row)
    await ask(vendor, row)
    await ask(vendor, row)
    assert len(await actions(vendor, "price_asked")) == 1
    waits = await gets(vendor.database, vendor.vault, row.id, "e1", DeliveryState.UNMAPPED)
    stuck = await gets(vendor.database, vendor.vault, row.id, "e2", DeliveryState.STUCK)
    woken = []
    vendor.prices.on_released.append(lambda: woken.append(1))
    said = await vendor.prices.choose(asks(vendor), sold.id, f"s{script.id}")
    assert (said.item, said.released, said.left) == (script, 1, 0)
    assert woken == [1]
    assert await states(vendor.database) == {waits: DeliveryState.NEW, stuck: DeliveryState.STUCK}
    [view] = await vendor.prices.of_shop(HOME, row.id)
    assert view.item == script


async def test_a_shop_that_sells_thousands_of_other_things_asks_a_few_at_a_time(vendor):
    row = await add(vendor)
    sold = [await price(vendor, row, f"p{each}") for each in range(MAX_QUESTIONS + 3)]
    await ask(vendor, row)
    assert len(await actions(vendor, "price_asked")) == MAX_QUESTIONS
    said = await vendor.prices.choose(asks(vendor), sold[0].id, NOTHING)
    assert said.left == MAX_QUESTIONS + 2
    asked = await actions(vendor, "price_asked")
    assert [each.after["price"] for each in asked][MAX_QUESTIONS:] == ["Gold, monthly"]


async def test_a_price_is_said_before_any_sale_and_said_anew_later(vendor):
    script, other = await vendor.add_script(), await vendor.add_script("scalper")
    row = await add(vendor)
    for item in (script, other):
        said = await vendor.prices.set_item(asks(vendor), row.id, " gold ", item.slug)
        assert said.item == item
    [view] = await vendor.prices.of_shop(HOME, row.id)
    assert (view.price.key, view.item) == ("gold", other)
    assert await vendor.prices.open_numbers(HOME) == {row.id: (1, 0)}
    for key, item in (("gold", None), (None, "trend"), ("", "trend"), ("k" * 201, "trend")):
        with pytest.raises(PriceNotNamed):
            await vendor.prices.set_item(asks(vendor), row.id, key, item)
    with pytest.raises(ItemUnknown):
        await vendor.prices.set_item(asks(vendor), row.id, "gold", "nothing-like-it")


async def test_what_is_chosen_for_a_price_must_be_there_and_of_this_server(vendor):
    await vendor.add_script()
    theirs = await vendor.add_script("theirs", guild_id=OTHER)
    row = await add(vendor)
    sold = await price(vendor, row)
    for chosen in (f"s{theirs.id}", "p1", "s", "", "x", "s999"):
        with pytest.raises(ButtonGone):
            await vendor.prices.choose(asks(vendor), sold.id, chosen)
    with pytest.raises(ButtonGone):
        await vendor.prices.choose(asks(vendor, OTHER), sold.id, NOTHING)
    assert await vendor.prices.next_question(OTHER) is None
    assert (await vendor.prices.next_question(HOME)).price == sold


# What waits


async def test_what_is_paid_by_nobody_is_shown_with_what_the_buyer_typed(vendor):
    row = await add(vendor)
    who = {"username": "Trader_Joe", "email": "a@example.org"}
    number = await is_paid(vendor.database, vendor.vault, row.id, "sub_1", HOME, buyer=who)
    await is_paid(vendor.database, vendor.vault, row.id, "sub_2", HOME, why="refunded")
    await is_paid(vendor.database, vendor.vault, row.id, "sub_3", HOME, why="pending")
    old = clock.now() - timedelta(days=31)
    await is_paid(vendor.database, vendor.vault, row.id, "sub_4", HOME, paid_end=old)
    view = await vendor.pending.view(HOME, skip=0, limit=5)
    [order] = view.orders
    assert (order.contract.id, view.number) == (number, 1)
    assert (order.username, order.email) == ("Trader_Joe", "a@example.org")
    assert order.what == ("Gold, monthly",)
    assert "Trader_Joe" not in repr(order)
    assert (await vendor.pending.view(OTHER, skip=0, limit=5)).number == 0


async def test_an_order_is_said_by_the_item_that_its_price_is(vendor):
    script, row = await vendor.add_script(), await add(vendor)
    await vendor.prices.set_item(asks(vendor), row.id, "gold", script.slug)
    number = await is_paid(vendor.database, vendor.vault, row.id, "sub_1", HOME)
    assert (await vendor.pending.order(HOME, number)).what == ("Trend",)


async def test_an_order_is_assigned_once_and_only_in_its_server(vendor):
    row = await add(vendor)
    number = await is_paid(vendor.database, vendor.vault, row.id, "sub_1", HOME)
    with pytest.raises(ContractUnknown):
        await vendor.pending.assign(asks(vendor, OTHER), number, Subject(7))
    await vendor.pending.assign(asks(vendor), number, Subject(7, "Alice_T"))
    person = await vendor.person(member=7)
    assert person.username == "Alice_T"
    with pytest.raises(OrderTaken):
        await vendor.pending.assign(asks(vendor), number, Subject(8))
    assert (await vendor.pending.view(HOME, skip=0, limit=5)).number == 0


async def test_stuck_messages_are_tried_again_one_or_all_of_a_shop_or_all(vendor):
    row, other = await add(vendor), await add(vendor)
    stuck = [
        await gets(vendor.database, vendor.vault, each.id, f"e{place}", DeliveryState.STUCK)
        for place, each in enumerate((row, row, row, other))
    ]
    woken = []
    vendor.pending.on_released.append(lambda: woken.append(1))
    assert await vendor.pending.replay(asks(vendor), row.id, stuck[0]) == 1
    for wrong in (stuck[0], stuck[3], 999):
        with pytest.raises(DeliveryUnknown):
            await vendor.pending.replay(asks(vendor), row.id, wrong)
    assert await vendor.pending.replay(asks(vendor, OTHER), None) == 0
    assert await vendor.pending.replay(asks(vendor), row.id) == 2
    assert await vendor.pending.replay(asks(vendor), None) == 1
    assert await vendor.pending.replay(asks(vendor), None) == 0
    assert set((await states(vendor.database)).values()) == {DeliveryState.NEW}
    assert len(woken) == 3


async def test_staff_are_called_to_a_stuck_message(vendor):
    row = await add(vendor)
    async with vendor.database.write() as connection:
        await note_stuck(connection, await connections.whichever(connection, row.id))
    [event] = await actions(vendor, "payment_stuck")
    assert event.after == {"connection_id": row.id, "provider": "acme"}
    assert "payment_stuck" in ALARMS
