"""A wish to stop ends `usher run` with 0 and no word of failure, whenever it comes."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.support.child import open_child

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")

ROOT = Path(__file__).parents[2]
# Sends itself the signal at the moment when that module is about to be imported.
PROGRAM = """
import os, sys
moment, sign = sys.argv[1], int(sys.argv[2])
sys.argv = ["usher", "run"]

class At:
    def find_spec(self, name, path=None, target=None):
        if name == moment:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), sign)

sys.meta_path.insert(0, At())
from bot.__main__ import main
code = main()
if moment == "the end":
    os.kill(os.getpid(), sign)
sys.exit(code)
"""


def environment(**variables):
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in Settings.__dataclass_fields__
    }
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


def stopped_at(moment, sign, tmp_path, **variables):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, moment, str(int(sign))],
        cwd=tmp_path,
        env=environment(
            DISCORD_TOKEN="MTIz.abc.def",
            DISCORD_API_URL="http://127.0.0.1:9/api/v10",
            DISCORD_GATEWAY_URL="ws://127.0.0.1:9/gateway",
            **{"HTTP_PORT": "0", **variables},
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "moment",
    ["click", "bot.cli.process", "bot.settings", "cryptography.fernet", "discord", "bot.app"],
)
def test_before_anything_is_open_it_ends_at_once(moment, sign, tmp_path):
    ended = stopped_at(moment, sign, tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_while_the_tables_are_made_it_ends_once_they_are_whole(sign, tmp_path):
    ended = stopped_at("alembic.command", sign, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    with closing(sqlite3.connect(tmp_path / "data/usher.db")) as raw:
        assert raw.execute("SELECT count(*) FROM guild").fetchone() == (0,)
        assert raw.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_a_failed_start_keeps_its_code_when_it_is_stopped_at_its_end(tmp_path):
    ended = stopped_at("the end", signal.SIGTERM, tmp_path, HTTP_PORT="nonsense")
    assert ended.returncode == 78
    assert "HTTP_PORT" in ended.stderr


def test_other_commands_do_not_say_that_they_were_done_when_they_were_stopped(tmp_path):
    program = PROGRAM.replace('"run"', '"backup", "mine.db"')
    ended = subprocess.run(
        [sys.executable, "-c", program, "bot.settings", str(int(signal.SIGINT))],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr


async def test_while_discord_cannot_be_reached(tmp_path):
    child = await open_child(tmp_path)
    try:
        await child.discord.close()
        await child.spawn()
        while b"cannot be reached" not in child.printed:
            assert child.process.returncode is None, child.printed
            await asyncio.sleep(0.01)
        assert await child.stop() == 0
        assert b"Traceback" not in child.printed
    finally:
        await child._end(signal.SIGKILL)
        await child.tradingview.close()
