import asyncio
import logging

import pytest

from bot.jobs import Jobs
from tests.support.fake_time import settle


async def test_a_job_goes_on_after_a_failure(frozen, caplog):
    rounds = []

    async def job():
        rounds.append(1)
        raise ValueError("once")

    async with Jobs() as jobs:
        jobs.every(60, "test job", job)
        await settle()
        await frozen.advance(61)
        await frozen.advance(61)
    assert len(rounds) == 3
    assert "test job failed" in caplog.text


async def test_what_a_task_raises_is_logged_under_its_name(caplog):
    async def broken():
        raise RuntimeError("broken")

    async with Jobs() as jobs:
        _ = jobs.spawn(broken(), "the broken one")
        await settle()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "the broken one failed" in caplog.text


async def test_leaving_ends_everything_and_nothing_new_begins():
    ended = []

    async def endless():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async with Jobs() as jobs:
        _ = jobs.spawn(endless(), "endless")
        await settle()
    assert ended == [True]
    with pytest.raises(RuntimeError, match="closing"):
        _ = jobs.spawn(endless(), "late")
