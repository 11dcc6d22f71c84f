"""Copies of the database: whole, private, a few of them, and one before every change of schema."""

import asyncio
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import create_engine, insert, select
from sqlalchemy.engine import make_url

from bot.errors import StartupError
from bot.store.engine import migrate
from bot.store.engine.database import open_database
from bot.store.maintenance import backup, revision
from bot.store.tables import catalogue

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def url(tmp_path):
    return f"sqlite+aiosqlite:///{tmp_path}/data/usher.db"


def guilds_in(path):
    with closing(sqlite3.connect(path)) as copied:
        return [row[0] for row in copied.execute("SELECT id FROM guild")]


def names(tmp_path):
    return sorted(one.name for one in (tmp_path / "data/backups").iterdir())


async def test_a_copy_made_while_somebody_writes_is_whole_and_private(tmp_path):
    target = tmp_path / "copy.db"
    async with open_database(url(tmp_path)) as database:
        async with database.write() as connection:
            await connection.execute(insert(catalogue.guild).values(id=1, created_at=NOW))
        async with database.write() as connection:
            await connection.execute(insert(catalogue.guild).values(id=2, created_at=NOW))
            await asyncio.to_thread(backup.copy, tmp_path / "data/usher.db", target)
        async with database.read() as connection:
            assert len((await connection.execute(select(catalogue.guild))).all()) == 2
    assert guilds_in(target) == [1], "what was not committed is not in it"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy.db", "data"]


@pytest.mark.parametrize("content", [None, b"no database at all " * 100])
def test_what_is_no_database_leaves_nothing_behind(tmp_path, content):
    source, target = tmp_path / "usher.db", tmp_path / "copies/copy.db"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(backup.CopyError):
        backup.copy(source, target)
    assert not list(target.parent.iterdir())


async def test_one_copy_a_day_and_seven_of_them(tmp_path, frozen):
    async with open_database(url(tmp_path)):
        for day in range(10):
            frozen.set(NOW + timedelta(days=day))
            await backup.keep_daily(url(tmp_path))
            first = (tmp_path / f"data/backups/usher-2026-03-{10 + day}.db").stat().st_ino
            await backup.keep_daily(url(tmp_path))
            again = (tmp_path / f"data/backups/usher-2026-03-{10 + day}.db").stat().st_ino
            assert first == again, "the second look of a day finds it there"
    assert names(tmp_path) == [f"usher-2026-03-{day}.db" for day in range(13, 20)]


async def test_other_files_in_the_folder_are_left_alone(tmp_path, frozen):
    async with open_database(url(tmp_path)):
        (tmp_path / "data/backups").mkdir()
        (tmp_path / "data/backups/usher-mine.db").write_bytes(b"mine")
        (tmp_path / "data/backups/usher-before-0001-2020.db").write_bytes(b"before")
        for day in range(9):
            frozen.set(NOW + timedelta(days=day))
            await backup.keep_daily(url(tmp_path))
    assert {"usher-mine.db", "usher-before-0001-2020.db"} <= set(names(tmp_path))


def put(tmp_path, name, at=NOW):
    path = tmp_path / "data/backups" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"copy")
    os.utime(path, (at.timestamp(), at.timestamp()))


async def test_three_copies_from_before_a_change_or_a_restore_are_kept(tmp_path, frozen):
    path = tmp_path / "data/usher.db"
    async with open_database(url(tmp_path)):
        for day in range(5):
            frozen.set(NOW + timedelta(days=day))
            # A later revision's name sorts after an earlier one's, whenever it was made.
            await asyncio.to_thread(backup.keep_before, path, f"000{9 - day}")
            await asyncio.to_thread(backup.keep_replaced, path)
    assert names(tmp_path) == [
        *(f"usher-before-000{9 - day}-2026-03-{10 + day}T120000.db" for day in (4, 3, 2)),
        *(f"usher-replaced-2026-03-{10 + day}T120000.db" for day in (2, 3, 4)),
    ]


