"""The TradingView login from the terminal: beside a running bot, without echo, one attempt."""

import asyncio
import fcntl
import os
import pty
import sqlite3
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet

from bot import logs, tradingview_accounts
from bot.access.logins.cookies import unpack
from bot.cli.usher import usher as command
from bot.errors import StartupError
from bot.sandbox.tradingview import FakeTradingView
from bot.settings import Secret, Settings
from bot.store.engine.database import open_database
from bot.store.engine.lock import alone_with
from bot.store.tables.encrypted import ENCRYPTED
from bot.store.vault import Vault

ROOT = Path(__file__).parents[2]
HOME = 100


class Upstream:
    """A TradingView on a loop of its own, as the commands run one themselves."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.fake = FakeTradingView()
        self.do(self.fake.start())
        self.vendor = self.fake.world.add_vendor("Vendor_One")

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def pair(self, vendor=None):
        return list(self.fake.world.open_session(vendor or self.vendor))

    def close(self):
        self.do(self.fake.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def upstream():
    made = Upstream()
    yield made
    made.close()


@pytest.fixture
def settings(upstream, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "set_up", lambda *_: None)
    return made(upstream, tmp_path)


def made(upstream, tmp_path, **more):
    return Settings(
        **{
            "tradingview_url": upstream.fake.url,
            "pine_facade_url": upstream.fake.url,
            "database_url": f"sqlite+aiosqlite:///{tmp_path}/usher.db",
            "secret_key": Secret(Fernet.generate_key().decode()),
            "discord_guild_id": HOME,
        }
        | more
    )


def environment(settings):
    """What the command reads: these settings, and nothing of this machine's."""
    given = {
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "TRADINGVIEW_URL": settings.tradingview_url,
        "DISCORD_GUILD_ID": settings.discord_guild_id and str(settings.discord_guild_id),
    }
    return {name.upper(): given.get(name.upper()) for name in Settings.__dataclass_fields__}


def session(settings, *arguments, typed=()):
    """`usher session …` with a person who types that; what is hidden is not in its output."""
    return CliRunner().invoke(
        command,
        ["session", *arguments],
        input="".join(f"{line}\n" for line in typed),
        env=environment(settings),
        catch_exceptions=False,
    )


def set_login(settings, *pair, server=()):
    return session(settings, "set", *server, typed=pair)


def sign_in(settings, *typed):
    return session(settings, "sign-in", typed=typed)


def rows(tmp_path, query):
    with sqlite3.connect(tmp_path / "usher.db") as raw:
        found = raw.execute(query).fetchall()
    raw.close()
    return found


def test_a_pair_is_asked_without_echo_tested_and_kept(settings, upstream, tmp_path):
    pair = upstream.pair()
    said = set_login(settings, *pair)
    assert said.exit_code == 0
    assert "sessionid: \n" in said.output
    assert "sessionid_sign: \n" in said.output
    assert "The TradingView login works as Vendor_One" in said.output
    assert "within five seconds" in said.output
    for value in pair:
        assert value not in said.output
    assert rows(tmp_path, "SELECT version, state, set_by FROM session") == [(1, "alive", None)]
    assert "from the terminal" in rows(tmp_path, "SELECT words FROM event_words")[0][0]


def test_bad_cookies_replace_nothing(settings, upstream, tmp_path):
    assert set_login(settings, *upstream.pair()).exit_code == 0
    for typed, words in (
        (("a" * 32, "v3:" + "b" * 43), "does not accept these cookies"),
        (("two words", ""), "cannot be the value of sessionid"),
    ):
        said = set_login(settings, *typed)
        assert said.exit_code == 1
        assert words in said.output
        assert typed[0] not in said.output
    assert rows(tmp_path, "SELECT version FROM session") == [(1,)]


@pytest.mark.parametrize(
    ("answers", "code", "username"),
    [
        ([""], 1, "Vendor_One"),
        (["n"], 1, "Vendor_One"),
        ([], 1, "Vendor_One"),
        (["y"], 0, "Vendor_Two"),
    ],
)
def test_another_account_needs_a_yes(settings, upstream, tmp_path, answers, code, username):
    set_login(settings, *upstream.pair())
    other = upstream.fake.world.add_vendor("Vendor_Two")
    said = set_login(settings, *upstream.pair(other), *answers)
    assert said.exit_code == code
    assert ("Left as it was." in said.output) == (code == 1)
    assert rows(tmp_path, "SELECT username FROM account") == [(username,)]


