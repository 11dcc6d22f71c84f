"""Fixtures for every test: a clock that only moves when told to, and no blocking call on the loop."""

import gc
import os
from email.utils import format_datetime

import pytest
from aiohttp import web_response
from blockbuster import blockbuster_ctx
from hypothesis import HealthCheck, settings

from bot import clock
from bot.tradingview.client import TradingViewClient
from tests.support.fake_time import FakeTime, world_now
from tests.support.quick_database import make_databases_quick

make_databases_quick()
# The same examples in every run, on a machine however slow: a rule is broken, or it is not.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
gc.disable()  # while the tests are read nothing is thrown away, and each search would look at everything


def pytest_xdist_auto_num_workers(config):
    """Return how many programs run the tests: twice the cores, as most tests wait for a socket now and then."""
    return 2 * (os.cpu_count() or 1)


# Files that take long begin first, or the last of them would keep one program busy when the others
# are done. (By itself pytest-xdist begins with the files of many tests: `--no-loadscope-reorder`.)
_LONG = (
    "tests/soak/",
    "tests/sandbox/page/",
    "tests/end_to_end/",
    "tests/interactions/test_forged",
    "tests/access/sync/test_every_position",
    "tests/access/queries/",
    "tests/store/engine/test_database",
    "tests/cogs/test_access",
    "tests/web/",
    "tests/cli/",
    "tests/access/sync/",
    "tests/access/orders/",
    "tests/cogs/",
    "tests/interactions/",
    "tests/access/",
)


def _turn(item):
    """Return the place of a test's file among those that take long."""
    places = (place for place, name in enumerate(_LONG) if item.nodeid.startswith(name))
    return next(places, len(_LONG))


# What starts programs or a browser takes minutes on a machine that is slow and busy.
_PATIENT = (
    "tests/soak/",
    "tests/sandbox/page/",
    "tests/end_to_end/",
    "tests/interactions/test_forged",
    "tests/web/dashboard/test_in_browser",
    "tests/web/first_run/",
    "tests/cli/",
)


def pytest_collection_modifyitems(items):
    items.sort(key=_turn)
    for item in items:
        if item.nodeid.startswith(_PATIENT):
            item.add_marker(pytest.mark.timeout(300))


def pytest_collection_finish():
    """What is loaded by now stays: the search for what is in use no more need not look at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    gc.enable()


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
    # What hangs is given up after real seconds, and a busy machine may need many while the clock stands.
    monkeypatch.setitem(TradingViewClient.__init__.__kwdefaults__, "timeout", 100.0)
    monkeypatch.setattr(
        web_response, "rfc822_formatted_time", lambda: format_datetime(world_now(), usegmt=True)
    )
    with clock.taken_from(source):
        yield source
