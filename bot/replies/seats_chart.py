"""The picture of seats, drawn by a short-lived process: matplotlib stays out of this one."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from pathlib import Path

from bot.access.ledger.seats import Line
from bot.access.rules.seat_fee import FREE

log = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name("seats_drawing.py")
TIMEOUT = 30.0  # seconds; one is usual, more where matplotlib looks through the fonts at first
# What Python and matplotlib need to find themselves and a place for their caches; no setting of ours.
_KEPT = frozenset(
    (
        *("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT"),
        *("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "TMPDIR", "TEMP", "TMP"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"),
    )
)


class SeatsChart:
    """Draws one picture at a time: each takes the memory of a process for a moment."""

    def __init__(self) -> None:
        self._drawing = asyncio.Lock()

    async def draw(self, line: Line) -> bytes | None:
        """Return the picture as a PNG file; None, and a line in the log, when it cannot be drawn."""
        async with self._drawing:
            try:
                return await _drawn(line)
            except TimeoutError:
                log.warning("the picture of seats was not ready after %s s", TIMEOUT)
            except (OSError, _FailedError) as error:
                log.warning("the picture of seats could not be drawn: %s", error)
        return None


class _FailedError(Exception):
    """The program ended without a picture; the text is the last line that it printed."""


async def _drawn(line: Line) -> bytes:
    # -P: modules beside the program do not stand in the way of the library's.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(PROGRAM),
        env={name: value for name, value in os.environ.items() if name.upper() in _KEPT},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIMEOUT):
            picture, printed = await process.communicate(facts(line))
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode or not picture:
        last = printed.decode(errors="replace").strip().rpartition("\n")[2]
        raise _FailedError(f"exit code {process.returncode}, {last or 'nothing printed'}")
    return picture


def facts(line: Line) -> bytes:
    """Return what the program reads."""
    facts = {
        "counted": [(day.isoformat(), number) for day, number in line.counted],
        "expected": [(day.isoformat(), number) for day, number in line.expected],
        "month_end": line.month_end.isoformat(),
        "free": FREE,
    }
    return json.dumps(facts).encode()
