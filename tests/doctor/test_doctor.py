"""`usher check` names what is wrong with its mend, changes nothing, and shows no secret."""
# ruff: noqa: ASYNC240 - files of a few bytes, and no loop that anybody waits for

import asyncio
import os
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography.fernet import Fernet
from yarl import URL

from bot import clock, tradingview_accounts
from bot.access.logins.cookies import pack
from bot.access.logins.environment import Environment
from bot.access.people.bot_token import BotTokens
from bot.cli import check
from bot.doctor import login
from bot.doctor.unreachable import why_not
from bot.doctor.updates import examine_updates
from bot.sandbox.discord import FakeDiscord
from bot.sandbox.tradingview import FakeTradingView
from bot.settings import Secret, Settings
from bot.store.catalogue import guilds
from bot.store.engine.database import open_database
from bot.store.logins import sessions
from bot.store.maintenance import ground
from bot.store.vault import Vault
from bot.tradingview import Cookies
from tests.support.certificates import self_signed
from tests.support.proxy import open_proxy, serving

PINE_ID = "PUB;" + "a" * 32
KEPT = aiohttp.client_reqrep.ConnectionKey("host", 443, True, True, None, None, None)
KEY = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """An empty folder of one's own, and none of our variables."""
    for name in (*Settings.__dataclass_fields__, "port"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir(mode=0o700)
    return tmp_path


@pytest.fixture
async def discord():
    fake = FakeDiscord()
    await fake.start()
    fake.allow_intents(members=True, presences=False, message_content=False)
    yield fake
    await fake.close()


@pytest.fixture
async def tradingview():
    fake = FakeTradingView()
    fake.vendor = fake.world.add_vendor("Vendor")
    fake.world.add_script(fake.vendor, PINE_ID, "Trend")
    await fake.start()
    yield fake
    await fake.close()


@pytest.fixture
def guild(discord):
    return discord.add_guild("The shop", discord.add_user("olga"))


@pytest.fixture
def usher(monkeypatch, discord, tradingview, guild):
    """Run the check; returns its exit code and everything it said."""
    given = {
        "DISCORD_TOKEN": discord.bot_token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "TRADINGVIEW_URL": tradingview.url,
        "PINE_FACADE_URL": tradingview.url,
        "SECRET_KEY": KEY,
    }

    async def usher(file=None, **variables):
        for name, value in {**given, **variables}.items():
            monkeypatch.setenv(name, value)
        lines = []
        code = await check.run(file, lines.append)
        text = "\n".join(lines)
        for secret in ("DISCORD_TOKEN", "SECRET_KEY", "TV_SESSIONID", "TV_SESSIONID_SIGN"):
            value = os.environ.get(secret)
            assert not value or value not in text
        return code, text

    return usher


def wrong(text):
    """What is wrong, by subject; everything wrong has a mend."""
    assert text.count("WRONG ") == text.count("What to do: ")
    return re.findall(r"^WRONG +(.*?):", text, re.MULTILINE)


async def test_a_fresh_installation_has_nothing_wrong(usher, folder):
    code, text = await usher()
    assert wrong(text) == []
    assert code == 0
    assert "Nothing is wrong" in text
    assert list((folder / "data").iterdir()) == []  # it looks and makes nothing


async def test_the_invite_link_has_the_scopes_and_the_least_rights(usher, discord):
    _, text = await usher()
    link = URL(re.search(r"https://discord\.com/oauth2/authorize\S+", text)[0])
    assert link.query["client_id"] == str(discord.bot.id)
    assert set(link.query["scope"].split()) == {"bot", "applications.commands"}
    rights = int(link.query["permissions"])
    assert rights & 1 << 3 == 0  # never administrator
    assert rights == 1 << 10 | 1 << 11 | 1 << 14


async def test_mistakes_in_the_settings_are_all_named(usher):
    code, text = await usher(HTTP_PORT="port-value", LOG_LEVEL="level-value")
    assert code == 1
    assert "HTTP_PORT" in text
    assert "LOG_LEVEL" in text
    assert "-value" not in text


async def test_an_address_behind_a_proxy_that_is_not_trusted_is_said(usher):
    assert "Web address" not in (await usher())[1]
    code, text = await usher(PUBLIC_URL="https://bot.example")
    assert (code, wrong(text)) == (1, ["Web address"])
    assert "TRUSTED_PROXIES" in text
    code, text = await usher(PUBLIC_URL="https://bot.example", TRUSTED_PROXIES="127.0.0.1")
    assert (code, wrong(text)) == (0, [])
    assert "Web address: https://bot.example" in text


async def test_a_missing_token_is_one_finding_among_others(usher):
    code, text = await usher(DISCORD_TOKEN="")
    assert (code, wrong(text)) == (1, ["Bot token"])
    assert "open the link that it prints" in text
    assert "TradingView: answers" in text


async def kept(folder, token, key=KEY):
    """Keep a token as the first-run page does."""
    async with open_database(f"sqlite+aiosqlite:///{folder}/data/usher.db") as database:
        await BotTokens(database, Vault(key)).keep(token)


async def test_the_token_that_was_given_in_the_browser_counts_without_another(
    usher, discord, folder
):
    await kept(folder, discord.bot_token)
    code, text = await usher(DISCORD_TOKEN="")
    assert (code, wrong(text)) == (0, [])
    assert "Bot token: the one that was given in the browser counts." in text
    assert f"client_id={discord.bot.id}" in text
    assert discord.bot_token not in text


async def test_the_token_of_the_environment_counts_before_it(usher, discord, folder):
    await kept(folder, "MTIz.another.token")
    _, text = await usher()
    assert wrong(text) == []
    assert "DISCORD_TOKEN counts; the one that was given in the browser is not used." in text


async def test_a_kept_token_that_discord_refuses_is_given_anew_in_the_browser(usher, folder):
    await kept(folder, "MTIz.another.token")
    _, text = await usher(DISCORD_TOKEN="")
    assert wrong(text) == ["Bot token"]
    assert "give the new one on the page whose link usher run prints" in text


async def test_a_kept_token_that_no_key_opens_is_said(usher, folder):
    await kept(folder, "MTIz.another.token", Fernet.generate_key().decode())
    _, text = await usher(DISCORD_TOKEN="")
    assert sorted(wrong(text)) == ["Bot token", "Key"]
    # Another token alone does not help: with such a key Usher does not start.
    assert "If it is lost for good: `usher session drop`, then usher run asks" in text


async def test_a_token_that_discord_refuses(usher, discord):
    _, text = await usher(DISCORD_TOKEN=discord.bot_token[:-3] + "xyz")
    assert wrong(text) == ["Bot token"]
    assert "does not accept" in text
    assert "Invite link" in text  # the number is in the token


async def test_a_members_intent_that_is_off_says_what_is_not_seen_and_where_it_is(usher, discord):
    discord.allow_intents(members=False, presences=True, message_content=True)
    _, text = await usher()
    assert wrong(text) == ["Intents"]
    assert "starts without it: roles gained and lost" in text
    assert f"/applications/{discord.bot.id}/bot" in text


async def test_a_members_intent_that_is_not_asked_for_is_nothing_wrong(usher, discord):
    discord.allow_intents(members=False, presences=True, message_content=True)
    code, text = await usher(DISCORD_MEMBERS_INTENT="off")
    assert (code, wrong(text)) == (0, [])
    assert "no intent is asked for (DISCORD_MEMBERS_INTENT=off): roles gained and lost" in text


async def test_a_discord_that_cannot_be_reached(usher, discord):
    await discord.close()
    code, text = await usher()
    assert (code, wrong(text)) == (1, ["Discord"])


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (aiohttp.ClientConnectorDNSError(KEPT, OSError()), "does not find its address"),
        (aiohttp.ClientConnectorError(KEPT, OSError()), "nothing answers at its address"),
        (TimeoutError(), "did not answer in time"),
        (aiohttp.ServerTimeoutError(), "did not answer in time"),
        (aiohttp.ServerDisconnectedError(), "the connection broke"),
        (ValueError("x"), "its answer makes no sense"),
    ],
)
def test_who_cannot_be_asked_is_said_in_plain_words(error, why):
    assert why_not(error).startswith("cannot be asked: ")
    assert why in why_not(error)


