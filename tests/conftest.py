"""Fixtures for every test: a clock that only moves when told to, and no blocking call on the loop."""

from email.utils import format_datetime

import pytest
from aiohttp import web_response
from blockbuster import blockbuster_ctx

from bot import clock
from tests.support.fake_time import FakeTime, world_now


@pytest.fixture(autouse=True)
def no_blocking_calls():
    with blockbuster_ctx(["bot", "cogs"]) as blockers:
        blockers.functions["os.path.abspath"].deactivate()  # reads no disk
        yield


@pytest.fixture(autouse=True)
def no_comparisons():
    """What one test's servers said of the time is unknown to the next."""
    with clock.taken_from(clock._source):
        yield


@pytest.fixture
def frozen(monkeypatch):
    """A clock that the test moves by hand; servers of the test tell the same time."""
    source = FakeTime()
    monkeypatch.setattr(
        web_response, "rfc822_formatted_time", lambda: format_datetime(world_now(), usegmt=True)
    )
    with clock.taken_from(source):
        yield source
