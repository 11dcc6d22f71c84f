"""A change of plan: paid time goes along, the new access stands before the old goes, and it can be put back."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.ledger.errors import MoveLeavesOpen, NothingToMove, SameItem, Shortens
from bot.access.orders.purchases import Bought
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length, parse_until
from bot.access.rules.entitlements import State
from bot.jobs import Jobs
from bot.store.catalogue import products
from bot.store.kinds import ActorKind, Reason, StateKind
from bot.store.ledger import orders, permissions, purchases
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.access_harness import AccessHarness, open_harness
from tests.support.vendor_fixture import HOME, STAFF

ANN = 501
NAME = "Ann_Trades"
DAY = timedelta(days=1)
SHOP = Actor(ActorKind.SOURCE, "staff")


@pytest.fixture
async def harness(frozen, tmp_path):
    """Silver is trend and base, gold is trend, range and volume."""
    async with open_harness(tmp_path, frozen) as harness:
        for slug in ("range", "volume", "base"):
            await harness.vendor.add_script(slug=slug)
        async with harness.database.write() as connection:
            for slug, scripts in PLANS.items():
                plan = await products.add(
                    connection, HOME, by=STAFF, at=clock.now(), slug=slug, title=slug.title()
                )
                found = [(await find_item(connection, HOME, each)).script_id for each in scripts]
                await products.add_scripts(connection, plan.id, found)
            person = await customers.add(connection, HOME, member_id=ANN)
            await customers.rename(connection, person.id, NAME, None)
        yield harness


PLANS = {"silver": ("trend", "base"), "gold": ("trend", "range", "volume")}


async def move(harness, old="silver", new="gold", until=None, **more):
    request = more.pop("request", None) or harness.request(**more)
    end = None if until is None else parse_until(until, clock.now())
    return await harness.moves.move(request, Subject(username=NAME), old, new, end)


async def whole(harness, order, *, within=0):
    """Wait until all that the order leads is done, too; returns what became of it."""
    await harness.done(order, within=within)
    for _ in range(60):
        receipt = await harness.outcomes.receipt(order)
        if receipt.state == "done":
            return receipt
        await harness.time.advance(1)
        await harness.rest()
    raise AssertionError([each.order.state for each in receipt.every])


async def ends(harness):
    """What TradingView holds, by slug; what was never there or is gone is left out."""
    found = {}
    for slug in ("trend", "range", "volume", "base"):
        async with harness.database.read() as connection:
            [script] = (await find_item(connection, HOME, slug)).scripts
        if (row := harness.fake.world.row(script.pine_id, NAME)) is not None:
            found[slug] = row.end
    return found


async def have(harness, item="silver", length="1M"):
    return await harness.done(await harness.grant(NAME, length, item), within=10)


async def bought(harness, key, gives, item="silver"):
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, item)
    request = RequestContext(HOME, SHOP, key, clock.now())
    opened = await harness.purchases.open(request, Bought("staff", sold, ANN, gives))
    await harness.done(opened.order_id, within=10)
    return opened.purchase


async def test_what_is_left_ends_when_it_would_have_ended(harness):
    end = (await have(harness)).entitlement.ends_at
    await harness.time.advance(10 * 86_400)
    done = await whole(harness, await move(harness), within=10)
    assert await ends(harness) == {"trend": end, "range": end, "volume": end}
    assert [each.script.slug for each in done.every] == ["range", "trend", "volume", "base"]


async def test_what_is_left_comes_on_top_of_what_there_is_of_the_new_plan(harness):
    gold = (await have(harness, "gold", "7D")).entitlement
    silver = await have(harness, "silver", "10D")
    by_slug = {each.script.slug: each.entitlement.ends_at for each in silver.every}
    assert by_slug["trend"] - gold.ends_at == 10 * DAY  # it was on top of gold's already
    moved_at = clock.now()
    await whole(harness, await move(harness), within=10)
    now = await ends(harness)
    assert now["trend"] == by_slug["trend"]  # in both: not touched
    left = by_slug["trend"] - moved_at  # the longest that silver gave
    assert now["range"] == now["volume"] == gold.ends_at + left
    assert "base" not in now


async def test_what_is_in_both_is_never_written(harness):
    await have(harness)
    before = len(writes(harness))
    await whole(harness, await move(harness), within=10)
    assert writes(harness)[before:] == ["add", "add", "remove"]


async def test_an_end_that_was_named_is_exactly_that_also_where_both_have_the_script(harness):
    await have(harness)
    order = await move(harness, until="2026-12-24")
    done = await whole(harness, order, within=10)
    end = parse_until("2026-12-24", clock.now())
    assert set((await ends(harness)).values()) == {end}
    assert "base" not in await ends(harness)
    assert done.can_put_back


async def test_an_earlier_end_than_there_is_asks_first(harness):
    await have(harness, length="1Y")
    with pytest.raises(Shortens):
        await move(harness, until="2026-03-20")
    await whole(harness, await move(harness, until="2026-03-20", confirmed=True), within=10)


async def test_a_lifetime_moves_as_a_lifetime(harness):
    await have(harness, length="L")
    await whole(harness, await move(harness), within=10)
    assert await ends(harness) == {"trend": None, "range": None, "volume": None}


async def test_several_purchases_move_one_behind_the_other(harness):
    await have(harness, length="10D")
    end = (await have(harness, length="20D")).entitlement.ends_at
    await whole(harness, await move(harness), within=10)
    assert (await ends(harness))["range"] == end


async def test_grace_days_are_not_time_and_are_not_moved_as_time(harness):
    async with harness.database.write() as connection:
        silver = await products.by_slug(connection, HOME, "silver")
        await products.change(connection, silver.id, grace_days=5)
    end = (await have(harness)).entitlement.ends_at
    await whole(harness, await move(harness), within=10)
    assert (await ends(harness))["range"] == end + 5 * DAY  # as many grace days as before, once
    more = await have(harness, "gold", "10D")
    assert more.entitlement.ends_at == end + 10 * DAY


async def test_time_that_tradingview_alone_knew_of_goes_along(harness):
    await have(harness, length="7D")
    async with harness.database.read() as connection:
        [base] = (await find_item(connection, HOME, "base")).scripts
    later = clock.now() + 90 * DAY
    harness.fake.world.grant(base.pine_id, NAME, later)
    await whole(harness, await move(harness), within=10)
    assert (await ends(harness))["range"] == later


async def test_what_lasts_as_long_as_its_source_stays_and_is_asked_about(harness):
    role = await bought(harness, "role", State(StateKind.OPEN))
    with pytest.raises(NothingToMove):
        await move(harness)
    await have(harness)
    with pytest.raises(MoveLeavesOpen):
        await move(harness)
    await whole(harness, await move(harness, confirmed=True), within=10)
    now = await ends(harness)
    assert now["base"] is None  # by the role
    assert now["range"] > clock.now()
    assert await harness.purchases.end(harness.request("gone"), [role.id])


async def test_the_purchase_is_found_by_its_reference_and_ends_with_its_source(harness):
    paid = await bought(harness, "contract 7", parse_length("1M"))
    await whole(harness, await move(harness), within=10)
    async with harness.database.read() as connection:
        found = await purchases.by_reference(connection, HOME, "staff", "contract 7")
        gold = await products.by_slug(connection, HOME, "gold")
    assert (found.id, found.product_id) == (paid.id, gold.id)
    assert await bought_again(harness, "contract 7") is False
    [order, *_] = await harness.purchases.end(harness.request("refund"), [paid.id])
    await whole(harness, order, within=10)
    assert await ends(harness) == {}


async def bought_again(harness, key):
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, "silver")
    request = RequestContext(HOME, SHOP, key, clock.now())
    opened = await harness.purchases.open(request, Bought("staff", sold, ANN, parse_length("1M")))
    return opened.is_new


async def test_the_old_access_stays_until_the_new_one_stands(harness):
    await have(harness)
    harness.switches.down = True
    order = await move(harness)
    await harness.rest()
    harness.switches.down = False
    before = len(writes(harness))
    await whole(harness, order, within=400)
    assert writes(harness)[before:] == ["add", "add", "remove"]


async def test_what_is_new_is_refused_and_the_old_stays_and_staff_hear_of_it(harness):
    end = (await have(harness)).entitlement.ends_at
    harness.switches.down = True
    order = await move(harness)
    await harness.rest()
    volume = await harness.permission(NAME, "volume")
    async with harness.database.write() as connection:
        await orders.end(
            connection, volume.id, volume.revision, clock.now(), "stuck", Reason.REFUSED
        )
        await permissions.change(connection, volume.id, state="stuck", reason=Reason.REFUSED)
    harness.switches.down = False
    for _ in range(60):  # the others are done meanwhile
        await harness.time.advance(10)
        await harness.rest()
    assert await ends(harness) == {"trend": end, "range": end, "base": end}  # the old one stays
    receipt = await harness.outcomes.receipt(order)
    assert receipt.state == "stuck"
    assert order in [each.order.id for each in await harness.outcomes.untold()]
    await harness.retries.retry(harness.request(), "volume")
    await whole(harness, order, within=30)
    assert "base" not in await ends(harness)


def writes(harness):
    """The kinds of all writes, in the order in which they came."""
    return [call.name for call in harness.fake.log if call.name in ("add", "modify", "remove")]


async def test_put_back_undoes_both_and_gives_the_old_back_first(harness):
    end = (await have(harness)).entitlement.ends_at
    order = await move(harness)
    done = await whole(harness, order, within=10)
    assert any(each.can_put_back for each in done.every)
    before = len(writes(harness))
    back = await harness.put_back(order)
    assert await harness.put_back(order) == back
    await whole(harness, back, within=10)
    await harness.rest()
    assert await ends(harness) == {"trend": end, "base": end}
    assert writes(harness)[before:] == ["add", "remove", "remove"]
    again = await whole(harness, await move(harness), within=10)  # and it can be moved once more
    assert again.end == end


async def test_there_and_back_again_is_two_moves(harness):
    end = (await have(harness)).entitlement.ends_at
    await whole(harness, await move(harness), within=10)
    await whole(harness, await move(harness, "gold", "silver"), within=10)
    assert await ends(harness) == {"trend": end, "base": end}


async def test_a_request_delivered_twice_moves_once(harness):
    await have(harness)
    request = harness.request("twice")
    first = await move(harness, request=request)
    assert await move(harness, request=request) == first
    await whole(harness, first, within=10)


async def test_the_same_item_is_refused(harness):
    await have(harness)
    with pytest.raises(SameItem):
        await move(harness, new="silver")


async def test_what_waits_for_its_start_goes_along_whole(harness):
    harness.switches.down = True
    await harness.grant(NAME, "1M", "silver")
    order = await move(harness)
    harness.switches.down = False
    await whole(harness, order, within=400)
    now = await ends(harness)
    assert "base" not in now
    assert now["range"] - clock.now() > 27 * DAY


@pytest.mark.parametrize("at", ["add", "remove"])
async def test_a_program_that_is_killed_between_the_two_leaves_each_to_be_done_once(harness, at):
    """What is recorded is enough: another program goes on where the first one stopped."""
    async with Jobs() as first:
        program = AccessHarness(harness.vendor, harness.time, first)
        await program.start()
        await have(program)
        before = len(writes(harness))
        harness.switches.fault("hang", path=at)
        await program.meanwhile(move(program))
        for _ in range(3):
            await harness.time.advance(1)
            await program.rest()
    async with harness.database.read() as connection:
        left = await permissions.unfinished(connection, HOME)
    assert any(each.after_id is not None for each in left)
    assert "base" in await ends(harness)
    harness.switches.reset()
    async with Jobs() as second:  # another process on the same database
        again = AccessHarness(harness.vendor, harness.time, second)
        await again.start()
        for _ in range(30):
            await harness.time.advance(2)
            await again.rest()
    assert set(await ends(harness)) == {"trend", "range", "volume"}
    applied = [call.name for call in harness.fake.log if call.applied][before:]
    assert sorted(applied) == ["add", "add", "remove"]
    assert applied[-1] == "remove"


async def test_what_somebody_gave_on_tradingview_is_noted_once_also_after_a_move_that_came_to_nothing(
    harness,
):
    end = clock.now() + 200 * DAY
    harness.give(NAME, end)
    await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
    moved = await move(harness, "trend", "range")
    harness.switches.down = True
    await harness.put_back(moved)
    changed = await harness.set(NAME, end.isoformat())
    harness.switches.down = False
    await harness.done(changed, within=60)
    await harness.done(await harness.put_back(changed))
    assert harness.end(NAME) == end
    assert [reason.source for reason in await harness.reasons(NAME)] == ["found"]


async def test_who_cannot_be_told_of_a_product_now_is_put_off_with_all_of_it(harness):
    order = (await have(harness)).order
    await whole(harness, order.id)
    assert [each.order.id for each in await harness.outcomes.members_to_tell()] == [order.id]
    assert not await harness.outcomes.members_to_tell([order.id])
