"""Copies of the database beside it: one a day, and one before it is changed or replaced."""

import asyncio
import errno
import os
import re
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from bot import clock
from bot.store.kinds import CopyKind
from bot.store.maintenance.files import file_of

KEPT = 7  # of the daily ones
KEPT_OF_EACH = 3  # of those before a change of the schema, and of those before a restore
KEPT_MADE = 5  # of those that somebody made

_DAY, _MOMENT = r"\d{4}-\d\d-\d\d", r"\d{4}-\d\d-\d\dT\d{6}"


_NAMES = {
    CopyKind.DAILY: rf"({_DAY})\.db",
    CopyKind.MADE: rf"made-({_MOMENT})-[0-9a-f]{{8}}\.db",
    CopyKind.BEFORE: rf"before-.*-({_MOMENT})\.db",
    CopyKind.REPLACED: rf"replaced-({_MOMENT})\.db",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One copy beside the database, as it is on the disk."""

    path: Path
    kind: CopyKind
    made_at: datetime
    size: int  # bytes


class CopyError(Exception):
    """A database could not be copied; says in a few words why."""


def folder_of(database: Path) -> Path:
    """Return where the copies of a database lie."""
    return database.parent / "backups"


def copy(source: Path, target: Path) -> None:
    """Make a consistent copy of a database that may be in use (blocking; call it in a thread).

    It appears under its name only when it is whole, for the owner alone.

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
    """Keep a copy from before the schema becomes that of `revision` (blocking). Raises CopyError."""
    target = folder_of(database) / f"{database.stem}-before-{revision}-{_moment()}.db"
    copy(database, target)
    _drop_old(database, _NAMES[CopyKind.BEFORE], KEPT_OF_EACH)
    return target


def keep_made(database: Path, mark: str) -> Path:
    """Make a copy that somebody asks for (blocking); `mark` is eight hex digits. Raises CopyError."""
    folder = folder_of(database)
    for left in folder.glob(f".{database.stem}-made-*.part"):  # of a program that was killed
        left.unlink(missing_ok=True)
    target = folder / f"{database.stem}-made-{_moment()}-{mark}.db"
    copy(database, target)
    _drop_old(database, _NAMES[CopyKind.MADE], KEPT_MADE)
    return target


def keep_replaced(database: Path) -> Path:
    """Keep a copy from before another database takes its place, byte for byte if damaged (blocking).

    Raises:
        CopyError: it could not be kept, and no part of it is left.
    """
    aside = folder_of(database) / f"{database.stem}-replaced-{_moment()}.db"
    try:
        copy(database, aside)
    except CopyError:  # damaged, and perhaps that is why
        _copy_letters(database, aside)
    _drop_old(database, rf"replaced-({_MOMENT})\.db(-wal|-shm)?", KEPT_OF_EACH)
    return aside


def found(database: Path) -> list[Found]:
    """Return every copy beside the database, the newest first (blocking)."""
    copies = []
    for kind, form in _NAMES.items():
        for moment, path in _found(database, form):
            with suppress(FileNotFoundError):  # dropped meanwhile
                copies.append(Found(path, kind, _made_at(moment, path), path.stat().st_size))
    return sorted(copies, key=lambda each: (each.made_at, each.path.name), reverse=True)


def found_no_room(error: CopyError) -> bool:
    """Return whether a copy could not be made because the disk is full."""
    cause = error.__cause__
    if isinstance(cause, OSError):
        return cause.errno in (errno.ENOSPC, errno.EDQUOT)
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def newest(database: Path) -> datetime | None:
    """Return when the newest daily copy was made (blocking); None without any."""
    daily = _found(database, _NAMES[CopyKind.DAILY])
    return max((_made_at(day, path) for day, path in daily), default=None)


def _made_at(moment: str, path: Path) -> datetime:
    """Return when a copy was made, by its name: one that was copied or touched later is no newer for that."""
    begin = _begin_of(moment)
    if "T" in moment:
        return begin
    touched = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    return touched if touched < begin + timedelta(days=1) else begin


def _begin_of(moment: str) -> datetime:
    """Return the moment in a name, or when its day began. Raises ValueError for one that never was."""
    form = "%Y-%m-%dT%H%M%S" if "T" in moment else "%Y-%m-%d"
    return datetime.strptime(moment, form).replace(tzinfo=UTC)


def _keep_daily(database: Path, now: datetime) -> None:
    folder = folder_of(database)
    target = folder / f"{database.stem}-{now:%Y-%m-%d}.db"
    if target.exists():
        return
    copy(database, target)
    _drop_old(database, _NAMES[CopyKind.DAILY], KEPT)


def _moment() -> str:
    return clock.now().strftime("%Y-%m-%dT%H%M%S")


def _found(database: Path, form: str) -> list[tuple[str, Path]]:
    """Return its copies with names of that form, each with the moment in the name, oldest first."""
    named = re.compile(rf"{re.escape(database.stem)}-{form}", re.ASCII)
    folder = folder_of(database)
    listed = folder.iterdir() if folder.is_dir() else ()
    return sorted(
        (match[1], path)
        for path in listed
        # What somebody else put there is left alone: no moment, or no file.
        if (match := named.fullmatch(path.name)) and _is_moment(match[1]) and path.is_file()
    )


def _is_moment(text: str) -> bool:
    try:
        _begin_of(text)
    except ValueError:
        return False
    return True


def _drop_old(database: Path, form: str, kept: int) -> None:
    copies = _found(database, form)
    newest_first = sorted({moment for moment, _ in copies}, reverse=True)
    for moment, path in copies:
        if moment not in newest_first[:kept]:
            path.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    address = f"file:{quote(str(source.absolute()))}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=60)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        # One file that needs no journal beside it; the program switches back when it opens it.
        new.execute("PRAGMA journal_mode = DELETE")


def _copy_letters(source: Path, target: Path) -> None:
    """Copy the files of a database as they are, with its journal, all or none. Raises CopyError."""
    endings = ("", "-wal", "-shm")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for ending in endings:
            with suppress(FileNotFoundError):
                shutil.copy2(f"{source}{ending}", f"{target}{ending}")
    except OSError as error:
        for ending in endings:
            with suppress(OSError):
                Path(f"{target}{ending}").unlink(missing_ok=True)
        raise CopyError(error.strerror or type(error).__name__) from error


def _to_disk(path: Path) -> None:
    """Make sure that it survives a power cut; a folder cannot be opened so on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
