"""What is wrong with the ground is one sentence at the start, the same from `usher check`, and no traceback."""

import asyncio
import errno
import fcntl
import os
import shutil
import sqlite3
import stat
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.engine import Engine

from bot.doctor.database import examine_files
from bot.errors import DiskFullError
from bot.settings import Settings
from bot.store.engine import database as module
from bot.store.engine.database import open_database
from bot.store.engine.lock import alone_with
from bot.store.maintenance import ground
from bot.store.maintenance.ground import GroundError
from bot.store.tables import catalogue
from tests.store.engine.test_database import NOW, url


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data/usher.db"


async def made(tmp_path):
    async with open_database(url(tmp_path)) as database, database.write() as connection:
        await connection.execute(insert(catalogue.guild).values(id=1, created_at=NOW))


async def refused(tmp_path):
    """What a start says."""
    with pytest.raises(GroundError) as caught:
        async with alone_with(url(tmp_path)), open_database(url(tmp_path)):
            pass
    assert str(caught.value).startswith("Usher cannot start: ")
    assert "another usher" not in str(caught.value).lower()
    return caught.value


async def checked(tmp_path):
    """What `usher check` says is wrong with the database."""
    found = await asyncio.to_thread(examine_files, Settings(database_url=url(tmp_path)))
    return [
        f"{finding.text} {finding.remedy}"
        for finding in found.findings
        if finding.wrong and finding.subject == "Database"
    ]


async def both(tmp_path):
    trouble = await refused(tmp_path)
    assert f"{trouble.wrong} {trouble.remedy}" in await checked(tmp_path)
    return trouble.wrong


def overwrite(path, change):
    content = path.read_bytes()
    path.write_bytes(change(content))
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:5000],
        lambda content: b"\x91" * len(content),
        lambda _: b"not a database " * 500,
        lambda content: content[: len(content) // 2] + bytes(len(content) - len(content) // 2),
        lambda content: content[:4096] + os.urandom(len(content) - 4096),
    ],
    ids=["half", "its beginning", "noise", "text", "half of zeros", "noise behind the first page"],
)
async def test_a_damaged_database(tmp_path, path, change):
    await made(tmp_path)
    overwrite(path, change)
    before = path.read_bytes()
    assert "is damaged, or no database" in await both(tmp_path)
    assert path.read_bytes() == before


async def test_a_folder_in_its_place(tmp_path, path):
    path.mkdir(parents=True)
    assert "is a folder" in await both(tmp_path)


async def test_a_file_in_the_place_of_its_folder(tmp_path):
    (tmp_path / "data").write_text("x")
    assert "is no folder" in await both(tmp_path)


async def test_an_empty_file_where_usher_was_used_before(tmp_path, path):
    (tmp_path / "data/backups").mkdir(parents=True)
    (tmp_path / "data/backups/usher-2026-03-10.db").touch()
    path.touch()
    assert "is empty, but Usher was used" in await both(tmp_path)
    assert path.stat().st_size == 0


async def test_an_empty_file_that_a_killed_first_start_left_is_no_hindrance(tmp_path, path):
    path.parent.mkdir()
    path.touch()
    await made(tmp_path)


async def test_tables_without_a_note_of_their_version(tmp_path, path):
    await made(tmp_path)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("DELETE FROM alembic_version")
    assert "half-made" in (await refused(tmp_path)).wrong


