"""Keeps a second Usher off a database that is in use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from bot.errors import StartupError
from bot.store.maintenance import ground
from bot.store.maintenance.files import file_of, prepare_folder


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
    except Timeout as error:
        raise InUseError(
            f"Another Usher is already running with the database {path}. Two of them would write to "
            "TradingView twice, so this one stops. Stop the other one first, or give this one a "
            "DATABASE_URL of its own."
        ) from error
    try:
        yield
    finally:
        await asyncio.to_thread(lock.release)


def acquire(lock: BaseFileLock, path: Path) -> None:
    """Acquire the lock of that database without waiting (blocking). Raises Timeout or GroundError."""
    with ground.explained(path):
        lock.acquire(timeout=0)


def lock_of(path: Path) -> BaseFileLock:
    """Return the lock of that database, not acquired yet."""
    # Where the system has no locks, a file that lies there would count as one, also after a crash.
    return FileLock(f"{path}.lock", thread_local=False, fallback_to_soft=False)
