import pytest

from tests.support.discord_harness import at_work, open_office


@pytest.fixture
async def closed_office(frozen, tmp_path, monkeypatch):
    """The server and the shop, before Usher connects; time stands still."""
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        yield harness


@pytest.fixture
async def harness(closed_office, request):
    """Usher is connected; one script, a living TradingView login, a few TradingView users.

    Marked with `ready`, a test begins when discord.py knows the servers, which is later.
    """
    ready = request.node.get_closest_marker("ready") is not None
    async with at_work(closed_office, ready=ready):
        await closed_office.script()
        await closed_office.log_in()
        for name in ("Alice_T", "Alice_Two", "__bob__"):
            closed_office.vendor.world.add_user(name)
        yield closed_office
