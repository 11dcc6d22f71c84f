"""SIGKILL between a shop's message and its commit, its answer, its work: kept once, and worked on once."""

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from cryptography.fernet import Fernet

from tests.support.fake_time import eventually
from tests.support.payments_program import STEPS
from tests.support.shop_messages import ADDRESS, HOST, paid, signed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")

BODY = paid()


class Program:
    """One process after the other on one database."""

    def __init__(self, tmp_path):
        self.tmp_path, self.key = tmp_path, Fernet.generate_key().decode()
        self.process = self.port = None

    async def start(self, *step):
        module = ("-m", "tests.support.payments_program")
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, *module, str(self.tmp_path), self.key, *step),
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        )
        self.port = int(await self.process.stdout.readline())

    async def end(self):
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def send(self):
        """Return the status; None where the program was gone before it answered."""
        url = f"http://{HOST}:{self.port}/webhooks/{ADDRESS}"
        async with aiohttp.ClientSession() as http:
            try:
                async with http.post(url, data=BODY, headers=signed(BODY)) as answer:
                    return answer.status
            except aiohttp.ClientError:
                return None

    async def ask(self, query):
        return await asyncio.to_thread(self._ask, query)

    def _ask(self, query):
        with closing(sqlite3.connect(self.tmp_path / "usher.db")) as raw:
            return raw.execute(query).fetchall()


@pytest.fixture
async def program(tmp_path):
    program = Program(tmp_path)
    yield program
    await program.end()


@pytest.mark.parametrize("step", STEPS)
async def test_a_message_counts_once_whenever_the_program_is_killed(program, step):
    await program.start(step)
    status = await program.send()
    assert await program.process.wait() == -signal.SIGKILL
    if step in ("read", "committed"):
        assert status is None, "it was not acknowledged, so it comes again"
    kept = await program.ask("SELECT state FROM delivery")
    assert kept == ([] if step == "read" else [("done" if step == "processed" else "new",)])
    if status == 200:
        assert kept, "what was acknowledged is kept"
    await program.start()
    if status is None:  # as shops do that heard nothing
        assert await program.send() == 200

    async def is_done():
        return await program.ask("SELECT state FROM delivery") == [("done",)]

    await eventually(is_done)
    assert await program.ask("SELECT name FROM contract") == [("A-1",)]