async def test_the_bot_must_be_in_the_server(usher, discord, guild):
    _, text = await usher(DISCORD_GUILD_ID="123456789")
    assert wrong(text) == ["Server"]
    discord.remove_bot(guild)
    _, text = await usher(DISCORD_GUILD_ID="")
    assert wrong(text) == ["Servers"]


async def test_the_login_of_the_environment_is_tested(usher, tradingview, guild):
    cookie, sign = tradingview.world.open_session(tradingview.vendor)
    login = {"TV_SESSIONID": cookie, "TV_SESSIONID_SIGN": sign, "DISCORD_GUILD_ID": str(guild.id)}
    code, text = await usher(**login)
    assert (code, wrong(text)) == (0, [])
    assert "TradingView login (from the environment): works" in text
    tradingview.world.end_all_sessions()
    code, text = await usher(**login)
    assert (code, wrong(text)) == (1, ["TradingView login (from the environment)"])
    assert "TV_SESSIONID" in text


async def stored(folder, guild, cookies, key=KEY):
    async with (
        open_database(f"sqlite+aiosqlite:///{folder}/data/usher.db") as database,
        database.write() as connection,
    ):
        await guilds.ensure(connection, guild.id, clock.now())
        account = await sessions.ensure_account(connection, guild.id, clock.now())
        await sessions.put(
            connection,
            account.id,
            version=1,
            sealed=Vault(key).seal(pack(cookies)),
            by=None,
            at=clock.now(),
        )


