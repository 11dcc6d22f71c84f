"""A new script of a product reaches every holder; one that is taken out leaves unless another reason gives it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert

from bot import clock
from bot.access.catalogue.errors import NothingToChange
from bot.access.catalogue.lookup import find_item
from bot.access.ledger.errors import ChangesProduct, PutBackTooLate
from bot.access.orders.purchases import Bought
from bot.access.queries.holders import Cut, holders_of
from bot.access.request import Consent, RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State
from bot.replies.overview import holders
from bot.store.catalogue import products
from bot.store.kinds import ActorKind, StateKind
from bot.store.people import customers
from bot.store.records import Actor
from bot.store.tables.ledger import purchase
from tests.support.access_harness import open_harness
from tests.support.many import many_people
from tests.support.statements import counting
from tests.support.vendor_fixture import HOME, STAFF

ANN = 501
OPEN = State(StateKind.OPEN)
ROLE = Actor(ActorKind.SOURCE, "staff")
ALL = Consent(confirmed=True, gains=10**6, removals=10**6)


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        harness.other = await harness.vendor.add_script(slug="range")
        async with harness.database.write() as connection:
            gold = await products.add(
                connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", grace_days=3
            )
            await products.add_scripts(connection, gold.id, [harness.script.id])
        harness.gold = gold
        yield harness


async def change(harness, add=(), remove=(), consent=ALL, key=None):
    request = replace(harness.request(key), consent=consent)
    return await harness.product_scripts.change(request, "gold", add, remove)


async def buy(harness, member, key, gives=OPEN):
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, "gold")
    request = RequestContext(HOME, ROLE, key, clock.now())
    return await harness.purchases.open(request, Bought("staff", sold, member, gives))


def row(harness, name="Ann_Trades"):
    """The end on the other script: "absent" without a row."""
    found = harness.fake.world.row(harness.other.pine_id, name)
    return "absent" if found is None else found.end


async def test_a_new_script_reaches_a_holder_with_the_end_of_their_purchase(harness):
    order = await harness.grant("Ann_Trades", "1M", "gold")
    end = (await harness.done(order)).entitlement.ends_at
    await harness.time.advance(86_400)
    done = await change(harness, ["range"])
    assert done.change.gain == 1
    await harness.rest()
    assert row(harness) == end + timedelta(days=3)  # grace, as on the other
    assert (await harness.permission("Ann_Trades", "range")).state == "done"


async def test_nothing_changes_without_a_yes_to_as_many_people(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    with pytest.raises(ChangesProduct) as asked:
        await change(harness, ["range"], consent=Consent())
    assert (asked.value.gain, asked.value.lose) == (1, 0)
    await harness.done(await harness.grant("bob-fx", "1M", "gold"))
    with pytest.raises(ChangesProduct):  # meanwhile they are two
        await change(harness, ["range"], consent=asked.value.agreed(Consent()))
    await harness.rest()
    assert row(harness) == "absent"


async def test_who_has_it_longer_by_something_else_neither_gains_nor_loses(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    kept = (await harness.done(await harness.grant("Ann_Trades", "1Y", "range"))).entitlement
    assert (await change(harness, ["range"])).change.gain == 0
    assert (await change(harness, remove=["range"])).change.lose == 0
    await harness.rest()
    assert row(harness) == kept.ends_at


async def test_what_somebody_gave_by_hand_stays_when_the_script_leaves(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    await change(harness, ["range"])
    await harness.rest()
    by_hand = clock.now() + timedelta(days=300)
    harness.fake.world.grant(harness.other.pine_id, "Ann_Trades", by_hand)
    await change(harness, remove=["range"])
    await harness.rest()
    assert abs(row(harness) - by_hand) < timedelta(seconds=1)


async def test_a_script_that_leaves_is_put_back_for_everybody_within_24_hours(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    await change(harness, ["range"])
    await harness.rest()
    end = row(harness)
    gone = await change(harness, remove=["range"])
    assert gone.change.lose == 1
    await harness.rest()
    assert row(harness) == "absent"
    await harness.product_scripts.put_back(harness.request(), gone.event_id)
    await harness.rest()
    assert row(harness) == end
    with pytest.raises(NothingToChange):  # pressed twice
        await harness.product_scripts.put_back(harness.request(), gone.event_id)
    gone = await change(harness, remove=["range"])
    await harness.time.advance(25 * 3600)
    with pytest.raises(PutBackTooLate):
        await harness.product_scripts.put_back(harness.request(), gone.event_id)


async def test_one_script_takes_the_place_of_the_only_other(harness):
    order = await harness.grant("Ann_Trades", "1M", "gold")
    end = (await harness.done(order)).entitlement.ends_at
    await change(harness, ["range"], ["trend"])
    await harness.rest()
    assert harness.end("Ann_Trades") == "absent"
    assert row(harness) == end + timedelta(days=3)


async def test_it_waits_for_the_name_of_whoever_has_none(harness):
    await buy(harness, 501, "role 1", parse_length("1M"))
    assert (await change(harness, ["range"])).change.gain == 1
    async with harness.database.write() as connection:
        person = await customers.by_member(connection, HOME, 501)
        await customers.rename(connection, person.id, "Ann_Trades", None)
    await harness.purchases.look()
    await harness.rest()
    assert row(harness) != "absent"
    assert row(harness) == harness.end("Ann_Trades")
    await buy(harness, 502, "role 2")
    await change(harness, remove=["range"])
    async with harness.database.write() as connection:
        person = await customers.by_member(connection, HOME, 502)
        await customers.rename(connection, person.id, "bob-fx", None)
    await harness.purchases.look()
    await harness.rest()
    assert (harness.end("bob-fx"), row(harness, "bob-fx")) == (None, "absent")


async def test_what_is_not_settled_yet_gets_the_same_length(harness):
    harness.switches.hang = True
    order = await harness.meanwhile(harness.grant("Ann_Trades", "1M", "gold"))
    await change(harness, ["range"])
    await harness.time.advance(3600)
    harness.switches.hang = False
    await harness.done(order, within=600)
    for _ in range(60):
        await harness.time.advance(1)
        await harness.rest()
    assert row(harness) == harness.end("Ann_Trades")


async def test_what_staff_ended_does_not_come_back_with_the_script(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    await change(harness, ["range"])
    await harness.rest()
    await harness.done(await harness.revoke("Ann_Trades", "range"))
    await change(harness, remove=["range"])
    assert (await change(harness, ["range"])).change.gain == 0
    await harness.rest()
    assert row(harness) == "absent"


async def test_who_was_revoked_is_no_holder_although_a_script_had_left_before(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    await change(harness, ["range"])
    await harness.rest()
    await change(harness, remove=["range"])
    await harness.time.advance(60)
    await harness.done(await harness.revoke("Ann_Trades", "gold"))
    assert (await change(harness, ["range"])).change.gain == 0
    await harness.rest()
    assert row(harness) == "absent"


async def paused(harness, name="Ann_Trades"):
    """Staff pause the product for somebody, and TradingView shows it."""
    order = await harness.pauses.pause(harness.request(), Subject(username=name), "gold")
    await harness.done(order, within=10)


async def test_a_script_that_comes_during_a_pause_stands_still_with_the_rest(harness):
    end = (await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))).entitlement.ends_at
    await paused(harness)
    await change(harness, ["range"])
    await harness.rest()
    assert row(harness) == "absent"
    await harness.time.advance(40 * 86_400)
    await change(harness, remove=["range"])  # gone and there again, while its time stands still
    await change(harness, ["range"])
    order = await harness.pauses.resume(harness.request(), Subject(username="Ann_Trades"), "gold")
    await harness.done(order, within=10)
    moved = end + timedelta(days=40 + 3)
    assert abs(row(harness) - moved) < timedelta(minutes=1)
    assert abs(harness.end("Ann_Trades") - moved) < timedelta(minutes=1)


async def test_who_is_paused_stays_in_the_list_of_a_product_beyond_the_end(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    await paused(harness)
    await harness.time.advance(40 * 86_400)
    async with harness.database.read() as connection:
        listed = await holders_of(connection, HOME, "gold", 0, clock.now())
        over = await holders_of(connection, HOME, "gold", 0, clock.now(), Cut.ENDED)
    [holder] = listed.buyers
    assert holder.paused_since is not None
    assert over.buyers == ()
    assert "paused since" in (holders(listed, HOME).embeds[0].description or "")


async def test_a_script_that_leaves_during_a_pause_does_not_come_back_with_its_end(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    await change(harness, ["range"])
    await harness.rest()
    await paused(harness)
    await harness.time.advance(40 * 86_400)
    await change(harness, remove=["range"])
    everything = harness.request(confirmed=True)
    order = await harness.pauses.resume(everything, Subject(username="Ann_Trades"), None)
    await harness.done(order, within=10)
    await harness.rest()
    assert row(harness) == "absent"


async def test_who_merely_claims_a_name_does_not_hear_of_a_new_script_either(harness):
    claims = replace(harness.request(), actor=Actor.member(ANN))
    user = harness.fake.world.find_user("Ann_Trades")
    assert await harness.customers.link(claims, "Ann_Trades", user.id)
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold", bare_name=True))
    await change(harness, ["range"])
    await harness.rest()
    assert row(harness) != "absent"
    assert await harness.outcomes.members_to_tell() == []
    assert (await harness.overview.me(HOME, ANN)).scripts == ()


async def test_what_is_so_already_is_left_alone(harness):
    with pytest.raises(NothingToChange):
        await change(harness, ["trend"], ["range"])


async def test_each_person_has_it_in_their_history_and_the_log_channel_one_line(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    await change(harness, ["range"])
    await harness.rest()
    actions = [event.action for event in await harness.vendor.events()]
    assert actions.count("product_gain") == 1
    assert actions.count("product_scripts") == 1


async def fill(harness, number):
    """So many live holders by purchases that were never ordered."""
    people = await many_people(harness.database, HOME, number)
    now = clock.now()
    async with harness.database.write() as connection:
        await connection.execute(
            insert(purchase),
            [
                {
                    "guild_id": HOME, "customer_id": person.id, "product_id": harness.gold.id,
                    "source": "staff", "reference": f"many {person.id}", "kind": "until",
                    "ends_at": now + timedelta(days=30), "actor_kind": "member", "actor_id": "1",
                    "asked_at": now,
                }
                for person in people
            ],
        )  # fmt: skip


async def test_many_holders_take_as_many_statements_as_few(harness, monkeypatch):
    monkeypatch.setattr(harness.queue, "wake", lambda _: None)
    numbers = []
    for count, script in ((5, "few"), (300, "many")):
        await harness.vendor.add_script(slug=script)
        await fill(harness, count)
        with counting(harness.database) as statements:
            await change(harness, [script])
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


async def test_killed_in_the_middle_nothing_or_all_of_it_is_there(harness):
    await fill(harness, 20)
    work = asyncio.ensure_future(change(harness, ["range"]))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    async with harness.database.read() as connection:
        item = await find_item(connection, HOME, "gold")
    assert [script.slug for script in item.scripts] == ["trend"]
    assert (await change(harness, ["range"])).change.gain == 20
