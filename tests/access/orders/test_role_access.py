"""Roles that open items, without Discord: what is compared, what holds, and what no answer may take away."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.errors import RoleIsProducts
from bot.access.catalogue.products import Terms
from bot.access.catalogue.role_rules import Role
from bot.access.errors import DiscordSilent, MembersSilent
from bot.access.orders import role_access
from bot.access.orders.role_rounds import RoleRounds
from bot.access.people.member_facts import MemberLeft, MemberRoles
from bot.access.request import Subject
from bot.errors import DatabaseBusyError
from bot.store.catalogue import products
from bot.store.ledger import direct_messages, events, purchases, role_gains
from bot.store.people import customers
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME, STAFF

ANN, BOB = 501, 502
VIP, GOLD = 70, 71


class Members:
    """What Discord answers."""

    def __init__(self):
        self.roles = {}
        self.are_listed = True
        self.breaks_after = None
        self.during = None
        self.silent = set()
        self.asked = []

    async def listed(self, guild_id):
        everybody = [
            MemberRoles(guild_id, each, has, clock.now()) for each, has in self.roles.items()
        ]
        if self.during:
            await self.during()
        for number in range(0, len(everybody) + 1, 2):
            if self.breaks_after is not None and number >= self.breaks_after:
                raise MembersSilent
            yield everybody[number : number + 2]

    async def roles_of(self, guild_id, member_id):
        self.asked.append(member_id)
        await clock.sleep(1)
        if member_id in self.silent:
            raise DiscordSilent
        return self.roles.get(member_id)

    def existing_roles(self, guild_id):
        return None


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        harness.members = Members()
        harness.rounds = RoleRounds(
            harness.database,
            harness.role_rules,
            harness.role_access,
            harness.role_losses,
            harness.members,
        )
        yield harness


async def let_open(harness, role_id=VIP, item="trend", grace=0):
    rule, _ = await harness.role_rules.add(
        harness.request(), Role(role_id, "VIP", "role"), item, grace
    )
    return rule


async def link(harness, member_id=ANN, name="Ann_Trades"):
    async with harness.database.write() as connection:
        person = await customers.by_member(connection, HOME, member_id)
        if person is None:
            person = await customers.add(connection, HOME, member_id=member_id)
        await customers.rename(connection, person.id, name, None)
    await harness.purchases.look()


async def sees(harness, *roles, member_id=ANN):
    """Discord tells the roles of a member; returns what they have then."""
    fact = MemberRoles(HOME, member_id, frozenset(roles), clock.now())
    harness.members.roles[member_id] = frozenset(roles)
    if harness.role_access.matters(fact):
        await harness.role_access.hear(fact)
    await harness.rest()


async def passes(harness, seconds):
    await harness.time.advance(seconds)
    await harness.purchases.look()
    await harness.rest()


async def bought(harness, member_id=ANN):
    async with harness.database.read() as connection:
        person = await customers.by_member(connection, HOME, member_id)
        return (await purchases.of_customers(connection, [person.id]))[person.id]


async def test_the_same_roles_told_many_times_are_one_purchase(harness):
    await let_open(harness)
    await link(harness)
    for _ in range(3):
        await sees(harness, VIP, 99)
    await harness.rounds.compare(HOME)
    assert len(await bought(harness)) == 1
    assert harness.end("Ann_Trades") is None
    assert len(harness.writes()) == 1


async def test_who_has_nothing_to_do_with_it_matters_not(harness):
    await let_open(harness)
    assert not harness.role_access.matters(MemberRoles(HOME, 9, frozenset({99}), clock.now()))
    assert not harness.role_access.matters(MemberRoles(999, 9, frozenset({VIP}), clock.now()))
    assert not harness.role_access.matters(MemberLeft(HOME, 9))
    await sees(harness, VIP)
    assert harness.role_access.matters(MemberLeft(HOME, ANN))


@pytest.mark.parametrize("seconds", [19, 86_400 * 3 + 19])
async def test_regained_in_time_nothing_happened(harness, seconds):
    await let_open(harness, grace=3 if seconds > 20 else 0)
    await link(harness)
    await sees(harness, VIP)
    await sees(harness)
    await passes(harness, seconds)
    await sees(harness, VIP)
    await passes(harness, 86_400)
    assert harness.end("Ann_Trades") is None
    assert len(await bought(harness)) == 1


async def test_lost_then_paused_and_regained_it_goes_on_after_the_pause(harness):
    await let_open(harness, grace=3)
    await link(harness)
    await sees(harness, VIP)
    await sees(harness)
    ann = Subject(username="Ann_Trades")
    await harness.done(await harness.pauses.pause(harness.request(), ann, "trend"), within=10)
    await sees(harness, VIP)
    await harness.done(await harness.pauses.resume(harness.request(), ann, "trend"), within=10)
    await passes(harness, 5 * 86_400)
    assert harness.end("Ann_Trades") is None
    assert len(await bought(harness)) == 1


async def test_lost_for_good_it_ends_and_regained_it_is_another_purchase(harness):
    await let_open(harness)
    await link(harness)
    await sees(harness, VIP)
    await harness.role_access.hear(MemberLeft(HOME, ANN))
    await passes(harness, 21)
    assert harness.end("Ann_Trades") == "absent"
    await sees(harness, VIP)
    assert harness.end("Ann_Trades") is None
    assert len(await bought(harness)) == 2


async def test_two_roles_open_the_same_and_losing_one_takes_nothing(harness):
    await let_open(harness)
    await let_open(harness, GOLD)
    await link(harness)
    await sees(harness, VIP, GOLD)
    await sees(harness, GOLD)
    await passes(harness, 30)
    assert harness.end("Ann_Trades") is None


async def test_one_message_asks_for_a_name_however_much_the_roles_open(harness):
    await harness.vendor.add_script(slug="range")
    await let_open(harness)
    await let_open(harness, item="range")
    await sees(harness, VIP)
    await sees(harness, VIP)
    async with harness.database.read() as connection:
        [message] = await direct_messages.waiting(connection)
    assert message.user_id == ANN
    assert "**Trend** and **Range** are yours" in message.content["text"]


async def test_a_role_that_comes_and_goes_asks_for_a_name_once_a_day(harness):
    await let_open(harness)
    for _ in range(5):
        await sees(harness, VIP)
        await sees(harness)
        await passes(harness, 21)
    assert len(await bought(harness)) == 5
    async with harness.database.read() as connection:
        assert len(await direct_messages.waiting(connection)) == 1
    await passes(harness, 86_400)
    await sees(harness, VIP)
    async with harness.database.read() as connection:
        assert len(await direct_messages.waiting(connection)) == 2


async def test_what_cannot_go_on_for_one_keeps_nothing_that_lapsed_for_another(harness):
    await holding(harness)
    carl = 503
    await sees(harness, VIP, member_id=carl)
    async with harness.database.write() as connection:
        person = await customers.by_member(connection, HOME, carl)
        await customers.rename(connection, person.id, "Carl", None)

    async def fails(connection, purchase, person):
        raise LookupError(purchase.id)

    harness.purchases.gates["role"] = fails
    await sees(harness)
    await harness.time.advance(21)
    with pytest.raises(LookupError):
        await harness.purchases.look()
    await harness.rest()
    assert [harness.end(name) for name in ("Ann_Trades", "bob-fx")] == ["absent", None]


# Revoked by staff


async def revoked(harness):
    await let_open(harness)
    await link(harness)
    await sees(harness, VIP)
    await harness.done(await harness.revoke("Ann_Trades"))
    await harness.rounds.compare(HOME)
    await harness.rest()
    assert harness.end("Ann_Trades") == "absent"


async def test_a_revoke_holds_until_staff_grant_again(harness):
    await revoked(harness)
    await harness.done(await harness.grant("Ann_Trades", "7D"))
    await harness.rounds.compare(HOME)
    await harness.rest()
    assert harness.end("Ann_Trades") is None  # as long as the role lasts
    assert len([each for each in await bought(harness) if each.source == "role"]) == 2


async def test_an_exact_end_set_by_staff_is_not_changed_by_the_comparison(harness):
    await revoked(harness)
    await harness.done(await harness.set("Ann_Trades", "30D"))
    before = harness.end("Ann_Trades")
    await harness.rounds.compare(HOME)
    await harness.rest()
    assert harness.end("Ann_Trades") == before


async def test_a_hold_ends_with_the_role(harness):
    await revoked(harness)
    await sees(harness)
    await passes(harness, 21)
    await sees(harness, VIP)
    assert harness.end("Ann_Trades") is None
    ended = [event.action for event in await harness.vendor.events("purchase_ended")]
    assert ended == []  # staff had ended it


async def test_a_revoke_put_back_after_the_role_was_lost_gives_nothing_that_has_no_end(harness):
    await let_open(harness)
    await link(harness)
    await sees(harness, VIP)
    kept = (await harness.done(await harness.grant("Ann_Trades", "1M"))).entitlement
    order = await harness.revoke("Ann_Trades")
    await harness.done(order)
    await sees(harness)
    await passes(harness, 21)
    await harness.done(await harness.put_back(order))
    assert abs(harness.end("Ann_Trades") - kept.ends_at) < timedelta(seconds=1)


async def test_a_blocked_member_gets_nothing_by_a_role_until_unblocked(harness):
    await let_open(harness)
    await link(harness)
    async with harness.database.write() as connection:
        person = await customers.by_member(connection, HOME, ANN)
        await customers.block(connection, person.id, clock.now(), by=STAFF, reason=None)
    await sees(harness, VIP)
    await harness.rounds.compare(HOME)
    assert await bought(harness) == []
    async with harness.database.write() as connection:
        await customers.unblock(connection, person.id)
    await harness.rounds.compare(HOME)
    await harness.rest()
    assert harness.end("Ann_Trades") is None


async def test_a_role_that_came_back_during_a_pause_is_not_lost_when_that_ends(harness):
    await let_open(harness, grace=7)
    await link(harness)
    await sees(harness, VIP)
    await sees(harness)
    subject = Subject(username="Ann_Trades")
    await harness.done(await harness.pauses.pause(harness.request(), subject, "trend"), within=10)
    await sees(harness, VIP)
    await harness.done(await harness.pauses.resume(harness.request(), subject, "trend"), within=10)
    await passes(harness, 30 * 86_400)
    assert harness.end("Ann_Trades") is None


async def test_what_a_role_gave_a_name_that_was_let_go_of_ends_when_the_member_is_forgotten(
    harness,
):
    """Nobody would see any more that the role is lost."""
    await let_open(harness)
    await link(harness)
    await sees(harness, VIP)
    asks = harness.vendor.request(by=ANN)
    await harness.customers.unlink(replace(asks, at=clock.now()))
    assert harness.end("Ann_Trades") is None
    await harness.erasures.forget(harness.request(confirmed=True), Subject(member_id=ANN))
    await passes(harness, 20)
    await sees(harness)
    await passes(harness, 60)
    assert harness.end("Ann_Trades") == "absent"


async def test_what_a_role_gives_follows_its_member_to_another_name(harness):
    """Whoever pays goes without nothing, and one role opens one account."""
    await let_open(harness)
    await link(harness)
    await sees(harness, VIP)
    await harness.customers.unlink(replace(harness.vendor.request(by=ANN), at=clock.now()))
    await sees(harness, VIP)
    assert harness.end("Ann_Trades") is None  # no other name is known yet
    await link(harness, name="bob-fx")
    await sees(harness, VIP)
    await passes(harness, 60)
    assert (harness.end("Ann_Trades"), harness.end("bob-fx")) == ("absent", None)
    await sees(harness, VIP)
    assert len(await bought(harness)) == 1


async def test_a_rule_put_back_does_not_make_a_products_own_role_open_something(harness):
    """The product's holders would keep each other's access alive for ever."""
    rule = await let_open(harness)
    await harness.role_rules.remove(harness.request(), rule.id)
    terms = Terms(slug="gold", title="Gold", role_id=VIP)
    await harness.products.create(harness.request(), terms, ["trend"])
    with pytest.raises(RoleIsProducts):
        await harness.role_rules.put_back(harness.request(), rule.id)
    assert harness.role_rules.roles(HOME) == frozenset()


# What an answer of Discord may and may not say


async def holding(harness):
    await let_open(harness)
    for member_id, name in ((ANN, "Ann_Trades"), (BOB, "bob-fx")):
        await link(harness, member_id, name)
        await sees(harness, VIP, member_id=member_id)


async def test_whoever_is_not_in_a_whole_list_has_left(harness):
    await holding(harness)
    del harness.members.roles[ANN]
    await harness.rounds.compare(HOME)
    await passes(harness, 21)
    assert [harness.end(name) for name in ("Ann_Trades", "bob-fx")] == ["absent", None]


@pytest.mark.parametrize("after", [0, 2])
async def test_a_list_that_did_not_finish_gives_and_takes_nothing_away(harness, after):
    await holding(harness)
    harness.vendor.world.add_user("Carl")
    await link(harness, 503, "Carl")
    harness.members.roles = {503: frozenset({VIP}), ANN: frozenset(), 504: frozenset()}
    harness.members.breaks_after = after
    with pytest.raises(MembersSilent):
        await harness.rounds.compare(HOME)
    await passes(harness, 60)
    assert [harness.end(name) for name in ("Ann_Trades", "bob-fx")] == [None, None]
    assert harness.end("Carl") == (None if after else "absent")


async def test_where_no_list_comes_those_who_are_known_are_asked_about_meanwhile(harness):
    await holding(harness)
    harness.members.roles[ANN] = frozenset()
    harness.members.breaks_after = 0
    harness.rounds.arrived(HOME)
    await harness.rounds._compare_due()
    await harness.meanwhile(harness.rounds._ask_in_turn())
    await passes(harness, 21)
    assert [harness.end(name) for name in ("Ann_Trades", "bob-fx")] == ["absent", None]
    harness.members.breaks_after = None
    await harness.time.advance(60)
    await harness.rounds._compare_due()
    assert await harness.rounds._ask_in_turn() is None


async def test_what_discord_tells_meanwhile_counts_more_than_the_list(harness):
    await holding(harness)
    harness.members.roles[ANN] = frozenset()

    async def regained():
        fact = MemberRoles(HOME, ANN, frozenset({VIP}), clock.now())
        assert harness.role_access.matters(fact)
        await harness.role_access.hear(fact)

    harness.members.during = regained
    await harness.rounds.compare(HOME)
    await passes(harness, 60)
    assert harness.end("Ann_Trades") is None


async def test_without_a_list_all_who_are_known_are_asked_about_the_longest_unasked_first(harness):
    await holding(harness)
    harness.members.are_listed = False
    harness.rounds.arrived(HOME)
    await harness.meanwhile(harness.rounds._ask_in_turn())
    assert harness.members.asked == [ANN, BOB]
    assert await harness.rounds._ask_in_turn() > 0  # nobody is asked about all the time
    await harness.time.advance(30)
    harness.members.roles[BOB] = frozenset()
    await harness.meanwhile(harness.rounds._ask_in_turn())
    assert harness.members.asked == [ANN, BOB, ANN, BOB]
    await passes(harness, 21)
    assert [harness.end(name) for name in ("Ann_Trades", "bob-fx")] == [None, "absent"]


async def test_an_answer_that_does_not_come_takes_nothing_and_holds_up_nobody(harness):
    await holding(harness)
    harness.members.are_listed = False
    harness.members.silent = {ANN}
    harness.rounds.arrived(HOME)
    await harness.meanwhile(harness.rounds._ask_in_turn())
    assert harness.members.asked == [ANN, BOB]
    await passes(harness, 60)
    assert harness.end("Ann_Trades") is None


# Crashes: the database is what is left


@pytest.mark.parametrize("step", ["open_in", "role_gains.add", "direct_messages.add"])
async def test_a_crash_at_any_step_of_a_gain_leaves_none_and_the_next_start_one(
    harness, monkeypatch, step
):
    await let_open(harness)
    names = step.split(".")
    owner = role_access if len(names) == 1 else getattr(role_access, names[0])

    async def crash(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(owner, names[-1], crash)
        with pytest.raises(KeyboardInterrupt):
            await harness.role_access.see(HOME, {ANN: {VIP}})
    async with harness.database.read() as connection:
        assert await role_gains.members(connection, HOME) == set()
        assert await direct_messages.waiting(connection) == []
    harness.members.roles[ANN] = frozenset({VIP})
    await harness.rounds.compare(HOME)
    async with harness.database.read() as connection:
        assert await role_gains.members(connection, HOME) == {ANN}
        assert len(await direct_messages.waiting(connection)) == 1


async def test_an_event_that_could_not_be_kept_is_made_good_soon(harness, monkeypatch):
    await let_open(harness)
    await link(harness)
    harness.rounds.arrived(HOME)
    await harness.rounds._compare_due()

    async def busy(*_, **__):
        raise DatabaseBusyError

    with monkeypatch.context() as patched:
        patched.setattr(role_access, "_differing", busy)
        with pytest.raises(DatabaseBusyError):
            await sees(harness, VIP)
    assert harness.end("Ann_Trades") == "absent"
    await harness.time.advance(60)
    await harness.rounds._compare_due()
    await harness.rest()
    assert harness.end("Ann_Trades") is None


# Products


async def test_a_role_that_a_product_gives_opens_nothing(harness):
    async with harness.database.write() as connection:
        await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", role_id=GOLD
        )
    with pytest.raises(RoleIsProducts):
        await let_open(harness, GOLD)


async def test_a_role_opens_every_script_of_a_product(harness):
    other = await harness.vendor.add_script(slug="range")
    async with harness.database.write() as connection:
        gold = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold"
        )
        await products.add_scripts(connection, gold.id, [harness.script.id, other.id])
    await let_open(harness, item="gold")
    await link(harness)
    await sees(harness, VIP)
    rows = [harness.fake.world.row(each.pine_id, "Ann_Trades") for each in (harness.script, other)]
    assert None not in rows
    await sees(harness)
    await passes(harness, 21)
    rows = [harness.fake.world.row(each.pine_id, "Ann_Trades") for each in (harness.script, other)]
    assert rows == [None, None]


async def test_what_staff_gave_beside_the_role_stays(harness):
    await let_open(harness)
    await link(harness)
    await sees(harness, VIP)
    order = await harness.grants.grant(
        harness.request(), "trend", _month(), Subject(username="Ann_Trades")
    )
    end = (await harness.done(order)).entitlement.ends_at
    await sees(harness)
    await passes(harness, 21)
    assert abs(harness.end("Ann_Trades") - end) < timedelta(seconds=1)


def _month():
    from bot.access.rules.duration import parse_length

    return parse_length("1M")


async def test_the_history_names_the_rule_and_who_made_it(harness):
    await let_open(harness)
    async with harness.database.read() as connection:
        [event] = await events.of_action(connection, HOME, "role_add", clock.now())
    assert event.actor.member_id == STAFF
    assert event.after == {"role_id": str(VIP), "grace_days": 0}


# What was paid for beside a role, and is over when the role is lost: TradingView holds lifetime for the role


@pytest.mark.parametrize("days", [1, 60])
async def test_a_role_that_is_lost_once_paid_time_is_over_leaves_nothing(harness, days):
    await let_open(harness)
    await link(harness)
    await harness.done(await harness.grant("Ann_Trades", f"{days}D"))
    await sees(harness, VIP)
    assert harness.end("Ann_Trades") is None
    await passes(harness, 30 * 86_400)
    await sees(harness)
    await passes(harness, 40 * 86_400)  # 60 days are over by now, too: the program slept
    assert harness.end("Ann_Trades") == "absent"
    assert (await harness.permission("Ann_Trades")).state == "done"


async def test_paid_time_that_ends_while_tradingview_is_down_leaves_nothing_of_a_lost_role(harness):
    await let_open(harness)
    await link(harness)
    await harness.done(await harness.grant("Ann_Trades", "1D"))
    await sees(harness, VIP)
    harness.switches.set("down", True)
    await sees(harness)
    await passes(harness, 60)  # ordered while the paid time still gives something
    await passes(harness, 3 * 86_400)
    harness.switches.reset()
    for _ in range(3):
        await passes(harness, 600)
    assert harness.end("Ann_Trades") == "absent"


async def test_a_move_whose_time_ran_out_leaves_the_old_name_nothing(harness):
    await let_open(harness)
    await link(harness)
    await harness.done(await harness.grant("Ann_Trades", "2D"))
    await sees(harness, VIP)
    harness.switches.set("down", True)
    await sees(harness)
    await passes(harness, 21)
    asks = replace(harness.vendor.request(by=ANN), at=clock.now())
    assert not await harness.customers.link(asks, "bob-fx", instead_of="Ann_Trades")
    [claim] = await harness.claims.waiting(HOME)
    await harness.claims.decide(harness.request(), claim.id, accept=True)
    await passes(harness, 3 * 86_400)
    harness.switches.reset()
    for _ in range(3):
        await passes(harness, 600)
    assert [harness.end(name) for name in ("Ann_Trades", "bob-fx")] == ["absent", "absent"]


async def test_a_pause_of_a_role_leaves_nothing_once_paid_time_is_over(harness):
    await let_open(harness)
    await link(harness)
    await harness.done(await harness.grant("Ann_Trades", "1D"))
    await passes(harness, 2 * 86_400)
    await sees(harness, VIP)
    subject = Subject(username="Ann_Trades")
    await harness.done(await harness.pauses.pause(harness.request(), subject, "trend"))
    assert harness.end("Ann_Trades") == "absent"
    await harness.done(await harness.pauses.resume(harness.request(), subject, "trend"))
    assert harness.end("Ann_Trades") is None


async def test_what_somebody_gave_by_hand_beside_paid_time_that_is_over_stays(harness):
    await let_open(harness)
    await link(harness)
    await harness.done(await harness.grant("Ann_Trades", "1D"))
    await sees(harness, VIP)
    await passes(harness, 2 * 86_400)
    by_hand = clock.now() + timedelta(days=90)
    harness.give("Ann_Trades", by_hand)
    await sees(harness)
    await passes(harness, 60)
    assert harness.end("Ann_Trades") == by_hand
