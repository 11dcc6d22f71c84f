"""What is due of what people really have: not of what goes on by itself, was renewed, or is taken care of."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.purchases import Bought
from bot.access.people.reminders import ReminderSettings
from bot.access.people.settings_errors import ReminderDaysUnreadable, TimeZoneUnknown
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State
from bot.store.catalogue import guilds, products
from bot.store.kinds import ActorKind, ReminderOutcome, StateKind
from bot.store.ledger import purchases
from bot.store.maintenance import restore
from bot.store.people import customers
from bot.store.records import Actor
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.reminders import reminder
from tests.support.access_harness import open_harness
from tests.support.many import hold_all, many_people
from tests.support.statements import counting
from tests.support.vendor_fixture import HOME, STAFF

ANN, BOB = 501, 502
DAY = 86_400
OPEN = State(StateKind.OPEN)
ROLE = Actor(ActorKind.SOURCE, "staff")


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        harness.other = await harness.vendor.add_script(slug="range", title="Range")
        async with harness.database.write() as connection:
            gold = await products.add(
                connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", grace_days=3
            )
            ids = [harness.script.id, harness.other.id]
            await products.add_scripts(connection, gold.id, ids)
        await link(harness, ANN, "Ann_Trades")
        yield harness


async def link(harness, member, name):
    async with harness.database.write() as connection:
        person = await customers.add(connection, HOME, member_id=member)
        await customers.rename(connection, person.id, name, None)


async def give(harness, length="1M", item="trend", name="Ann_Trades"):
    return (await harness.done(await harness.grant(name, length, item), within=10)).entitlement


async def open_role(harness, item="trend"):
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, item)
    request = RequestContext(HOME, ROLE, "role 1", clock.now())
    opened = await harness.purchases.open(request, Bought("staff", sold, ANN, OPEN))
    await harness.done(opened.order_id)
    return opened.purchase


async def open_item(harness, end):
    """Another source gives a product of that script alone, until then."""
    async with harness.database.write() as connection:
        silver = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug="silver", title="Silver"
        )
        await products.add_scripts(connection, silver.id, [harness.script.id])
        sold = await find_item(connection, HOME, "silver")
    request = RequestContext(HOME, ROLE, "dated 1", clock.now())
    given = Bought("staff", sold, ANN, State(StateKind.UNTIL, end), grace=False)
    opened = await harness.purchases.open(request, given)
    await harness.done(opened.order_id, within=10)
    return opened.purchase


async def until(harness, end, *, days=0):
    """Let time pass up to that many days before an end."""
    seconds = (end - clock.now()).total_seconds() - days * DAY
    await harness.time.advance(seconds)


async def due(harness, but=()):
    return [
        (found.member_id, found.days, len(found.endings))
        for found in await harness.reminders.due(but, 20)
    ]


async def say(harness):
    found = await harness.reminders.due((), 20)
    for each in found:
        await harness.reminders.note(each, ReminderOutcome.SENT)
    return [each.days for each in found]


async def test_each_reminder_of_an_end_is_due_once(harness):
    end = (await give(harness)).ends_at
    said = []
    for days in (7, 3, 1, 0):
        await until(harness, end, days=days)
        said += await say(harness) + await say(harness)
    assert said == [7, 3, 1, 0]
    await harness.time.advance(10 * DAY)
    assert await say(harness) == []


async def test_of_what_was_missed_the_nearest_alone_is_due(harness):
    end = (await give(harness)).ends_at
    await until(harness, end, days=1)
    assert await say(harness) == [1]
    harness.time.set(end - timedelta(days=3))  # the clock is set back again
    assert await say(harness) == []
    await harness.time.advance(8 * DAY)
    assert await say(harness) == []  # old news


async def test_nothing_is_due_while_the_clock_may_be_wrong(harness):
    end = (await give(harness)).ends_at
    await until(harness, end, days=7)
    harness.time.ahead = timedelta(days=4)
    for _ in range(2):
        clock._note("Discord", harness.time.true_now(), clock.monotonic())
        clock._note("TradingView", harness.time.true_now(), clock.monotonic())
    assert clock.is_wrong()
    assert await due(harness) == []
    harness.time.ahead = timedelta()
    clock._note("Discord", harness.time.true_now(), clock.monotonic())
    assert await due(harness) == [(ANN, 7, 1)]


async def test_a_renewal_a_removal_and_a_later_end_drop_what_was_due(harness):
    end = (await give(harness)).ends_at
    await until(harness, end, days=3)
    assert await due(harness) == [(ANN, 3, 1)]
    renewed = await give(harness)
    assert await due(harness) == []
    await until(harness, renewed.ends_at, days=7)
    assert await say(harness) == [7]
    await harness.done(await harness.revoke("Ann_Trades"), within=10)
    await harness.time.advance(7 * DAY)
    assert await due(harness) == []


async def test_a_renewal_that_waits_for_tradingview_counts(harness):
    end = (await give(harness)).ends_at
    await until(harness, end, days=3)
    harness.switches.hang = True
    await harness.grants.grant(
        harness.request(), "trend", parse_length("1M"), Subject(username="Ann_Trades")
    )
    assert await due(harness) == []


async def test_what_a_source_renews_by_itself_or_never_ends_is_not_reminded_of(harness):
    end = (await give(harness)).ends_at
    role = await open_role(harness)
    await until(harness, end, days=7)
    assert await due(harness) == []
    request = RequestContext(HOME, ROLE, "gone", clock.now())
    await harness.purchases.end(request, [role.id])
    await harness.rest()
    assert await due(harness) == [(ANN, 7, 1)]
    await harness.done(await harness.grant("Ann_Trades", "L"), within=10)
    assert await due(harness) == []


async def test_a_product_is_one_thing_that_ends_with_grace_days_after(harness):
    given = await give(harness, item="gold")
    await until(harness, given.ends_at, days=7)
    [found] = await harness.reminders.due((), 20)
    [ending] = found.endings
    assert ending.ends_at == given.ends_at
    assert ending.held_until == given.ends_at + timedelta(days=3)
    [named] = await harness.reminders.named(found)
    assert (named.item.slug, named.only) == ("gold", ())


async def test_of_a_product_the_script_that_ends_is_named_where_another_goes_on(harness):
    given = await give(harness, item="gold")
    await open_role(harness, "range")
    await until(harness, given.ends_at, days=7)
    [named] = await harness.reminders.named((await harness.reminders.due((), 20))[0])
    assert (named.item.slug, [script.slug for script in named.only]) == ("gold", ["trend"])


async def test_what_one_person_has_ends_in_one_message_for_each_day(harness):
    await link(harness, BOB, "bob-fx")
    end = (await give(harness)).ends_at
    await give(harness, item="range")
    await give(harness, name="bob-fx")
    await until(harness, end, days=7)
    assert sorted(await due(harness)) == [(ANN, 7, 2), (BOB, 7, 1)]
    [bob] = [each for each in await harness.reminders.due((), 20) if each.member_id == BOB]
    assert await due(harness, but={bob.customer_id}) == [(ANN, 7, 2)]


async def test_whoever_merely_claims_a_name_hears_nothing_of_what_the_name_was_given(harness):
    request = replace(harness.request(), actor=Actor.member(BOB))
    assert await harness.customers.link(
        request, "bob-fx", harness.fake.world.find_user("bob-fx").id
    )
    await harness.done(await harness.grant("bob-fx", "7D", bare_name=True), within=10)
    assert await due(harness) == []
    await harness.time.advance(8 * DAY)
    assert await due(harness) == []


async def test_what_is_paused_does_not_hide_that_the_rest_ends(harness):
    sold = (await give(harness, "1M", "gold")).ends_at
    await open_item(harness, sold - timedelta(days=10))
    await harness.pauses.pause(harness.request(), Subject(username="Ann_Trades"), "gold")
    await harness.rest()
    await until(harness, sold - timedelta(days=10), days=1)
    assert await due(harness) == [(ANN, 1, 1)]


async def test_who_is_no_member_is_not_looked_for(harness):
    end = (await give(harness, name="bob-fx")).ends_at
    await until(harness, end, days=7)
    assert await due(harness) == []


async def test_whoever_wants_none_gets_none_until_they_want_some(harness):
    request = RequestContext(HOME, Actor.member(ANN), "off", clock.now())
    end = (await give(harness)).ends_at
    for _ in range(2):
        await harness.reminders.switch(request, on=False)
    await until(harness, end, days=7)
    assert await due(harness) == []
    for _ in range(2):
        await harness.reminders.switch(request, on=True)
    assert await due(harness) == [(ANN, 7, 1)]


async def test_a_server_chooses_the_days_and_its_nights(harness):
    end = (await give(harness)).ends_at
    settings = await harness.reminders.set(harness.request(), "2", "europe/berlin")
    assert settings == ReminderSettings((2,), "Europe/Berlin")
    assert await harness.reminders.settings(HOME) == settings
    await until(harness, end, days=3)
    assert await due(harness) == []
    await until(harness, end, days=2)
    assert await due(harness) == [(ANN, 2, 1)]
    await harness.time.advance(9 * 3600)  # 21:00 UTC
    assert await due(harness) == []
    await harness.time.advance(10 * 3600)
    assert await due(harness) == [(ANN, 2, 1)]
    await harness.reminders.set(harness.request(), "", "Europe/Berlin")
    assert await due(harness) == []


async def test_reminders_that_are_switched_on_make_up_for_nothing(harness):
    end = (await give(harness)).ends_at
    await harness.reminders.set(harness.request(), "", "UTC")
    await until(harness, end, days=6)
    await harness.reminders.set(harness.request(), "7, 3", "UTC")
    assert await due(harness) == []
    await until(harness, end, days=3)
    assert await due(harness) == [(ANN, 3, 1)]


@pytest.mark.parametrize("days", ["x", "0", "7 days", "500"])
async def test_days_that_are_none_change_nothing(harness, days):
    with pytest.raises(ReminderDaysUnreadable):
        await harness.reminders.set(harness.request(), days, "UTC")
    assert await harness.reminders.settings(HOME) == ReminderSettings((7, 3, 1), "UTC")


@pytest.mark.parametrize(
    ("typed", "near"),
    [("Berlin", "Europe/Berlin"), ("Europe/Berln", "Europe/Berlin"), ("../UTC", None), ("", None)],
)
async def test_a_time_zone_that_is_none_is_refused_with_what_it_may_mean(harness, typed, near):
    with pytest.raises(TimeZoneUnknown) as refused:
        await harness.reminders.set(harness.request(), "7", typed)
    assert near is None or near in refused.value.near


async def test_after_a_restore_nothing_of_before_is_said_again_nor_before_all_lists_were_read(
    harness,
):
    end = (await give(harness)).ends_at
    await until(harness, end, days=7)
    assert await due(harness) == [(ANN, 7, 1)]
    async with harness.database.write() as connection:
        await restore.mark(connection, clock.now() - timedelta(days=1), clock.now())
    assert await due(harness) == []
    async with harness.database.write() as connection:
        await guilds.trust(connection, HOME)
    assert await due(harness) == []
    await until(harness, end, days=3)
    assert await due(harness) == [(ANN, 3, 1)]


async def test_a_server_that_the_bot_left_is_left_alone(harness):
    end = (await give(harness)).ends_at
    await until(harness, end, days=7)
    await harness.guild_settings.left(HOME)
    assert await due(harness) == []


async def test_what_became_of_a_reminder_is_kept(harness):
    given = await give(harness, item="gold")
    await until(harness, given.ends_at, days=7)
    [found] = await harness.reminders.due((), 20)
    await harness.reminders.note(found, ReminderOutcome.REFUSED)
    async with harness.database.read() as connection:
        [row] = (await connection.execute(select(reminder))).all()
    assert (row.days, row.outcome, row.ends_at) == (7, "refused", given.ends_at)
    assert await due(harness) == []


async def test_many_are_found_with_few_statements(harness):
    people = await many_people(harness.database, HOME, 450, members=True)
    end = clock.now() + timedelta(days=7)
    await hold_all(
        harness.database,
        [(harness.script, person) for person in people],
        wanted="until",
        wanted_ends_at=end,
    )
    await sell(harness, people, end)
    with counting(harness.database) as statements:
        found = await harness.reminders.due((), 1_000)
    assert len({each.member_id for each in found}) == 450
    assert len(statements) <= 25
    assert len(await harness.reminders.due((), 20)) >= 20


async def sell(harness, people, end):
    """What these people have was bought once, long ago."""
    async with harness.database.write() as connection:
        rows = [
            {
                "guild_id": HOME,
                "customer_id": person.id,
                "script_id": harness.script.id,
                "source": "staff",
                "reference": f"many {person.id}",
                "kind": "until",
                "ends_at": end,
                "actor_kind": "usher",
                "asked_at": end - timedelta(days=30),
            }
            for person in people
        ]
        await connection.execute(insert(purchase), rows)
        bought = await purchases.of_customers(connection, {person.id for person in people})
        held = (await connection.execute(select(permission))).all()
        await connection.execute(
            insert(entitlement),
            [
                {
                    "guild_id": HOME,
                    "purchase_id": bought[row.customer_id][0].id,
                    "script_id": row.script_id,
                    "permission_id": row.id,
                    "source": "staff",
                    "reference": f"many {row.customer_id}",
                    "kind": "until",
                    "asked_at": end - timedelta(days=30),
                    "settled_at": end - timedelta(days=30),
                    "ends_at": end,
                }
                for row in held
            ],
        )
