"""Fixtures for every test: a clock that only moves when told to, and no blocking call on the loop."""

import pytest
from blockbuster import blockbuster_ctx

from bot import clock
from tests.support.fake_time import FakeTime


@pytest.fixture(autouse=True)
def no_blocking_calls():
    with blockbuster_ctx(["bot", "cogs"]) as blockers:
        blockers.functions["os.path.abspath"].deactivate()  # reads no disk
        yield


@pytest.fixture
def frozen():
    """A clock that the test moves by hand."""
    source = FakeTime()
    with clock.taken_from(source):
        yield source
