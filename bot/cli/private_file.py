"""Files that name people: for their owner alone, and each of them whole."""

import os
from collections.abc import Sequence
from pathlib import Path

from bot.errors import StartupError

NOTHING = "Nothing was written."


def can_be_at(path: Path) -> bool:
    """Return whether a file can be written there."""
    return path.parent.is_dir() and os.access(path.parent, os.W_OK) and not path.is_dir()


def write(path: Path, content: bytes) -> None:
    """Write the file; what stood there is replaced as a whole (blocking). Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Nobody else may read it, from the first byte on.
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def refuse(paths: Sequence[Path], *, force: bool) -> None:
    """Raise StartupError where a file is there already, or there is no folder for it (blocking)."""
    there = [path for path in paths if os.path.lexists(path)]
    if there and not force:
        raise StartupError(
            f"{', '.join(map(str, there))}: there already, and nothing is overwritten. {NOTHING} "
            "Choose another place, or add --force."
        )
    for folder in {path.parent for path in paths}:
        if not folder.is_dir():
            raise StartupError(
                f"There is no folder {folder}. {NOTHING} Look for a typo, or make it first: mkdir -p {folder}"
            )


def write_new(paths: Sequence[Path], contents: Sequence[bytes], *, force: bool) -> None:
    """Write these files over no other one, unless forced (blocking).

    Raises StartupError where one is there already, or cannot be written.
    """
    refuse(paths, force=force)
    for path, content in zip(paths, contents, strict=True):
        try:
            write(path, content)
        except OSError as error:
            raise StartupError(
                f"{path} could not be written: {error.strerror}. Choose another folder, or make room."
            ) from error
