import asyncio
from datetime import timedelta

import pytest

from bot.access.errors import TradingViewSilent
from bot.access.people.errors import (
    ClaimDecided,
    ClaimUnknown,
    HaveNoName,
    HaveOtherName,
    MemberHasNoName,
    MemberHasOtherName,
    NameTaken,
    NameUnreadable,
    NobodyNamed,
    UserUnknown,
)
from bot.store.people import claims, customers
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import AT, HOME, MEMBER, OTHER, STAFF, STRANGER, open_shop


@pytest.fixture
async def vendor(tmp_path, frozen):
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor:
        for name in ("Ann_Trades", "ann_trades2", "bob-fx"):
            vendor.world.add_user(name)
        yield vendor


@pytest.fixture
async def selling(vendor):
    """A server with a working login and two scripts."""
    await vendor.log_in()
    vendor.script = await vendor.add_script("trend")
    await vendor.add_script("tail")
    return vendor


async def waiting(vendor, guild_id=HOME):
    async with vendor.database.read() as connection:
        return await claims.waiting(connection, guild_id)


# Who is meant


async def test_nobody_named_is_nobody(vendor):
    for who in ((), (None, ""), (None, "  ")):
        with pytest.raises(NobodyNamed):
            await vendor.resolve(*who)


async def test_a_name_alone_is_a_person_without_a_member(vendor):
    ann = await vendor.resolve(None, " @Ann_Trades ")
    assert (ann.username, ann.member_id) == ("Ann_Trades", None)
    assert await vendor.resolve(None, "https://www.tradingview.com/u/ANN_trades/") == ann


async def test_a_member_alone_needs_a_name(vendor):
    with pytest.raises(MemberHasNoName) as refused:
        await vendor.resolve(MEMBER)
    assert refused.value.member_id == MEMBER
    ann = await vendor.resolve(MEMBER, "Ann_Trades")
    assert await vendor.resolve(MEMBER) == ann


async def test_both_given_ties_them_once(vendor):
    await vendor.resolve(None, "Ann_Trades")
    ann = await vendor.resolve(MEMBER, "ann_trades")
    assert (ann.username, ann.member_id, ann.linked_by) == ("Ann_Trades", MEMBER, STAFF)
    await vendor.resolve(MEMBER, "Ann_Trades")
    assert len(await vendor.events("link")) == 1


async def test_both_given_is_refused_when_either_is_tied_elsewhere(vendor):
    await vendor.resolve(MEMBER, "Ann_Trades")
    with pytest.raises(NameTaken) as taken:
        await vendor.resolve(STRANGER, "ANN_TRADES")
    assert (taken.value.username, taken.value.member_id) == ("Ann_Trades", MEMBER)
    with pytest.raises(MemberHasOtherName) as other:
        await vendor.resolve(MEMBER, "bob-fx")
    assert (other.value.member_id, other.value.username) == (MEMBER, "Ann_Trades")
    assert await vendor.person(name="bob-fx") is None


async def test_a_member_known_without_a_name_becomes_one_person_with_it(vendor):
    async with vendor.database.write() as connection:
        await customers.add(connection, HOME, member_id=MEMBER)
        await customers.add(connection, HOME, member_id=STRANGER)
        await customers.add(connection, HOME, username="bob-fx")
    ann = await vendor.resolve(MEMBER, "Ann_Trades")
    bob = await vendor.resolve(STRANGER, "bob-fx")
    assert (await vendor.person(member=MEMBER)).id == ann.id
    assert (await vendor.person(member=STRANGER)).id == bob.id


@pytest.mark.parametrize("text", ["two words", "😀", "a" * 500, "../..", "<@7>"])
async def test_what_cannot_be_a_name_is_refused_and_leaves_no_row(vendor, text):
    with pytest.raises(NameUnreadable):
        await vendor.resolve(MEMBER, text)
    assert await vendor.person(member=MEMBER) is None
    assert await vendor.events() == []


# Does that user exist


async def test_a_name_is_found_in_its_exact_spelling(vendor):
    assert (await vendor.customers.find(" @ANN_TRADES ")).username == "Ann_Trades"


async def test_an_unknown_name_gets_near_hits_and_an_outage_is_no_answer(vendor):
    with pytest.raises(UserUnknown) as unknown:
        await vendor.customers.find("ann")
    assert unknown.value.near == ("Ann_Trades", "ann_trades2")
    vendor.switches.set("down", True)
    with pytest.raises(TradingViewSilent):
        await vendor.customers.find("Ann_Trades")


