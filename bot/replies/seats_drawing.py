"""A program of its own: the picture of seats, from JSON on standard input to PNG on standard output.

matplotlib takes 42 MB and never gives them back, so it lives in this process only as long as one
picture takes. The module imports nothing of Usher: it starts at once, and no setting or secret is near.
"""

import json
import sys
from datetime import date
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def figure(line: dict[str, Any]) -> Figure:
    """Return a line by day, the line up to which nothing is to be paid, and what is expected."""
    drawn = Figure(figsize=(8, 4), dpi=110, layout="constrained")
    FigureCanvasAgg(drawn)
    axes = drawn.add_subplot()
    free, expected = line["free"], line["expected"]
    # Where the two meet, today, they share a point.
    counted = [*line["counted"], expected[0]]
    for label, points, dashes, dots in (
        ("counted", counted, "-", "."),
        ("expected", expected, "--", ""),
    ):
        axes.plot(
            [_number(day) for day, _ in points],
            [number for _, number in points],
            label=label,
            color="#2962ff",
            linestyle=dashes,
            marker=dots,
        )
    axes.axhline(free, color="#d32f2f", linewidth=1, label=f"{free}: no fee up to here")
    axes.axvline(_number(line["month_end"]), color="#9e9e9e", linewidth=1, label="month's end")
    most = max(free, *(number for _, number in (*counted, *expected)))
    axes.set_ylim(0, most * 1.1)
    axes.set_ylabel("people with access")
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="best", fontsize="small")
    return drawn


def _number(day: str) -> float:
    return float(date2num(date.fromisoformat(day)))


if __name__ == "__main__":
    figure(json.load(sys.stdin.buffer)).savefig(sys.stdout.buffer, format="png")
