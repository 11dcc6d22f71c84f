"""What is opened at the start, and what is said about it."""

import subprocess
import sys

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


def test_the_orm_that_nothing_uses_stays_out_of_memory():
    ended = subprocess.run(
        [sys.executable, "-c", "import bot.app, sys; print('sqlalchemy.orm' in sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.strip() == "False"
