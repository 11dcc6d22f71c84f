"""An undo that is cancelled: what was put back by then stays so, everything else stays as it was."""

from datetime import UTC, datetime

import pytest

from bot.access.orders.bulk import runner
from bot.store.kinds import BatchKind, BatchState, RowState
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter, entries

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NAMES = ["Ann_Trades", "bob-fx", "Carol"]


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        harness.vendor.world.add_user("Carol")
        for name in NAMES:
            await harness.done(await harness.grant(name, "1M"))
        yield Counter(harness)


def ends(counter):
    return [counter.harness.end(name) for name in NAMES]


@pytest.mark.parametrize(
    ("kind", "length", "until"),
    [
        (BatchKind.GRANT, "3D", None),
        (BatchKind.SET, None, "2026-03-20"),
        (BatchKind.SET, None, "2026-08-20"),
        (BatchKind.REVOKE, None, None),
    ],
)
async def test_each_has_what_the_row_says(counter, monkeypatch, kind, length, until):
    had = ends(counter)
    number = await counter.run(kind, entries(NAMES, length, until, now=NOW))
    then = ends(counter)
    for most in ("AHEAD", "REFILL", "AT_ONCE"):
        monkeypatch.setattr(runner, most, 1)
    undo = await counter.bulk.undo.draft(counter.harness.request(), number)
    await counter.start_while_down(undo)
    await counter.bulk.batches.cancel(counter.harness.request(), undo)
    await counter.bulk.runner.look()
    counter.harness.switches.down = False
    await counter.to_the_end(undo)
    await counter.harness.let_pass(60)
    view = await counter.view(undo)
    assert view.batch.state is BatchState.CANCELLED
    assert view.numbers.rows == {RowState.ORDERED: 1, RowState.WITHDRAWN: 2}
    [put_back] = await counter.rows(undo, RowState.ORDERED)
    assert ends(counter) == [
        before if name == put_back.username else after
        for name, before, after in zip(NAMES, had, then, strict=True)
    ]
    await counter.undo(number)  # once more: the rest
    assert ends(counter) == had
