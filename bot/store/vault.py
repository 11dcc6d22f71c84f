"""Encrypts what must not lie readable in the database, and guards the key that does it."""

import asyncio
import hmac
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Column, bindparam, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.errors import StartupError
from bot.store.engine.database import Database
from bot.store.maintenance import ground
from bot.store.parts import parts
from bot.store.tables.encrypted import ENCRYPTED, for_a_look, in_turn

_LOST = "If it is lost for good, `usher session drop` gives up what was encrypted with it."
_AT_ONCE = 500  # values in memory
_BACKUP = "Without the right key the stored logins cannot be read"


class UnreadableError(Exception):
    """None of the keys opens this; holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One encrypted value: its column, and its row's primary key."""

    column: Column[Any]
    identity: Any


class Vault:
    """Seals with the first key, opens with any (rotation)."""

    def __init__(self, *keys: str) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._first = keys[0].encode()

    def __repr__(self) -> str:
        return "Vault(<hidden>)"

    def seal(self, value: str | bytes) -> bytes:
        """Return the encrypted form, for a database column."""
        return self._fernet.encrypt(value.encode() if isinstance(value, str) else value)

    def open(self, sealed: bytes) -> str:
        """Return the text that was sealed. Raises UnreadableError when no key fits."""
        return self.open_bytes(sealed).decode()

    def open_bytes(self, sealed: bytes) -> bytes:
        """Return the bytes that were sealed. Raises UnreadableError when no key fits."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise UnreadableError from None

    def opens(self, sealed: bytes) -> bool:
        """Return whether one of the keys fits."""
        try:
            self.open_bytes(sealed)
        except UnreadableError:
            return False
        return True

    def number(self, text: str, below: int) -> int:
        """Return a number from 1 on for that text, the same each time; without the key it tells nothing."""
        digest = hmac.digest(self._first, b"number of " + text.encode(), "sha256")
        return 1 + int.from_bytes(digest) % (below - 1)

    def renew(self, sealed: bytes) -> bytes:
        """Return the same, sealed with the first key. Raises UnreadableError when no key fits."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken:
            raise UnreadableError from None


async def rekey(database: Database, vault: Vault) -> int:
    """Seal everything with the first key, all or nothing; returns how many values there are.

    Safe to repeat. Raises UnreadableError, with nothing changed, when no key fits one of them.
    """
    number = 0
    async with database.write() as connection:
        for column in ENCRYPTED:
            [key] = column.table.primary_key
            renewing = (
                update(column.table)
                .where(key == bindparam("of_key"))
                .values({column: bindparam("sealed")})
            )
            async for values in _some_at_a_time(connection, column):
                renewed = [
                    {"of_key": identity, "sealed": vault.renew(sealed)}
                    for identity, sealed in values
                ]
                await connection.execute(renewing, renewed)
                number += len(renewed)
    return number


async def unreadable(connection: AsyncConnection, vault: Vault | None) -> list[Sealed]:
    """Return everything encrypted that no key of the vault opens; without a vault, all of it."""
    found = []
    for column in ENCRYPTED:
        async for values in _some_at_a_time(connection, column):
            found += [
                Sealed(column, identity)
                for identity, sealed in values
                if vault is None or not vault.opens(sealed)
            ]
    return found


async def _some_at_a_time(
    connection: AsyncConnection, column: Column[Any]
) -> AsyncIterator[list[tuple[Any, bytes]]]:
    """Yield every value of a column with its row's key; not all at once, which may be hundreds of megabytes."""
    after = None
    while found := (await connection.execute(in_turn(column, after, _AT_ONCE))).all():
        after = found[-1][0]
        yield [(identity, bytes(sealed)) for identity, sealed in found]


async def give_up(connection: AsyncConnection, lost: Sequence[Sealed]) -> None:
    """Erase what nobody can read: the value, or the row where it is nothing without the value."""
    for column in ENCRYPTED:
        [key] = column.table.primary_key
        for identities in parts([each.identity for each in lost if each.column is column]):
            mine = key.in_(identities)
            if column.nullable:
                await connection.execute(update(column.table).where(mine).values({column: None}))
            else:
                await connection.execute(delete(column.table).where(mine))


