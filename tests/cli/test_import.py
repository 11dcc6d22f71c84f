"""`usher import --from`: a shop's customers from the terminal, beside a running bot too."""

import asyncio
import csv
import json
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from bot.cli import change_of_shop
from bot.cli.usher import usher as command
from bot.errors import StartupError
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from bot.store.engine.lock import alone_with
from bot.store.sales import connections, prices
from bot.store.sweeps import sweeps
from tests.cli.test_session import HOME, Upstream, environment, made, rows, set_login

NOW = datetime.now(UTC).replace(microsecond=0, second=0)
END = NOW + timedelta(days=12)
TITLES = "Membership ID,Email,Product,Plan ID,Status,Renewal Period End,TradingView username\n"


class Shop:
    """A vendor at the terminal, with scripts on TradingView and a list of another shop."""

    def __init__(self, upstream, tmp_path, guild_id=HOME):
        self.upstream, self.tmp_path, self.guild_id = upstream, tmp_path, guild_id
        self.settings = made(upstream, tmp_path, discord_guild_id=guild_id)
        self.environment = {"TV_PACE": "1000"}  # beside what the settings say
        self.sold = {}

    @property
    def world(self):
        return self.upstream.fake.world

    async def sells(self, *slugs):
        async def add(connection):
            await guilds.ensure(connection, self.guild_id, NOW)
            for slug in slugs:
                there = self.world.add_script(self.upstream.vendor, title=slug.title())
                self.sold[slug] = await scripts.add(
                    connection, self.guild_id, pine_id=there.pine_id, slug=slug, title=slug.title(), by=1,
                    at=NOW,
                )  # fmt: skip

        await self.writes(add)

    async def writes(self, work):
        url = self.settings.database_url
        async with open_database(url) as database, database.write() as connection:
            return await work(connection)

    def raw(self, statement):
        """Change the database beside everybody."""
        with closing(sqlite3.connect(self.tmp_path / "usher.db", timeout=10)) as raw, raw:
            raw.execute(statement)

    def gives(self, name, end=END, slug="trend"):
        self.world.add_user(name)
        self.world.grant(self.sold[slug].pine_id, name, end)

    def end(self, name, slug="trend"):
        row = self.world.row(self.sold[slug].pine_id, name)
        return "absent" if row is None else row.end

    def lists(self, *people, name="members.csv"):
        text = TITLES + "".join(
            f"mem_{number}0,{who.lower()}@example.org,{product},plan_1,active,{END:%Y-%m-%d %H:%M},{who}\n"
            for number, (who, product) in enumerate(people, 1)
        )
        path = self.tmp_path / name
        path.write_text(text)
        return str(path)

    def imports(self, *arguments, typed=""):
        return self.command("import", *arguments, typed=typed)

    def command(self, *arguments, typed=""):
        return CliRunner().invoke(
            command,
            [*map(str, arguments)],
            input=typed,
            env=environment(self.settings) | self.environment,
            catch_exceptions=False,
        )

    def writes_to_tradingview(self):
        return [
            call for kind in ("add", "modify", "remove") for call in self.upstream.fake.calls(kind)
        ]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    upstream = Upstream()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.logs.set_up", lambda *_: None)
    monkeypatch.setattr(change_of_shop, "_is_asked", lambda: False)
    opened = Shop(upstream, tmp_path)
    assert set_login(opened.settings, *upstream.pair()).exit_code == 0
    asyncio.run(opened.sells("trend"))
    yield opened
    upstream.close()


def test_a_dry_run_names_everybody_and_changes_nothing(shop, tmp_path):
    shop.gives("Ann_Trades")
    shop.gives("bob-fx", END - timedelta(days=5))
    shop.gives("Stranger_1", None)
    members = shop.lists(("Ann_Trades", "Gold"), ("bob-fx", "Gold"), ("Cy_Pays", "Gold"))
    said = shop.imports(members, "--from", "whop")
    assert said.exit_code == 0
    assert "1 person has access until the end that is paid." in said.output
    assert "1 person pays, and has no access. --grant-missing gives it.\n  Cy_Pays" in said.output
    assert "1 person paid for longer than they have access." in said.output
    assert (
        f"bob-fx · mem_20 (line 3): Gold, pays until {END:%Y-%m-%d %H:%M} UTC, has until"
        in said.output
    )
    assert "1 person has access, and does not pay in this list." in said.output
    assert "Stranger_1: Trend, without an end" in said.output
    assert "/webhook add" in said.output
    assert "Nothing was changed. The same with --apply takes 2 people over." in said.output
    assert "example.org" not in said.output
    assert (
        rows(tmp_path, "SELECT * FROM purchase") == rows(tmp_path, "SELECT * FROM contract") == []
    )


