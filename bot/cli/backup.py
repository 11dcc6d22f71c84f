"""`usher backup` and `usher restore`: the database in a file of one's choice, and back."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot import clock
from bot.errors import StartupError
from bot.settings import Settings
from bot.store.engine.database import open_database
from bot.store.engine.lock import alone_with
from bot.store.maintenance import backup, restore as restoring
from bot.store.maintenance.files import prepare_folder
from bot.store.maintenance.inspect import examine
from bot.store.maintenance.revision import Schema
from bot.store.vault import key_in_use, open_vault

_UNCHANGED = "Nothing was changed."


def back_up(settings: Settings, target: Path) -> str:
    """Copy the database, also while Usher runs; returns what to say (blocking).

    Raises:
        StartupError: there is no database, the file exists, or it cannot be written.
    """
    database = settings.database_path
    if not database.is_file() or database.stat().st_size == 0:
        raise StartupError(f"There is no database at {database}, so there is nothing to copy.")
    examined = examine(database)
    if examined.trouble is not None:
        raise StartupError(
            f"{examined.trouble.wrong} Nothing was copied. {examined.trouble.remedy}"
        )
    if not restoring.is_ours(database):
        raise StartupError(f"{database} holds nothing of Usher's yet, so there is nothing to copy.")
    if target.is_dir():
        raise StartupError(
            f"{target} is a folder. Write the name of a new file in it: {target}/usher.db"
        )
    if not target.parent.is_dir():
        raise StartupError(
            f"There is no folder {target.parent}, so nothing was copied. Look for a typo, or make it "
            f"first: mkdir -p {target.parent}"
        )
    if target.exists() or target.is_symlink():
        raise StartupError(f"{target} exists, and nothing is overwritten. Choose another name.")
    try:
        backup.copy(database, target)
    except backup.CopyError as error:
        raise StartupError(f"The copy could not be made: {error}. {_UNCHANGED}") from error
    key = key_in_use(settings.key_file, settings.earlier_key_file)
    where = "SECRET_KEY" if settings.secret_keys else str(key)
    return (
        f"The database was copied to {target}.\n"
        f"The stored logins in it open only with the key ({where}): keep a copy of that apart from it."
    )


async def restore(settings: Settings, source: Path) -> str:
    """Put a copy in the place of the database; returns what to say.

    Raises:
        StartupError: Usher runs, or the copy is damaged, too new, or sealed with another key.
    """
    database = await asyncio.to_thread(settings.database_path.absolute)
    made_at = await asyncio.to_thread(_made_at, source)  # a typo makes no folder
    async with alone_with(settings.database_url):
        prepared = database.with_name(f".{database.name}.restored")
        try:
            await _prepare(settings, source, prepared, made_at)
            aside = await asyncio.to_thread(_swap, prepared, database)
        except backup.CopyError as error:
            raise StartupError(f"The backup could not be copied: {error}. {_UNCHANGED}") from error
        finally:
            await asyncio.to_thread(_remove, prepared)
    sentences = [f"The backup of {made_at:%Y-%m-%d %H:%M} UTC is in place."]
    if aside is not None:
        sentences.append(f"What was there before lies in {aside}.")
    sentences.append(
        "Start Usher now. By itself it reads the list of every script at TradingView; before all of a "
        "server's lists were read, it changes nothing there for that server."
    )
    return "\n".join(sentences)


def _made_at(source: Path) -> datetime:
    """Return when the copy was made. Raises StartupError for a file that is no backup of Usher's."""
    if not source.is_file():
        raise StartupError(f"There is no file {source}. {_UNCHANGED}")
    if not restoring.is_ours(source):
        raise StartupError(f"{source} is no backup of Usher's database. {_UNCHANGED}")
    match examine(source).schema:
        case Schema.ABSENT | Schema.UNREADABLE:
            raise StartupError(f"{source} is no backup of Usher's database. {_UNCHANGED}")
        case Schema.NEWER:
            raise StartupError(
                f"{source} was written by a newer Usher: restore it with that one. {_UNCHANGED}"
            )
        case Schema.OLDER | Schema.CURRENT:
            return datetime.fromtimestamp(source.stat().st_mtime, tz=UTC)


async def _prepare(settings: Settings, source: Path, prepared: Path, made_at: datetime) -> None:
    """Check a copy of the copy, bring it up to date, and mark what must not be believed yet."""
    await asyncio.to_thread(prepare_folder, prepared)
    await asyncio.to_thread(_remove, prepared)
    await asyncio.to_thread(backup.copy, source, prepared)
    key = settings.secret_key.get_secret_value() if settings.secret_key else None
    async with open_database(f"sqlite+aiosqlite:///{prepared}", keep_copy=False) as database:
        async with database.read() as connection:
            if not await restoring.is_intact(connection):
                raise StartupError(f"{source} is damaged. Try an older backup. {_UNCHANGED}")
        await open_vault(key, settings.key_file, database, settings.earlier_key_file)
        async with database.write() as connection:
            await restoring.mark(connection, made_at, clock.now())


def _swap(prepared: Path, database: Path) -> Path | None:
    """Keep what is there under another name, and put the prepared file in its place."""
    whole = prepared.with_name(f"{prepared.name}.whole")
    backup.copy(prepared, whole)  # without a journal beside it
    aside = backup.keep_replaced(database) if database.exists() else None
    for ending in ("-wal", "-shm"):  # a journal of the old one would spoil the new one
        Path(f"{database}{ending}").unlink(missing_ok=True)
    whole.replace(database)
    return aside


def _remove(prepared: Path) -> None:
    for ending in ("", "-wal", "-shm", ".whole"):
        Path(f"{prepared}{ending}").unlink(missing_ok=True)
