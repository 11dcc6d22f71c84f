"""A code on the public TradingView profile shows whose a name is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access.errors import TradingViewSilent
from bot.access.people.errors import (
    CodeMissing,
    MovedLately,
    NameChangedHands,
    NothingToProve,
    ProofOver,
    TooOften,
    YouAreBlocked,
)
from bot.access.request import Subject
from bot.store.kinds import ClaimState, Tie
from bot.store.people import claims, customers
from bot.store.tables.people import proof
from tests.support.vendor_fixture import AT, HOME, MEMBER, STRANGER, open_shop


@pytest.fixture
async def selling(tmp_path, frozen):
    """A server with a working login and a script; the member claims a free name."""
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor:
        for name in ("Ann_Trades", "ann_trades2"):
            vendor.world.add_user(name)
        await vendor.log_in()
        vendor.script = await vendor.add_script("trend")
        yield vendor


async def start(vendor, by=STRANGER, name="Ann_Trades", **time):
    """Get a code, and put it on the page of that user."""
    request = replace(vendor.request(by), at=AT + timedelta(**time))
    task = await vendor.proofs.start(request)
    vendor.world.find_user(name).about = f"My words. {task.code}"
    return task


def check(vendor, by=STRANGER, **time):
    return vendor.proofs.check(replace(vendor.request(by), at=AT + timedelta(**time)))


async def claim(vendor, by=STRANGER, name="Ann_Trades"):
    return await vendor.customers.link(vendor.request(by), name, vendor.world.find_user(name).id)


async def test_a_name_that_has_access_is_the_members_once_the_code_stands_there(selling):
    ann = await selling.resolve(None, "Ann_Trades")
    await selling.hold(selling.script, ann)
    assert await claim(selling) is False
    assert (await start(selling)).username == "Ann_Trades"
    assert await check(selling) == "Ann_Trades"
    person = await selling.person(member=STRANGER)
    assert (person.id, person.tie) == (ann.id, Tie.PROVEN)
    async with selling.database.read() as connection:
        assert await claims.waiting(connection, HOME) == []
        done = await claims.by_id(connection, HOME, 1)
    assert (done.state, done.decided_by) == (ClaimState.ACCEPTED, STRANGER)
    [event] = await selling.events("name_proven")
    assert event.after == {"username": "Ann_Trades"}


async def test_a_name_that_another_member_claimed_changes_hands(selling):
    assert await claim(selling, MEMBER) is True
    assert await claim(selling) is False
    await start(selling)
    await check(selling)
    assert (await selling.person(name="Ann_Trades")).member_id == STRANGER
    [event] = await selling.events("name_proven")
    assert event.before == {"member_id": str(MEMBER)}


async def test_ones_own_claimed_name_is_proven(selling):
    assert await claim(selling) is True
    assert (await selling.person(member=STRANGER)).tie is Tie.CLAIMED
    await start(selling)
    await check(selling)
    assert (await selling.person(member=STRANGER)).tie is Tie.PROVEN
    with pytest.raises(NothingToProve):
        await start(selling)


async def test_without_a_name_there_is_nothing_to_prove(selling):
    with pytest.raises(NothingToProve):
        await selling.proofs.start(selling.request(STRANGER))
    with pytest.raises(ProofOver):
        await check(selling)


async def test_the_code_of_another_member_or_page_is_no_proof(selling):
    await claim(selling)
    selling.world.find_user("ann_trades2").about = (await start(selling)).code
    selling.world.find_user("Ann_Trades").about = "usher-2222-3333-4444"
    with pytest.raises(CodeMissing) as missing:
        await check(selling)
    assert (missing.value.username, missing.value.left) == ("Ann_Trades", 4)
    assert (await selling.person(member=STRANGER)).tie is Tie.CLAIMED


async def test_a_code_is_looked_for_five_times_within_thirty_minutes(selling):
    await claim(selling)
    await start(selling)
    selling.world.find_user("Ann_Trades").about = ""
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(CodeMissing) as missing:
            await check(selling)
        assert missing.value.left == left
    with pytest.raises(ProofOver):
        await check(selling)
    await start(selling)
    with pytest.raises(ProofOver):
        await check(selling, minutes=30)
    await start(selling)
    assert await check(selling, minutes=29)


async def test_five_codes_a_day(selling):
    await claim(selling)
    for _ in range(5):
        await start(selling)
    with pytest.raises(TooOften):
        await start(selling)
    assert await start(selling, days=1)


async def test_an_outage_proves_nothing_and_costs_no_look(selling):
    await claim(selling)
    await start(selling)
    for trouble in ("errors_500", "challenges"):
        for _ in range(4):
            selling.switches.set(trouble, -1)
            with pytest.raises(TradingViewSilent):
                await check(selling)
            selling.switches.reset()
    assert await check(selling) == "Ann_Trades"


async def test_a_page_elsewhere_counts_for_nothing(selling):
    await claim(selling)
    await start(selling)
    selling.switches.set("profile", "language site")
    with pytest.raises(CodeMissing):
        await check(selling)


async def test_a_name_that_is_another_users_now_waits_for_staff(selling):
    ann = await selling.resolve(None, "Ann_Trades")
    user = selling.world.find_user("Ann_Trades")
    async with selling.database.write() as connection:
        await customers.rename(connection, ann.id, "Ann_Trades", user.id)
    await selling.hold(selling.script, ann)
    selling.world.rename_user(user, "Ann_Old")
    selling.world.add_user("Ann_Trades")
    assert await claim(selling) is False
    await start(selling)
    with pytest.raises(NameChangedHands):
        await check(selling)
    assert (await selling.person(name="Ann_Trades")).member_id is None


async def test_no_code_is_kept_and_none_is_sent_with_a_login(selling):
    await claim(selling)
    task = await start(selling)
    async with selling.database.read() as connection:
        [row] = (await connection.execute(proof.select())).all()
    assert task.code not in repr(row._mapping)
    await check(selling)
    [call] = selling.fake.calls("profile")
    assert (call.path, call.cookies) == ("/u/Ann_Trades/", frozenset())


async def test_a_proof_is_no_way_around_one_move_a_week(selling):
    """Else access is lent from account to account; each of them is shown to be one's own by its owner."""
    selling.world.add_user("ann_trades3")
    assert await claim(selling, name="Ann_Trades") is True
    mine = await selling.person(member=STRANGER)
    await selling.hold(selling.script, mine)
    second, third = (selling.world.find_user(name).id for name in ("ann_trades2", "ann_trades3"))
    moves = replace(selling.request(STRANGER), at=AT)
    assert await selling.customers.link(moves, "ann_trades2", second, instead_of="Ann_Trades")
    moves = replace(selling.request(STRANGER), at=AT + timedelta(hours=1))
    with pytest.raises(MovedLately):
        await selling.customers.link(moves, "ann_trades3", third, instead_of="ann_trades2")
    await start(selling, name="ann_trades3", hours=1)
    with pytest.raises(MovedLately):
        await check(selling, hours=1)
    assert (await selling.person(member=STRANGER)).username == "ann_trades2"
    async with selling.database.read() as connection:
        [waiting] = await claims.waiting(connection, HOME)  # staff may still say yes
    assert waiting.username == "ann_trades3"
    await start(selling, name="ann_trades3", days=7)
    assert await check(selling, days=7) == "ann_trades3"


async def test_a_blocked_member_proves_nothing(selling):
    ann = await selling.resolve(None, "Ann_Trades")
    await selling.hold(selling.script, ann)
    assert await claim(selling) is False
    await start(selling)
    await selling.services.blocks.block(selling.request(), Subject(member_id=STRANGER), "spam")
    for step in (start, check):
        with pytest.raises(YouAreBlocked):
            await step(selling)
    assert (await selling.person(name="Ann_Trades")).member_id is None