async def test_a_stored_login_is_tested(usher, tradingview, guild, folder):
    cookies = Cookies(*tradingview.world.open_session(tradingview.vendor))
    await stored(folder, guild, cookies)
    code, text = await usher()
    assert (code, wrong(text)) == (0, [])
    assert f"TradingView login (server {guild.id}): works" in text
    assert cookies.sessionid not in text
    tradingview.world.end_all_sessions()
    code, text = await usher()
    assert (code, wrong(text)) == (1, [f"TradingView login (server {guild.id})"])
    assert "/session update" in text


async def test_a_login_is_left_alone_while_tradingview_wants_no_question(
    usher, tradingview, guild, folder
):
    await stored(folder, guild, Cookies(*tradingview.world.open_session(tradingview.vendor)))
    url = f"sqlite+aiosqlite:///{folder}/data/usher.db"
    async with tradingview_accounts.limiter_of(Settings(database_url=url), guild.id) as limiter:
        limiter.hold(7200)  # as a bot beside it
    code, text = await usher()
    assert (code, wrong(text)) == (0, [])
    assert "was not tested: TradingView asked to be left alone until" in text
    assert {call.name for call in tradingview.log} == {"hint"}


async def test_a_stored_login_that_is_renewed_meanwhile_is_kept_for_the_bot(
    usher, tradingview, guild, folder
):
    cookies = Cookies(*tradingview.world.open_session(tradingview.vendor))
    await stored(folder, guild, cookies)
    tradingview.switches.rotations, tradingview.switches.rotation = 1, "pair, old one ends"
    for _ in range(2):
        code, text = await usher()
        assert (code, wrong(text)) == (0, [])
    async with (
        open_database(f"sqlite+aiosqlite:///{folder}/data/usher.db") as database,
        database.read() as connection,
    ):
        [now] = await sessions.everything(connection)
    assert now.session.version == 2
    assert Vault(KEY).open(now.sealed) != pack(cookies)


async def test_a_pair_that_the_bot_is_answered_with_meanwhile_is_the_one_that_is_tested(
    usher, tradingview, guild, folder, monkeypatch
):
    """It ended the pair that the check had read."""
    cookies = Cookies(*tradingview.world.open_session(tradingview.vendor))
    await stored(folder, guild, cookies)
    fresh = Cookies(
        *tradingview.world.rotate_session(tradingview.world.sessions[-1], keep_old=False)
    )
    reach = login._reach

    async def then_the_bot_is_answered(*args):
        await reach(*args)
        async with (
            open_database(f"sqlite+aiosqlite:///{folder}/data/usher.db") as database,
            database.write() as connection,
        ):
            [now] = await sessions.everything(connection)
            sealed = Vault(KEY).seal(pack(fresh))
            await sessions.renew(connection, now.account.id, now.session.version, sealed)

    monkeypatch.setattr(login, "_reach", then_the_bot_is_answered)
    code, text = await usher()
    assert (code, wrong(text)) == (0, [])
    assert fresh.sessionid not in text


