"""What the database stands on: a disk, a folder, a file; each trouble in one sentence with its mend."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.errors import DiskFullError, StartupError

FULL = 1024 * 1024  # bytes that are free, or fewer: SQLite needs some for one transaction
LITTLE = 100 * FULL
_UNAVAILABLE = 69
_OWN_DISK = "Put the database on a disk of this computer: choose another DATABASE_URL."
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})
_NO_RIGHT = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class GroundError(StartupError):
    """Where the database is, Usher cannot work; `wrong` and `remedy` are what `usher check` says of it."""

    def __init__(self, wrong: str, remedy: str, exit_code: int = 78) -> None:
        super().__init__(f"Usher cannot start: {wrong} {remedy} Nothing was changed.", exit_code)
        self.wrong = wrong
        self.remedy = remedy


@contextmanager
def explained(path: Path | None) -> Iterator[None]:
    """Turn what goes wrong inside the block, on the ground of that database, into a GroundError."""
    try:
        yield
    except (sqlite3.Error, DBAPIError, OSError) as error:
        trouble = None if path is None else trouble_with(path, error)
        if trouble is None:
            raise
        raise trouble from error


def trouble_with(path: Path, error: BaseException) -> GroundError | None:
    """Return what that error says about the ground of the database (blocking); None: nothing."""
    if isinstance(error, DiskFullError):
        return full(path)
    if path.is_dir():
        return _no_file(path)
    if isinstance(error, OSError):
        return _of_system(path, error)
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the rest tells more than a sentence needs
    match code:
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return damaged(path)
        case sqlite3.SQLITE_FULL:
            return full(path)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return unwritable(path)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return GroundError(
                f"another program holds the database {path} locked.",
                "Close what has it open (a viewer, a copying program); then start Usher again.",
                _UNAVAILABLE,
            )
        case sqlite3.SQLITE_PROTOCOL | sqlite3.SQLITE_NOLFS:
            return unlockable(path)
        case sqlite3.SQLITE_IOERR:
            return GroundError(
                f"the disk of {path} does not take what is written to it, or cannot be read "
                f"({cause}).",
                f"Look whether it is full, broken, or a network share. {_OWN_DISK}",
                _UNAVAILABLE,
            )
        case _:
            return None


def is_full(error: DBAPIError) -> bool:
    """Return whether SQLite found no room on the disk."""
    return bool(getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL)


def _of_system(path: Path, error: OSError) -> GroundError | None:
    if error.errno in _NO_LOCKS:
        return unlockable(path)
    if error.errno in _NO_RIGHT:
        return unwritable(path)
    if error.errno in _NO_ROOM:
        return full(path)
    if error.errno in (errno.ENOTDIR, errno.EEXIST) and not path.parent.is_dir():
        return _no_folder(path.parent)
    return None


def look_at_place(path: Path) -> None:
    """Look whether something else is in the place of the file or its folders (blocking). Raises GroundError."""
    if path.is_dir():
        raise _no_file(path)
    for place in path.parents:
        if place.exists() and not place.is_dir():
            raise _no_folder(place)


def damaged(path: Path) -> GroundError:
    """Return the error about a file that is no whole database."""
    return GroundError(
        f"{path} is damaged, or no database of Usher's.",
        f"Put back a copy: the newest in {path.parent / 'backups'}, with `usher restore FILE`. "
        "It keeps the damaged file beside it.",
    )


def emptied(path: Path) -> GroundError:
    """Return the error about a file that held a database once."""
    return GroundError(
        f"{path} is empty, but Usher was used here before.",
        f"Put back a copy: the newest in {path.parent / 'backups'}, with `usher restore FILE`. "
        "To begin anew, move what is in that folder away.",
    )


def half_made(path: Path) -> GroundError:
    """Return the error about tables without the note that says of which version they are."""
    return GroundError(
        f"{path} was left half-made when its first start was interrupted, or is not Usher's.",
        "If Usher never worked with it, delete that file; else put back a copy with `usher restore "
        "FILE`.",
    )


def full(path: Path) -> GroundError:
    """Return the error about a disk without room."""
    return GroundError(
        f"this computer's disk is full, so nothing can be kept in {path}.",
        "Make room; then start Usher again.",
        _UNAVAILABLE,
    )


def unwritable(path: Path) -> GroundError:
    """Return the error about a file or folder in which this user may not write."""
    folder = nearest_folder(path)
    return GroundError(
        f"{path} cannot be written.",
        f"Make the folder {folder} and what is in it belong to the user that runs Usher, "
        "or choose another DATABASE_URL.",
    )


def unlockable(path: Path) -> GroundError:
    """Return the error about a place on which programs cannot keep out of each other's way."""
    return GroundError(
        f"the folder {nearest_folder(path)} is on a disk (a network share?) where no database can be "
        "kept safely: files there cannot be locked.",
        _OWN_DISK,
    )


def _no_file(path: Path) -> GroundError:
    return GroundError(
        f"{path} is a folder, and the database has to be a file.",
        "Move that folder away, or choose another DATABASE_URL.",
    )


def _no_folder(place: Path) -> GroundError:
    return GroundError(
        f"{place} is no folder, and the database has to be in one.",
        "Move that file away, or choose another DATABASE_URL.",
    )


def nearest_folder(path: Path) -> Path:
    """Return the folder that is there already, in which the file lies or would be made."""
    return next(place for place in (*path.parents, Path()) if place.is_dir())


def is_emptied(path: Path) -> bool:
    """Return whether a file without content held a database before (blocking)."""
    if not path.is_file() or path.stat().st_size:
        return False  # a start that was killed at once leaves an empty file, and nothing beside it
    beside = (path.parent / "backups", Path(f"{path}-wal"))
    return any(_holds_something(place) for place in beside)


def _holds_something(place: Path) -> bool:
    if place.is_dir():
        return any(place.iterdir())
    return place.is_file() and place.stat().st_size > 0


def free_bytes(path: Path) -> int:
    """Return how much room there is for the database (blocking)."""
    return shutil.disk_usage(nearest_folder(path)).free


def on_other_disk(path: Path, other: Path) -> bool:
    """Return whether two files that exist lie on two disks (blocking)."""
    with suppress(OSError):
        return _disk_of(path) != _disk_of(other)
    return False


def _disk_of(path: Path) -> int:
    return path.stat().st_dev


def is_whole(connection: sqlite3.Connection) -> bool:
    """Return whether SQLite finds no damage in the file; it reads all of it (blocking)."""
    return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))


def use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Switch to the journal with which readers and a writer work side by side (blocking).

    Raises:
        GroundError: the disk does not allow it; some refuse, and some silently stay with another.
    """
    try:
        [answer] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL):
            raise
        if path.exists() and not os.access(path, os.W_OK):
            raise unwritable(path) from error
        raise unlockable(path) from error
    if answer != "wal":
        raise unlockable(path)
