"""A name that nobody has shown to be a member's is not a key to what staff give to the name."""

from dataclasses import replace

import pytest

from bot import clock
from bot.access.ledger.errors import NameOnlyClaimed
from bot.access.request import Subject
from bot.access.rules.duration import parse_length, parse_until
from bot.store.kinds import StateKind, Tie
from bot.store.records import Actor
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import AT, HOME, MEMBER

NAME = "Ann_Trades"


@pytest.fixture
async def harness(tmp_path, frozen):
    """The member claims the name."""
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        await link(harness)
        yield harness


async def link(harness):
    request = replace(harness.request(), actor=Actor.member(MEMBER), at=clock.now())
    assert await harness.customers.link(request, NAME, harness.fake.world.find_user(NAME).id)


async def done(harness, order):
    await harness.done(order)
    return order


async def to_tell(harness):
    return [receipt.order.id for receipt in await harness.outcomes.members_to_tell()]


async def view(harness):
    """What the member sees: by script, until when."""
    person = await harness.overview.me(HOME, MEMBER)
    return {each.script.slug: each.wanted.end for each in person.scripts}


async def test_staff_are_asked_first_and_nothing_is_recorded(harness):
    for asking in (harness.grant(NAME, "1M"), harness.set(NAME, "2027-01-31")):
        with pytest.raises(NameOnlyClaimed) as asked:
            await asking
        assert (asked.value.username, asked.value.member_id) == (NAME, MEMBER)
    assert await harness.permission(NAME) is None


async def test_with_a_yes_to_the_name_alone_the_member_hears_and_sees_nothing(harness):
    granted = await done(harness, await harness.grant(NAME, "1M", bare_name=True))
    assert harness.end(NAME) != "absent"
    assert await to_tell(harness) == []
    assert await view(harness) == {}
    assert (await harness.vendor.person(member=MEMBER)).tie is Tie.CLAIMED
    revoked = await done(harness, await harness.revoke(NAME))
    assert await to_tell(harness) == []
    assert await view(harness) == {}
    await done(harness, await harness.put_back(revoked))
    assert (await to_tell(harness), await view(harness)) == ([], {})
    assert granted


async def test_with_the_word_that_it_is_theirs_they_hear_and_see_it(harness):
    order = await done(harness, await harness.grant(NAME, "1M", vouched=MEMBER))
    assert await to_tell(harness) == [order]
    assert list(await view(harness)) == ["trend"]
    assert (await harness.vendor.person(member=MEMBER)).tie is Tie.STAFF
    assert len(await harness.vendor.events("name_confirmed")) == 1
    await done(harness, await harness.grant(NAME, "1M"))  # and nobody is asked again


async def test_what_is_given_to_the_member_is_theirs_and_confirms_no_name(harness):
    order = await harness.grants.grant(
        harness.request(), "trend", parse_length("1M"), Subject(member_id=MEMBER)
    )
    await done(harness, order)
    assert await to_tell(harness) == [order]
    assert (await harness.vendor.person(member=MEMBER)).tie is Tie.CLAIMED
    end = (await view(harness))["trend"]
    await harness.outcomes.member_told(order)
    await done(harness, await harness.grant(NAME, "1Y", bare_name=True))
    assert await view(harness) == {"trend": end}, "and what the name has beside it is not shown"
    assert await to_tell(harness) == []


async def test_member_and_name_given_together_say_whose_it_is(harness):
    order = await harness.grants.grant(
        harness.request(), "trend", parse_length("1M"), Subject(MEMBER, NAME)
    )
    await done(harness, order)
    assert (await harness.vendor.person(member=MEMBER)).tie is Tie.STAFF


async def test_what_replaces_access_that_the_member_knows_is_no_secret(harness):
    order = await harness.grants.grant(
        harness.request(), "trend", parse_length("1M"), Subject(member_id=MEMBER)
    )
    await done(harness, order)
    until = parse_until("2027-01-31", clock.now())
    request = harness.request(confirmed=True, bare_name=True)
    await done(
        harness, await harness.grants.set_end(request, "trend", until, Subject(username=NAME))
    )
    assert await view(harness) == {"trend": until}


async def test_a_proof_or_a_word_of_staff_shows_what_was_withheld(harness):
    order = await done(harness, await harness.grant(NAME, "1M", bare_name=True))
    request = replace(harness.request(), actor=Actor.member(MEMBER), at=clock.now())
    task = await harness.proofs.start(request)
    harness.fake.world.find_user(NAME).about = task.code
    await harness.proofs.check(request)
    assert list(await view(harness)) == ["trend"]
    assert await to_tell(harness) == [order]


async def test_staff_who_tie_the_name_confirm_it(harness):
    await done(harness, await harness.grant(NAME, "1M", bare_name=True))
    person = await harness.customers.tie(harness.request(), MEMBER, NAME)
    assert person.tie is Tie.STAFF
    assert list(await view(harness)) == ["trend"]


async def test_whoever_lets_go_of_a_name_learns_nothing_of_what_it_got_meanwhile(harness):
    request = replace(harness.request(), actor=Actor.member(MEMBER), at=clock.now())
    await harness.customers.unlink(request)
    await harness.time.advance(60)
    await done(harness, await harness.grant(NAME, "1M"))  # nobody claims it: nobody is asked
    await link(harness)
    assert await view(harness) == {}
    assert await to_tell(harness) == []


async def test_what_is_found_under_a_claimed_name_is_not_shown(harness):
    harness.give(NAME, None)
    await harness.adoption.take_person(harness.request(), harness.script.id, NAME)
    assert (await harness.permission(NAME)).wanted is StateKind.OPEN
    assert await view(harness) == {}