async def test_a_first_start_that_breaks_off_leaves_nothing_half_made(tmp_path):
    def break_off(_, __, statement, *more):
        if "CREATE TABLE sweep" in statement:
            raise RuntimeError("killed")

    event.listen(Engine, "before_cursor_execute", break_off)
    try:
        with pytest.raises(RuntimeError, match="killed"):
            await made(tmp_path)
    finally:
        event.remove(Engine, "before_cursor_execute", break_off)
    await made(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
async def test_a_place_where_nothing_can_be_locked(tmp_path, monkeypatch, number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    assert "cannot be locked" in await both(tmp_path)


class Answering(sqlite3.Connection):
    """A database on a share: it says no to the journal, or silently stays with another."""

    answer = None

    def execute(self, sql, *arguments):
        if "journal_mode" not in sql:
            return super().execute(sql, *arguments)
        if isinstance(self.answer, Exception):
            raise self.answer
        return super().execute("SELECT ?", (self.answer,))


def refusal():
    with closing(sqlite3.connect(":memory:")) as raw:
        try:
            raw.execute("ATTACH '/nowhere/at/all' AS x")
        except sqlite3.OperationalError as error:
            return error


@pytest.mark.parametrize("answer", ["delete", refusal()])
async def test_a_share_that_takes_no_journal(tmp_path, monkeypatch, answer):
    monkeypatch.setattr(Answering, "answer", answer)
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **more: connect(*args, **more, factory=Answering)
    )
    assert "cannot be locked" in await both(tmp_path)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
async def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch, number):
    def mkdir(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert "cannot be written" in (await refused(tmp_path)).wrong


async def test_a_database_that_another_program_has_locked(tmp_path, path, monkeypatch):
    await made(tmp_path)
    connect = sqlite3.connect
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(
            sqlite3, "connect", lambda *args, **more: connect(*args, **{**more, "timeout": 0})
        )
        trouble = await refused(tmp_path)
    assert "another program holds" in trouble.wrong
    assert trouble.exit_code == 69


@contextmanager
def somebody_elses(monkeypatch):
    """Whoever runs this is not the owner of what lies on this disk."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 54321)
        yield


async def test_the_folder_of_somebody_else_is_used_and_left_as_it_is(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o775)

    def chmod(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with somebody_elses(monkeypatch):
        monkeypatch.setattr(Path, "chmod", chmod)
        await made(tmp_path)
        assert await checked(tmp_path) == []


@pytest.mark.parametrize(("mode", "other"), [(0o777, None), (0o755, "photos.zip")])
async def test_a_folder_that_others_use_is_not_closed_to_them(tmp_path, path, mode, other):
    folder = path.parent
    folder.mkdir()
    folder.chmod(mode)
    if other:
        (folder / other).touch()
    await made(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == mode
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def fill(database):
    async with database.write() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))


async def make_room(database):
    async with database.write() as connection:
        await connection.execute(text("PRAGMA max_page_count = 1000000"))


async def keep_much(database):
    async with database.write() as connection:
        for number in range(2, 3000):
            await connection.execute(insert(catalogue.guild).values(id=number, created_at=NOW))


async def test_on_a_full_disk_nothing_is_kept_and_it_goes_on_when_there_is_room(tmp_path, caplog):
    await made(tmp_path)
    async with open_database(url(tmp_path)) as database:
        await fill(database)
        for _ in range(2):
            with pytest.raises(DiskFullError):
                await keep_much(database)
        assert not await database.is_answering()
        assert not await database.has_room()
        async with database.read() as connection:
            count = text("SELECT count(*) FROM guild")
            assert (await connection.execute(count)).scalar_one() == 1
        await make_room(database)
        assert await database.has_room()
        assert await database.is_answering()
        await keep_much(database)
    said = [record.levelname for record in caplog.records if "disk" in record.message]
    assert said == ["ERROR", "WARNING"], "once when it is full, once when it has room"


async def test_a_start_on_a_full_disk_is_one_sentence(tmp_path):
    await made(tmp_path)
    with pytest.raises(GroundError, match="disk is full") as caught:
        async with open_database(url(tmp_path)) as database:
            await fill(database)
            await keep_much(database)
    assert caught.value.exit_code == 69


async def test_a_disk_with_little_room_is_not_ready_and_named_by_the_check(tmp_path, monkeypatch):
    await made(tmp_path)

    def little(_):
        return shutil._ntuple_diskusage(10**9, 10**9, 1000)

    async with open_database(url(tmp_path)) as database:
        monkeypatch.setattr(shutil, "disk_usage", little)
        assert not await database.has_room()
        assert not await database.is_answering()
    found = await asyncio.to_thread(examine_files, Settings(database_url=url(tmp_path)))
    [disk] = [finding for finding in found.findings if finding.subject == "Disk"]
    assert disk.wrong
    assert "Make room" in disk.remedy


async def test_locked_or_gone_it_does_not_answer_within_bounds(tmp_path, path, monkeypatch):
    monkeypatch.setattr(module, "_PROBE_SECONDS", 0.05)
    await made(tmp_path)
    async with open_database(url(tmp_path)) as database:
        assert await database.is_answering()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                await database.is_answering()
            other.execute("ROLLBACK")
        assert await database.is_answering()
        path.rename(f"{path}.moved")
        with pytest.raises(sqlite3.OperationalError):
            await database.is_answering()
        assert not path.exists()


def test_every_trouble_ends_with_a_full_stop(tmp_path):
    path = tmp_path / "usher.db"
    for trouble in (
        ground.damaged(path),
        ground.emptied(path),
        ground.half_made(path),
        ground.full(path),
        ground.unwritable(path),
        ground.unlockable(path),
    ):
        assert trouble.wrong.endswith(".")
        assert trouble.remedy.endswith(".")
