"""`usher session drop`: what was encrypted with a lost key is given up, after a yes, and all else stays."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from sqlalchemy import insert, select, update

from bot import logs
from bot.access.people.bot_token import BotTokens
from bot.cli.usher import usher as command
from bot.errors import StartupError
from bot.settings import Settings
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from bot.store.engine.lock import alone_with
from bot.store.ledger import events
from bot.store.logins import sessions, spares
from bot.store.tables.logins import account, environment_session
from bot.store.tables.payments import connection as shop
from bot.store.vault import Vault, open_vault

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
URL = "sqlite+aiosqlite:///data/usher.db"
KEY = Path("data/secret.key")


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "set_up", lambda *_: None)


def drop(*typed):
    return CliRunner().invoke(
        command,
        ["session", "drop"],
        input="".join(f"{line}\n" for line in typed),
        catch_exceptions=False,
    )


async def furnish(*vaults):
    """Servers with a login each, a spare and a pair of the environment; the key is made if need be."""
    async with open_database(URL) as database:
        made = await open_vault(None, KEY, database)
        async with database.write() as connection:
            for number, given in enumerate(vaults or (made,), start=1):
                vault = given or made
                await guilds.ensure(connection, number, NOW)
                await scripts.add(
                    connection,
                    number,
                    pine_id=f"PUB;{number:032}",
                    slug="trend",
                    title="T",
                    by=1,
                    at=NOW,
                )
                known = await sessions.ensure_account(connection, number, NOW)
                await sessions.name_account(connection, known.id, f"Vendor_{number}")
                await sessions.put(
                    connection, known.id, version=1, sealed=vault.seal("cookie"), by=1, at=NOW
                )
                await spares.add(connection, known.id, vault.seal("spare"), by=1, at=NOW)
                await connection.execute(
                    insert(environment_session).values(
                        guild_id=number, digest="d", cookies=vault.seal("pair")
                    )
                )
                await connection.execute(update(account).values(environment_digest="used"))


async def start():
    async with open_database(URL) as database:
        await open_vault(None, KEY, database)


async def kept():
    async with open_database(URL) as database, database.read() as connection:
        return {
            "logins": [login.account.guild_id for login in await sessions.everything(connection)],
            "spares": len(await spares.of_account(connection, 1)),
            "scripts": len(await scripts.listed(connection, 1)),
            "names": list(await connection.scalars(select(account.c.username))),
            "digests": list(await connection.scalars(select(account.c.environment_digest))),
            "events": [event.action for event in await events.since(connection, 1, 0)],
        }


def test_a_lost_key_is_given_up_with_what_it_locked_and_the_bot_goes_on():
    asyncio.run(furnish())
    KEY.unlink()
    said = drop("yes")
    assert said.exit_code == 0
    assert "No key at hand opens 1 TradingView login and 2 other encrypted values" in said.output
    assert "/session update" in said.output
    found = asyncio.run(kept())
    assert found == {
        "logins": [],
        "spares": 0,
        "scripts": 1,
        "names": ["Vendor_1"],
        "digests": [None],
        "events": ["session_lost"],
    }
    [copy] = Path("data/backups").iterdir()
    assert str(copy) in said.output
    asyncio.run(start())
    assert KEY.exists(), "a new key was made"


def test_the_secrets_of_shops_are_given_up_and_asked_for_again():
    async def with_a_shop():
        await furnish()
        async with open_database(URL) as database:
            vault = await open_vault(None, KEY, database)
            async with database.write() as connection:
                await connection.execute(
                    insert(shop).values(
                        guild_id=1,
                        public_id="a",
                        provider="stripe",
                        secrets=vault.seal('["s"]'),
                        options={},
                        terms={},
                        made_by=9,
                        made_at=NOW,
                        reference="r",
                    )
                )

    asyncio.run(with_a_shop())
    KEY.unlink()
    said = drop("yes")
    assert said.exit_code == 0
    assert "give the secret of 1 shop again: /webhook edit" in said.output
    asyncio.run(start())


def test_the_bots_token_is_given_up_and_asked_for_again():
    async def with_a_token():
        await furnish()
        async with open_database(URL) as database:
            await BotTokens(database, await open_vault(None, KEY, database)).keep("MTIz.a.token")

    async def kept_token():
        async with open_database(URL) as database:
            return await BotTokens(database, await open_vault(None, KEY, database)).kept()

    asyncio.run(with_a_token())
    assert asyncio.run(kept_token()) == "MTIz.a.token"
    KEY.unlink()
    said = drop("yes")
    assert said.exit_code == 0
    assert "It asks for the bot's token again" in said.output
    assert asyncio.run(kept_token()) is None


@pytest.mark.parametrize("typed", [[], [""], ["y"], ["no"]])
def test_without_the_whole_word_nothing_is_given_up(typed):
    asyncio.run(furnish())
    KEY.unlink()
    said = drop(*typed)
    assert said.exit_code == 1
    assert "Left as it was." in said.output
    assert asyncio.run(kept())["logins"] == [1]
    assert not Path("data/backups").exists()


def test_what_a_key_still_opens_stays():
    other = Vault(Fernet.generate_key().decode())
    asyncio.run(furnish(None, other))
    assert drop("yes").exit_code == 0
    assert asyncio.run(kept())["logins"] == [1]


def test_nothing_is_asked_where_nothing_is_lost():
    asyncio.run(furnish())
    said = drop()
    assert said.exit_code == 0
    assert "nothing to give up" in said.output
    assert asyncio.run(kept())["logins"] == [1]


def test_a_damaged_key_is_put_aside_so_that_a_new_one_can_be_made():
    asyncio.run(furnish())
    KEY.write_text("half a k")
    said = drop("yes")
    assert said.exit_code == 0
    [aside] = Path("data").glob("secret.key.damaged-*")
    assert aside.read_text() == "half a k"
    asyncio.run(start())


def test_a_running_bot_still_has_its_key():
    async def beside():
        await furnish()
        async with alone_with(URL):
            return await asyncio.to_thread(drop, "yes")

    with pytest.raises(StartupError, match="Usher is running"):
        asyncio.run(beside())


def test_without_a_database_none_is_made():
    with pytest.raises(StartupError, match="no database"):
        drop("yes")
    assert not Path("data").exists()


def test_when_no_copy_can_be_made_nothing_is_given_up():
    asyncio.run(furnish())
    KEY.unlink()
    Path("data/backups").write_text("in the way")
    with pytest.raises(StartupError, match="Nothing was changed"):
        drop("yes")
    Path("data/backups").unlink()
    assert asyncio.run(kept())["logins"] == [1]
