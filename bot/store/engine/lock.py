"""Keeps a second Usher off a database that is in use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from filelock import FileLock, Timeout

from bot.errors import StartupError
from bot.store.maintenance.files import file_of, prepare_folder


class InUseError(StartupError):
    """Another Usher holds the database."""


@asynccontextmanager
async def alone_with(url: str) -> AsyncIterator[None]:
    """Hold the database's lock file inside the block; it ends with the process, however that ends.

    Raises:
        InUseError: another Usher holds it.
    """
    path = file_of(url)
    if path is None:
        yield
        return
    await asyncio.to_thread(prepare_folder, path)
    lock = FileLock(f"{path}.lock", thread_local=False)
    try:
        await asyncio.to_thread(lock.acquire, timeout=0)
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