async def test_of_a_damaged_one_its_journal_goes_with_it(tmp_path, frozen):
    path = tmp_path / "data/usher.db"
    path.parent.mkdir()
    for ending in ("", "-wal"):
        (tmp_path / f"data/usher.db{ending}").write_bytes(b"damaged" * 1000)
    for day in range(4):
        frozen.set(NOW + timedelta(days=day))
        await asyncio.to_thread(backup.keep_replaced, path)
    days = {f"usher-replaced-2026-03-{10 + day}T120000.db" for day in (1, 2, 3)}
    kept = set(names(tmp_path))
    assert days | {f"{one}-wal" for one in days} <= kept
    assert {one[: one.index(".db") + 3] for one in kept} == days


def test_a_daily_copy_is_as_old_as_its_name_says(tmp_path):
    path = tmp_path / "data/usher.db"
    put(tmp_path, "usher-2026-03-07.db", NOW)  # copied back from another computer
    put(tmp_path, "usher-before-0007-2026-03-10T110000.db")
    put(tmp_path, "usher-replaced-2026-03-10T110000.db")
    put(tmp_path, "other-2026-03-10.db")
    put(tmp_path, "mine.db")
    assert backup.newest(path) == datetime(2026, 3, 7, tzinfo=UTC)
    put(tmp_path, "usher-2026-03-08.db", NOW - timedelta(days=2))
    assert backup.newest(path) == NOW - timedelta(days=2)


async def test_the_newest_copy_is_known_by_its_time(tmp_path, frozen):
    path = tmp_path / "data/usher.db"
    assert await asyncio.to_thread(backup.newest, path) is None
    async with open_database(url(tmp_path)):
        await backup.keep_daily(url(tmp_path))
    made = tmp_path / "data/backups/usher-2026-03-10.db"
    os.utime(made, (NOW.timestamp(), NOW.timestamp()))
    assert await asyncio.to_thread(backup.newest, path) == NOW


def at_revision(tmp_path, number):
    """A database as an older Usher left it."""
    path = tmp_path / "data/usher.db"
    path.parent.mkdir()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, number)
    engine.dispose()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("INSERT INTO guild (id, created_at) VALUES (7, '2026-03-10 12:00:00')")
        raw.commit()
    return path


NEXT = """
from alembic import op

revision, down_revision, branch_labels, depends_on = "{next}", "{head}", None, None


def upgrade():
    op.execute("CREATE TABLE newer (id INTEGER)")
"""


@pytest.fixture
def newer_usher(tmp_path, monkeypatch):
    """A program whose schema is one revision ahead."""
    head = revision.known()[-1]
    following = f"{int(head) + 1:04}"
    versions = tmp_path / "revisions"
    shutil.copytree(revision.VERSIONS, versions)
    (versions / f"{following}_newer.py").write_text(NEXT.format(next=following, head=head))
    monkeypatch.setattr(revision, "VERSIONS", versions)


async def test_the_database_is_copied_before_its_schema_changes_and_only_then(
    tmp_path, frozen, newer_usher
):
    await asyncio.to_thread(at_revision, tmp_path, "0001")
    for _ in range(2):
        async with open_database(url(tmp_path)):
            pass
    [kept] = (tmp_path / "data/backups").iterdir()
    assert kept.name.endswith("-2026-03-10T120000.db")
    assert guilds_in(kept) == [7]
    with closing(sqlite3.connect(kept)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


async def test_a_new_database_is_not_copied(tmp_path):
    async with open_database(url(tmp_path)):
        pass
    assert not (tmp_path / "data/backups").exists()


def test_without_the_copy_the_schema_stays_as_it_is(tmp_path, newer_usher):
    path = at_revision(tmp_path, "0001")
    (tmp_path / "data/backups").write_text("in the way")
    with pytest.raises(StartupError, match="Nothing was changed"):
        migrate.migrate(make_url(f"sqlite:///{path}"))
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
