"""Which token the bot logs in with, and the link that is printed where there is none."""

import asyncio
import contextlib

import pytest
from cryptography.fernet import Fernet

from bot import first_run, premises
from bot.access.people.bot_token import BotTokens
from bot.errors import StartupError
from bot.first_run import TokenAtHand
from bot.sandbox.discord import FakeDiscord
from bot.settings import Secret, Settings
from bot.store.catalogue import guilds
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import AT, new_database


@pytest.fixture
async def discord():
    fake = FakeDiscord()
    await fake.start()
    yield fake
    await fake.close()


@pytest.fixture
async def at_hand(tmp_path, discord, monkeypatch):
    """Make what finds the token, with such settings; what it prints is kept."""
    monkeypatch.chdir(tmp_path)
    url = await asyncio.to_thread(new_database, tmp_path)
    async with contextlib.AsyncExitStack() as stack:

        async def make(**options):
            given = {"http_port": 0, "discord_api_url": discord.api_url, **options}
            key = Secret(Fernet.generate_key().decode())
            settings = Settings(database_url=url, secret_key=key, **given)
            opened = await stack.enter_async_context(premises.opened(settings))
            found = TokenAtHand(opened)
            found.tokens = BotTokens(opened.database, opened.vault)
            found.database, found.listener = opened.database, opened.listener
            return found

        yield make


async def printed(at_hand, capsys):
    """What is printed while somebody is waited for."""
    waiting = asyncio.create_task(at_hand.get())
    text = ""
    while "/setup/#" not in text:
        await asyncio.wait({waiting}, timeout=0.01)
        text += capsys.readouterr().out
        if waiting.done():
            waiting.result()
    waiting.cancel()
    return text


async def test_the_environment_counts_before_what_was_kept(at_hand):
    made = await at_hand(discord_token=Secret("MTIz.of.environment"))
    await made.tokens.keep("MTIz.of.browser")
    assert await made.get() == "MTIz.of.environment"
    assert not made.refuse("MTIz.of.environment")  # it ends with a sentence, as ever


async def test_a_kept_token_counts_once_the_bot_was_in_a_server(at_hand, capsys):
    made = await at_hand()
    await made.tokens.keep("MTIz.of.browser")
    assert "The bot is in no server yet" in await printed(made, capsys)
    async with made.database.write() as connection:
        await guilds.ensure(connection, 1, AT)
    assert await made.get() == "MTIz.of.browser"


async def test_a_kept_token_that_was_refused_is_asked_for_anew_until_another_works(
    at_hand, discord, capsys
):
    made = await at_hand()
    await made.tokens.keep("MTIz.of.browser")
    async with made.database.write() as connection:
        await guilds.ensure(connection, 1, AT)
    assert made.refuse(await made.get())
    assert "does not accept the bot's token any more" in await printed(made, capsys)
    waiting = asyncio.create_task(made.get())
    before = made.first_run
    await eventually(lambda: made.first_run is not before)
    discord.add_guild("The shop", discord.add_user("olga"))
    await made.first_run.give(discord.bot_token)
    assert await waiting == discord.bot_token
    assert await made.get() == discord.bot_token


@pytest.mark.parametrize(
    ("options", "starts"),
    [
        ({}, ["http://127.0.0.1:{port}"]),
        ({"http_host": "0.0.0.0"}, ["http://127.0.0.1:{port}"]),
        (
            {"public_url": "https://bot.example"},
            ["https://bot.example", "http://127.0.0.1:{port}"],
        ),
        ({"public_url": "http://bot.example"}, ["http://127.0.0.1:{port}"]),  # it would be readable
    ],
)
async def test_the_link_is_for_this_computer_and_for_the_public_address(
    at_hand, capsys, options, starts
):
    made = await at_hand(**options)
    text = await printed(made, capsys)
    links = [word.partition("/setup/#") for word in text.split() if "/setup/#" in word]
    assert [link[0] for link in links] == [
        start.format(port=made.listener.port) for start in starts
    ]
    assert len({link[2] for link in links}) == 1
    assert len(links[0][2]) == 43


async def test_where_the_token_would_travel_readable_it_is_not_asked_for(at_hand):
    made = await at_hand(http_host="192.0.2.1")
    with pytest.raises(StartupError, match="HTTP_HOST"):
        await made.get()


async def test_a_file_that_was_meant_to_hold_the_token_is_named(at_hand, capsys, tmp_path):
    (tmp_path / ".env.txt").write_text("DISCORD_TOKEN=MTIz.abc.def\n")
    text = await printed(await at_hand(), capsys)
    assert ".env.txt" in text
    assert "MTIz" not in text
    assert first_run.PATH == "/setup/"
