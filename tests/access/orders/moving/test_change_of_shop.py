"""600 customers change shop: few staff actions, no end changed, nothing written, every payer without access named."""

from datetime import timedelta

import pytest

from bot.access.orders.moving.matching import Outcome
from bot.cli import change_report
from bot.store.tables.ledger import permission
from bot.store.tables.payments import contract, contract_purchase
from tests.support.access_harness import open_harness
from tests.support.fake_time import START
from tests.support.moved_shop import MovedShop, whop_membership, written
from tests.support.vendor_fixture import HOME

PAYERS, WITHOUT, STRANGERS = 600, 10, 20
TITLES = (
    "Membership ID,User ID,Email,Product,Plan ID,Status,Renewal Period End,TradingView username\n"
)


def end_of(number):
    return (START + timedelta(days=3 + number % 25)).replace(second=0, microsecond=0)


@pytest.fixture
async def moved(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for number in range(PAYERS + STRANGERS):
            name = f"trader_{number}"
            harness.vendor.world.add_user(name)
            if number >= WITHOUT:
                harness.give(name, end_of(number))
        shop = MovedShop(harness, tmp_path, "whop")
        await shop.connect("whop")
        yield shop


def members(payers=PAYERS):
    return TITLES + "".join(
        f"mem_{number}x,user_{number},t{number}@example.org,Scripts,plan_1,active,{written(end_of(number))},"
        f"Trader_{number}\n"
        for number in range(payers)
    )


async def test_600_customers_move_with_two_commands(moved):
    harness = moved.harness
    actions = 0
    plan = await moved.plan(members())  # usher import members.csv --from whop
    actions += 1
    assert plan.number(Outcome.AGREES) == PAYERS - WITHOUT
    said = change_report.summary(plan, named_in=None, is_connected=True)
    without = [f"trader_{number}" for number in range(WITHOUT)]
    assert all(f"  {name.capitalize()} ·" in said for name in without)
    named = [access.username for access in plan.strangers]
    assert sorted(named) == sorted(f"trader_{PAYERS + number}" for number in range(STRANGERS))
    done = await moved.take_over(members())  # the same, --apply
    actions += 1
    assert (done.tied, done.adopted, done.left) == (PAYERS - WITHOUT, PAYERS - WITHOUT, [])
    assert actions <= 10
    assert harness.writes() == []
    for number in range(WITHOUT, PAYERS + STRANGERS):
        assert harness.end(f"trader_{number}") == end_of(number)
    kept = await moved.rows(permission)
    assert len(kept) == PAYERS - WITHOUT  # whoever does not pay is not touched
    assert all(row.wanted_ends_at == row.seen_ends_at for row in kept)
    assert len(await moved.rows(contract)) == PAYERS - WITHOUT
    harness.queue.wake(HOME)
    await harness.rest()
    assert harness.writes() == []
    # The shop goes on to tell of them: one renews, and one is told of as it is.
    later = end_of(50) + timedelta(days=31)
    await moved.says("whop", whop_membership(later, "mem_50x"))
    await moved.says("whop", whop_membership(end_of(51), "mem_51x"))
    assert harness.end("trader_50") == later + timedelta(days=2)
    assert harness.end("trader_51") == end_of(51)
    assert len(harness.writes()) == 1
    assert await moved.bought() == ["payment"] * (PAYERS - WITHOUT)


async def test_ended_halfway_the_next_run_goes_on(moved):
    class Killed(BaseException):
        pass

    def killed(done, _):
        if done >= 100:
            raise Killed

    some = members(130)
    with pytest.raises(Killed):
        await moved.take_over(some, tell=killed)
    assert len(await moved.rows(contract)) == 100 - WITHOUT
    done = await moved.take_over(some)
    assert (done.known, done.tied) == (100 - WITHOUT, 30)
    assert await moved.bought() == ["payment"] * (130 - WITHOUT)
    async with moved.harness.database.read() as connection:
        ties = list(await connection.execute(contract_purchase.select()))
    assert len(ties) == 130 - WITHOUT
    assert moved.harness.writes() == []
