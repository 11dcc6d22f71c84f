"""What carries batches out: one that fails holds up no other."""

import pytest

from bot.access.orders.bulk import runner as runner_module
from bot.errors import DiskFullError
from bot.store.kinds import BatchKind, BatchState
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter, entries


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in ("Buyer_0", "Buyer_1"):
            harness.vendor.world.add_user(name)
        yield Counter(harness)


def break_rows(patched, number, error):
    """Let nothing of that batch be recorded."""

    class Breaking(runner_module.RowRecorder):
        async def record(self, rows, request):
            if self.batch.id == number:
                raise error
            await super().record(rows, request)

    patched.setattr(runner_module, "RowRecorder", Breaking)


async def test_a_batch_that_fails_holds_up_no_other(counter, monkeypatch, caplog):
    broken = await counter.draft(BatchKind.GRANT, entries(["Buyer_0"], "1M"))
    sound = await counter.draft(BatchKind.GRANT, entries(["Buyer_1"], "1M"))
    for number in (broken, sound):
        await counter.start(number)

    with monkeypatch.context() as patched:
        break_rows(patched, broken, ZeroDivisionError)
        await counter.to_the_end(sound)
    assert (await counter.view(broken)).batch.state is BatchState.RUNNING
    assert f"batch {broken} stumbled" in caplog.text
    await counter.to_the_end(broken)  # nothing of it was lost
    assert (await counter.view(broken)).batch.state is BatchState.DONE


async def test_while_the_disk_is_full_a_batch_waits_and_no_fault_is_noted(
    counter, monkeypatch, caplog
):
    number = await counter.draft(BatchKind.GRANT, entries(["Buyer_0"], "1M"))
    await counter.start(number)
    with monkeypatch.context() as patched:
        break_rows(patched, number, DiskFullError)
        with pytest.raises(DiskFullError):
            await counter.bulk.runner.look()
    assert "stumbled" not in caplog.text
    await counter.to_the_end(number)
    assert (await counter.view(number)).batch.state is BatchState.DONE
