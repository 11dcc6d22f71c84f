"""An undone batch leaves what there would be without it: each in it has a twin to whom all else happens too."""

import random
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot import clock
from bot.access.orders.bulk.records import Entry
from bot.access.rules.duration import parse_length
from bot.store.catalogue import products
from bot.store.kinds import BatchKind, RowState, StateKind
from bot.tradingview.models import Lifetime
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter
from tests.support.vendor_fixture import HOME, STAFF

PAIRS = 4
HOUR = 3600
LENGTHS = ["1D", "3D", "1W", "1M", "2M", "1M3D"]
SCRIPTS = ("trend", "range")
NEAR = timedelta(minutes=5)  # a twin's order comes some seconds later
TO_THE_31ST = 21 * 24 * HOUR  # the days of months matter
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@pytest.fixture
async def counter(tmp_path, frozen):
    await frozen.advance(TO_THE_31ST)
    async with open_harness(tmp_path, frozen) as harness:
        harness.other = await harness.vendor.add_script(slug="range")
        async with harness.database.write() as connection:
            gold = await products.add(
                connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", grace_days=3
            )
            ids = [harness.script.id, harness.other.id]
            await products.add_scripts(connection, gold.id, ids)
        for number in range(PAIRS):
            for kind in ("In", "Twin"):
                harness.vendor.world.add_user(f"{kind}_{number}")
        yield Counter(harness)


async def to_both(counter, number, does):
    for order_id in [await does(f"{kind}_{number}") for kind in ("In", "Twin")]:
        await counter.harness.done(order_id, within=120)


async def grants(counter, number, dice):
    length, item = dice.choice(LENGTHS), dice.choice([*SCRIPTS, "gold", "gold"])
    await to_both(counter, number, lambda name: counter.harness.grant(name, length, item))


async def sets(counter, number, dice):
    until = clock.now() + timedelta(days=dice.randint(1, 50))
    item = dice.choice(SCRIPTS)
    await to_both(
        counter, number, lambda name: counter.harness.set(name, f"{until:%Y-%m-%dT%H:%M:%SZ}", item)
    )


async def lasts(counter, number, dice):
    item = dice.choice(SCRIPTS)
    await to_both(counter, number, lambda name: counter.harness.grant(name, "L", item))


async def gives_by_hand(counter, number, dice):
    """Somebody writes a later end on TradingView itself."""
    end = clock.now().replace(microsecond=0) + timedelta(days=dice.randint(1, 70))
    script = dice.choice([counter.harness.script, counter.harness.other])
    for name in (f"In_{number}", f"Twin_{number}"):
        there = end_of(counter, script, name)
        if there is not None and there < end - NEAR:
            counter.harness.fake.world.grant(script.pine_id, name, end)


BEFORE = [grants, grants, grants, sets, gives_by_hand, lasts]


@pytest.mark.parametrize("kind", [each for each in BatchKind if each is not BatchKind.UNDO])
async def test_what_is_undone_leaves_no_trace(counter, kind):
    dice = random.Random(f"{kind}")
    for _ in range(3):
        for number in range(PAIRS):
            await dice.choice(BEFORE)(counter, number, dice)
        await counter.harness.let_pass(dice.randint(1, 12) * 24 * HOUR)
    batch = await counter.run(kind, [row_for(kind, number, dice) for number in range(PAIRS)])
    for number in range(PAIRS):
        for _ in range(dice.randint(0, 2)):
            await grants(counter, number, dice)
    await counter.harness.let_pass(dice.randint(1, 20) * HOUR)
    undo = await counter.undo(batch)
    await counter.harness.let_pass(60)
    for row in await counter.rows(undo, RowState.ORDERED):
        assert_as_told(counter, row)
    for number in range(PAIRS):  # what stands there by hand alone is taken over
        for item in SCRIPTS:
            await to_both(counter, number, partial(counter.harness.grant, length="1D", item=item))
        for script in (counter.harness.script, counter.harness.other):
            ends = [end_of(counter, script, f"{kind}_{number}") for kind in ("In", "Twin")]
            assert is_same(*ends), (number, script.slug, ends)


def assert_as_told(counter, row):
    """The dry run of the undo told what stands there now."""
    ends = [
        end_of(counter, script, row.username)
        for script in (counter.harness.script, counter.harness.other)
        if row.product_id is not None or script.id == row.script_id
    ]
    told = LONG_AGO if row.after is StateKind.NOTHING else row.after_ends_at
    assert is_same(told, max(ends, key=lambda end: (end is None, end or LONG_AGO))), row


def row_for(kind, number, dice):
    """What the batch asks for one of those in it."""
    length = until = None
    if kind is BatchKind.SET:
        until = clock.now().replace(microsecond=0) + timedelta(days=dice.randint(1, 40))
    elif kind is not BatchKind.REVOKE:
        length = parse_length(dice.choice(LENGTHS))
    item = dice.choice([*SCRIPTS, "gold"])
    return Entry(number + 1, username=f"In_{number}", item=item, length=length, until=until)


def end_of(counter, script, name):
    """The moment until which there is access: None without an end; long ago where there is none."""
    row = counter.harness.fake.world.row(script.pine_id, name)
    if row is None:
        return LONG_AGO
    return None if isinstance(row.end, Lifetime) else row.end


def is_same(one, other):
    if one is None or other is None:
        return one is other
    soon = clock.now() + NEAR
    return max(one, other) <= soon or abs(one - other) <= NEAR
