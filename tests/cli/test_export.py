"""`usher export`: the customers as files beside a running bot; no file is overwritten, and nobody else may read them."""

import asyncio
import csv
import io
import stat

import pytest
from sqlalchemy import insert

from bot import clock
from bot.__main__ import main
from bot.access.sources import REGISTRY
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from bot.store.engine.lock import alone_with
from bot.store.ledger import entitlements, events, purchases
from bot.store.people import customers
from bot.store.records import USHER
from bot.store.tables.ledger import entitlement, permission
from tests.cli.test_main import apart  # noqa: F401 - the fixture

HOME, OTHER = 100, 200
URL = "sqlite+aiosqlite:///data/usher.db"


async def fill(connection, guild_id, name):
    """One customer with a lifetime of the script `trend` of that server."""
    now = clock.now()
    await guilds.ensure(connection, guild_id, now)
    await entitlements.know_sources(connection, REGISTRY)
    sold = await scripts.add(
        connection, guild_id, pine_id=f"PUB;{guild_id}", slug="trend", title="Trend", by=1, at=now
    )
    person = await customers.add(connection, guild_id, member_id=81384788765712384 + guild_id)
    await customers.rename(connection, person.id, name, None)
    bought = await purchases.add(
        connection, guild_id, person.id, source="staff", reference=f"r{guild_id}", kind="lifetime",
        actor=USHER, asked_at=now, script_id=sold.id, note="=1+1",
    )  # fmt: skip
    held = await connection.execute(
        insert(permission)
        .values(
            guild_id=guild_id, script_id=sold.id, customer_id=person.id, username=name,
            name_folded=name.casefold(), revision=1, synced_revision=1, wanted="lifetime",
            seen="lifetime", ours="lifetime", before="nothing", state="done", asked_at=now,
        )
        .returning(permission.c.id)
    )  # fmt: skip
    await connection.execute(
        insert(entitlement).values(
            guild_id=guild_id, purchase_id=bought.id, script_id=sold.id,
            permission_id=held.scalar_one(), source="staff", reference=f"r{guild_id}",
            kind="lifetime", asked_at=now, settled_at=now,
        )
    )  # fmt: skip


@pytest.fixture
async def database(tmp_path):
    """A database that a running bot has open, with one customer."""
    async with alone_with(URL), open_database(URL) as database:
        async with database.write() as connection:
            await fill(connection, HOME, "Ann_T")
        yield database


async def export(*arguments):
    return await asyncio.to_thread(main, ["export", *arguments])


def rows(path):
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_all_files_are_written_while_usher_runs_for_their_owner_alone(
    database, tmp_path, capsys
):
    assert await export() == 0
    said = capsys.readouterr()
    assert "1 person now" in said.out
    assert said.err == "", "a bar is for terminals"
    for name in ("customers", "purchases", "access"):
        path = tmp_path / f"{name}.csv"
        assert path.name in said.out
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [row] = rows(tmp_path / "customers.csv")
    assert (row["username"], row["item"], row["until"]) == ("Ann_T", "trend", "lifetime")
    assert row["note"] == "'=1+1"
    assert rows(tmp_path / "access.csv")[0]["agrees"] == "yes"
    async with database.read() as connection:
        assert not await events.since(connection, HOME, 0), "it only reads"
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "access.csv", "customers.csv", "data", "purchases.csv",
    ]  # fmt: skip


async def test_no_file_is_overwritten_unless_that_is_asked_for(database, tmp_path, capsys):
    (tmp_path / "access.csv").write_bytes(b"precious")
    (tmp_path / "access.csv").chmod(0o644)
    assert await export() == 78
    said = capsys.readouterr().err
    assert "access.csv: there already" in said
    assert "--force" in said
    assert not (tmp_path / "customers.csv").exists()
    assert (tmp_path / "access.csv").read_bytes() == b"precious"
    assert await export("--force") == 0
    assert len(rows(tmp_path / "access.csv")) == 1
    assert stat.S_IMODE((tmp_path / "access.csv").stat().st_mode) == 0o600


async def test_a_link_to_a_file_counts_as_one(database, tmp_path, capsys):
    (tmp_path / "customers.csv").symlink_to(tmp_path / "elsewhere")
    assert await export() == 78
    assert not (tmp_path / "elsewhere").exists()


async def test_one_file_and_the_screen_get_the_customers_alone(database, tmp_path, capsysbinary):
    (tmp_path / "lists").mkdir()
    assert await export("lists/gold.csv", "--item", "Trend") == 0
    assert [row["username"] for row in rows(tmp_path / "lists/gold.csv")] == ["Ann_T"]
    capsysbinary.readouterr()
    assert await export("-") == 0
    shown = capsysbinary.readouterr()
    assert shown.out == (tmp_path / "lists/gold.csv").read_bytes()
    assert shown.err == b""


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("exprots", "There is no folder exprots. Nothing was written."),
        ("exprots/gold.csv", "There is no folder exprots. Nothing was written."),
    ],
)
async def test_a_typo_makes_no_folder(database, tmp_path, capsys, target, words):
    assert await export(target) == 78
    said = capsys.readouterr().err
    assert words in said
    assert "mkdir -p exprots" in said
    assert not (tmp_path / "exprots").exists()


async def test_a_folder_that_takes_nothing_is_said(database, tmp_path, capsys, monkeypatch):
    def full(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("bot.cli.private_file.os.open", full)
    assert await export() == 78
    assert "customers.csv could not be written: Permission denied" in capsys.readouterr().err
    assert not (tmp_path / "customers.csv").exists()


async def test_an_item_or_a_server_that_is_not_there_is_said(database, tmp_path, capsys):
    assert await export("--item", "trand") == 1
    said = "There is no script or product called trand. Did you mean trend?\n"
    assert capsys.readouterr().err == said
    assert await export("--guild", "300") == 78
    assert "Usher knows no Discord server with the number 300" in capsys.readouterr().err
    assert await export("--guild", "x") == 2
    assert list(tmp_path.glob("*.csv")) == []


async def test_of_several_servers_one_is_named_and_no_other_is_in_it(database, tmp_path, capsys):
    async with database.write() as connection:
        await fill(connection, OTHER, "Otto_T")
    assert await export() == 78
    assert "For which Discord server is this export?" in capsys.readouterr().err
    assert await export("--guild", str(OTHER)) == 0
    assert [row["username"] for row in rows(tmp_path / "customers.csv")] == ["Otto_T"]
    assert [row["username"] for row in rows(tmp_path / "purchases.csv")] == ["Otto_T"]
    assert [row["username"] for row in rows(tmp_path / "access.csv")] == ["Otto_T"]


async def test_without_a_database_none_is_made(tmp_path, capsys):
    assert await export() == 78
    assert "There is no database" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
