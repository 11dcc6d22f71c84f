"""`usher dashboard`: a link for whoever sits at the bot's computer, beside the running bot."""

import asyncio
import re

import pytest
from click.testing import CliRunner

from bot import clock, logs
from bot.access.people.web_sessions import WebSessions
from bot.cli.usher import usher as command
from bot.store.catalogue import guilds
from bot.store.engine.database import open_database
from bot.store.records import OPERATOR_ID

HOME, OTHER = 100, 200


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/usher.db")
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    monkeypatch.setattr(logs, "set_up", lambda *_: None)  # it is the whole program's
    return tmp_path


def with_servers(*ids):
    async def add():
        async with (
            open_database("sqlite+aiosqlite:///usher.db") as database,
            database.write() as connection,
        ):
            for guild_id in ids:
                await guilds.ensure(connection, guild_id, clock.now())

    asyncio.run(add())


def printed(*arguments):
    ran = CliRunner().invoke(command, ["dashboard", *arguments])
    return ran.exception, ran.output


def test_the_only_server_is_meant_and_the_link_signs_in_as_the_operator(folder):
    with_servers(HOME)
    _, text = printed()
    token = re.search(r"http://127\.0\.0\.1:8080/dashboard/#([\w-]{43})", text)[1]

    async def opened():
        async with open_database("sqlite+aiosqlite:///usher.db") as database:
            return (await WebSessions(database, None).open(token)).session

    session = asyncio.run(opened())
    assert (session.guild_id, session.member_id) == (HOME, OPERATOR_ID)


@pytest.mark.parametrize(
    ("environment", "start"),
    [
        ({"PUBLIC_URL": "https://bot.example/"}, "https://bot.example/dashboard/#"),
        ({"HTTP_HOST": "0.0.0.0", "HTTP_PORT": "9001"}, "http://127.0.0.1:9001/dashboard/#"),
        ({"PORT": "7000"}, "http://127.0.0.1:7000/dashboard/#"),
    ],
)
def test_the_link_leads_to_where_the_pages_are(folder, monkeypatch, environment, start):
    with_servers(HOME)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert start in printed()[1]


def test_of_several_servers_one_must_be_named(folder):
    with_servers(HOME, OTHER)
    error, _ = printed()
    assert "For which Discord server is the dashboard?" in str(error)
    assert "/dashboard/#" in printed("--guild", str(OTHER))[1]
    error, _ = printed("--guild", "300")
    assert "knows no Discord server with the number 300" in str(error)


def test_before_the_first_server_the_sentence_says_what_is_missing(folder):
    error, _ = printed()
    assert "Usher knows none yet" in str(error)
