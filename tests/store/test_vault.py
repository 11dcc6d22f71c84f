import asyncio
import errno
import os
import stat
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, insert, select

from bot.errors import StartupError
from bot.store.catalogue import guilds
from bot.store.engine.database import open_database
from bot.store.logins import sessions
from bot.store.sales import deliveries
from bot.store.sales.deliveries import NewDelivery
from bot.store.tables import payments
from bot.store.tables.encrypted import ENCRYPTED
from bot.store.vault import (
    Sealed,
    UnreadableError,
    Vault,
    give_up,
    key_in_use,
    open_vault,
    rekey,
    unreadable,
)

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


async def test_the_key_of_an_earlier_version_is_found_where_it_lies(tmp_path, database):
    beside, earlier = tmp_path / "secret.key", tmp_path / "elsewhere" / "secret.key"
    vault = await open_vault(None, earlier, database)
    await keep(database, vault)
    again = await open_vault(None, beside, database, earlier)
    assert again.open(vault.seal("x")) == "x"
    assert not beside.exists(), "no second key is made"
    assert await asyncio.to_thread(key_in_use, beside, earlier) == earlier


async def test_of_two_key_files_the_one_that_fits_is_used(tmp_path, database):
    beside, earlier = tmp_path / "secret.key", tmp_path / "elsewhere.key"
    beside.write_text(key())
    vault = await open_vault(None, earlier, database)
    await keep(database, vault)
    assert (await open_vault(None, beside, database, earlier)).open(vault.seal("x")) == "x"


async def test_a_key_made_meanwhile_by_another_program_is_used(tmp_path, database, monkeypatch):
    file, made = tmp_path / "secret.key", key()
    monkeypatch.setattr("bot.store.vault._read_first", lambda files, _: (str(file), None))
    file.write_text(made)
    vault = await open_vault(None, file, database)
    assert vault.open(Vault(made).seal("x")) == "x"


async def test_a_place_where_no_key_can_be_made_is_one_sentence(tmp_path, database, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StartupError, match="disk is full"):
        await open_vault(None, tmp_path / "secret.key", database)


async def keep_messages(database, *sealed):
    """Keep messages of a shop."""
    async with database.write() as connection:
        await guilds.ensure(connection, 1, NOW)
        source_id = await connection.scalar(
            insert(payments.connection)
            .values(
                guild_id=1,
                public_id="shop",
                provider="stripe",
                options={},
                terms={},
                made_by=9,
                made_at=NOW,
                reference="r",
            )
            .returning(payments.connection.c.id)
        )
        new = [NewDelivery(source_id, str(at), "paid", NOW, each) for at, each in enumerate(sealed)]
        await deliveries.add(connection, new)


async def test_ten_thousand_messages_of_shops_cost_the_start_a_look_at_a_few(
    tmp_path, database, monkeypatch
):
    right = key()
    await keep_messages(database, *[Vault(right).seal("x")] * 10_000)
    opened = []
    opens = Vault.opens
    monkeypatch.setattr(Vault, "opens", lambda *given: opened.append(1) or opens(*given))
    await open_vault(right, tmp_path / "unused", database)
    assert 0 < len(opened) <= 10
    with pytest.raises(StartupError, match="not the one"):
        await open_vault(key(), tmp_path / "unused", database)


@pytest.mark.parametrize("place", [0, 2_000])
async def test_a_key_that_opens_only_the_older_or_the_newer_messages_stops_the_start(
    tmp_path, database, place
):
    right, other = key(), key()
    sealed = [Vault(right).seal("x")] * 2_001
    sealed[place] = Vault(other).seal("x")
    await keep_messages(database, *sealed)
    with pytest.raises(StartupError, match="not the one"):
        await open_vault(right, tmp_path / "unused", database)


async def test_many_messages_are_sealed_anew_and_given_up_all_of_them(database):
    old, new = key(), key()
    await keep_messages(database, *[Vault(old).seal("x")] * 1_201)
    assert await rekey(database, Vault(new, old)) == 1_201
    async with database.write() as connection:
        assert await unreadable(connection, Vault(new)) == []
        lost = await unreadable(connection, Vault(old))
        assert len(lost) == 1_201
        await give_up(connection, lost)
        assert await unreadable(connection, None) == []
        kept = await connection.scalar(select(func.count()).select_from(payments.delivery))
    assert kept == 1_201, "what tells a copy of a message stays"


def test_what_is_no_text_comes_back_as_it_was():
    vault = Vault(key())
    assert vault.open_bytes(vault.seal(b"\xff\x00")) == b"\xff\x00"
    assert vault.opens(vault.seal(b"\xff\x00"))


async def test_each_encrypted_column_can_be_given_up(tmp_path, database):
    """What is encrypted is erased, or its row goes where it is nothing without it."""
    for column in ENCRYPTED:
        async with database.write() as connection:
            assert await unreadable(connection, None) == []
            await give_up(connection, [Sealed(column, 1)])
