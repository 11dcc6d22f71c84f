"""A code gives what it gives once, to one member, whatever happens at the same moment."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot import clock
from bot.access.catalogue.errors import ItemUnknown, ProductEmpty
from bot.access.orders.errors import (
    CodeNotNamed,
    CodeUnknown,
    GivesLifetime,
    HaveItForever,
    TooManyGuesses,
)
from bot.access.request import RequestContext
from bot.access.rules.duration import parse_length, parse_until
from bot.access.rules.guesses import OF_MEMBER, OF_SERVER
from bot.store.catalogue import products
from bot.store.engine.database import open_database
from bot.store.ledger import purchases
from bot.store.people import customers
from bot.store.records import Actor
from bot.store.sweeps import seats
from bot.store.tables import sales
from bot.store.tables.ledger import purchase
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME, OTHER, STAFF

ANN, BOB = 501, 502
NOT_A_CODE = "2222-2222-2222-2222-2222"


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        async with harness.database.write() as connection:
            gold = await products.add(
                connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", grace_days=3
            )
            await products.add_scripts(connection, gold.id, [harness.script.id])
        yield harness


def asks(harness, member, key=None, guild_id=HOME):
    request = harness.request(key, guild_id=guild_id)
    return RequestContext(
        guild_id, Actor.member(member), request.idempotency_key, clock.now(), "token"
    )


async def make(harness, item="gold", length="1M", number=1, uses=1, expires=None, **consent):
    request = harness.request(**consent)
    made = await harness.codes.create(
        request, item, parse_length(length), number=number, uses=uses, expires=expires
    )
    return made.code_set, list(made.codes)


async def redeem(harness, code, member=ANN, key=None, guild_id=HOME):
    return await harness.codes.redeem(asks(harness, member, key, guild_id), code)


async def link(harness, member=ANN, name="Ann_Trades"):
    async with harness.database.write() as connection:
        person = await customers.by_member(connection, HOME, member)
        person = person or await customers.add(connection, HOME, member_id=member)
        await customers.rename(connection, person.id, name, None)
    await harness.purchases.look()


async def given(harness):
    """How many purchases came from a code, and how often codes were used."""
    async with harness.database.read() as connection:
        bought = await connection.execute(
            select(func.count()).where(purchase.c.source == "code").select_from(purchase)
        )
        uses = await connection.execute(select(func.count()).select_from(sales.code_use))
        used = await connection.execute(select(func.sum(sales.code.c.used)))
        return bought.scalar_one(), uses.scalar_one(), used.scalar_one()


async def test_a_code_gives_its_time_and_the_grace_days_of_the_product(harness):
    await link(harness)
    _, [code] = await make(harness)
    got = await redeem(harness, code.lower().replace("-", " "))
    receipt = await harness.done(got.order_id)
    assert receipt.entitlement.source == "code"
    assert harness.end("Ann_Trades") == receipt.entitlement.ends_at + timedelta(days=3)
    assert receipt.order.note == receipt.entitlement.note == "batch 1"


async def test_a_code_adds_to_paid_time(harness):
    await link(harness)
    paid = await harness.done(await harness.grant("Ann_Trades", "7D"))
    _, [code] = await make(harness, "trend", "7D")
    receipt = await harness.done((await redeem(harness, code)).order_id)
    assert receipt.entitlement.start_at == paid.entitlement.ends_at
    assert harness.end("Ann_Trades") == paid.entitlement.ends_at + timedelta(days=7)


async def test_one_use_is_for_one_member_and_the_others_are_told_nothing(harness):
    _, [code] = await make(harness)
    assert await redeem(harness, code) is not None
    assert await redeem(harness, code, BOB) is None
    assert await given(harness) == (1, 1, 1)


async def test_two_members_at_the_same_moment_exactly_one_gets_it(harness):
    await link(harness)
    await link(harness, BOB, "bob-fx")
    for number in range(5):
        _, [code] = await make(harness)
        results = await asyncio.gather(*(redeem(harness, code, who) for who in (ANN, BOB)))
        assert [got is None for got in results].count(True) == 1
        assert await given(harness) == (number + 1,) * 3


async def test_two_programs_at_the_same_moment_exactly_one_gives_it(harness):
    """Each has its own connections: only the database stands between them."""
    async with open_database(harness.vendor.settings.database_url) as database:
        from bot.access.orders.codes import Codes

        other = Codes(database, harness.vault, harness.purchases, harness.contracts)
        for number in range(5):
            _, [code] = await make(harness)
            one, two = asks(harness, ANN), asks(harness, BOB)
            results = await asyncio.gather(harness.codes.redeem(one, code), other.redeem(two, code))
            assert [got is None for got in results].count(True) == 1
            assert await given(harness) == (number + 1,) * 3


async def test_a_code_for_three_is_for_three_members_and_once_for_each(harness):
    _, [code] = await make(harness, uses=3)
    results = [await redeem(harness, code, who) for who in (1, 1, 2, 3, 4)]
    assert [got is not None for got in results] == [True, False, True, True, False]
    assert await given(harness) == (3, 3, 3)


async def test_the_same_press_twice_counts_once_and_leads_to_the_same(harness):
    await link(harness)
    _, [code] = await make(harness, uses=5)
    first = await redeem(harness, code, key="twice")
    again = await redeem(harness, code, key="twice")
    assert first.order_id == again.order_id is not None
    assert await given(harness) == (1, 1, 1)


async def test_without_a_name_it_waits_and_begins_once_one_is_known(harness):
    _, [code] = await make(harness, length="7D")
    got = await redeem(harness, code)
    assert (got.order_id, got.has_name) == (None, False)
    await harness.rest()
    assert not harness.writes()
    await harness.time.advance(20 * 86_400)
    await link(harness)
    await harness.rest()
    assert harness.end("Ann_Trades") > clock.now() + timedelta(days=9)  # 7 and 3 of grace
    assert not await harness.outcomes.members_to_tell()  # they hear of it as the one who asked
    [receipt] = await harness.outcomes.untold()
    assert receipt.order.asker_id == ANN


async def test_an_expired_a_revoked_an_unknown_and_another_servers_code_are_all_the_same(harness):
    _, [expired] = await make(harness, expires=parse_until("1D", clock.now()))
    revoked, [of_revoked] = await make(harness)
    _, [single, works] = await make(harness, number=2)
    await harness.codes.revoke(harness.request(), revoked.made.id, "")
    await harness.codes.revoke(harness.request(), None, single)
    await harness.time.advance(86_400)
    tries = [expired, of_revoked, single, NOT_A_CODE]
    assert [await redeem(harness, each, 600 + n) for n, each in enumerate(tries)] == [None] * 4
    assert await redeem(harness, works, guild_id=OTHER) is None
    assert await redeem(harness, works) is not None


async def test_what_was_revoked_can_be_put_back(harness):
    code_set, [code] = await make(harness)
    revoked = await harness.codes.revoke(harness.request(), None, code)
    assert revoked.code_id is not None
    await harness.codes.revoke(harness.request(), code_set.made.id, "")
    await harness.codes.put_back(harness.request(), code_set.made.id, revoked.code_id)
    assert await redeem(harness, code) is None
    await harness.codes.put_back(harness.request(), code_set.made.id, None)
    assert await redeem(harness, code) is not None


@pytest.mark.parametrize(("set_id", "code"), [(None, ""), (1, NOT_A_CODE)])
async def test_one_of_set_and_code_is_needed_to_revoke(harness, set_id, code):
    with pytest.raises(CodeNotNamed):
        await harness.codes.revoke(harness.request(), set_id, code)


async def test_staff_of_another_server_revoke_nothing_and_learn_nothing(harness):
    code_set, [code] = await make(harness)
    theirs = harness.request(guild_id=OTHER)
    for arguments in ((code_set.made.id, ""), (None, code), (99, ""), (None, "x")):
        with pytest.raises(CodeUnknown):
            await harness.codes.revoke(theirs, *arguments)
    with pytest.raises(CodeUnknown):
        await harness.codes.put_back(theirs, code_set.made.id, None)
    assert await harness.codes.sets(OTHER) == []
    assert await redeem(harness, code) is not None


async def test_wrong_codes_make_a_member_wait_and_a_restart_does_not_help(harness):
    _, [code] = await make(harness)
    for _ in range(OF_MEMBER):
        assert await redeem(harness, NOT_A_CODE) is None
    harness.services = harness.vendor.build()
    with pytest.raises(TooManyGuesses) as refused:
        await redeem(harness, code)  # also the right one
    assert refused.value.when == clock.now() + timedelta(minutes=10)
    assert await redeem(harness, code, BOB) is not None  # nobody else is held up
    await harness.time.advance(601)
    assert await redeem(harness, NOT_A_CODE) is None
    with pytest.raises(TooManyGuesses) as refused:
        await redeem(harness, NOT_A_CODE)
    assert refused.value.when == clock.now() + timedelta(minutes=20)
    entries = await harness.vendor.events("code_guesses")
    assert [(entry.member_id, entry.after) for entry in entries] == [(ANN, {"number": 5})]
    await harness.time.advance(86_400)
    _, [another] = await make(harness)
    assert await redeem(harness, another) is not None


async def test_wrong_codes_of_many_members_hold_up_one_server(harness):
    for number in range(OF_SERVER):
        assert await redeem(harness, NOT_A_CODE, 1_000 + number) is None
    with pytest.raises(TooManyGuesses):
        await redeem(harness, NOT_A_CODE, 5_000)
    assert await redeem(harness, NOT_A_CODE, 5_000, guild_id=OTHER) is None
    assert len(await harness.vendor.events("code_guesses_here")) == 1
    await harness.time.advance(3_601)
    assert await redeem(harness, NOT_A_CODE, 5_000) is None


async def test_many_guesses_at_once_are_counted_one_by_one(harness):
    tries = [redeem(harness, NOT_A_CODE) for _ in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results.count(None) == OF_MEMBER
    assert sum(isinstance(each, TooManyGuesses) for each in results) == 20 - OF_MEMBER


async def test_a_wrong_code_delivered_twice_is_one_guess(harness):
    for _ in range(OF_MEMBER + 2):
        assert await redeem(harness, NOT_A_CODE, key="same") is None


async def test_somebody_with_lifetime_keeps_the_code(harness):
    await link(harness)
    await harness.done(await harness.grant("Ann_Trades", "L"))
    _, [code] = await make(harness)
    with pytest.raises(HaveItForever):
        await redeem(harness, code)
    assert await given(harness) == (0, 0, 0)
    assert await redeem(harness, code, BOB) is not None


async def test_no_number_of_seats_holds_up_a_code(harness):
    await link(harness)
    async with harness.database.write() as connection:
        await seats.set_guard(connection, HOME, on=True)
        for number in range(100):
            person = await customers.add(connection, HOME, username=f"seat{number}")
            from tests.support.vendor_fixture import hold

            await hold(connection, harness.script, person, wanted="lifetime", seen="lifetime")
    _, [code] = await make(harness)
    receipt = await harness.done((await redeem(harness, code)).order_id)
    assert receipt.state == "done"
    await harness.seat_counts.watch()
    assert [entry.after["level"] for entry in await harness.vendor.events("seats")]


async def test_lifetime_codes_are_asked_about_and_give_lifetime(harness):
    with pytest.raises(GivesLifetime):
        await make(harness, length="L", number=3)
    await link(harness)
    _, [code, *_] = await make(harness, length="L", number=3, confirmed=True)
    await harness.done((await redeem(harness, code)).order_id)
    assert harness.end("Ann_Trades") is None


async def test_a_request_for_codes_that_is_delivered_twice_makes_them_once(harness):
    request = harness.request("once")
    how = {"number": 5, "uses": 1, "expires": None}
    assert len((await harness.codes.create(request, "gold", parse_length("1M"), **how)).codes) == 5
    assert await harness.codes.create(request, "gold", parse_length("1M"), **how) is None
    assert [code_set.count.codes for code_set in await harness.codes.sets(HOME)] == [5]


async def test_what_cannot_be_given_makes_no_codes(harness):
    async with harness.database.write() as connection:
        await products.add(connection, HOME, by=STAFF, at=clock.now(), slug="empty", title="Empty")
    for item, refusal in (("nothing", ItemUnknown), ("empty", ProductEmpty)):
        with pytest.raises(refusal):
            await make(harness, item)
    assert await harness.codes.sets(HOME) == []


async def test_the_list_counts_what_is_used_and_what_works(harness):
    code_set, codes = await make(harness, number=3, uses=2)
    for member in (ANN, BOB):
        await redeem(harness, codes[0], member)
    await redeem(harness, codes[1], ANN)
    [shown] = await harness.codes.sets(HOME)
    assert (shown.count.codes, shown.count.used, shown.count.left) == (3, 3, 2)
    await harness.codes.revoke(harness.request(), code_set.made.id, "")
    [shown] = await harness.codes.sets(HOME)
    assert shown.count.left == 0


async def test_a_code_sold_for_what_is_archived_since_still_counts(harness):
    await link(harness)
    _, [code] = await make(harness)
    async with harness.database.write() as connection:
        gold = await products.by_slug(connection, HOME, "gold")
        await products.change(connection, gold.id, archived_at=clock.now())
    await harness.done((await redeem(harness, code)).order_id)
    assert harness.end("Ann_Trades") != "absent"


async def test_no_code_lies_readable_in_the_database_its_copies_or_the_log(harness, caplog):
    caplog.set_level("DEBUG")
    code_set, codes = await make(harness, number=20)
    await redeem(harness, codes[0])
    await redeem(harness, codes[1] + "2")
    await harness.codes.revoke(harness.request(), None, codes[2])
    from sqlalchemy import make_url

    path = make_url(harness.vendor.settings.database_url).database

    def held():
        from pathlib import Path

        return b"".join(each.read_bytes() for each in Path(path).parent.glob("usher.db*"))

    kept = (await asyncio.to_thread(held)).upper()
    for code in codes:
        for form in (code, code.replace("-", "")):
            assert form.encode() not in kept
            assert form not in caplog.text
    assert not re.search("|".join(codes), repr(code_set))


async def test_what_a_program_that_was_killed_left_open_counts_for_nobody(harness):
    """Nothing of a transaction that was not ended is kept: neither the use nor what it gave."""
    from bot.access.orders import codes as module

    _, [code] = await make(harness)
    killed = pytest.MonkeyPatch()

    async def dies(*_):
        raise KeyboardInterrupt

    with killed.context() as patch:
        patch.setattr(module.codes, "add_use", dies)
        with pytest.raises(KeyboardInterrupt):
            await redeem(harness, code)
    assert await given(harness) == (0, 0, 0)
    assert await redeem(harness, code, BOB) is not None


async def test_a_code_after_a_revoke_gives_its_time(harness):
    await link(harness)
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.done(await harness.revoke("Ann_Trades"))
    _, [code] = await make(harness)
    await harness.done((await redeem(harness, code)).order_id)
    assert harness.end("Ann_Trades") != "absent"
    async with harness.database.read() as connection:
        person = await customers.by_member(connection, HOME, ANN)
        bought = (await purchases.of_customers(connection, [person.id]))[person.id]
    assert [each.source for each in bought] == ["staff", "code"]