@pytest.mark.parametrize("furnished", [False, True])
async def test_the_environments_login_that_is_renewed_meanwhile_is_kept_for_the_bot(
    usher, tradingview, guild, folder, furnished
):
    cookies = Cookies(*tradingview.world.open_session(tradingview.vendor))
    if furnished:
        await stored(folder, guild, Cookies(*tradingview.world.open_session(tradingview.vendor)))
    tradingview.switches.rotations, tradingview.switches.rotation = -1, "pair, old one ends"
    given = {"TV_SESSIONID": cookies.sessionid, "TV_SESSIONID_SIGN": cookies.sessionid_sign}
    for _ in range(3):
        code, text = await usher(DISCORD_GUILD_ID=str(guild.id), **given)
        assert (code, wrong(text)) == (0, [])
        assert "TradingView login (from the environment): works" in text
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder}/data/usher.db",
        secret_key=Secret(KEY),
        tradingview_url=tradingview.url,
        pine_facade_url=tradingview.url,
    )
    async with (
        tradingview_accounts.database_beside(settings) as database,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        made = tradingview_accounts.sessions(settings, database, Vault(KEY), http)
        adoption = Environment(database, Vault(KEY), made)
        assert await adoption.adopt(guild.id, cookies) is True
        await made.close()
    code, text = await usher(DISCORD_GUILD_ID=str(guild.id), **given)
    assert (code, wrong(text)) == (0, [])
    assert "from the environment" not in text  # it is the stored one by now


async def test_silence_of_tradingview_is_not_a_dead_login(usher, tradingview, guild, folder):
    await stored(folder, guild, Cookies(*tradingview.world.open_session(tradingview.vendor)))
    await tradingview.close()
    _, text = await usher()
    assert wrong(text) == ["TradingView", f"TradingView login (server {guild.id})"]
    assert "not accept" not in text


async def test_the_key_must_be_the_one_of_the_database(usher, tradingview, guild, folder):
    await stored(folder, guild, Cookies("abc", None), key=Fernet.generate_key().decode())
    code, text = await usher()
    assert (code, wrong(text)) == (1, ["Key"])
    code, text = await usher(SECRET_KEY="")
    assert wrong(text) == ["Key"]
    assert "is missing, but logins are stored" in text
    assert not Path("data/secret.key").exists()


async def test_an_older_database_is_left_as_it_is(usher, guild):
    Path("data/usher.db").touch(mode=0o600)
    code, _ = await usher()
    assert (code, Path("data/usher.db").stat().st_size) == (0, 0)


@pytest.mark.parametrize(
    ("revision", "said", "subjects"),
    [("9999", "newer Usher", ["Database"]), (None, "brings it up to date", [])],
)
async def test_a_database_of_another_version_is_named(
    usher, guild, folder, revision, said, subjects
):
    await stored(folder, guild, Cookies("abc", None))
    with closing(sqlite3.connect(folder / "data/usher.db")) as database, database:
        database.execute("DELETE FROM alembic_version")
        if revision:
            database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    _, text = await usher()
    assert said in text
    assert wrong(text) == subjects


async def test_a_file_that_is_no_database(usher):
    Path("data/usher.db").write_text("not a database " * 500)
    _, text = await usher()
    assert "Database" in wrong(text)


async def test_others_must_not_get_at_the_key(usher):
    Path("data").chmod(0o755)
    Path("data/secret.key").write_text(KEY)
    Path("data/secret.key").chmod(0o644)
    _, text = await usher(SECRET_KEY="")
    assert wrong(text) == ["Privacy", "Privacy"]
    assert "chmod 700 data" in text
    assert "chmod 600 data/secret.key" in text
    Path("data").chmod(0o700)
    code, _ = await usher(SECRET_KEY="")
    assert code == 0


async def test_a_fresh_copy_has_nothing_to_hide_yet(usher):
    Path("data").chmod(0o755)
    _, text = await usher()
    assert "Privacy" not in wrong(text)


async def test_others_must_not_read_the_file_with_the_token(usher, discord):
    Path(".env").write_text("LOG_LEVEL=info\n")
    Path(".env").chmod(0o644)
    Path().chmod(0o755)
    _, text = await usher(file=Path(".env"))
    assert wrong(text) == ["Privacy"]
    assert "What to do: chmod 600 .env" in text
    Path(".env").chmod(0o600)
    assert (await usher(file=Path(".env")))[0] == 0


async def test_a_shared_folder_is_told_and_not_to_be_closed(usher, guild, folder):
    Path("data").chmod(0o777)
    await stored(folder, guild, Cookies("abc", None))
    Path("data/usher.db").chmod(0o600)
    _, text = await usher()
    assert "note   Privacy: other users of this computer can write in the folder data" in text
    assert "chmod" not in text


async def test_a_key_on_another_disk_than_the_database_is_told(usher, guild, folder, monkeypatch):
    await stored(folder, guild, Cookies("abc", None))
    Path("data/secret.key").write_text(KEY)
    Path("data/secret.key").chmod(0o600)
    monkeypatch.setattr(ground, "_disk_of", lambda path: path.suffix)
    _, text = await usher(SECRET_KEY="")
    assert wrong(text)[-1] == "Key"
    assert "lie on two different disks" in text
    _, text = await usher()
    assert "two different disks" not in text, "with SECRET_KEY there is no file to lose"


async def test_it_leaves_nothing_behind(usher, folder):
    await usher()
    assert sorted(path.name for path in folder.rglob("*")) == ["data"]


async def test_it_says_what_comes_next(usher, guild, folder, tradingview):
    _, text = await usher()
    assert "Next: open the invite link, choose your server, and run: usher run" in text
    assert "/setup show" in text
    _, text = await usher(SECRET_KEY="nonsense")
    assert text.endswith("Next: mend these, then run: usher check")
    _, text = await usher(SECRET_KEY=KEY, DISCORD_TOKEN="MTIz.wrong.token")
    assert text.endswith("then run: usher check")


async def test_what_a_host_sets_by_itself_is_told(usher):
    code, text = await usher(PORT="3000")
    assert code == 0
    assert "note   Settings: HTTP_PORT is not set, so PORT of the environment is used" in text


async def test_a_place_that_cannot_be_written(usher, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    _, text = await usher()
    assert wrong(text) == ["Database"]


@pytest.mark.parametrize(("seconds", "way"), [(600, "10 minutes fast"), (-45, "4. seconds slow")])
async def test_a_clock_that_is_off_is_named(usher, monkeypatch, seconds, way):
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=seconds + 0.5))
    _, text = await usher()
    assert wrong(text) == ["Clock"]
    assert re.search(way, text)


