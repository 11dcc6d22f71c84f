"""The log as it may be passed on: what of an exception's places is said."""

import logging
import sys
from pathlib import Path

import pytest

from bot import log_excerpt
from bot.log_excerpt import LogExcerpt

ROOT = Path(__file__).parents[1]


def said_of(*files):
    """The line for an exception that came through code of such files."""
    calls = {"inner": lambda: 1 / 0}
    for file in reversed(files):
        exec(compile("def outer(inner):\n    inner()", file, "exec"), scope := {})
        calls["inner"] = lambda outer=scope["outer"], inner=calls["inner"]: outer(inner)
    try:
        calls["inner"]()
    except ZeroDivisionError:
        record = logging.LogRecord("bot", logging.ERROR, "x", 1, "failed", (), sys.exc_info())
    excerpt = LogExcerpt()
    excerpt.emit(record)
    [line] = excerpt.lines()
    return line.partition("[")[2]


@pytest.mark.parametrize("root", [ROOT, Path("/opt/usher/lib/python3.12/site-packages")])
def test_our_own_places_are_said_wherever_usher_is_installed(monkeypatch, root):
    monkeypatch.setattr(log_excerpt, "_ROOT", root)
    said = said_of(str(root / "bot" / "web" / "app.py"), str(root / "aiohttp" / "web.py"))
    assert said == "ZeroDivisionError bot/web/app.py:2]"


def test_no_folder_of_the_computer_is_said():
    said = said_of("/home/alice/bot/Acme/cogs/x.py", str(ROOT / "cogs" / "access.py"), "<string>")
    assert said == "ZeroDivisionError cogs/access.py:2]"