def test_taking_over_twice_is_once_and_writes_nothing(shop, tmp_path):
    shop.gives("Ann_Trades")
    members = shop.lists(("Ann_Trades", "Gold"), ("Cy_Pays", "Gold"))

    async def beside_a_running_bot():
        async with alone_with(shop.settings.database_url):
            return await asyncio.to_thread(shop.imports, members, "--from", "WHOP", "--apply")

    said = asyncio.run(beside_a_running_bot())
    assert said.exit_code == 0
    assert "Taken over: 1 person. No end was changed on TradingView." in said.output
    found = "SELECT source, kind, reference FROM purchase"
    once = rows(tmp_path, found)
    assert [row[:2] for row in once] == [("payment", "until")]
    assert rows(tmp_path, "SELECT name, claimed_how FROM contract") == [("mem_10", "staff")]
    again = shop.imports(members, "--from", "whop", "--apply")
    assert "1 were taken over before." in again.output
    assert rows(tmp_path, found) == once
    assert (shop.writes_to_tradingview(), shop.end("Ann_Trades")) == ([], END)


def test_missing_access_and_time_are_ordered_where_that_is_asked_for(shop, tmp_path):
    shop.gives("bob-fx", END - timedelta(days=5))
    members = shop.lists(("bob-fx", "Gold"), ("Cy_Pays", "Gold"))
    said = shop.imports(members, "--from", "whop", "--apply", "--grant-missing", "--extend-to-paid")
    assert "Ordered for 2 people" in said.output
    waiting = "SELECT username, wanted, state FROM permission ORDER BY username"
    found = rows(tmp_path, waiting)
    assert found == [("Cy_Pays", "until", "waiting"), ("bob-fx", "until", "waiting")]
    again = shop.imports(
        members, "--from", "whop", "--apply", "--grant-missing", "--extend-to-paid"
    )
    assert "Ordered" not in again.output
    assert rows(tmp_path, waiting) == found
    assert len(rows(tmp_path, 'SELECT * FROM "order"')) == 2


def test_the_file_alone_holds_addresses_and_only_its_owner_reads_it(shop, tmp_path):
    shop.gives("Ann_Trades")
    members = shop.lists(("Ann_Trades", "=1+1"), ("Cy_Pays", "@Gold"))
    report = tmp_path / "everybody.csv"
    said = shop.imports(members, "--from", "whop", "--report", report)
    assert said.exit_code == 0
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    found = list(csv.DictReader(report.read_text("utf-8-sig").splitlines()))
    assert [(row["what"], row["e-mail"], row["product"]) for row in found] == [
        ("has access, as paid", "ann_trades@example.org", "'=1+1"),
        ("pays, has no access", "cy_pays@example.org", "'@Gold"),
    ]
    assert "example.org" not in said.output


def test_a_file_that_cannot_be_written_is_said_before_anything_is_done(shop, tmp_path):
    members = shop.lists(("Ann_Trades", "Gold"))
    for path in (tmp_path / "nowhere" / "a.csv", tmp_path / "no" / "folder.csv"):
        with pytest.raises(StartupError, match="cannot be written there"):
            shop.imports(members, "--from", "whop", "--apply", "--report", path)


def test_which_item_a_plan_is_must_be_said_where_there_are_several(shop):
    asyncio.run(shop.sells("range"))
    shop.gives("Ann_Trades")
    shop.gives("bob-fx", slug="range")
    members = shop.lists(("Ann_Trades", "Gold monthly"), ("bob-fx", "Range"), ("Cy", "Stickers"))
    with pytest.raises(StartupError, match=r"Gold monthly.*1 person") as refused:
        shop.imports(members, "--from", "whop")
    assert "Range" not in str(refused.value)  # it is called like an item
    with pytest.raises(StartupError, match="cannot be “gold”"):
        shop.imports(members, "--from", "whop", "--map", "Gold monthly=gold")
    said = shop.imports(
        members, "--from", "whop", "--map", "gold MONTHLY=trend", "--map", "Stickers=none"
    )
    assert "2 people have access until the end that is paid." in said.output
    assert "1 person pays for something that is no item here." in said.output


def test_what_a_price_of_the_shop_is_by_now_is_not_asked_again(shop):
    asyncio.run(shop.sells("range"))
    shop.gives("Ann_Trades")

    async def sold(connection):
        source = await connections.add(
            connection,
            HOME,
            public_id="w1",
            provider="whop",
            options={},
            by=1,
            at=NOW,
            reference="r",
        )
        price = await prices.add(connection, source.id, "plan_1", "Gold", NOW)
        await prices.set_item(connection, price.id, script_id=shop.sold["trend"].id)

    asyncio.run(shop.writes(sold))
    said = shop.imports(shop.lists(("Ann_Trades", "Gold monthly")), "--from", "whop")
    assert "1 person has access until the end that is paid." in said.output


def test_on_a_terminal_each_plan_is_asked_about_once(shop, monkeypatch):
    asyncio.run(shop.sells("range"))
    monkeypatch.setattr(change_of_shop, "_is_asked", lambda: True)
    shop.gives("Ann_Trades")
    members = shop.lists(("Ann_Trades", "Gold"), ("bob-fx", "Gold"))
    said = shop.imports(members, "--from", "whop", typed="gold\ntrend\n")
    assert "2 people pay for “Gold”. Which of yours is that: range, trend?" in said.output
    assert "There is no such short name." in said.output
    assert "1 person has access until" in said.output


