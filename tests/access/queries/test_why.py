"""Each cause of no access, or not the expected, is found where it is the first, and its mend mends it."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.catalogue.role_rules import Role
from bot.access.errors import DiscordSilent
from bot.access.orders.purchases import Bought
from bot.access.people.errors import GuidedAlready
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State
from bot.access.sync.schema_guard import CONFIRM_AFTER
from bot.replies import why as replies
from bot.store.catalogue import guilds, products, scripts
from bot.store.kinds import ActorKind, Reason, StateKind
from bot.store.records import Actor
from tests.support import filled
from tests.support.access_harness import open_harness
from tests.support.restored import closed, recovered, restored, sold
from tests.support.statements import counting
from tests.support.vendor_fixture import HOME, MEMBER, OTHER, STAFF

ANN, VIP = "Ann_Trades", 900
DAY = 86_400


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        harness.members = {MEMBER: frozenset()}
        yield harness


async def ask(harness, name=ANN, item="trend", *, member=None, **more):
    async def roles_of(guild_id, member_id):
        if harness.members is None:
            raise DiscordSilent
        return harness.members.get(member_id)

    subject = Subject(member, name)
    asking = harness.why.ask(HOME, subject, item, roles_of, **more)
    return await harness.meanwhile(asking)


async def linked(harness, name=ANN, member=MEMBER):
    return await harness.vendor.resolve(member, name)


async def product(harness, slug="gold", grace=0):
    harness.other = await harness.vendor.add_script(slug="range")
    async with harness.database.write() as connection:
        gold = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug=slug, title="Gold", grace_days=grace
        )
        await products.add_scripts(connection, gold.id, [harness.script.id, harness.other.id])


async def bought(harness, item="trend", member=MEMBER, key="b1"):
    """A source gives that member the item for as long as it lasts."""
    async with harness.database.read() as connection:
        found = await find_item(connection, HOME, item)
    request = RequestContext(HOME, Actor(ActorKind.SOURCE, "staff"), key, clock.now())
    gives = State(StateKind.OPEN)
    return await harness.purchases.open(request, Bought("staff", found, member, gives))


async def waits(harness, length="1M"):
    """An order is recorded, and not through after some seconds."""
    order = await harness.grant(ANN, length)
    await harness.time.advance(10)
    await harness.rest()
    return order


# How each case comes about


async def no_such_item(harness):
    await sold(harness)
    return {"item": "trnd"}


async def left_the_server(harness):
    await linked(harness)
    await sold(harness)
    harness.members = {}
    return {"name": None, "member": MEMBER}


async def no_name(harness):
    return {"name": None, "member": MEMBER}


async def bought_without_a_name(harness):
    await bought(harness)
    return {"name": None, "member": MEMBER}


async def misspelled(harness):
    await linked(harness, "ann_trades22")
    return {"name": None, "member": MEMBER}


async def misspelled_by_staff(harness):
    return {"name": "ann_trad"}


async def never(harness):
    return {}


async def ran_out(harness):
    await sold(harness, length="7D")
    await harness.time.advance(8 * DAY)
    return {}


async def grace_ran_out(harness):
    await product(harness, grace=3)
    await harness.done(await harness.grant(ANN, "7D", "gold"), within=10)
    await harness.time.advance(11 * DAY)
    return {"item": "gold"}


async def opens(harness, item="trend", role=VIP):
    """A role opens the item, as after /role add."""
    added = Role(role, "VIP", "role")
    await harness.role_rules.add(harness.request(), added, item, 0)


async def role_missing(harness):
    await linked(harness)
    await opens(harness)
    return {}


async def role_of_a_product_missing(harness):
    await linked(harness)
    await product(harness)
    await opens(harness, "gold")
    return {"item": "range"}


async def role_lost(harness):
    await role_missing(harness)
    await harness.role_access.see(HOME, {MEMBER: {VIP}})
    await passed(harness)
    await harness.role_access.see(HOME, {MEMBER: ()})
    await harness.time.advance(30)
    await harness.purchases.look()
    await passed(harness)
    return {}


async def role_not_seen_yet(harness):
    await role_missing(harness)
    harness.members = {MEMBER: frozenset({VIP})}
    return {}


async def role_held_back(harness):
    await role_not_seen_yet(harness)
    await harness.role_access.see(HOME, {MEMBER: {VIP}})
    await passed(harness)
    await harness.done(await harness.revoke(ANN), within=10)
    await harness.time.advance(2 * DAY)
    await harness.role_access.see(HOME, {MEMBER: {VIP}})
    return {}


async def source_ended(harness):
    await linked(harness)
    opened = await bought(harness)
    await harness.done(opened.order_id, within=10)
    request = RequestContext(HOME, Actor(ActorKind.SOURCE, "staff"), "gone", clock.now())
    for order in await harness.purchases.end(request, [opened.purchase.id]):
        await harness.done(order, within=10)
    return {}


async def revoked(harness):
    await sold(harness)
    await harness.done(await harness.revoke(ANN, note="refund 7"), within=10)
    return {}


async def revoked_long_ago(harness):
    await revoked(harness)
    await harness.time.advance(2 * DAY)
    return {}


async def blocked(harness):
    await linked(harness)
    await sold(harness)
    await harness.blocks.block(harness.request(), Subject(username=ANN), "chargeback")
    return {}


async def paused(harness):
    await sold(harness)
    pausing = harness.pauses.pause(harness.request(), Subject(username=ANN), "trend")
    await harness.done(await pausing, within=10)
    await harness.time.advance(DAY)
    return {}


async def blocked_anyway(harness):
    """The order of a person who is blocked meanwhile waits."""
    await harness.blocks.block(harness.request(), Subject(username=ANN), "chargeback")


async def login_dead(harness):
    await waits_for_dead_login(harness)
    return {}


async def waits_for_dead_login(harness):
    harness.switches.logged_out = True
    await harness.vendor.test_logins()
    return await waits(harness)


async def no_login(harness):
    await harness.sessions.forget(harness.request())
    await waits(harness)
    return {}


async def tradingview_down(harness):
    harness.switches.down = True
    await waits(harness)
    return {}


async def slow(harness):
    harness.switches.retry_after = 300.0
    harness.switches.fault("too_many", path="list", times=1)
    await waits(harness)
    return {}


async def script_paused(harness):
    async with harness.database.write() as connection:
        await scripts.pause(connection, harness.script.id, clock.now(), "not yours")
    await waits(harness)
    return {}


async def just_restored(harness):
    await sold(harness)
    await closed(harness)
    await waits(harness)
    await restored(harness)
    return {}


async def changed_form(harness):
    harness.give("bob-fx", clock.now() + timedelta(days=3))
    harness.switches.form = "ends renamed"
    session = await harness.sessions.of(HOME)
    await harness.meanwhile(harness.schema_guard.compare(session))
    await harness.time.advance(CONFIRM_AFTER)
    await harness.meanwhile(harness.schema_guard.compare(session))
    await waits(harness)
    harness.switches.form = "known"
    return {}


async def undecided(harness):
    await sold(harness)
    await closed(harness)
    await waits(harness)
    await restored(harness)
    await recovered(harness)
    return {}


async def stuck(harness):
    await sold(harness)
    await harness.change(ANN, state="stuck", reason=Reason.REFUSED, detail="no")
    return {}


async def time_ran_out_waiting(harness):
    harness.switches.down = True
    order = await harness.grant(ANN, "1D")
    await harness.time.advance(2 * DAY)
    harness.switches.down = False
    await harness.becomes(order, "stuck", within=400)
    return {}


async def another_person_now(harness):
    await linked(harness)
    await sold(harness)
    await harness.change(ANN, tv_user_id=999_999)
    await harness.becomes(await harness.grant(ANN, "1M"), "stuck", within=5)
    return {}


async def renamed(harness):
    await linked(harness)
    await sold(harness)
    await sold(harness)
    world = harness.fake.world
    world.rename_user(world.find_user(ANN), "Ann_Trading")
    return {}


async def shorter_there(harness):
    await sold(harness)
    harness.give(ANN, clock.now() + timedelta(days=3))
    return {}


async def longer_there(harness):
    await sold(harness)
    harness.give(ANN, clock.now() + timedelta(days=300))
    return {}


async def gone_there(harness):
    await sold(harness)
    harness.fake.world.revoke(harness.pine_id, ANN)
    return {}


async def given_by_hand(harness):
    harness.give(ANN, None)
    return {}


async def all_stands(harness):
    await linked(harness)
    await sold(harness)
    return {}


async def one_of_a_product(harness):
    await product(harness)
    await harness.done(await harness.grant(ANN, "1M", "gold"), within=10)
    harness.fake.world.revoke(harness.pine_id, ANN)
    return {"item": "gold"}


async def archived_elsewhere(harness):
    """Two scripts, and no item named: what stands tells less than what ended."""
    await product(harness)
    await sold(harness)
    await harness.done(await harness.grant(ANN, "1D", "range"), within=10)
    await harness.time.advance(2 * DAY)
    return {"item": None}


async def nothing_anywhere(harness):
    await product(harness)
    return {"item": None}


# What the presses do: the same calls as in the cog, with what the button's key says


def who(about):
    if about.startswith("m"):
        return Subject(int(about[1:]))
    return Subject(username=about[1:] if about.startswith("n") else ANN)


async def passed(harness):
    """Whatever was woken is through."""
    await harness.time.advance(20)
    await harness.rest()


async def grant(harness, about, item):
    item = "trend" if item == "*" else item
    length = parse_length("1M")
    order = await harness.grants.grant(harness.request(), item, length, who(about))
    await harness.done(order, within=20)


async def put_back(harness, order_id):
    await harness.done(await harness.put_back(int(order_id)), within=20)


async def unblock(harness, customer_id):
    await harness.blocks.unblock(harness.request(), Subject(username=ANN))


async def link(harness, member_id):
    await harness.meanwhile(harness.customers.tie(harness.request(), int(member_id), ANN))
    await harness.purchases.look()
    await passed(harness)


async def correct(harness, customer_id, name="ann_trades2"):
    correcting = harness.customers.correct(harness.request(), int(customer_id), name)
    person = await harness.meanwhile(correcting)
    await passed(harness)
    return {"name": person.username}


async def log_in(harness):
    harness.switches.logged_out = False
    await harness.vendor.log_in()
    await passed(harness)


async def retry(harness, item):
    await harness.retries.retry(harness.request(), item)
    await passed(harness)


async def try_now(harness, order_id):
    harness.switches.down = False
    receipt = await harness.outcomes.receipt(int(order_id))
    await harness.retries.try_now(receipt.order)
    await passed(harness)


async def carry_out(harness):
    await harness.undecided.carry_out(harness.request())
    await passed(harness)


async def set_right(harness, script_id, name):
    setting = harness.repairs.repair_person(harness.request(), int(script_id), name)
    await harness.done(await harness.meanwhile(setting), within=20)


async def take_over(harness, script_id, name):
    taking = harness.adoption.take_person(harness.request(), int(script_id), name)
    await harness.meanwhile(taking)


async def ask_again(harness, about, item, *wherever):
    subject = who(about)
    return {
        "name": subject.username,
        "member": subject.member_id,
        "item": None if item == "*" else item,
        "wherever": bool(wherever),
    }


async def follow(harness, member_id, item):
    await harness.role_access.see(HOME, {int(member_id): harness.members[int(member_id)]})
    await passed(harness)


async def resume(harness, about, item):
    order = await harness.pauses.resume(harness.request(), who(about), item)
    await harness.done(order, within=20)


PRESSES = {
    "why_resume": resume,
    "why_roles": follow,
    "why_grant_open": grant,
    "put_back": put_back,
    "person_unblock": unblock,
    "person_link_open": link,
    "why_name": correct,
    "why_name_open": correct,
    "login_open": log_in,
    "why_retry": retry,
    "try_now": try_now,
    "undecided": carry_out,
    "why_right": set_right,
    "check_take": take_over,
    "why_ask": ask_again,
}


async def press(harness, button):
    """Do what that button does; returns what is asked then, where it is another question."""
    _, name, _, *args = button.key.split(":")
    return await PRESSES[name](harness, *args) or {}


# By case: the cause, the labels of its buttons, and what is found once the first one was pressed
CASES = {
    no_such_item: ("no_item", ["trend"], "stands"),
    left_the_server: ("not_here", ["Look at their access"], "stands"),
    no_name: ("no_name", ["Link a TradingView name"], "never"),
    bought_without_a_name: ("no_name", ["Link a TradingView name"], "stands"),
    misspelled: ("name_unknown", ["ann_trades2", "Ann_Trades", "Another name"], "never"),
    misspelled_by_staff: ("name_unknown", ["Ann_Trades", "ann_trades2"], "never"),
    renamed: ("name_unknown", ["Ann_Trading", "ann_trades2", "Another name"], "stands"),
    never: ("never", ["Grant"], "stands"),
    nothing_anywhere: ("never", ["Grant"], "stands"),
    ran_out: ("ended", ["Grant"], "stands"),
    grace_ran_out: ("ended", ["Grant"], "stands"),
    source_ended: ("ended", ["Grant"], "stands"),
    archived_elsewhere: ("ended", ["Grant"], "stands"),
    role_missing: ("role_missing", ["Grant"], "stands"),
    role_of_a_product_missing: ("role_missing", ["Grant"], "stands"),
    role_lost: ("role_missing", ["Grant"], "stands"),
    role_not_seen_yet: ("never", ["Follow their roles now", "Grant"], "stands"),
    role_held_back: ("held_back", ["Grant again"], "stands"),
    revoked: ("held_back", ["Put back"], "stands"),
    revoked_long_ago: ("held_back", ["Grant again"], "stands"),
    blocked: ("blocked", ["Unblock"], "stands"),
    paused: ("paused", ["Resume"], "stands"),
    login_dead: ("waiting", ["Renew the login"], "stands"),
    no_login: ("waiting", ["Add the login"], "stands"),
    tradingview_down: ("waiting", ["Try now"], "stands"),
    slow: ("waiting", ["Show what waits"], None),
    script_paused: ("waiting", ["Try once more"], "stands"),
    changed_form: ("waiting", ["Try once more"], "stands"),
    just_restored: ("waiting", ["Show what waits"], None),
    undecided: ("waiting", ["Decide"], "stands"),
    stuck: ("stuck", ["Try once more"], "stands"),
    time_ran_out_waiting: ("stuck", ["Grant"], "stands"),
    another_person_now: ("stuck", ["Another name"], "stands"),
    shorter_there: ("differs", ["Set to what it should be"], "stands"),
    gone_there: ("differs", ["Set to what it should be"], "stands"),
    one_of_a_product: ("differs", ["Set to what it should be"], "stands"),
    longer_there: ("differs", ["Set to what it should be", "Take over"], "stands"),
    given_by_hand: ("differs", ["Take over", "End access"], "stands"),
    all_stands: ("stands", ["Send that to the buyer"], None),
}
WORDS = {
    no_such_item: "`trnd`",
    bought_without_a_name: "Waits for the name: **Trend**",
    ran_out: "its time ran out",
    grace_ran_out: "then 3 days of grace",
    renamed: "The same account is called **Ann\\_Trading**",
    source_ended: "what gave it ended",
    role_missing: "It comes with <@&900>",
    role_lost: "They had it until",
    role_not_seen_yet: "They have <@&900>, which opens it",
    role_held_back: "No role and no payment",
    revoked: "<@1> ended it – `refund 7`",
    blocked: "by <@1>: `chargeback`",
    paused: "is paused since",
    login_dead: "login has ended",
    no_login: "no TradingView login",
    tradingview_down: "does not answer properly",
    slow: "asked me to send nothing until",
    script_paused: "refuses this script",
    changed_form: "another form",
    just_restored: "database was restored",
    undecided: "staff decide about it",
    time_ran_out_waiting: "Time ran out while it was waiting",
    another_person_now: "belongs to another person",
    given_by_hand: "by hand",
    all_stands: "Invite-only scripts",
}


@pytest.mark.parametrize("seed", CASES, ids=lambda seed: seed.__name__)
async def test_the_cause_is_found_and_its_button_mends_it(harness, seed):
    cause, labels, then = CASES[seed]
    asked = {"name": ANN, "item": "trend", "member": None} | await seed(harness)
    found = await ask(harness, **asked)
    said = replies.why(found)
    assert found.cause == cause, said.text
    assert [button.label for button in said.buttons] == labels
    assert WORDS.get(seed, "") in said.text
    if then is None:
        return
    asked |= await press(harness, said.buttons[0])
    found = await ask(harness, **asked)
    assert found.cause == then, replies.why(found).text


# The order, and what is not asked of TradingView


@pytest.mark.parametrize("state", ["waiting", "stuck"])
async def test_an_earlier_cause_wins_over_a_later_one(harness, state):
    """Everything is wrong at once; one thing after the other is put right."""
    await linked(harness)
    await sold(harness)
    await harness.change(ANN, state=state, reason=Reason.REFUSED)
    harness.give(ANN, None)  # another end than should be
    await harness.blocks.block(harness.request(), Subject(username=ANN), None)
    harness.members = {}
    world = harness.fake.world
    world.rename_user(world.find_user(ANN), "Somebody_Else")
    asked = {"name": None, "member": MEMBER}
    assert (await ask(harness, item="x", **asked)).cause == "no_item"
    assert (await ask(harness, **asked)).cause == "not_here"
    harness.members = {MEMBER: frozenset()}
    assert (await ask(harness, **asked)).cause == "name_unknown"
    world.rename_user(world.find_user("Somebody_Else"), ANN)
    assert (await ask(harness, **asked)).cause == "blocked"
    await harness.blocks.unblock(harness.request(), Subject(username=ANN))
    assert (await ask(harness, **asked)).cause == state
    await harness.change(ANN, state="done", reason=None)
    assert (await ask(harness, **asked)).cause == "differs"


async def test_a_block_is_said_beside_an_earlier_cause_with_both_mends(harness):
    await linked(harness)
    await harness.blocks.block(harness.request(), Subject(username=ANN), None)
    said = replies.why(await ask(harness))
    assert "never got" in said.text
    assert "They are blocked since" in said.text
    assert [button.label for button in said.buttons] == ["Grant", "Unblock"]


async def test_tradingview_shows_nobodys_row_before_the_order_comes_to_it(harness):
    for seed in (script_paused, blocked_anyway):
        await seed(harness)
        harness.fake.log.clear()
        await ask(harness)
        assert [call.path.partition("?")[0] for call in harness.fake.log] == [
            "/username_hint/"
        ]  # the name alone


async def test_what_was_known_counts_and_is_said_to_be_old_where_tradingview_is_silent(harness):
    await linked(harness)
    await sold(harness)
    harness.switches.down = True
    found = await ask(harness)
    assert (found.cause, found.is_certain) == ("stands", False)
    assert "did not answer just now" in replies.why(found).text


async def test_discords_silence_is_no_absence(harness):
    await linked(harness)
    await sold(harness)
    harness.members = None
    assert (await ask(harness, None, member=MEMBER)).cause == "stands"


async def test_of_several_items_the_one_with_a_cause_is_named_beside_those_that_stand(harness):
    asked = {"name": ANN} | await archived_elsewhere(harness)
    text = replies.why(await ask(harness, **asked)).text
    assert "has no Range any more" in text
    assert "As it should be: **Trend**" in text


async def test_what_was_never_theirs_is_no_cause_beside_what_stands(harness):
    await product(harness)
    await sold(harness)
    assert (await ask(harness, item=None)).cause == "stands"
    found = await ask(harness, item="gold")
    assert (found.cause, found.part.script.slug) == ("never", "range")


async def test_another_servers_people_and_items_are_unknown_here(harness):
    await sold(harness)
    async with harness.database.write() as connection:
        await guilds.ensure(connection, OTHER, clock.now())

    async def roles_of(guild_id, member_id):
        return frozenset()

    found = await harness.meanwhile(
        harness.why.ask(OTHER, Subject(username=ANN), "trend", roles_of)
    )
    assert (found.cause, found.near) == ("no_item", ())
    found = await harness.meanwhile(harness.why.ask(OTHER, Subject(username=ANN), None, roles_of))
    assert (found.cause, found.sold, found.who.customer) == ("never", None, None)


# Sending the list


async def test_the_list_is_sent_once_a_day(harness):
    await linked(harness)
    person = await harness.vendor.person(name=ANN)
    content = {"text": "x", "embeds": [], "buttons": [], "tone": None}
    assert await harness.guidance.send(harness.request(), person.id, content) == MEMBER
    with pytest.raises(GuidedAlready):
        await harness.guidance.send(harness.request(), person.id, content)
    await harness.time.advance(DAY)
    await harness.guidance.send(harness.request(), person.id, content)
    assert [event.action for event in await harness.vendor.events("guided")] == ["guided"] * 2


# Statements


async def test_it_takes_as_many_statements_for_many_rows_as_for_few(harness):
    numbers = []
    for rows in (5, 45):
        await filled.scripts_of_ann(harness, rows)
        await filled.grants_of_ann(harness, rows)
        await harness.rest()
        with counting(harness.database) as statements:
            await harness.why.facts(HOME, Subject(username=ANN), None)
        numbers.append(len(statements))
    assert numbers[1] <= numbers[0] <= 10


@pytest.mark.parametrize("table", ["permission", "sighting"])
async def test_nobody_elses_rows_are_looked_through(harness, table):
    await sold(harness)
    with counting(harness.database) as statements:
        await harness.why.facts(HOME, Subject(username=ANN), None)
    [asked] = [each for each in statements if f"FROM {table} " in each]
    async with harness.database.read() as connection:
        values = (1,) * asked.count("?")
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values)
        assert "(script_id=? AND name_folded=?)" in plan.first().detail
