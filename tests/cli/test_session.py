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
from cryptography.fernet import Fernet

from bot import tradingview_accounts
from bot.access.logins.cookies import unpack
from bot.cli import session as commands
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


class Person:
    """Types what was planned; keeps what was asked and said."""

    def __init__(self, *typed):
        self.typed, self.hidden, self.shown, self.said = list(typed), [], [], []

    @property
    def terminal(self):
        return commands.Terminal(self._secret, self._line, self.said.append)

    def _secret(self, prompt):
        self.hidden.append(prompt)
        return self.typed.pop(0)

    def _line(self, prompt):
        self.shown.append(prompt)
        return self.typed.pop(0)

    def heard(self, words):
        return words in "\n".join(self.said)


def rows(tmp_path, query):
    with sqlite3.connect(tmp_path / "usher.db") as raw:
        found = raw.execute(query).fetchall()
    raw.close()
    return found


def test_a_pair_is_asked_without_echo_tested_and_kept(settings, upstream, tmp_path):
    pair = upstream.pair()
    person = Person(*pair)
    assert commands.set_login(settings, None, person.terminal) == 0
    assert (len(person.hidden), person.shown) == (2, [])
    assert person.heard("The TradingView login works as Vendor_One")
    assert person.heard("within five seconds")
    for value in pair:
        assert not person.heard(value)
    assert rows(tmp_path, "SELECT version, state, set_by FROM session") == [(1, "alive", None)]
    assert rows(tmp_path, "SELECT note FROM event") == [("from the terminal",)]


def test_bad_cookies_replace_nothing(settings, upstream, tmp_path):
    assert commands.set_login(settings, None, Person(*upstream.pair()).terminal) == 0
    for typed, words in (
        (("a" * 32, "v3:" + "b" * 43), "does not accept these cookies"),
        (("two words", ""), "cannot be the value of sessionid"),
    ):
        person = Person(*typed)
        assert commands.set_login(settings, None, person.terminal) == 1
        assert person.heard(words)
        assert not person.heard(typed[0])
    assert rows(tmp_path, "SELECT version FROM session") == [(1,)]


@pytest.mark.parametrize(("answer", "username"), [("", "Vendor_One"), ("y", "Vendor_Two")])
def test_another_account_needs_a_yes(settings, upstream, tmp_path, answer, username):
    commands.set_login(settings, None, Person(*upstream.pair()).terminal)
    other = upstream.fake.world.add_vendor("Vendor_Two")
    person = Person(*upstream.pair(other), answer)
    commands.set_login(settings, None, person.terminal)
    assert rows(tmp_path, "SELECT username FROM account") == [(username,)]


def test_the_yes_to_another_account_uses_what_tradingview_made_of_its_pair(
    settings, upstream, tmp_path
):
    commands.set_login(settings, None, Person(*upstream.pair()).terminal)
    pair = upstream.pair(upstream.fake.world.add_vendor("Vendor_Two"))
    upstream.fake.switches.set("rotation", "pair, old one ends")
    upstream.fake.switches.set("rotations", 1)
    assert commands.set_login(settings, None, Person(*pair, "y").terminal) == 0
    [(sealed,)] = rows(tmp_path, "SELECT cookies FROM session")
    now = unpack(Vault(settings.secret_keys[0]).open(sealed))
    assert now.sessionid not in pair
    again = Person(now.sessionid, now.sessionid_sign)
    assert commands.set_login(settings, None, again.terminal) == 0
    assert again.heard("works as Vendor_Two")


def test_nothing_is_sent_while_tradingview_wants_no_question(settings, upstream, tmp_path):
    async def as_a_bot_beside_it():
        async with open_database(settings.database_url):
            (await tradingview_accounts.pace_of(settings, HOME)).hold(7200)

    asyncio.run(as_a_bot_beside_it())
    person = Person(*upstream.pair())
    assert commands.set_login(settings, None, person.terminal) == 1
    assert person.heard("does not answer")
    person = Person("vendor_one", "open sesame")
    assert commands.sign_in(settings, None, person.terminal) == 1
    assert person.heard("asks me to slow down")
    assert upstream.fake.log == []


def test_it_works_beside_a_running_bot(settings, upstream):
    async def beside():
        async with alone_with(settings.database_url), open_database(settings.database_url):
            person = Person(*upstream.pair())
            return await asyncio.to_thread(commands.set_login, settings, None, person.terminal)

    assert asyncio.run(beside()) == 0


