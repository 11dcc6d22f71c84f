"""`usher check` says which product's role cannot be given, and the mend."""

import asyncio

import pytest

from bot import clock
from bot.doctor.database import examine_files
from bot.settings import Settings
from bot.store.catalogue import guilds, products
from bot.store.engine.database import open_database
from bot.store.kinds import RoleTrouble


@pytest.mark.parametrize("trouble", [*RoleTrouble, None])
async def test_a_role_that_cannot_be_given_is_found_with_its_mend(tmp_path, monkeypatch, trouble):
    monkeypatch.chdir(tmp_path)
    settings = Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/data/usher.db")
    async with open_database(settings.database_url) as database, database.write() as connection:
        now = clock.now()
        await guilds.ensure(connection, 100, now)
        gold = await products.add(
            connection, 100, by=1, at=now, slug="gold", title="Gold", role_id=5
        )
        await products.change(connection, gold.id, role_trouble=trouble)
    found = await asyncio.to_thread(examine_files, settings)
    told = [each for each in found.findings if each.subject == "Roles"]
    assert len(told) == (trouble is not None)
    for finding in told:
        assert finding.wrong
        assert "Gold" in finding.text
