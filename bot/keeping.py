"""`usher backup`: a copy of the database in a file of one's choice."""

from pathlib import Path

from bot.errors import StartupError
from bot.settings import Settings
from bot.store import backup


def back_up(settings: Settings, target: Path) -> str:
    """Copy the database, also while Usher runs; returns what to say (blocking).

    Raises:
        StartupError: there is no database, the file exists, or it cannot be written.
    """
    database = settings.database_path
    if not database.exists():
        raise StartupError(f"There is no database at {database}, so there is nothing to copy.")
    if target.exists() or target.is_symlink():
        raise StartupError(f"{target} exists, and nothing is overwritten. Choose another name.")
    try:
        backup.copy(database, target)
    except backup.CopyError as error:
        raise StartupError(f"The copy could not be made: {error}. Nothing was changed.") from error
    key = "SECRET_KEY" if settings.secret_keys else str(settings.key_file)
    return (
        f"The database was copied to {target}.\n"
        f"The stored logins in it open only with the key ({key}): keep a copy of that apart from it."
    )
