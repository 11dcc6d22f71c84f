"""Paid, refunded, disputed and won in every order while TradingView is down for a day: then the table holds."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from bot import clock
from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Line,
    Payment,
    Refund,
    Snapshot,
    Status,
)
from tests.support.access_harness import open_harness
from tests.support.contract_shop import open_contract_shop

DAY = 24 * 3600.0
MONTH = timedelta(days=30)


@pytest.fixture
async def shop(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield await open_contract_shop(harness)


def story(number, end):
    """The messages of one buyer, and their name."""
    name, sub, invoice = f"buyer_{number}", f"sub_{number}", f"in_{number}"
    now = clock.now()
    return name, {
        "paid": (
            Payment(invoice, sub, now, (Line(("p_trend",)),), now, end, amount=Decimal(2900)),
            Buyer(contract=sub, username=name),
            Snapshot(sub, now, Status.ACTIVE, renews=True),
        ),
        "refund": (Refund(f"re_{number}", invoice, now, amount=Decimal(2900)),),
        "part": (Refund(f"re_{number}", invoice, now, amount=Decimal(900)),),
        "dispute": (Dispute(f"du_{number}", invoice, now, DisputeState.OPEN),),
        "won": (Dispute(f"du_{number}", invoice, now + timedelta(days=1), DisputeState.WON),),
    }


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        (("paid", "dispute", "won"), True),
        (("paid", "dispute"), False),
        (("paid", "refund", "dispute", "won"), False),
        (("paid", "part", "dispute", "won"), True),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, tuple) else None,
)
async def test_tradingview_holds_what_the_table_says_whatever_came_first(shop, told, stands):
    harness = shop.harness
    end = clock.now() + 2 * MONTH
    buyers = []
    for number, order in enumerate(permutations(told)):
        name, messages = story(number, end)
        harness.vendor.world.add_user(name)
        buyers.append((name, [messages[each] for each in order]))
    harness.switches.set("down", True)
    for step in range(len(told)):  # all of them between each other, as on a bad day
        for _, messages in buyers:
            await shop.says(*messages[step])
    await harness.rest()
    assert harness.writes() == []
    await harness.time.advance(DAY)
    harness.switches.set("down", False)
    await harness.let_pass(3600)
    held = [harness.end(name) for name, _ in buyers]
    expected = end + timedelta(days=2) if stands else "absent"
    assert held == [expected] * len(buyers)
