"""Encrypts what must not lie readable in the database, and guards the key that does it."""

import asyncio
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import bindparam, select, update

from bot.errors import StartupError
from bot.store.engine.database import Database
from bot.store.tables.encrypted import ENCRYPTED

_BACKUP = "Without the right key the stored logins cannot be read"


class UnreadableError(Exception):
    """None of the keys opens this; holds nothing of it."""


class Vault:
    """Seals with the first key, opens with any (rotation)."""

    def __init__(self, *keys: str) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def __repr__(self) -> str:
        return "Vault(<hidden>)"

    def seal(self, value: str | bytes) -> bytes:
        """Return the encrypted form, for a database column."""
        return self._fernet.encrypt(value.encode() if isinstance(value, str) else value)

    def open(self, sealed: bytes) -> str:
        """Return what was sealed. Raises UnreadableError when no key fits."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise UnreadableError from None

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
            found = await connection.execute(select(key, column).where(column.is_not(None)))
            renewed = [
                {"of_key": identity, "sealed": vault.renew(bytes(sealed))}
                for identity, sealed in found
            ]
            if renewed:
                await connection.execute(
                    update(column.table)
                    .where(key == bindparam("of_key"))
                    .values({column: bindparam("sealed")}),
                    renewed,
                )
            number += len(renewed)
    return number


async def open_vault(secret_key: str | None, key_file: Path, database: Database) -> Vault:
    """Open the vault with the keys of the settings (comma separated), or else of `key_file`.

    The file is made once, and never while encrypted rows exist.

    Raises:
        StartupError: the key is missing, damaged, or not the one that the rows were sealed with.
    """
    sealed = await _sealed(database)
    if secret_key is not None:
        where = "SECRET_KEY"
        vault = _vault(secret_key, where)
    else:
        where = str(key_file)
        text = await asyncio.to_thread(_read, key_file)
        if text is None:
            if sealed:
                raise StartupError(
                    f"Usher cannot start: the key file {where} is missing, and the database holds "
                    f"encrypted logins. {_BACKUP}. Put the file back from your backup, or set "
                    "SECRET_KEY to the key that was in it. Nothing was changed."
                )
            text = Fernet.generate_key().decode()
            await asyncio.to_thread(_create, key_file, text)
        vault = _vault(text, where)
    for row in sealed:
        try:
            vault.open(row)
        except UnreadableError:
            raise StartupError(
                f"Usher cannot start: the key in {where} is not the one that this database was "
                f"encrypted with. {_BACKUP}. Use the earlier key; to change keys, write the new one "
                "first and the earlier one behind it in SECRET_KEY, separated by a comma. "
                "Nothing was changed."
            ) from None
    return vault


async def _sealed(database: Database) -> list[bytes]:
    """Return everything that is encrypted."""
    async with database.read() as connection:
        return [
            bytes(sealed)
            for column in ENCRYPTED
            for sealed in (
                await connection.execute(select(column).where(column.is_not(None)))
            ).scalars()
        ]


def _vault(text: str, where: str) -> Vault:
    keys = [key for key in (part.strip() for part in text.split(",")) if key]
    try:
        return Vault(*keys)
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


def _create(path: Path, key: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Exclusive: a file that appeared meanwhile may be a key in use.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{key}\n")
        file.flush()
        # The first encrypted row must not outlive its key in a power cut.
        os.fsync(file.fileno())
