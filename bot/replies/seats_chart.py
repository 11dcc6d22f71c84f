"""The picture of seats: a line by day, the line at 100, and what is expected."""

import logging
import threading
from io import BytesIO

from bot.access.ledger.seats import Line
from bot.access.rules.seat_fee import FREE

_ONE_AT_A_TIME = threading.Lock()  # the fonts are shared


def draw(line: Line) -> bytes:
    """Return the picture as a PNG file (slow: call it in a thread)."""
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    # Large, and needed for nothing else.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    with _ONE_AT_A_TIME:
        figure = Figure(figsize=(8, 4), dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        # Where the two meet, today, they share a point.
        counted = [*line.counted, line.expected[0]]
        for label, points, dashes, dots in (
            ("counted", counted, "-", "."),
            ("expected", [*line.expected], "--", ""),
        ):
            axes.plot(
                [float(date2num(day)) for day, _ in points],
                [number for _, number in points],
                label=label,
                color="#2962ff",
                linestyle=dashes,
                marker=dots,
            )
        axes.axhline(FREE, color="#d32f2f", linewidth=1, label=f"{FREE}: no fee up to here")
        axes.axvline(
            float(date2num(line.month_end)), color="#9e9e9e", linewidth=1, label="month's end"
        )
        most = max(FREE, *(number for _, number in (*counted, *line.expected)))
        axes.set_ylim(0, most * 1.1)
        axes.set_ylabel("people with access")
        locator = AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        short = ConciseDateFormatter(locator)
        axes.xaxis.set_major_formatter(short)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=True, alpha=0.3)
        axes.legend(loc="best", fontsize="small")
        file = BytesIO()
        figure.savefig(file, format="png")
        return file.getvalue()
