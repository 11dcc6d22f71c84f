"""Files that name people: for their owner alone, and each of them whole."""

import os
from pathlib import Path


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
