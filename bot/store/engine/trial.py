"""Tries out whether a database can be kept somewhere, and leaves nothing behind."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from bot.store.engine.lock import lock_of
from bot.store.maintenance import ground


def try_out(path: Path) -> None:
    """Lock a file, and keep a small database, beside where that one is or would be (blocking).

    Raises:
        GroundError: what a start would say.
    """
    place = ground.nearest_folder(path)
    with (
        ground.explained(path),
        tempfile.TemporaryDirectory(prefix=".usher-check-", dir=place) as folder,
    ):
        probe = Path(folder) / "usher.db"
        lock = lock_of(probe)
        lock.acquire(timeout=0)
        lock.release()
        with closing(sqlite3.connect(probe)) as raw:
            ground.use_wal(raw, path)
            raw.execute("CREATE TABLE room AS SELECT zeroblob(65536)")
            raw.commit()
