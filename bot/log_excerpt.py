"""The last lines of the log as they may be passed on: what the program says, without whom it says it of.

A line is kept as it stands in the source, its values left out unless they are small numbers. Of other
libraries' lines only the sender and the level are kept, of an exception its kind and where it was raised:
nobody can be sure of more.
"""

import logging
import time
from collections import deque
from pathlib import PurePath
from types import TracebackType

KEPT = 200  # lines
_OURS = frozenset({"bot", "cogs", "__main__"})
_ROOT = PurePath(__file__).parents[1]  # where it is installed is nobody's business
_FRAMES = 4  # of our own code, the innermost ones
_MAX_NUMBER = 10_000  # an id may be larger
_LEFT_OUT = "…"
# What these say of a request is its route, never its address.
_OF_ROUTES = {"bot.web.server": "%s %s %s in %.0f ms", "bot.web.dashboard.routes": None}


class LogExcerpt(logging.Handler):
    """Keeps the last lines in memory."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[str] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line; the record itself, which may hold anything, is not kept."""
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(record.created))
        is_ours = record.name.partition(".")[0] in _OURS
        said = _said(record) if is_ours else _LEFT_OUT
        self._lines.append(f"{at} {record.levelname} {record.name}: {said}{_raised(record)}")

    def lines(self) -> list[str]:
        """Return the lines, oldest first."""
        return list(self._lines)


EXCERPT = LogExcerpt()


def _said(record: logging.LogRecord) -> str:
    text, values = str(record.msg), record.args
    if not values:
        return text
    if not isinstance(values, tuple):
        return text
    if record.name in _OF_ROUTES and _OF_ROUTES[record.name] in (None, text):
        return text % values
    try:
        return text % tuple(map(_shown, values))
    except (TypeError, ValueError):  # a number was left out where the line wants one
        return text


def _shown(value: object) -> object:
    is_small = isinstance(value, int) and abs(value) < _MAX_NUMBER
    return value if is_small or isinstance(value, float) else _LEFT_OUT


def _raised(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    kind, _, traceback = record.exc_info
    return f" [{kind.__name__} {' > '.join(_places(traceback))}]"


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        path = PurePath(traceback.tb_frame.f_code.co_filename)
        inside = path.relative_to(_ROOT).parts if path.is_relative_to(_ROOT) else ()
        if inside and inside[0] in _OURS:
            places.append(f"{'/'.join(inside)}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return places[-_FRAMES:]