def vault_at_hand(secret_key: str | None, *files: Path) -> Vault | None:
    """Return a vault with every key that can be found (blocking); None without any.

    Raises:
        StartupError: a key file is there but cannot be read, so it is not lost.
    """
    texts = [secret_key, *map(_read, files)] if secret_key is None else [secret_key]
    keys = [key for text in texts if text for key in _keys(text) if _is_key(key)]
    return Vault(*keys) if keys else None


def put_aside(key_file: Path) -> Path | None:
    """Rename a key file that holds no key, so that one can be made (blocking); None: it holds one."""
    text = _read(key_file)
    if text is None or any(map(_is_key, _keys(text))):
        return None
    aside = key_file.with_name(f"{key_file.name}.damaged-{clock.now():%Y-%m-%dT%H%M%S}")
    return key_file.rename(aside)


async def open_vault(
    secret_key: str | None, key_file: Path, database: Database, earlier: Path | None = None
) -> Vault:
    """Open the vault with the keys of the settings (comma separated), or else of `key_file`.

    The file is made once, and never while encrypted rows exist or there is one at the `earlier` place.

    Raises:
        StartupError: the key is missing, damaged, or not the one that the rows were sealed with.
    """
    sealed = await _sealed(database)
    where, text = "SECRET_KEY", secret_key
    if text is None:
        files = [path for path in (key_file, earlier) if path is not None]
        where, text = await asyncio.to_thread(_read_first, files, sealed)
    if text is None:
        if sealed:
            raise StartupError(
                f"Usher cannot start: the key file {where} is missing, and the database holds "
                f"encrypted logins. {_BACKUP}. Put the file back from your backup, or set "
                f"SECRET_KEY to the key that was in it. {_LOST} Nothing was changed."
            )
        text = await asyncio.to_thread(_create, key_file, Fernet.generate_key().decode())
    vault = _vault(text, where)
    if not _opens_all(vault, sealed):
        raise StartupError(
            f"Usher cannot start: the key in {where} is not the one that this database was "
            f"encrypted with. {_BACKUP}. Use the earlier key; to change keys, write the new one "
            f"first and the earlier one behind it in SECRET_KEY, separated by a comma. {_LOST} "
            "Nothing was changed."
        )
    return vault


def key_in_use(key_file: Path, earlier: Path) -> Path:
    """Return which of the two files holds the key, or will (blocking)."""
    return earlier if earlier.exists() and not key_file.exists() else key_file


def _read_first(files: list[Path], sealed: list[bytes]) -> tuple[str, str | None]:
    """Return the file and the text of the first key that fits, else of the first there is."""
    found = [(str(path), text) for path in files if (text := _read(path)) is not None]
    for where, text in found if len(found) > 1 else ():
        with suppress(StartupError):
            if _opens_all(_vault(text, where), sealed):
                return where, text
    return found[0] if found else (str(files[0]), None)


def _opens_all(vault: Vault, sealed: list[bytes]) -> bool:
    return all(vault.opens(row) for row in sealed)


async def _sealed(database: Database) -> list[bytes]:
    """Return what is encrypted, as far as it shows whether a key is the right one."""
    async with database.read() as connection:
        return [
            bytes(sealed)
            for column in ENCRYPTED
            for query in for_a_look(column)
            for sealed in await connection.scalars(query)
        ]


def _keys(text: str) -> list[str]:
    return [key for key in (part.strip() for part in text.split(",")) if key]


def _is_key(text: str) -> bool:
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def _vault(text: str, where: str) -> Vault:
    try:
        return Vault(*_keys(text))
    except ValueError:  # also when there is none at all
        raise StartupError(
            f"Usher cannot start: {where} does not hold a Fernet key (44 characters). Put the key "
            "back from your backup. Nothing was changed."
        ) from None


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StartupError(
            f"Usher cannot start: the key file {path} cannot be read ({error.strerror}). "
            "It must belong to the user that runs Usher."
        ) from None


def _create(path: Path, key: str) -> str:
    """Keep a new key; returns it, or the one that another program made meanwhile."""
    try:
        with ground.explained(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Exclusive: a file that appeared meanwhile may be a key in use.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{key}\n")
                file.flush()
                # The first encrypted row must not outlive its key in a power cut.
                os.fsync(file.fileno())
    except FileExistsError:
        return _read(path) or ""
    return key
