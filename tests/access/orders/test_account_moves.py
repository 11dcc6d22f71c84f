"""Access that moves to another TradingView account: the new one stands before the old one goes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.purchases import Bought
from bot.access.people.errors import HaveOtherName, MovedLately, OtherAccount
from bot.access.request import Consent, Subject
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State
from bot.jobs import Jobs
from bot.store.kinds import ActorKind, PermissionState, StateKind, Tie
from bot.store.ledger import entitlements, orders, purchases
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.access_harness import AccessHarness, open_harness
from tests.support.vendor_fixture import AT, HOME, MEMBER

OLD, NEW = "Ann_Trades", "bob-fx"


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        await harness.customers.link(asks(harness), OLD, number(harness, OLD))
        yield harness


def asks(harness, **more):
    """A request of the member."""
    return replace(harness.request(), actor=Actor.member(MEMBER), at=clock.now(), **more)


def number(harness, name):
    return harness.fake.world.find_user(name).id


async def given(harness, length="1M"):
    order = await harness.grants.grant(
        harness.request(), "trend", parse_length(length), Subject(member_id=MEMBER)
    )
    await harness.done(order)


async def move(harness, to=NEW, before=OLD, **more):
    return await harness.customers.link(
        asks(harness, **more), to, number(harness, to), instead_of=before
    )


def writes(harness):
    return [(call.name, call.username) for call in harness.fake.calls() if call.writes]


async def test_the_end_goes_along_and_the_old_name_goes_after_the_new_one_stands(harness):
    await given(harness)
    await given(harness)
    end = harness.end(OLD)
    before = len(writes(harness))
    assert await move(harness) is True
    await harness.rest()
    assert (harness.end(NEW), harness.end(OLD)) == (end, "absent")
    assert writes(harness)[before:] == [("add", NEW), ("remove", OLD)]
    person = await harness.vendor.person(member=MEMBER)
    assert (person.username, person.tv_user_id) == (NEW, number(harness, NEW))
    assert len(await harness.reasons(NEW)) == 2
    assert await harness.reasons(OLD) == []
    former = await harness.vendor.person(name=OLD)
    assert (former.member_id, former.tv_user_id) == (None, number(harness, OLD))
    [event] = await harness.vendor.events("account_moved")
    assert (event.before, event.after) == ({"username": OLD}, {"username": NEW})


async def test_months_in_a_row_go_on_as_if_nothing_had_moved(harness):
    await given(harness)
    await move(harness)
    await harness.rest()
    await given(harness)
    assert harness.end(NEW) == AT + timedelta(days=61)  # 10 March, 10 April, 10 May


async def test_the_old_name_keeps_everything_while_the_new_one_has_nothing_yet(harness):
    await given(harness)
    end = harness.end(OLD)
    harness.switches.set("logged_out", True)
    assert await move(harness) is False  # whether the new name is free cannot be told now
    harness.switches.reset()
    claim = (await harness.claims.waiting(HOME))[0]
    assert claim.instead_of == OLD
    harness.switches.set("down", True)
    await harness.claims.decide(harness.request(), claim.id, accept=True)
    await harness.time.advance(30)
    assert (harness.end(NEW), harness.end(OLD)) == ("absent", end)
    harness.switches.reset()
    await harness.time.advance(300)
    await harness.rest()
    await harness.time.advance(60)
    await harness.rest()
    assert (harness.end(NEW), harness.end(OLD)) == (end, "absent")


async def test_a_program_that_ends_between_the_two_goes_on_with_the_second(harness, tmp_path):
    await given(harness)
    end = harness.end(OLD)
    async with harness.vendor.database.write() as connection:  # recorded, and nothing begun
        mine = await customers.by_member(connection, HOME, MEMBER)
        moves = harness.customers._mover
        await moves.move(connection, asks(harness), mine, NEW, number(harness, NEW))
    old = await harness.permission(OLD)
    assert (old.state, old.wanted) == (PermissionState.WAITING, StateKind.NOTHING)
    async with harness.database.read() as connection:
        first = await orders.by_id(connection, old.after_id)
    assert first.permission_id == (await harness.permission(NEW)).id
    assert (harness.end(NEW), harness.end(OLD)) == ("absent", end)
    async with Jobs() as jobs:  # another program on the same database
        again = AccessHarness(harness.vendor, harness.time, jobs)
        await again.start()
        await harness.rest()
        assert (harness.end(NEW), harness.end(OLD)) == (end, "absent")
        assert [call for call in writes(harness) if call[1] == NEW] == [("add", NEW)]
        assert (await harness.permission(OLD)).state is PermissionState.DONE


async def test_what_the_new_name_is_refused_leaves_the_old_one_alone(harness):
    await given(harness)
    end = harness.end(OLD)
    harness.switches.set("silent_ok", -1)
    await move(harness)
    await harness.time.advance(120)
    assert harness.end(OLD) == end
    assert (await harness.permission(OLD)).state is PermissionState.WAITING


async def test_once_a_week_and_sooner_with_the_yes_of_staff(harness):
    await given(harness)
    await move(harness)
    await harness.rest()
    harness.fake.world.add_user("Ann_Third")
    with pytest.raises(MovedLately) as refused:
        await move(harness, "Ann_Third", NEW)
    assert refused.value.again_at == AT + timedelta(days=7)
    assert (await harness.vendor.person(member=MEMBER)).username == NEW
    [claim] = await harness.claims.waiting(HOME)
    await harness.claims.decide(harness.request(), claim.id, accept=True)
    await harness.rest()
    person = await harness.vendor.person(member=MEMBER)
    assert (person.username, person.tie) == ("Ann_Third", Tie.STAFF)
    assert (harness.end(NEW), harness.end("Ann_Third")) == ("absent", AT + timedelta(days=31))


async def test_a_week_later_it_needs_nobody(harness):
    await move(harness)
    harness.fake.world.add_user("Ann_Third")
    harness.time.set(AT + timedelta(days=7))
    assert await move(harness, "Ann_Third", NEW) is True


async def test_pressed_twice_it_moves_once(harness):
    await given(harness)
    request = asks(harness)
    for _ in range(2):
        assert await harness.customers.link(request, NEW, number(harness, NEW), instead_of=OLD)
    await harness.rest()
    assert len(await harness.vendor.events("account_moved")) == 1
    with pytest.raises(HaveOtherName):  # asked when the name was another one
        await move(harness, "ann_trades2", OLD)


async def test_what_was_given_to_the_bare_name_stays_with_it(harness):
    """Whoever claims a name cannot take along what staff gave to its owner."""
    await given(harness, "1M")
    order = await harness.grant(OLD, "1Y", bare_name=True)
    await harness.done(order)
    await move(harness)
    await harness.rest()
    assert harness.end(NEW) == AT + timedelta(days=31)
    assert [reason.length for reason in await harness.reasons(OLD)] == ["1Y"]
    assert harness.end(OLD) not in ("absent", harness.end(NEW))


async def test_the_same_account_under_a_new_name_is_followed(harness):
    await given(harness)
    end = harness.end(OLD)
    world = harness.fake.world
    world.rename_user(world.find_user(OLD), "Ann_New")
    before = len(writes(harness))
    own = await harness.customers.may_link(asks(harness), "ann_new")
    assert (own.before, own.is_renamed) == (OLD, True)
    assert await harness.customers.rename(asks(harness), "Ann_New", own.hint.user_id, OLD)
    person = await harness.vendor.person(member=MEMBER)
    assert person.username == "Ann_New"
    assert (await harness.permission("Ann_New")).wanted_ends_at == end
    assert writes(harness)[before:] == []


async def test_another_account_is_no_new_name(harness):
    with pytest.raises(OtherAccount):
        await harness.customers.rename(asks(harness), NEW, number(harness, NEW), OLD)
    assert await harness.customers.rename(asks(harness), NEW, None, OLD) is False
    [claim] = await harness.claims.waiting(HOME)
    assert (claim.username, claim.instead_of) == (NEW, OLD)


async def test_a_full_shop_lets_its_own_move(harness, monkeypatch):
    """Nobody is new: no manager need agree to a seat."""
    monkeypatch.setattr("bot.access.ledger.seats.FREE", 0)
    order = await harness.grants.grant(
        replace(harness.request(), consent=Consent(seats=5)),
        "trend",
        parse_length("2M"),
        Subject(member_id=MEMBER),
    )
    await harness.done(order)
    async with harness.vendor.database.write() as connection:
        from bot.store.sweeps import seats

        await seats.set_guard(connection, HOME, on=True)
    assert await move(harness) is True


async def test_what_was_bought_stays_with_the_customer_and_ends_with_its_source(harness):
    """A role bought under the old name takes the new name's access with it when it is lost."""
    async with harness.vendor.database.write() as connection:
        await entitlements.know_sources(connection, ["role"])
        item = await find_item(connection, HOME, "trend")
    request = replace(harness.request("role gained"), actor=Actor(ActorKind.SOURCE, "role"))
    bought = Bought(item=item, member_id=MEMBER, source="role", gives=State(StateKind.OPEN))
    opened = await harness.purchases.open(request, bought)
    await harness.rest()
    person = await harness.vendor.person(member=MEMBER)
    await move(harness)
    await harness.rest()
    assert (harness.end(NEW), harness.end(OLD)) == (None, "absent")
    async with harness.vendor.database.read() as connection:
        kept = await purchases.by_id(connection, opened.purchase.id)
    assert (kept.customer_id, kept.ended_at) == (person.id, None)
    lost = replace(harness.request("role lost"), actor=Actor(ActorKind.SOURCE, "role"))
    await harness.purchases.end(lost, [opened.purchase.id])
    await harness.rest()
    assert harness.end(NEW) == "absent"