def test_the_yes_to_another_account_uses_what_tradingview_made_of_its_pair(
    settings, upstream, tmp_path
):
    set_login(settings, *upstream.pair())
    pair = upstream.pair(upstream.fake.world.add_vendor("Vendor_Two"))
    upstream.fake.switches.set("rotation", "pair, old one ends")
    upstream.fake.switches.set("rotations", 1)
    assert set_login(settings, *pair, "y").exit_code == 0
    [(sealed,)] = rows(tmp_path, "SELECT cookies FROM session")
    now = unpack(Vault(settings.secret_keys[0]).open(sealed))
    assert now.sessionid not in pair
    again = set_login(settings, now.sessionid, now.sessionid_sign)
    assert again.exit_code == 0
    assert "works as Vendor_Two" in again.output


def test_nothing_is_sent_while_tradingview_wants_no_question(settings, upstream, tmp_path):
    async def as_a_bot_beside_it():
        async with (
            open_database(settings.database_url),
            tradingview_accounts.limiter_of(settings, HOME) as limiter,
        ):
            limiter.hold(7200)

    asyncio.run(as_a_bot_beside_it())
    said = set_login(settings, *upstream.pair())
    assert said.exit_code == 1
    assert "does not answer" in said.output
    said = sign_in(settings, "vendor_one", "open sesame")
    assert said.exit_code == 1
    assert "asks me to slow down" in said.output
    assert upstream.fake.log == []


def test_it_works_beside_a_running_bot(settings, upstream):
    async def beside():
        async with alone_with(settings.database_url), open_database(settings.database_url):
            return await asyncio.to_thread(set_login, settings, *upstream.pair())

    assert asyncio.run(beside()).exit_code == 0


def test_signing_in_makes_one_attempt_and_keeps_the_cookies_only(settings, upstream, tmp_path):
    said = sign_in(settings, "vendor_one", "open sesame")
    assert said.exit_code == 0
    assert "TradingView name or e-mail: vendor_one\n" in said.output
    assert "Password: \n" in said.output
    assert "open sesame" not in said.output
    assert len(upstream.fake.calls("signin")) == 1
    assert b"open sesame" not in (tmp_path / "usher.db").read_bytes()


@pytest.mark.parametrize("typed", [("", "open sesame"), ("vendor_one", "")])
def test_without_a_name_or_a_password_no_attempt_is_made(settings, upstream, typed):
    said = sign_in(settings, *typed)
    assert said.exit_code == 1
    assert "Nothing was typed" in said.output
    assert upstream.fake.log == []


def test_a_second_factor_is_asked_for_when_needed(settings, upstream):
    upstream.fake.switches.set("signin", "two-factor")
    said = sign_in(settings, "vendor_one", "open sesame", "042 137")
    assert said.exit_code == 0
    assert "Code from your authenticator app: \n" in said.output
    assert "042 137" not in said.output
    said = sign_in(settings, "vendor_one", "open sesame", "999999")
    assert said.exit_code == 1
    assert "does not accept this code" in said.output


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("captcha", "wants to see a person"),
        ("rate limit", "at least 10 minutes"),
        ("wrong password", "does not accept this name and password"),
        ("two-factor by sms", "text message"),
    ],
)
def test_each_refusal_is_a_sentence_without_discords_signs(settings, upstream, mode, words):
    upstream.fake.switches.set("signin", mode)
    said = sign_in(settings, "vendor_one", "open sesame")
    assert said.exit_code == 1
    assert words in said.output
    assert "**" not in said.output
    assert len(upstream.fake.calls("signin")) == 1


def test_the_server_is_the_only_one_or_must_be_named(upstream, settings, tmp_path):
    unsaid = made(upstream, tmp_path, discord_guild_id=None)
    with pytest.raises(StartupError, match="For which Discord server"):
        set_login(unsaid)
    assert set_login(unsaid, *upstream.pair(), server=["100"]).exit_code == 0
    assert set_login(unsaid, *upstream.pair()).exit_code == 0
    with pytest.raises(StartupError, match="knows no Discord server with the number 7"):
        set_login(unsaid, server=["7"])