def test_a_list_of_another_shop_or_no_list_at_all_is_a_sentence(shop, tmp_path):
    for data, words in (
        (b"", "The file is empty."),
        (b"a,b\n1,2\n", "does not look like a list of Patreon"),
        (b"PK\x03\x04" + b"\0" * 50, "no CSV text"),
        (b"Patron Status,User ID\n\xc3\x28\xfe,1\n", "not certain which letters"),
        (b'Patron Status,User ID\n"' + b"x\n" * 100_000, "never closed"),
    ):
        path = tmp_path / "odd.csv"
        path.write_bytes(data)
        said = shop.imports(path, "--from", "patreon", "--apply")
        assert said.exit_code == 1
        assert words in said.output
        assert said.output.rstrip().endswith("Nothing was changed.")


def test_rows_that_are_not_understood_are_named_with_what_helps(shop, tmp_path):
    shop.gives("Ann_Trades")
    path = tmp_path / "members.csv"
    path.write_text(
        TITLES
        + f"mem_10,a@example.org,Gold,plan_1,active,{END:%Y-%m-%d %H:%M},Ann_Trades\n"
        + "mem_20,b@example.org,Gold,plan_1,active,soon,bob-fx\n"
        + "mem_30,c@example.org,Gold,plan_1,sleeping,,cy\n"
    )
    said = shop.imports(path, "--from", "whop")
    assert "Not understood, or not wholly" in said.output
    assert "line 3: the date in the column renewalperiodend cannot be read." in said.output
    assert "line 4: the word in the column status is not known." in said.output
    assert "1 person has access until" in said.output


def test_several_connections_must_be_told_apart(shop):
    async def connect(connection):
        for number in (1, 2):
            await connections.add(
                connection, HOME, public_id=f"w{number}", provider="whop", options={}, by=1, at=NOW,
                reference=f"r{number}",
            )  # fmt: skip

    asyncio.run(shop.writes(connect))
    shop.gives("Ann_Trades")
    members = shop.lists(("Ann_Trades", "Gold"))
    said = shop.imports(members, "--from", "whop", "--apply")
    assert said.exit_code == 1
    assert "--connection with one of these: 1, 2." in said.output
    assert (
        "There is no webhook 7 of that shop. Add --connection with one of these: 1, 2."
        in shop.imports(members, "--from", "whop", "--connection", "7").output
    )
    assert shop.imports(members, "--from", "whop", "--apply", "--connection", "2").exit_code == 0


def test_a_list_that_the_bot_reads_right_now_is_waited_for(shop):
    shop.gives("Ann_Trades")
    members = shop.lists(("Ann_Trades", "Gold"))

    async def begin(connection):
        await sweeps.begin(connection, shop.sold["trend"], datetime.now(UTC), None)

    asyncio.run(shop.writes(begin))
    with pytest.raises(StartupError, match="Usher itself is reading who has Trend"):
        shop.imports(members, "--from", "whop")


def test_the_older_panel_brings_its_customers_and_its_login(shop, tmp_path):
    shop.gives("Ann_Trades")
    shop.gives("bob-fx", None)
    panel = tmp_path / "panel.db"
    with sqlite3.connect(panel) as raw:
        raw.executescript(
            "CREATE TABLE clients (id INTEGER PRIMARY KEY, username TEXT, email TEXT, discord_id TEXT);"
            "CREATE TABLE indicators (id INTEGER PRIMARY KEY, name TEXT, pine_id TEXT);"
            "CREATE TABLE accesses (id INTEGER PRIMARY KEY, client_id INT, indicator_id INT, expiration TEXT);"
            "INSERT INTO indicators VALUES (1, 'Trend', 'PUB;1');"
            "INSERT INTO clients VALUES (1, 'Ann_Trades', 'a@example.org', '781784956044574751'),"
            " (2, 'bob-fx', '', ''), (3, 'Cy_Pays', '', '');"
            f"INSERT INTO accesses VALUES (1, 1, 1, '{END:%Y-%m-%d %H:%M:%S}'), (2, 2, 1, NULL),"
            f" (3, 3, 1, '{END:%Y-%m-%d %H:%M:%S}');"
        )
    raw.close()
    login = tmp_path / "session.json"
    login.write_text(
        json.dumps(dict(zip(("sessionid", "sessionid_sign"), shop.upstream.pair(), strict=True)))
    )
    said = shop.imports(panel, login, "--from", "panel", "--apply", "--login", "--grant-missing")
    assert said.exit_code == 0
    assert "The TradingView login works as Vendor_One" in said.output
    assert "Taken over: 2 people." in said.output
    assert "Ordered for 1 person" in said.output
    kinds = rows(tmp_path, "SELECT source, kind FROM purchase ORDER BY id")
    assert kinds == [("found", "until"), ("found", "open"), ("staff", "until")]
    assert rows(tmp_path, "SELECT member_id FROM customer WHERE username = 'Ann_Trades'") == [
        (781784956044574751,)
    ]
    asked = shop.imports(login, "--from", "panel", typed="n\n")
    assert "Use the TradingView login in session.json?" in asked.output
