"""Time, in one place, so that tests can move it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol


class Source(Protocol):
    """Where time comes from: the machine, or a test."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class _Machine:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


_source: Source = _Machine()


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source.now()


def monotonic() -> float:
    """Seconds since some fixed moment; never goes back."""
    return _source.monotonic()


async def sleep(seconds: float) -> None:
    """Wait that many seconds."""
    await _source.sleep(seconds)


async def within(seconds: float, future: "asyncio.Future[Any]") -> bool:
    """Wait at most that many seconds; True when `future` is done. It is never cancelled here."""
    pause = asyncio.create_task(sleep(seconds))
    try:
        await asyncio.wait({pause, future}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        pause.cancel()
    return future.done()


@contextmanager
def taken_from(source: Source) -> Iterator[None]:
    """Take time from `source` inside the block (tests)."""
    global _source  # noqa: PLW0603 - the one seam for time
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
