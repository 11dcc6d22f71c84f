"""Roles, joins and leaves: seen although no member is kept, in order, and never in Discord's way."""

import asyncio

import pytest

from bot.access.people.member_facts import MemberLeft, MemberRoles, RoleDeleted
from bot.errors import DatabaseBusyError
from bot.interactions.member_events import MemberEvents
from bot.jobs import Jobs
from tests.support.discord_harness import at_work, eventually, open_office


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self):
        self.heard = []

    async def hear(self, fact):
        self.heard.append(fact)

    def roles(self, user):
        return [
            set(fact.roles)
            for fact in self.heard
            if isinstance(fact, MemberRoles) and fact.member_id == user.id
        ]


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        await harness.make_rows()
        async with at_work(harness, ready=True):
            harness.ear = Ear()
            harness.member_events.subscribe("test", harness.ear.hear)
            yield harness


async def test_a_members_way_is_heard_in_order(harness):
    fake, ear = harness.fake, harness.ear
    vip, nina = fake.add_role(harness.guild, "VIP"), fake.add_user("nina")
    fake.add_member(harness.guild, nina)
    fake.give_role(harness.guild, nina, vip)
    fake.give_role(harness.guild, nina, harness.staff)
    fake.take_role(harness.guild, nina, vip)
    fake.remove_member(harness.guild, nina)
    left = MemberLeft(harness.guild.id, nina.id)
    await eventually(lambda: left in ear.heard)
    assert ear.roles(nina) == [set(), {vip.id}, {vip.id, harness.staff.id}, {harness.staff.id}]
    assert ear.heard[-1] == left
    assert {fact.at for fact in ear.heard[:-1]} == {harness.time.now()}


async def test_a_deleted_role_is_heard(harness):
    role = harness.fake.add_role(harness.guild, "VIP")
    harness.fake.delete_role(harness.guild, role)
    await eventually(lambda: RoleDeleted(harness.guild.id, role.id) in harness.ear.heard)


async def test_bots_are_nobody(harness):
    helper = harness.fake.add_user("helper", bot=True)
    harness.fake.add_member(harness.guild, helper, [harness.staff])
    harness.fake.give_role(harness.guild, harness.fake.bot, harness.staff)
    harness.fake.remove_member(harness.guild, helper)
    harness.fake.give_role(harness.guild, harness.buyer, harness.staff)
    await eventually(lambda: harness.ear.heard)
    assert [fact.member_id for fact in harness.ear.heard] == [harness.buyer.id]


async def test_without_the_intent_every_command_tells_the_roles_of_who_asks_and_who_is_named(
    harness,
):
    harness.fake.gateway.sessions.copy().popitem()[1].intents = 1
    harness.fake.give_role(harness.guild, harness.buyer, harness.staff)
    await harness.run(harness.as_mod, "customer link", member=harness.buyer, username="Alice_T")
    assert harness.ear.roles(harness.mod) == [{harness.staff.id}]
    assert harness.ear.roles(harness.buyer) == [{harness.staff.id}]
    assert len(harness.ear.heard) == 2


async def test_a_press_and_a_list_tell_the_roles_too_but_not_in_direct_messages(harness):
    shown = await harness.run(harness.as_owner, "setup show")
    harness.ear.heard.clear()
    await harness.as_owner.press(shown.original, "Choose the channel")
    await eventually(lambda: harness.ear.roles(harness.owner))
    harness.vendor.world.end_all_sessions()
    await harness.vendor.test_logins()
    await harness.login_alerts.tell()
    [message] = harness.as_owner.dms()
    harness.ear.heard.clear()
    await (await harness.as_owner.press(message, "Renew the login")).form()
    assert harness.ear.heard == []


# What a listener does is no matter of Discord's


def parsers(*events):
    return {event: lambda _: None for event in events}


EVERY = (
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_UPDATE",
    "GUILD_MEMBER_REMOVE",
    "GUILD_ROLE_DELETE",
    "INTERACTION_CREATE",
)


@pytest.fixture
async def table():
    """A table of parsers as discord.py's, and the events behind it."""
    async with Jobs() as jobs:
        table = parsers(*EVERY)
        table["events"] = MemberEvents(jobs)
        table["events"].attach(table)
        yield table


def update(member_id, *roles):
    return {"guild_id": "1", "user": {"id": str(member_id)}, "roles": [str(one) for one in roles]}


async def test_only_what_matters_to_a_listener_reaches_it(table):
    some, every = Ear(), Ear()
    table["events"].subscribe("some", some.hear, lambda fact: fact.member_id == 7)
    table["events"].subscribe("every", every.hear)
    for member_id in (6, 7, 8):
        table["GUILD_MEMBER_UPDATE"](update(member_id))
    await eventually(lambda: len(every.heard) == 3)
    assert [fact.member_id for fact in some.heard] == [7]


async def test_a_listener_is_never_called_where_events_are_received(table):
    ear = Ear()
    table["events"].subscribe("ear", ear.hear)
    table["GUILD_MEMBER_UPDATE"](update(7))
    assert ear.heard == []
    await eventually(lambda: ear.heard)


@pytest.mark.parametrize("error", [RuntimeError("x"), DatabaseBusyError()])
async def test_a_listener_that_fails_is_logged_and_hears_the_next(table, caplog, error):
    ear = Ear()

    async def hear(fact):
        if fact.member_id == 7:
            raise error
        await ear.hear(fact)

    table["events"].subscribe("fragile", hear)
    table["GUILD_MEMBER_UPDATE"](update(7))
    table["GUILD_MEMBER_UPDATE"](update(8))
    await eventually(lambda: ear.heard)
    assert "fragile" in caplog.text
    caplog.clear()


async def test_a_question_that_fails_keeps_no_other_listener_from_hearing(table, caplog):
    ear = Ear()
    table["events"].subscribe("fragile", ear.hear, lambda fact: fact.nonsense)
    table["events"].subscribe("ear", ear.hear)
    table["GUILD_MEMBER_UPDATE"](update(7))
    await eventually(lambda: ear.heard)
    assert "fragile failed" in caplog.text
    caplog.clear()


async def test_an_event_that_makes_no_sense_is_logged_and_ends_nothing(table, caplog):
    ear = Ear()
    table["events"].subscribe("ear", ear.hear)
    table["GUILD_MEMBER_UPDATE"]({"guild_id": "1"})
    table["GUILD_MEMBER_UPDATE"](update(7))
    await eventually(lambda: ear.heard)
    assert "could not be read" in caplog.text
    caplog.clear()


async def test_one_who_is_slow_holds_up_no_other_listener_and_keeps_the_order(table):
    go, slow, fast = asyncio.Event(), Ear(), Ear()

    async def hear(fact):
        await go.wait()
        await slow.hear(fact)

    table["events"].subscribe("slow", hear)
    table["events"].subscribe("fast", fast.hear)
    for number in range(100):
        table["GUILD_MEMBER_UPDATE"](update(7, number))
    await eventually(lambda: len(fast.heard) == 100)
    assert slow.heard == []
    go.set()
    await eventually(lambda: len(slow.heard) == 100)
    assert slow.heard == fast.heard
