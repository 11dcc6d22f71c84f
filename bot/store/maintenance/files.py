"""Where the database's file lies, and who may read what is beside it."""

import os
import stat
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from bot.store.maintenance import ground

_OURS = (".", "README.md", "secret.key", "backups")  # how names of what is no stranger's begin


def file_of(url: str | URL) -> Path | None:
    """Return the database's file; None when it lives in memory."""
    name = make_url(url).database
    return None if not name or name == ":memory:" else Path(name)


def prepare_folder(path: Path) -> None:
    """Make the database's folder, for its owner alone (blocking).

    Raises:
        GroundError: it cannot be made.
    """
    os.umask(0o077)  # the database, its journal and the key are the owner's alone
    with ground.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Ours by name: a clone brings it with everybody's rights.
        if path.parent.name == "data" and not is_shared(path):
            path.parent.chmod(0o700)


def is_shared(path: Path) -> bool:
    """Return whether others may use the folder of that database, so that it is not closed to them.

    So is that of somebody else, one in which everybody may write, and one with other things in it.
    """
    folder = path.parent
    found = folder.stat()
    if found.st_mode & stat.S_IWOTH:
        return True
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        return True
    return not all(entry.name.startswith((*_OURS, path.name)) for entry in folder.iterdir())
