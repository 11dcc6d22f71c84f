"""Copies of the database beside it: one a day, and one before each change of its schema."""

import asyncio
import os
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from bot import clock
from bot.store.files import file_of

KEPT = 7

_DAILY = re.compile(r".*-\d{4}-\d\d-\d\d\.db")


class CopyError(Exception):
    """A database could not be copied; says in a few words why."""


def folder_of(database: Path) -> Path:
    """Where the copies of a database lie."""
    return database.parent / "backups"


def copy(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use (blocking; call it in a thread).

    It appears under its name only when it is whole, for nobody but the owner.

    Raises:
        CopyError: the source is no database or cannot be read, or the target cannot be written.
    """
    unfinished = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        _copy(source, unfinished)
        _to_disk(unfinished)
        unfinished.replace(target)
        _to_disk(target.parent)
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CopyError(reason or type(error).__name__) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


async def keep_daily(url: str) -> None:
    """Make today's copy unless it is there, and drop all but the newest ones.

    Raises CopyError; the next call tries again.
    """
    if path := file_of(url):
        await asyncio.to_thread(_keep_daily, path.absolute(), clock.now())


def keep_before(database: Path, revision: str) -> Path:
    """A copy from before the schema becomes that of `revision` (blocking). Raises CopyError."""
    moment = clock.now().strftime("%Y-%m-%dT%H%M%S")
    target = folder_of(database) / f"{database.stem}-before-{revision}-{moment}.db"
    copy(database, target)
    _drop_old(one for one in folder_of(database).glob(f"{database.stem}-before-*.db"))
    return target


def newest(database: Path) -> datetime | None:
    """When the newest copy was made (blocking); None without any."""
    return max((_made_at(one) for one in folder_of(database).glob("*.db")), default=None)


def _keep_daily(database: Path, now: datetime) -> None:
    folder = folder_of(database)
    target = folder / f"{database.stem}-{now:%Y-%m-%d}.db"
    if target.exists():
        return
    copy(database, target)
    _drop_old(one for one in folder.glob(f"{database.stem}-*.db") if _DAILY.fullmatch(one.name))


def _drop_old(copies: Iterable[Path]) -> None:
    # Their names sort by date.
    for old in sorted(copies, key=lambda one: one.name)[:-KEPT]:
        old.unlink(missing_ok=True)


def _made_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, tz=clock.now().tzinfo)


def _copy(source: Path, target: Path) -> None:
    address = f"file:{quote(str(source.absolute()))}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=60)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        # One file that needs no journal beside it; the program switches back when it opens it.
        new.execute("PRAGMA journal_mode = DELETE")


def _to_disk(path: Path) -> None:
    """Make sure that it survives a power cut; a folder cannot be opened so on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
