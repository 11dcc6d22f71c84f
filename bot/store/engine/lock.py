"""Keeps a second Usher off a database that is in use."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.errors import StartupError
from bot.store.maintenance import ground
from bot.store.maintenance.files import file_of, prepare_folder

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class InUseError(StartupError):
    """Another Usher holds the database."""


@asynccontextmanager
async def alone_with(url: str) -> AsyncIterator[None]:
    """Hold the database's lock file inside the block; it ends with the process, however that ends.

    Raises:
        InUseError: another Usher holds it.
        GroundError: nothing can be locked or made there.
    """
    path = file_of(url)
    if path is None:
        yield
        return
    await asyncio.to_thread(prepare_folder, path)
    lock = lock_of(path)
    try:
        await asyncio.to_thread(acquire, lock, path)
    except HeldError as error:
        raise InUseError(
            f"Another Usher is already running with the database {path}. Two of them would write to "
            "TradingView twice, so this one stops. Stop the other one first, or give this one a "
            "DATABASE_URL of its own."
        ) from error
    try:
        yield
    finally:
        await asyncio.to_thread(lock.release)


class HeldError(Exception):
    """Another process holds a lock."""


class FileLock:
    """The lock of a file, which the system takes back from a process that ends."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self) -> None:
        """Acquire it without waiting (blocking). Raises HeldError, and OSError where nothing can be locked."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(file)
        except BaseException:
            os.close(file)
            raise
        self._file = file

    def release(self) -> None:
        """Let others have it; the file stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock(file: int) -> None:
    if sys.platform == "win32":
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise HeldError from error
    else:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HeldError from error


def acquire(lock: FileLock, path: Path) -> None:
    """Acquire the lock of that database without waiting (blocking). Raises HeldError or GroundError."""
    with ground.explained(path):
        lock.acquire()


def lock_of(path: Path) -> FileLock:
    """Return the lock of that database, not acquired yet."""
    return FileLock(f"{path}.lock")
