import stat
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from bot.errors import StartupError
from bot.store.catalogue import guilds
from bot.store.engine.database import open_database
from bot.store.logins import sessions
from bot.store.vault import UnreadableError, Vault, open_vault

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path):
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/usher.db") as database:
        yield database


async def keep(database, vault, secret="cookie-value"):
    async with database.write() as connection:
        await guilds.ensure(connection, 1, NOW)
        account = await sessions.ensure_account(connection, 1, NOW)
        await sessions.put(
            connection, account.id, version=1, sealed=vault.seal(secret), by=1, at=NOW
        )


def key():
    return Fernet.generate_key().decode()


async def test_what_was_sealed_comes_back_and_is_not_readable_meanwhile():
    vault = Vault(key())
    sealed = vault.seal("cookie-value")
    assert b"cookie-value" not in sealed
    assert vault.open(sealed) == "cookie-value"
    assert "hidden" in repr(vault)


async def test_another_key_opens_nothing():
    with pytest.raises(UnreadableError):
        Vault(key()).open(Vault(key()).seal("x"))


async def test_a_new_first_key_seals_and_the_old_one_still_opens():
    old, new = key(), key()
    both = Vault(new, old)
    assert both.open(Vault(old).seal("x")) == "x"
    assert Vault(new).open(both.seal("y")) == "y"


async def test_a_key_is_made_once_for_the_owner_alone(tmp_path, database):
    file = tmp_path / "keys" / "secret.key"
    first = await open_vault(None, file, database)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = await open_vault(None, file, database)
    assert again.open(first.seal("x")) == "x"


async def test_a_missing_key_with_encrypted_rows_stops_the_start_and_makes_none(tmp_path, database):
    file = tmp_path / "secret.key"
    await keep(database, await open_vault(None, file, database))
    file.rename(tmp_path / "elsewhere")
    with pytest.raises(StartupError, match="is missing"):
        await open_vault(None, file, database)
    assert not file.exists()


async def test_a_wrong_key_stops_the_start_and_says_no_key(tmp_path, database):
    right, wrong = key(), key()
    await keep(database, await open_vault(right, tmp_path / "unused", database))
    for settings, text in ((wrong, None), (None, wrong)):
        file = tmp_path / "secret.key"
        if text:
            file.write_text(text)
        with pytest.raises(StartupError, match="not the one") as caught:
            await open_vault(settings, file, database)
        assert wrong not in str(caught.value)
    assert (await open_vault(f"{wrong}, {right}", tmp_path / "unused", database)) is not None
    assert not (tmp_path / "unused").exists()


@pytest.mark.parametrize("text", ["", "not a key", ",", "\x00\xff"])
async def test_a_damaged_key_file_is_left_alone(tmp_path, database, text):
    file = tmp_path / "secret.key"
    file.write_text(text)
    with pytest.raises(StartupError, match="does not hold"):
        await open_vault(None, file, database)
    assert file.read_text() == text
