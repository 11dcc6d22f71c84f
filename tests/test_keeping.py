"""`usher backup`: a copy in a file of one's choice, and never over another file."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from test_main import apart  # noqa: F401 - the fixture

from bot.__main__ import main
from bot.store.database import open_database

URL = "sqlite+aiosqlite:///data/usher.db"


@pytest.fixture
async def database(tmp_path):
    async with open_database(URL):
        yield


async def test_the_copy_is_made_while_usher_runs(database, tmp_path, capsys):
    assert await asyncio.to_thread(main, ["backup", "copies/mine.db"]) == 0
    with closing(sqlite3.connect(tmp_path / "copies/mine.db")) as raw:
        assert raw.execute("SELECT count(*) FROM guild").fetchone() == (0,)
    said = capsys.readouterr().out
    assert "copies/mine.db" in said
    assert "data/secret.key" in said


async def test_no_file_is_overwritten(database, tmp_path, capsys):
    (tmp_path / "mine.db").write_bytes(b"precious")
    assert await asyncio.to_thread(main, ["backup", "mine.db"]) == 78
    assert "nothing is overwritten" in capsys.readouterr().err
    assert (tmp_path / "mine.db").read_bytes() == b"precious"


def test_without_a_database_there_is_nothing_to_copy(capsys):
    assert main(["backup", "mine.db"]) == 78
    assert "no database" in capsys.readouterr().err