def test_with_no_server_known_no_database_is_made_and_the_number_is_explained(
    upstream, settings, tmp_path
):
    unsaid = made(upstream, tmp_path, discord_guild_id=None)
    for which in ("set", "sign-in"):
        with pytest.raises(StartupError, match=r"Developer Mode.*Copy Server ID") as caught:
            session(unsaid, which)
        assert "Usher knows none yet" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def keyed(upstream, tmp_path, *keys):
    return made(upstream, tmp_path, secret_key=Secret(",".join(keys)))


def test_rekey_leaves_nothing_for_the_earlier_key(upstream, settings, tmp_path):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    assert set_login(keyed(upstream, tmp_path, old), *upstream.pair()).exit_code == 0
    with sqlite3.connect(tmp_path / "usher.db") as raw:
        raw.execute(
            "INSERT INTO spare_session (account_id, rank, cookies, checked_at, set_at)"
            " VALUES (1, 1, ?, '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
            (Vault(old).seal("x"),),
        )
    raw.close()
    both = keyed(upstream, tmp_path, new, old)
    for _ in range(2):
        said = session(both, "rekey")
        assert said.exit_code == 0
        assert "2 encrypted values" in said.output
    for column in ENCRYPTED:
        query = f'SELECT {column.name} FROM "{column.table.name}" WHERE {column.name} NOT NULL'
        for (sealed,) in rows(tmp_path, query):
            assert Vault(new).open(sealed)
    assert set_login(keyed(upstream, tmp_path, new), *upstream.pair()).exit_code == 0
    with pytest.raises(StartupError, match="not the one"):
        session(keyed(upstream, tmp_path, old), "rekey")


def test_rekey_of_an_empty_database_says_that_there_is_nothing(settings):
    said = session(settings, "rekey")
    assert said.exit_code == 0
    assert "There is nothing to encrypt anew. Nothing was changed." in said.output


def test_rekey_changes_nothing_while_anything_is_unreadable(upstream, settings, tmp_path):
    set_login(settings, *upstream.pair())
    before = rows(tmp_path, "SELECT cookies FROM session")
    strange = keyed(upstream, tmp_path, Fernet.generate_key().decode())
    with pytest.raises(StartupError, match="not the one"):
        session(strange, "rekey")
    assert rows(tmp_path, "SELECT cookies FROM session") == before


def test_rekey_waits_until_the_bot_is_stopped(settings):
    async def beside():
        async with alone_with(settings.database_url):
            return await asyncio.to_thread(session, settings, "rekey")

    with pytest.raises(StartupError, match="Stop it, run this command again"):
        asyncio.run(beside())


def usher(settings, *arguments, **more):
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in Settings.__dataclass_fields__
    }
    given = {name: value for name, value in environment(settings).items() if value}
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "session", *arguments],
        env={**kept, **given, "PYTHONPATH": str(ROOT)},
        text=True,
        **more,
    )


def test_without_a_terminal_that_hides_nothing_is_asked(settings):
    pipe = subprocess.PIPE
    child = usher(settings, "set", stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    out, err = child.communicate("abc\ndef\n", timeout=60)
    assert child.returncode == 69
    assert "no terminal on which typing can be hidden" in err
    assert out == "", "no instructions to what cannot be done"
    assert "Traceback" not in out + err


def test_on_a_real_terminal_nothing_typed_is_shown(settings, upstream):
    leader, follower = pty.openpty()
    child = usher(
        settings,
        "set",
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(follower)
    pair, shown = upstream.pair(), ""
    answers = [("sessionid: ", pair[0]), ("sessionid_sign: ", pair[1])]
    while True:
        try:
            part = os.read(leader, 4096).decode()
        except OSError:  # it has ended
            break
        if not part:
            break
        shown += part
        if answers and shown.endswith(answers[0][0]):
            os.write(leader, f"{answers.pop(0)[1]}\n".encode())
    assert child.wait(60) == 0, shown
    os.close(leader)
    assert "works as Vendor_One" in shown
    for value in pair:
        assert value not in shown
