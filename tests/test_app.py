"""What is opened at the start, and what is said about it."""

import pytest

from bot import app
from bot.sandbox.tradingview import FakeTradingView
from bot.settings import Settings
from bot.store.maintenance import ground


@pytest.fixture
async def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fake = FakeTradingView()
    await fake.start()
    yield Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/data/usher.db",
        tradingview_url=fake.url,
        pine_facade_url=fake.url,
        http_port=0,
    )
    await fake.close()


@pytest.mark.parametrize("apart", [False, True])
async def test_a_key_on_another_disk_than_the_database_is_said_at_the_start(
    settings, monkeypatch, caplog, apart
):
    monkeypatch.setattr(ground, "_disk_of", lambda path: path.suffix if apart else 1)
    async with app.opened(settings):
        pass
    assert ("lie on two different disks" in caplog.text) is apart
