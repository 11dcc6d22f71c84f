"""The bot as a process: started, killed, stopped, and what it prints."""

import asyncio
import os
import sys

import pytest

from bot.sandbox.child import KEEP_LINES, Child
from tests.support.fake_time import eventually

PATIENT = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
print("up", flush=True)
time.sleep(60)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
async def make(tmp_path):
    children = []

    def child(script, **settings):
        made = Child(settings, tmp_path, command=(sys.executable, "-c", script))
        children.append(made)
        return made

    yield child
    for each in children:
        await each.kill()


def texts(child):
    return [line.text for line in child.lines if line.source == "bot"]


async def test_kill_gives_it_no_time(make):
    child = make(PATIENT)
    await child.start()
    await eventually(lambda: "up" in texts(child))
    await child.kill()
    assert (child.state, child.killed, child.pid) == ("off", True, None)
    assert child.exit_code != 3


async def test_stop_lets_it_end_by_itself(make):
    child = make(PATIENT)
    await child.start()
    await eventually(lambda: "up" in texts(child))
    await child.stop()
    assert (child.state, child.killed) == ("off", False)
    assert child.exit_code == 3 or os.name == "nt"


async def test_stop_kills_what_will_not_end(make, monkeypatch):
    monkeypatch.setattr("bot.sandbox.child._END_TIMEOUT", 0.05)
    child = make(STUBBORN)
    await child.start()
    await eventually(lambda: "up" in texts(child))
    await child.stop()
    assert child.state == "off"


async def test_it_starts_again_after_a_kill_and_only_once_at_a_time(make):
    child = make(PATIENT)
    await child.start()
    first = child.pid
    await child.start()
    assert (child.pid, child.starts) == (first, 1)
    await child.kill()
    await child.start()
    assert child.starts == 2
    assert child.pid not in (None, first)


async def test_an_end_of_its_own_is_told_with_its_code(make):
    child = make("raise SystemExit(78)")
    changes = []
    child.on_change = lambda: changes.append(child.state)
    await child.start()
    await eventually(lambda: child.state == "off")
    assert child.describe()["exit_code"] == 78
    assert changes == ["starting", "off"]


async def test_lines_of_both_streams_are_kept_up_to_a_limit(make):
    child = make(
        "import sys; print('complaint', file=sys.stderr); [print(n) for n in range(700)];"
        "print('x' * 3_000_000); print('last')"
    )
    heard = []
    child.on_line = heard.append
    await child.start()
    await eventually(lambda: child.state == "off")
    assert len(child.lines) == KEEP_LINES
    assert "last" in texts(child)
    assert any(line.text == "complaint" for line in heard)
    assert max(len(line.text) for line in heard) <= 4_000


async def test_no_setting_of_the_sandbox_s_own_surroundings_reaches_the_bot(make, monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "a-real-token")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("LOG_LEVEL", "debug")
    child = make("import os; print(sorted(os.environ))", HTTP_PORT="1")
    await child.start()
    await eventually(lambda: child.state == "off")
    (names,) = texts(child)
    assert "HTTP_PORT" in names
    assert not any(name in names for name in ("DISCORD_TOKEN", "HTTPS_PROXY", "LOG_LEVEL"))


async def test_killing_twice_at_once_does_no_harm(make):
    child = make(PATIENT)
    await child.start()
    await asyncio.gather(child.kill(), child.kill())
    assert child.state == "off"
