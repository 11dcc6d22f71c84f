"""`usher check` says how old the newest backup is."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest

from bot.doctor.database import examine_files
from bot.settings import Settings
from bot.store.engine.database import open_database
from bot.store.maintenance import backup


@pytest.mark.parametrize(
    ("hours", "wrong", "said"),
    [(None, False, "there is none yet"), (30, False, "30 hours old"), (72, True, "3 days old")],
)
async def test_the_age_of_the_newest_backup(tmp_path, monkeypatch, hours, wrong, said):
    monkeypatch.chdir(tmp_path)
    settings = Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/data/usher.db")
    async with open_database(settings.database_url):
        if hours is not None:
            await backup.keep_daily(settings.database_url)
            made = next((tmp_path / "data/backups").iterdir())
            moment = (datetime.now(UTC) - timedelta(hours=hours)).timestamp()
            os.utime(made, (moment, moment))
    found = await asyncio.to_thread(examine_files, settings)
    [finding] = [one for one in found.findings if one.subject == "Backups"]
    assert finding.wrong is wrong
    assert said in finding.text
