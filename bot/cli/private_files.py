"""Files that name people: whole or not at all, for their owner alone to read, and over no other file."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.errors import StartupError

NOTHING = "Nothing was written."


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


def write(paths: Sequence[Path], contents: Sequence[bytes], *, force: bool) -> None:
    """Write these files, each of them whole (blocking).

    Raises StartupError where one is there already, or cannot be written.
    """
    refuse(paths, force=force)
    with _parts(paths) as parts:
        try:
            for part, content in zip(parts, contents, strict=True):
                # Only their owner may read them, from the first byte on.
                number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(number, "wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
            for part, path in zip(parts, paths, strict=True):
                part.replace(path)
        except OSError as error:
            raise StartupError(
                f"In the folder {paths[0].parent} no file could be written: {error.strerror}. Choose "
                "another one, or make room."
            ) from error


@contextmanager
def _parts(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield where each file is written until it is whole; what is left of them is removed."""
    parts = [path.with_name(f".{path.name}.{os.getpid()}") for path in paths]
    try:
        yield parts
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)
