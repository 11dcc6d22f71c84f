"""The folder of the sandbox's bot, in which the commands of a terminal work on that same bot."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.example_files import Example

_ROOT = Path(__file__).resolve().parents[2]
_ENV = ".env"


@dataclass(frozen=True)
class Terminal:
    """Where the bot's database is, beside the settings with which it runs."""

    folder: Path

    def lay_out(self, settings: Mapping[str, str], *files: Example) -> None:
        """Write the settings there, for its owner alone, and files to try commands with (blocking)."""
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        number = os.open(self.folder / _ENV, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as stream:
            stream.write(lines)
        for file in files:
            (self.folder / file.name).write_bytes(file.content)

    def line(self, command: str) -> str:
        """Return what to type in a terminal for that command of Usher's; on Windows in PowerShell."""
        if os.name == "nt":
            return f'cd "{self.folder}"; {_USHER} {command}'
        return f"cd {shlex.quote(str(self.folder))} && {_USHER} {command}"


def _usher() -> str:
    """Return how this very Usher is called from another folder."""
    called = Path(sys.argv[0])
    if called.stem == "usher":
        found = str(called.absolute())
        return f'& "{found}"' if os.name == "nt" else shlex.quote(found)
    return f"PYTHONPATH={shlex.quote(str(_ROOT))} {shlex.quote(sys.executable)} -m bot"


_USHER = _usher()
