"""Knows when nothing more happens unless time passes; tests move the clock only then."""

import asyncio
from contextlib import contextmanager

from tests.support.fake_time import settle

_AT_MOST = 10  # times as many tries for those who do say something, which a busy machine may need


async def at_rest(database, *, until=lambda: False, tries=400):
    """Wait until no socket had anything to say and the database nothing to do for two pauses in a row.

    Or until `until()`: there may be no rest where others go on talking. What is at work and says
    nothing, as one that waits for a lock, is left alone after so many `tries`.
    """
    quiet = silent = 0
    with _counted_events(asyncio.get_running_loop()) as seen:
        for _ in range(_AT_MOST * tries):
            if until():
                return
            before = len(seen)
            await pause()
            says = len(seen) > before
            busy = says or _is_at_work(database) or _has_threads_at_work()
            quiet = 0 if busy else quiet + 1
            silent = 0 if says else silent + 1
            if quiet == 2 or silent == tries:
                return


@contextmanager
def _counted_events(loop):
    selector = loop._selector
    select, seen = selector.select, []

    def counted(timeout=None):
        ready = select(timeout)
        seen.extend(ready)
        return ready

    selector.select = counted
    try:
        yield seen
    finally:
        selector.select = select


def _is_at_work(database):
    return any(engine.pool.checkedout() for engine in (database._reader, database._writer))


def _has_threads_at_work():
    executor = asyncio.get_running_loop()._default_executor
    return executor is not None and executor._idle_semaphore._value < len(executor._threads)


async def pause():
    await settle(2)
    await asyncio.sleep(0.005)