async def test_a_look_up_that_hangs_ends_after_three_seconds(vendor, frozen):
    vendor.switches.set("latency", 600)
    asking = asyncio.ensure_future(vendor.customers.find("Ann_Trades"))
    await frozen.advance(3.1)
    with pytest.raises(TradingViewSilent):
        await asking


# Linking one's own name


async def test_a_free_name_is_linked_at_once(selling):
    request = selling.request(MEMBER)
    hint = (await selling.customers.may_link(request, "ann_trades")).hint
    assert await selling.customers.link(request, hint.username, hint.user_id) is True
    ann = await selling.person(member=MEMBER)
    assert (ann.username, ann.tv_user_id, ann.linked_by) == ("Ann_Trades", hint.user_id, MEMBER)
    assert await selling.customers.link(request, hint.username) is True
    assert len(await selling.events("link")) == 1


async def test_one_name_for_a_member(selling):
    await selling.customers.link(selling.request(MEMBER), "Ann_Trades")
    own = await selling.customers.may_link(selling.request(MEMBER), "bob-fx")
    assert (own.hint.username, own.before, own.is_renamed) == ("bob-fx", "Ann_Trades", False)
    with pytest.raises(HaveOtherName) as other:  # not without saying what becomes of the first
        await selling.customers.link(selling.request(MEMBER), "bob-fx")
    assert other.value.username == "Ann_Trades"


async def test_a_name_that_another_member_has_waits_for_staff(selling):
    await selling.customers.link(selling.request(MEMBER), "Ann_Trades")
    assert await selling.customers.link(selling.request(STRANGER), "Ann_Trades") is False
    assert (await selling.person(name="Ann_Trades")).member_id == MEMBER
    [claim] = await waiting(selling)
    assert (claim.member_id, claim.username) == (STRANGER, "Ann_Trades")
    [event] = await selling.events("claim")
    assert event.after == {"claim_id": claim.id, "username": "Ann_Trades"}


async def test_a_name_that_should_have_access_waits_for_staff(selling):
    ann = await selling.resolve(None, "Ann_Trades")
    await selling.hold(selling.script, ann)
    assert await selling.customers.link(selling.request(MEMBER), "Ann_Trades") is False
    assert (await selling.person(name="Ann_Trades")).member_id is None


async def test_a_name_that_only_tradingview_shows_waits_for_staff(selling):
    selling.world.grant(selling.script.pine_id, "Ann_Trades", AT + timedelta(days=1))
    assert await selling.customers.link(selling.request(MEMBER), "Ann_Trades") is False


async def test_the_name_beside_it_and_access_that_is_over_keep_nobody_waiting(selling):
    selling.world.grant(selling.script.pine_id, "ann_trades2")
    selling.world.grant(selling.script.pine_id, "Ann_Trades", AT - timedelta(days=1))
    assert await selling.customers.link(selling.request(MEMBER), "Ann_Trades") is True


@pytest.mark.parametrize("trouble", ["down", "logged_out", "forbidden"])
async def test_when_tradingview_cannot_be_read_staff_must_look(selling, trouble):
    selling.switches.set(trouble, True)
    assert await selling.customers.link(selling.request(MEMBER), "Ann_Trades") is False


async def test_when_tradingview_hangs_staff_must_look_after_three_seconds(selling, frozen):
    selling.switches.set("latency", 600)
    linking = asyncio.ensure_future(selling.customers.link(selling.request(MEMBER), "Ann_Trades"))
    await eventually(lambda: selling.fake.calls("list"))
    await frozen.advance(3.1)
    assert await linking is False


async def test_without_a_login_staff_must_look(vendor):
    await vendor.add_script()
    assert await vendor.customers.link(vendor.request(MEMBER), "Ann_Trades") is False


async def test_a_second_request_takes_the_place_of_the_first(selling):
    for name in ("Ann_Trades", "bob-fx"):
        selling.world.grant(selling.script.pine_id, name)
        for _ in range(2):
            assert await selling.customers.link(selling.request(MEMBER), name) is False
    assert [claim.username for claim in await waiting(selling)] == ["bob-fx"]
    assert len(await selling.events("claim")) == 2
    assert len(await selling.events("claim_withdrawn")) == 1


# Unlinking


