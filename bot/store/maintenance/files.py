"""Where the database's file lies, and who may read what is beside it."""

import os
from pathlib import Path

from sqlalchemy.engine import URL, make_url


def file_of(url: str | URL) -> Path | None:
    """Return the database's file; None when it lives in memory."""
    name = make_url(url).database
    return None if not name or name == ":memory:" else Path(name)


def prepare_folder(path: Path) -> None:
    """Make the database's folder, for its owner alone (blocking)."""
    os.umask(0o077)  # the database, its journal and the key are the owner's alone
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.parent.name == "data":  # ours by name: a clone brings it with everybody's rights
        path.parent.chmod(0o700)