def test_signing_in_makes_one_attempt_and_keeps_the_cookies_only(settings, upstream, tmp_path):
    person = Person("vendor_one", "open sesame")
    assert commands.sign_in(settings, None, person.terminal) == 0
    assert (len(person.shown), len(person.hidden)) == (1, 1)
    assert len(upstream.fake.calls("signin")) == 1
    assert b"open sesame" not in (tmp_path / "usher.db").read_bytes()


def test_a_second_factor_is_asked_for_when_needed(settings, upstream):
    upstream.fake.switches.set("signin", "two-factor")
    person = Person("vendor_one", "open sesame", "042 137")
    assert commands.sign_in(settings, None, person.terminal) == 0
    assert len(person.hidden) == 2
    person = Person("vendor_one", "open sesame", "999999")
    assert commands.sign_in(settings, None, person.terminal) == 1
    assert person.heard("does not accept this code")


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
    person = Person("vendor_one", "open sesame")
    assert commands.sign_in(settings, None, person.terminal) == 1
    assert person.heard(words)
    assert not person.heard("**")
    assert len(upstream.fake.calls("signin")) == 1


def test_the_server_is_the_only_one_or_must_be_named(upstream, settings, tmp_path):
    unsaid = made(upstream, tmp_path, discord_guild_id=None)
    with pytest.raises(StartupError, match="For which Discord server"):
        commands.set_login(unsaid, None, Person().terminal)
    assert commands.set_login(unsaid, 100, Person(*upstream.pair()).terminal) == 0
    assert commands.set_login(unsaid, None, Person(*upstream.pair()).terminal) == 0
    with pytest.raises(StartupError, match="knows no Discord server with the number 7"):
        commands.set_login(unsaid, 7, Person().terminal)


def keyed(upstream, tmp_path, *keys):
    return made(upstream, tmp_path, secret_key=Secret(",".join(keys)))


def test_rekey_leaves_nothing_for_the_earlier_key(upstream, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    assert (
        commands.set_login(keyed(upstream, tmp_path, old), None, Person(*upstream.pair()).terminal)
        == 0
    )
    with sqlite3.connect(tmp_path / "usher.db") as raw:
        raw.execute(
            "INSERT INTO spare_session (account_id, rank, cookies, checked_at, set_at)"
            " VALUES (1, 1, ?, '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
            (Vault(old).seal("x"),),
        )
    raw.close()
    both = keyed(upstream, tmp_path, new, old)
    for _ in range(2):
        person = Person()
        assert commands.rekey(both, person.terminal) == 0
        assert person.heard("2 encrypted values")
    for column in ENCRYPTED:
        query = f'SELECT {column.name} FROM "{column.table.name}" WHERE {column.name} NOT NULL'
        for (sealed,) in rows(tmp_path, query):
            assert Vault(new).open(sealed)
    person = Person(*upstream.pair())
    assert commands.set_login(keyed(upstream, tmp_path, new), None, person.terminal) == 0
    with pytest.raises(StartupError, match="not the one"):
        commands.rekey(keyed(upstream, tmp_path, old), Person().terminal)


def test_rekey_of_an_empty_database_says_that_there_is_nothing(settings):
    person = Person()
    assert commands.rekey(settings, person.terminal) == 0
    assert person.heard("There is nothing to encrypt anew. Nothing was changed.")


def test_rekey_changes_nothing_while_anything_is_unreadable(upstream, settings, tmp_path):
    commands.set_login(settings, None, Person(*upstream.pair()).terminal)
    before = rows(tmp_path, "SELECT cookies FROM session")
    strange = keyed(upstream, tmp_path, Fernet.generate_key().decode())
    with pytest.raises(StartupError, match="not the one"):
        commands.rekey(strange, Person().terminal)
    assert rows(tmp_path, "SELECT cookies FROM session") == before


def test_rekey_waits_until_the_bot_is_stopped(settings):
    async def beside():
        async with alone_with(settings.database_url):
            return await asyncio.to_thread(commands.rekey, settings, Person().terminal)

    with pytest.raises(StartupError, match="Stop it, run this command again"):
        asyncio.run(beside())


def usher(settings, *arguments, **more):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in Settings.__dataclass_fields__
    } | {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "TRADINGVIEW_URL": settings.tradingview_url,
        "DISCORD_GUILD_ID": str(HOME),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "session", *arguments], env=environment, text=True, **more
    )


def test_without_a_terminal_that_hides_nothing_is_asked(settings):
    pipe = subprocess.PIPE
    child = usher(settings, "set", stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    out, err = child.communicate("abc\ndef\n", timeout=60)
    assert child.returncode == 69
    assert "no terminal on which typing can be hidden" in err
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
