"""What drawing the picture of seats leaves in the bot's memory, beside drawing it in the same process.

python -m tests.bench.seats_chart (Linux: it reads /proc)
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

from bot.access.ledger.seats import Line
from bot.replies import seats_chart
from tests.bench.desk import middle, say

PICTURES = 3
MAX_LEFT_MB = 2
TODAY = date(2026, 3, 10)
LINE = Line(
    tuple((TODAY - timedelta(days=back), 120 - back) for back in range(60, 0, -1)),
    tuple((TODAY + timedelta(days=ahead), 120 - ahead) for ahead in range(22)),
    date(2026, 3, 31),
)


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def left_by(draw: Callable[[], Awaitable[bytes | None]]) -> dict[str, float]:
    """Megabytes before, after, and seconds for each picture."""
    before, took = resident_mb(), []
    for _ in range(PICTURES):
        begun = time.perf_counter()
        assert await draw()
        took.append(time.perf_counter() - begun)
    after = resident_mb()
    return {
        "mb_before": round(before, 1),
        "mb_after": round(after, 1),
        "mb_left": round(after - before, 1),
        "seconds_of_the_first": round(took[0], 2),
        "seconds": round(middle(took), 2),
    }


async def in_this_process() -> bytes:
    """As it was once."""
    import json

    from bot.replies.seats_drawing import figure

    file = BytesIO()
    figure(json.loads(seats_chart.facts(LINE))).savefig(file, format="png")
    return file.getvalue()


async def main() -> None:
    chart = seats_chart.SeatsChart()
    apart = await left_by(lambda: chart.draw(LINE))
    here = await left_by(in_this_process)
    say(
        "the picture of seats",
        in_a_process_of_its_own=apart,
        in_the_same_process=here,
        limit_mb=MAX_LEFT_MB,
        good=apart["mb_left"] <= MAX_LEFT_MB,
    )


if __name__ == "__main__":
    asyncio.run(main())
