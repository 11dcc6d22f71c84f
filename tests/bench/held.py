"""How long the loop is held: by the clock, and by the processor time of its own thread.

On a machine that others use too, a hold by the clock is mostly their doing; what a step of the loop
itself takes of the processor is what the program is to blame for.
"""

import asyncio
import time
from asyncio import events
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import memory

DRY_SECONDS, HELD, MS_A_ROW, MEMORY_MB = 5.0, 0.05, 5.0, 150.0
IDLE_MB = 97.0  # of the whole program at rest: see tests.bench.idle_memory


@dataclass
class Measured:
    """What something took; seconds and megabytes. `seconds` is by the clock, `busy` of all threads' processor time."""

    seconds: float = 0.0
    busy: float = 0.0
    held: float = 0.0
    held_busy: float = 0.0
    grown_mb: float = 0.0

    def figures(self, rows: int) -> dict[str, Any]:
        return {
            "seconds": self.seconds,
            "ms_a_row": self.seconds / rows * 1000,
            "processor_ms_a_row": self.busy / rows * 1000,
            "loop_held": self.held,
            "loop_held_processor": self.held_busy,
            "grown_mb": self.grown_mb,
            "program_mb": self.program_mb,
        }

    @property
    def program_mb(self) -> float:
        """What the whole program has at most: the benchmark's own process holds what it prepared, too."""
        return IDLE_MB + self.grown_mb

    @property
    def is_small(self) -> bool:
        """Whether neither the loop was held for too long nor the memory grew too large."""
        return self.held_busy <= HELD and self.program_mb <= MEMORY_MB


@asynccontextmanager
async def measured() -> AsyncIterator[Measured]:
    """Measure the block, with the memory as it is once the program runs."""
    memory.spare_what_is_loaded()
    await asyncio.to_thread(
        Path("/proc/self/clear_refs").write_text, "5"
    )  # the peak is counted anew
    found = Measured()
    before, run = peak_mb(), events.Handle._run

    def watched(handle: Any) -> Any:
        begun, busy = time.perf_counter(), time.thread_time()
        try:
            return run(handle)
        finally:
            busy = time.thread_time() - busy
            found.held = max(found.held, time.perf_counter() - begun)
            found.held_busy = max(found.held_busy, busy)

    await asyncio.sleep(0.1)
    events.Handle._run = watched  # type: ignore[method-assign]
    begun, busy = time.perf_counter(), time.process_time()
    try:
        await asyncio.sleep(0)
        yield found
    finally:
        found.seconds, found.busy = time.perf_counter() - begun, time.process_time() - busy
        await asyncio.sleep(0)
        events.Handle._run = run  # type: ignore[method-assign]
        found.grown_mb = peak_mb() - before


def peak_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0
