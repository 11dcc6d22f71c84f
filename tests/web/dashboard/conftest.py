import pytest

from tests.support.dashboard_harness import DashboardHarness
from tests.support.discord_harness import open_office


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    """A Discord server with a shop; time stands still."""
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        yield harness


@pytest.fixture
async def dashboard(harness):
    """The same with the bot at work and its web pages: one script, a living login, some TradingView users."""
    await harness.make_rows()
    for name in ("Alice_T", "Alice_Two", "__bob__"):
        harness.vendor.world.add_user(name)
    async with DashboardHarness(harness).running() as dashboard:
        yield dashboard
