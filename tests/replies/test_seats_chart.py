"""The picture of seats comes from a process of its own, which leaves nothing in this one."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.replies import seats_chart
from bot.replies.seats_chart import SeatsChart
from bot.settings import Settings
from tests.replies.test_seats import line

ROOT = Path(__file__).parents[2]


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Let another program draw."""

    def write(text):
        file = tmp_path / "program.py"
        file.write_text(text)
        monkeypatch.setattr(seats_chart, "PROGRAM", file)

    return write


@pytest.mark.parametrize("numbers", [0, 1, 60])
async def test_a_picture_of_any_past(numbers):
    assert (await SeatsChart().draw(line(numbers))).startswith(b"\x89PNG")


def test_whoever_drew_a_picture_has_not_imported_matplotlib():
    program = """
import asyncio, sys
from datetime import date
from bot.access.ledger.seats import Line
from bot.replies.seats_chart import SeatsChart

day = date(2026, 3, 10)
picture = asyncio.run(SeatsChart().draw(Line((), ((day, 1),), day)))
print(picture[1:4].decode(), "matplotlib" in sys.modules, "numpy" in sys.modules)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.split() == ["PNG", "False", "False"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import no_such_library", "No module named 'no_such_library'"),
        ("import sys; sys.exit(3)", "exit code 3, nothing printed"),
        ("", "exit code 0, nothing printed"),
    ],
)
async def test_without_a_picture_there_is_a_line_in_the_log(program, caplog, text, why):
    program(text)
    assert await SeatsChart().draw(line(1)) is None
    [record] = caplog.records
    assert why in record.message


async def test_a_program_that_does_not_end_is_ended(program, monkeypatch, caplog):
    program("import threading; threading.Event().wait()")
    monkeypatch.setattr(seats_chart, "TIMEOUT", 0)
    assert await SeatsChart().draw(line(1)) is None
    assert "was not ready after 0 s" in caplog.text


async def test_no_setting_reaches_the_program(program, monkeypatch):
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv(name.upper(), "secret-value")
    program("import os; print(dict(os.environ))")
    seen = await SeatsChart().draw(line(1))
    assert b"PATH" in seen
    assert b"secret-value" not in seen
