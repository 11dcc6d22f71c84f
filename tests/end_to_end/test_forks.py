"""What the tests fork ends, prints and is bound as what is started afresh."""

import asyncio
import os
import signal
import sys

import pytest

from tests.support import forks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")

WAYS = pytest.mark.parametrize("start", [forks.start, forks.start_afresh])
KEPT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(forks.ROOT)}


@WAYS
async def test_a_command_has_its_folder_variables_code_and_both_outputs(start, tmp_path):
    (tmp_path / ".env").write_text("TV_PACE=fast\n")
    variables = KEPT | {"HTTP_PORT": "many"}
    process = await start("bot", "run", cwd=tmp_path, env=variables, merged=False)
    printed, said = await process.communicate()
    assert process.returncode == 78
    assert printed == b""
    assert b"TV_PACE" in said
    assert b"HTTP_PORT" in said


@WAYS
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
async def test_a_signal_ends_it_as_it_ends_any_program(start, sign, tmp_path):
    process = await start("http.server", "0", cwd=tmp_path, env=KEPT | {"PYTHONUNBUFFERED": "1"})
    assert b"Serving HTTP" in await process.stdout.readline()
    process.send_signal(sign)
    assert await process.wait() == -sign
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


@WAYS
async def test_it_opens_no_more_files_than_it_may(start, tmp_path):
    many = "kept = [open('/dev/null') for _ in range(40)]"
    process = await start("timeit", "-n1", "-r1", many, cwd=tmp_path, env=KEPT, files=32)
    printed, _ = await process.communicate()
    assert process.returncode == 1
    assert b"Too many open files" in printed


async def test_many_at_once_hear_of_their_own_end(tmp_path):
    async def code(command):
        process = await forks.start("bot", *command, cwd=tmp_path, env=KEPT)
        await process.communicate()
        return process.returncode

    assert await asyncio.gather(code(["--version"]), code(["fly"]), code(["--help"])) == [0, 2, 0]