async def test_a_small_difference_of_clocks_is_fine(usher, monkeypatch):
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=20))
    _, text = await usher()
    assert "Clock: agrees with Discord and TradingView" in text


async def test_two_checks_at_once_do_not_disturb_each_other(usher):
    results = await asyncio.gather(usher(), usher())
    assert [code for code, _ in results] == [0, 0]


async def test_a_blocked_address_is_said_with_its_length_and_what_to_do(usher, discord):
    discord.switches.block()
    code, said = await usher()
    assert code == 1
    assert "Discord: blocks this computer's address for 23 hours, until 20" in said
    assert "give the bot another one" in said
    assert "html" not in said.lower()


@pytest.fixture
async def untrusted(tmp_path):
    """The address of a server whose certificate nobody trusts."""
    context, _ = await asyncio.to_thread(self_signed, tmp_path, "localhost")

    async def nothing(reader, writer):
        pass

    async with serving(nothing, ssl=context) as port:
        yield f"https://localhost:{port}"


async def test_a_certificate_that_cannot_be_verified_has_its_own_mend(usher, untrusted, discord):
    _, said = await usher(TRADINGVIEW_URL=untrusted, DISCORD_API_URL=f"{untrusted}/api/v10")
    for name in ("Discord", "TradingView"):
        assert (
            f"WRONG  {name}: cannot be asked: its certificate is not one that can be trusted."
            in said
        )
    assert said.count("install ca-certificates") == 2
    assert "SSL_CERT_FILE" in said


async def test_the_check_goes_through_the_proxy(usher, discord, tradingview, monkeypatch):
    # Plain http elsewhere is refused; these stand-ins speak no TLS.
    monkeypatch.setattr("bot.settings.values.is_safe", lambda _: True)
    hosts = {"discord.test": URL(discord.api_url).port, "tv.test": URL(tradingview.url).port}
    async with open_proxy(hosts) as proxy:
        _, said = await usher(
            HTTP_PROXY=proxy.url,
            DISCORD_API_URL="http://discord.test/api/v10",
            TRADINGVIEW_URL="http://tv.test",
        )
    assert "Discord knows the bot as" in said
    assert "TradingView: answers." in said
    assert {target.split("/")[2] for _, target in proxy.asked} == set(hosts)


@pytest.mark.parametrize("how", ["refuses", "gone"])
async def test_a_proxy_that_does_not_help_is_named(usher, how):
    async with open_proxy({}, "Basic x") as proxy:
        pass
    async with open_proxy({}, "Basic x") as other:
        url = proxy.url if how == "gone" else other.url
        _, said = await usher(HTTPS_PROXY=url, TRADINGVIEW_URL="https://tv.test")
    assert f"the proxy of HTTPS_PROXY or HTTP_PROXY{' refuses' if how == 'refuses' else ''}" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "note   Newer releases: are not looked for, as UPDATE_URL is not set."),
        ({"UPDATE_CHECK": "off"}, "note   Newer releases: are not looked for (UPDATE_CHECK=off)."),
        (
            {"UPDATE_URL": "https://releases.example/latest"},
            "ok     Newer releases: https://releases.example/latest is asked once a day.",
        ),
    ],
)
def test_whether_anybody_would_hear_of_a_newer_release(given, said):
    settings = Settings(**{name.lower(): value for name, value in given.items()})
    assert str(examine_updates(settings)[0]).startswith(said)
