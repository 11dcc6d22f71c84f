"""How far something long is, on the terminal: a bar, or plain lines where nobody looks at a terminal."""

import shutil
import sys
from types import TracebackType
from typing import Self

import click

_WIDTH, _LEAST = 30, 10
_EVERY = 0.1  # of the whole: how often a plain line is written


class Bar:
    """Shows how much of something is done, on the side where errors are written."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._total = 0
        self._done = 0
        self._said = 0.0
        self._shown = 0  # characters of the line
        self._is_begun = False
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Say that it begins."""
        self._show("")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """Say how many there were in the end."""
        if self._is_terminal:
            click.echo("", err=True)
        elif kind is None and self._done:
            click.echo(f"{self._label}: {self._done}, done.", err=True)

    def at(self, done: int, total: int = 0, more: str = "") -> None:
        """Show that so many are done, of so many where that is known; `more` takes the number's place."""
        total = max(total, self._total)
        self._done, self._total = done, max(total, done) if total else 0  # some may have come since
        self._show(more)

    def _show(self, more: str) -> None:
        share = min(1.0, self._done / self._total) if self._total else 0.0
        if self._is_terminal:
            self._draw(share, more or str(self._done))
        elif not self._is_begun:
            click.echo(f"{self._label}…", err=True)
        elif share - self._said >= _EVERY:
            self._said = share
            click.echo(f"{self._label}: {more or f'{self._done} of {self._total}'}", err=True)
        self._is_begun = True

    def _draw(self, share: float, text: str) -> None:
        columns = shutil.get_terminal_size().columns - 1  # a full line would begin another one
        width = min(_WIDTH, max(_LEAST, columns - len(self._label) - len(text) - 5))
        filled = round(share * width)
        bar = "#" * filled + "-" * (width - filled)
        line = f"{self._label}  [{bar}] {text}"[:columns]
        click.echo(f"\r{line.ljust(self._shown)}", nl=False, err=True)
        self._shown = len(line)
