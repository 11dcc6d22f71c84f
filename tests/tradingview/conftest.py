import pytest

from tests.tradingview.upstream import client_of, running


@pytest.fixture
async def upstream():
    async with running() as server:
        yield server


@pytest.fixture
async def tradingview(upstream):
    async with client_of(upstream.url) as client:
        yield client
