"""The undo of a batch after a payment went back: what is over stays so, and nothing stays in its place."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot import clock
from bot.access.orders.bulk.errors import NothingToDo
from bot.access.rules.payments import Buyer, Dispute, DisputeState, Line, Payment, Refund
from bot.store.kinds import BatchKind, RowState
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter, entries
from tests.support.contract_shop import open_contract_shop
from tests.support.vendor_fixture import HOME, STAFF

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PAID_UNTIL = datetime(2026, 4, 9, 12, tzinfo=UTC)
ANN = ["Ann_Trades"]
SETS = [("2026-03-20T12:00:00Z", 10), ("2026-08-20T12:00:00Z", 163), ("L", None)]


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        counter = Counter(harness)
        counter.shop = await open_contract_shop(harness)
        await counter.shop.tells(
            Payment("in_1", "sub_1", NOW, (Line(("p_trend",)),), NOW, PAID_UNTIL, amount=Decimal(29)),
            Buyer(contract="sub_1", username="Ann_Trades"),
        )  # fmt: skip
        yield counter


async def undone(counter, number):
    """Undo it; return how many the preview says lose access by it."""
    undo = await counter.bulk.undo.draft(counter.harness.request(), number)
    await counter.carry_out(undo)
    return (await counter.view(undo)).forecast.ends


async def refunded(counter):
    await counter.harness.let_pass(60)
    await counter.shop.tells(Refund("re_1", "in_1", clock.now(), amount=Decimal(29)))


@pytest.mark.parametrize("kind", [BatchKind.GRANT, BatchKind.EXTEND, BatchKind.COMPENSATE])
async def test_time_that_was_added_goes_also_where_the_rest_was_refunded(counter, kind):
    number = await counter.run(kind, entries(ANN, "3D"))
    await refunded(counter)
    assert counter.harness.end("Ann_Trades").date() == (NOW + timedelta(days=3)).date()
    assert await undone(counter, number) == 1
    assert counter.harness.end("Ann_Trades") == "absent"


@pytest.mark.parametrize(("until", "days"), SETS)
async def test_an_end_that_was_set_goes_where_what_it_replaced_was_refunded(counter, until, days):
    number = await counter.run(BatchKind.SET, entries(ANN, until=until, now=NOW))
    await refunded(counter)
    given = None if days is None else NOW + timedelta(days=days)
    assert counter.harness.end("Ann_Trades") == given
    assert await undone(counter, number) == 1
    assert counter.harness.end("Ann_Trades") == "absent"


@pytest.mark.parametrize("kind", [BatchKind.SET, BatchKind.REVOKE])
async def test_what_is_disputed_comes_back_once_that_is_won(counter, kind):
    paid = counter.harness.end("Ann_Trades")
    until = "L" if kind is BatchKind.SET else None
    number = await counter.run(kind, entries(ANN, until=until, now=NOW))
    await counter.harness.let_pass(60)
    await counter.shop.tells(Dispute("dp_1", "in_1", clock.now(), DisputeState.OPEN))
    await undone(counter, number)
    assert counter.harness.end("Ann_Trades") == "absent"
    await counter.shop.tells(Dispute("dp_1", "in_1", clock.now(), DisputeState.WON))
    assert counter.harness.end("Ann_Trades") == paid


async def test_what_staff_decide_after_a_refund_stays(counter):
    number = await counter.run(BatchKind.EXTEND, entries(ANN, "3D"))
    await refunded(counter)
    harness = counter.harness
    await harness.done(await harness.set("Ann_Trades", "2026-08-20T12:00:00Z"))
    with pytest.raises(NothingToDo):
        await counter.bulk.undo.draft(harness.request(), number)
    assert harness.end("Ann_Trades") == NOW + timedelta(days=163)


@pytest.mark.parametrize("kind", [BatchKind.GRANT, BatchKind.SET, BatchKind.REVOKE])
async def test_what_is_withdrawn_after_a_refund_leaves_nothing(counter, kind):
    harness = counter.harness
    length = "3D" if kind is BatchKind.GRANT else None
    until = "2026-08-20T12:00:00Z" if kind is BatchKind.SET else None
    number = await counter.draft(kind, entries(ANN, length, until, now=NOW))
    await counter.start_while_down(number)
    await refunded(counter)
    await withdrawn(counter, number)
    assert harness.end("Ann_Trades") == "absent"


async def test_a_revoke_that_is_withdrawn_leaves_alone_what_usher_never_gave(counter):
    harness = counter.harness
    harness.give("bob-fx", None)
    await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
    number = await counter.draft(BatchKind.REVOKE, entries(["bob-fx"]))
    await counter.start_while_down(number)
    await withdrawn(counter, number)
    assert harness.end("bob-fx") is None
    assert not await harness.reasons("bob-fx")


async def withdrawn(counter, number):
    """Cancel what TradingView, which is down until then, was asked for nothing of."""
    await counter.bulk.batches.cancel(counter.harness.request(), number)
    await counter.bulk.runner.look()
    counter.harness.switches.down = False
    await counter.to_the_end(number)
    [row] = await counter.rows(number)
    assert row.state is RowState.WITHDRAWN
    await counter.harness.let_pass(60)
