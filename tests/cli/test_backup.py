"""`usher backup` and `usher restore`: no file is overwritten, and nothing is lost on the way back."""

import asyncio
import errno
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert

from bot.__main__ import main
from bot.store.catalogue import guilds
from bot.store.engine.database import open_database
from bot.store.engine.lock import alone_with
from bot.store.ledger import events
from bot.store.logins import sessions
from bot.store.maintenance import backup
from bot.store.tables.logins import session
from bot.store.vault import open_vault
from tests.cli.test_main import apart  # noqa: F401 - the fixture

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
URL = "sqlite+aiosqlite:///data/usher.db"


@pytest.fixture
async def database(tmp_path):
    async with open_database(URL):
        yield


async def test_the_copy_is_made_while_usher_runs(database, tmp_path, capsys):
    (tmp_path / "copies").mkdir()
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


async def test_a_typo_makes_no_folder(database, tmp_path, capsys):
    assert await asyncio.to_thread(main, ["backup", "copeis/mine.db"]) == 78
    said = capsys.readouterr().err
    assert "There is no folder copeis" in said
    assert "mkdir -p copeis" in said
    assert not (tmp_path / "copeis").exists()


async def test_a_folder_is_no_file_to_copy_into(database, capsys):
    assert await asyncio.to_thread(main, ["backup", "data"]) == 78
    assert "data is a folder" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"noise" * 5000])
def test_what_holds_nothing_of_ushers_is_not_copied(tmp_path, capsys, content):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/usher.db").write_bytes(content)
    assert main(["backup", "mine.db"]) == 78
    assert not (tmp_path / "mine.db").exists()


def test_without_a_database_there_is_nothing_to_copy(capsys):
    assert main(["backup", "mine.db"]) == 78
    assert "no database" in capsys.readouterr().err


def row_count(path):
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("SELECT count(*) FROM guild").fetchone()[0]


async def furnish(number=1):
    async with open_database(URL) as database, database.write() as connection:
        for guild_id in range(1, number + 1):
            await guilds.ensure(connection, guild_id, NOW)


async def restore(file="mine.db"):
    return await asyncio.to_thread(main, ["restore", file])


async def back_up(file="mine.db"):
    assert await asyncio.to_thread(main, ["backup", file]) == 0


async def test_a_copy_takes_the_place_of_the_database_which_is_kept(tmp_path, capsys):
    await furnish(1)
    await back_up()
    await furnish(3)
    assert await restore() == 0
    assert await asyncio.to_thread(row_count, "data/usher.db") == 1
    [aside] = (tmp_path / "data/backups").iterdir()
    assert aside.name.startswith("usher-replaced-")
    assert await asyncio.to_thread(row_count, aside) == 3
    assert aside.name in capsys.readouterr().out
    assert sorted(one.name for one in (tmp_path / "data").iterdir()) == [
        "backups", "secret.key", "usher.db", "usher.db.lock",
    ]  # fmt: skip
    assert await asyncio.to_thread(row_count, "mine.db") == 1, "the copy stays as it is"
    async with open_database(URL) as database, database.read() as connection:
        assert [one.action for one in await events.since(connection, 1, 0)] == ["restored"]


async def test_also_where_there_is_no_database_any_more(tmp_path):
    await furnish(2)
    await back_up()
    (tmp_path / "data/usher.db").unlink()
    assert await restore() == 0
    assert await asyncio.to_thread(row_count, "data/usher.db") == 2


async def test_also_over_a_damaged_one_which_is_kept_letter_for_letter(tmp_path):
    await furnish(2)
    await back_up()
    (tmp_path / "data/usher.db").write_bytes(b"damaged" * 1000)
    assert await restore() == 0
    assert await asyncio.to_thread(row_count, "data/usher.db") == 2
    [aside] = (tmp_path / "data/backups").glob("*.db")
    assert aside.read_bytes() == b"damaged" * 1000


async def test_on_a_full_disk_nothing_is_changed_and_no_half_is_left(tmp_path, capsys, monkeypatch):
    await furnish(1)
    await back_up()
    await furnish(3)
    whole = backup._copy

    def full(source, target):
        if "replaced" in target.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(source, target)

    def half(source, target):
        Path(target).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backup, "_copy", full)
    monkeypatch.setattr(shutil, "copy2", half)
    assert await restore() == 78
    said = capsys.readouterr().err
    assert "No space left" in said
    assert said.rstrip().endswith("Nothing was changed.")
    assert await asyncio.to_thread(row_count, "data/usher.db") == 3
    assert not list((tmp_path / "data/backups").iterdir())
    assert not list((tmp_path / "data").glob(".*"))


def test_a_restore_of_what_is_not_there_makes_nothing(tmp_path, capsys):
    assert main(["restore", "nothing.db"]) == 78
    assert "There is no file nothing.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


async def test_a_restore_refuses_while_usher_runs(capsys):
    await furnish(1)
    await back_up()
    async with alone_with(URL):
        assert await restore() == 78
    assert "already running" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"not a database" * 500, "foreign", "cut"])
async def test_what_is_no_whole_backup_changes_nothing(tmp_path, capsys, content):
    await furnish(1)
    match content:
        case None:
            pass
        case "foreign":

            def make():
                with closing(sqlite3.connect("mine.db")) as raw:
                    raw.execute("CREATE TABLE guild (id)")

            await asyncio.to_thread(make)
        case "cut":
            await back_up()
            whole = (tmp_path / "mine.db").read_bytes()
            (tmp_path / "mine.db").write_bytes(whole[: len(whole) // 2])
        case _:
            (tmp_path / "mine.db").write_bytes(content)
    assert await restore() == 78
    assert "Nothing was changed" in capsys.readouterr().err
    assert await asyncio.to_thread(row_count, "data/usher.db") == 1
    assert not (tmp_path / "data/backups").exists()
    assert not list((tmp_path / "data").glob(".*"))


async def test_a_copy_that_the_key_does_not_open_is_refused(tmp_path, capsys):
    async with open_database(URL) as database:
        vault = await open_vault(None, tmp_path / "data/secret.key", database)
        async with database.write() as connection:
            await guilds.ensure(connection, 1, NOW)
            account = await sessions.ensure_account(connection, 1, NOW)
            await store_login(connection, account.id, vault)
    await back_up()
    (tmp_path / "data/secret.key").write_text(Fernet.generate_key().decode())
    assert await restore() == 78
    assert "not the one" in capsys.readouterr().err
    assert not (tmp_path / "data/backups").exists()


async def store_login(connection, account_id, vault):
    await connection.execute(
        insert(session).values(
            account_id=account_id,
            version=1,
            cookies=vault.seal("x"),
            state="alive",
            state_since=NOW,
            set_at=NOW,
        )
    )