async def test_unlinking_leaves_the_access_with_the_name(selling):
    await selling.customers.link(selling.request(MEMBER), "Ann_Trades")
    await selling.hold(selling.script, await selling.person(member=MEMBER))
    unlinked = await selling.customers.unlink(selling.request(MEMBER))
    assert (unlinked.username, unlinked.claimed) == ("Ann_Trades", None)
    assert await selling.person(member=MEMBER) is None
    assert await selling.person(name="Ann_Trades") is not None
    with pytest.raises(HaveNoName):
        await selling.customers.unlink(selling.request(MEMBER))


async def test_unlinking_takes_a_request_back(selling):
    selling.world.grant(selling.script.pine_id, "Ann_Trades")
    await selling.customers.link(selling.request(MEMBER), "Ann_Trades")
    [claim] = await waiting(selling)
    unlinked = await selling.customers.unlink(selling.request(MEMBER))
    assert (unlinked.username, unlinked.claimed) == (None, "Ann_Trades")
    with pytest.raises(ClaimDecided) as decided:
        await selling.claims.decide(selling.request(), claim.id, accept=True)
    assert decided.value.by is None


# Staff


async def test_staff_tie_a_name_in_its_exact_spelling(selling):
    ann = await selling.customers.tie(selling.request(), MEMBER, "ann_TRADES")
    assert (ann.username, ann.member_id, ann.linked_by) == ("Ann_Trades", MEMBER, STAFF)
    assert ann.tv_user_id is not None


async def test_staff_tie_no_unknown_name_and_none_unchecked(selling):
    with pytest.raises(UserUnknown):
        await selling.customers.tie(selling.request(), MEMBER, "nosuchname")
    selling.switches.set("down", True)
    with pytest.raises(TradingViewSilent):
        await selling.customers.tie(selling.request(), MEMBER, "Ann_Trades")
    assert await selling.person(member=MEMBER) is None


async def claim_of(selling, member=STRANGER, name="Ann_Trades"):
    selling.world.grant(selling.script.pine_id, name)
    assert await selling.customers.link(selling.request(member), name) is False
    return (await waiting(selling))[-1]


async def test_staff_accept_and_the_name_moves(selling):
    await selling.customers.link(selling.request(MEMBER), "Ann_Trades")
    claim = await claim_of(selling)
    assert (await selling.claims.question(HOME, claim.id)).holder_id == MEMBER
    await selling.claims.decide(selling.request(), claim.id, accept=True)
    assert (await selling.person(member=STRANGER)).username == "Ann_Trades"
    assert await selling.person(member=MEMBER) is None
    linked = (await selling.events("link"))[-1]
    assert linked.before == {"member_id": str(MEMBER)}
    with pytest.raises(ClaimDecided) as decided:
        await selling.claims.decide(selling.request(9), claim.id, accept=False)
    assert (decided.value.accepted, decided.value.by) == (True, STAFF)


async def test_staff_refuse_and_nothing_moves(selling):
    claim = await claim_of(selling)
    await selling.claims.decide(selling.request(), claim.id, accept=False)
    assert await selling.person(member=STRANGER) is None
    assert len(await selling.events("claim_refused")) == 1
    with pytest.raises(ClaimDecided):
        await selling.claims.question(HOME, claim.id)


async def test_a_claimer_who_linked_another_name_meanwhile_keeps_that_one(selling):
    claim = await claim_of(selling)
    await selling.resolve(STRANGER, "bob-fx")
    with pytest.raises(MemberHasOtherName):
        await selling.claims.decide(selling.request(), claim.id, accept=True)
    assert await waiting(selling) == [claim]


async def test_a_claim_is_known_in_its_own_server_only(selling):
    claim = await claim_of(selling)
    with pytest.raises(ClaimUnknown):
        await selling.claims.decide(selling.request(guild_id=OTHER), claim.id, accept=True)


async def test_staff_who_tie_the_name_by_command_settle_the_claim(selling):
    await claim_of(selling)
    await selling.customers.tie(selling.request(), STRANGER, "Ann_Trades")
    assert await waiting(selling) == []


async def test_twenty_at_once_make_one_customer_and_one_claim(selling):
    await asyncio.gather(
        *(selling.customers.link(selling.request(MEMBER), "bob-fx") for _ in range(10)),
        *(selling.resolve(None, "Ann_Trades") for _ in range(10)),
    )
    assert len(await selling.events("link")) == 1
