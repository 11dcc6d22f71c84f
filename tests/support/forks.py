"""Python programs that begin with Usher's modules read: a process of its own each, started in milliseconds.

A server, one for each program that runs tests, reads the modules once, and forks for each start. What
it forks ends as any process does: by its own code, by a signal, at a limit of the system. It is told
what to run on a socket, with the files that are its stdin, stdout and stderr, and tells the id and,
once it has ended, the code. Where the system can't (it takes Linux), a real start does it.
"""

import asyncio
import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from discord.state import ConnectionState

from bot import memory
from tests.support.quick_database import make_databases_quick

ROOT = Path(__file__).parents[2]
POSSIBLE = hasattr(os, "pidfd_open")
_one_at_a_time = threading.Lock()
_MAX_BYTES = 1 << 18  # what one start may be told


class Forked:
    """What asyncio's Process is, of a process that another one started."""

    def __init__(self, told, pid, stdout, stderr):
        self._told, self.pid, self.stdout, self.stderr = told, pid, stdout, stderr
        self.stdin = None
        self.returncode = None
        self._ending = asyncio.get_running_loop().create_task(self._end())

    async def _end(self):
        with self._told:
            code = await asyncio.get_running_loop().sock_recv(self._told, _MAX_BYTES)
        self.returncode = json.loads(code)

    async def wait(self):
        await asyncio.shield(self._ending)
        return self.returncode

    async def communicate(self):
        outputs = [stream.read() for stream in (self.stdout, self.stderr) if stream is not None]
        printed = [*await asyncio.gather(*outputs), None]
        await self.wait()
        return printed[0], printed[1]

    def send_signal(self, sign):
        if self.returncode is None:
            os.kill(self.pid, sign)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


async def start(*module, cwd, env, files=None, merged=True, limit=1 << 16):
    """Start `python -m` with that module and what follows it; return its process.

    At most `files` may be open in it at once. `merged`: stderr goes where stdout does.
    """
    if not POSSIBLE:
        return await start_afresh(
            *module, cwd=cwd, env=env, files=files, merged=merged, limit=limit
        )
    request = json.dumps([module, str(cwd), dict(env), files])
    told, pid, *outputs = await asyncio.to_thread(_ask, request, merged)
    stdout, stderr = [*[await _stream(output, limit) for output in outputs], None][:2]
    return Forked(told, pid, stdout, stderr)


def _ask(request, merged):
    """Have the server start it; return the connection, the process's id and the ends of its pipes to read."""
    with contextlib.ExitStack() as opened:
        told = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        told.connect(_server())
        pipes = [os.pipe() for _ in range(1 if merged else 2)]
        nothing = os.open(os.devnull, os.O_RDONLY)
        given = [nothing, pipes[0][1], pipes[-1][1]]
        socket.send_fds(told, [request.encode()], given)
        for file in set(given):
            os.close(file)
        pid = json.loads(told.recv(_MAX_BYTES))
        told.setblocking(False)
        opened.pop_all()
        return told, pid, *(reader for reader, _ in pipes)


async def start_afresh(*module, cwd, env, files=None, merged=True, limit=1 << 16):
    """As `start`, by a whole new interpreter, as people start Usher."""
    command = (sys.executable, "-m", *module)
    if files is not None:
        command = ("sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd, env=env, limit=limit,
        stdin=asyncio.subprocess.DEVNULL, stdout=pipe,
        stderr=asyncio.subprocess.STDOUT if merged else pipe,
    )  # fmt: skip


def start_quickly(monkeypatch):
    """Have what starts `python -m` by asyncio itself, as the sandbox starts its bot, do it by `start`."""
    real = asyncio.create_subprocess_exec

    async def begin(program, *arguments, cwd=None, env=None, stderr=None, limit=1 << 16, **others):
        if program != sys.executable or arguments[:1] != ("-m",):
            return await real(
                program, *arguments, cwd=cwd, env=env, stderr=stderr, limit=limit, **others
            )
        merged = stderr == asyncio.subprocess.STDOUT
        return await start(*arguments[1:], cwd=cwd, env=env, merged=merged, limit=limit)

    if POSSIBLE:
        monkeypatch.setattr(asyncio, "create_subprocess_exec", begin)


async def _stream(reader, limit):
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader(limit=limit)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reader, "rb", 0)
    )
    return stream


def _server():
    """Return the address of the server, which ends with this process."""
    with _one_at_a_time:
        return _begin_server()


@functools.cache
def _begin_server():
    folder = tempfile.TemporaryDirectory()
    address = f"{folder.name}/forks"
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(address)
    listening.listen()
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.forks", str(listening.fileno())],
        cwd=ROOT, env=kept, stdin=subprocess.PIPE, pass_fds=[listening.fileno()],
    )  # fmt: skip
    listening.close()

    def end():
        server.stdin.close()
        server.wait()
        folder.cleanup()

    atexit.register(end)
    return address


def _read_modules():
    """Import what `usher run` does as it does, and the other commands."""
    memory.load_libraries()
    for name in ("bot.app", "bot.cli.process", "cogs"):
        importlib.import_module(name)
    memory.forget_notes()
    commands = importlib.import_module("bot.cli.commands")
    for package in (commands, importlib.import_module("cogs")):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    make_databases_quick()
    _expect_few_servers()
    gc.freeze()


def _expect_few_servers():
    """Have discord.py wait for another server half a second, instead of two at each start."""
    begin = ConnectionState.__init__

    def begin_soon(state, **options):
        begin(state, **options)
        state.guild_ready_timeout = 0.5

    ConnectionState.__init__ = begin_soon


def _serve(listening):
    """Fork for each start. Return what to run in each process that was forked; never in the server."""
    started = {}  # by the process's id, the connection of whoever started it
    tests = sys.stdin.fileno()
    with selectors.DefaultSelector() as selector:
        selector.register(listening, selectors.EVENT_READ)
        selector.register(tests, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listening:
                    request = _fork(listening, selector, started)
                    if request is not None:
                        return request
                elif key.fd == tests:  # they have ended
                    for pid in started:
                        os.kill(pid, signal.SIGKILL)
                    os._exit(0)
                else:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    code = os.waitstatus_to_exitcode(os.waitpid(key.data, 0)[1])
                    with started.pop(key.data) as told, contextlib.suppress(OSError):
                        told.send(json.dumps(code).encode())


def _fork(listening, selector, started):
    """Start a process as the next connection asks; return, in that process alone, what to be."""
    told, _ = listening.accept()
    request, files, _, _ = socket.recv_fds(told, _MAX_BYTES, 3)
    if not request:  # whoever asked has gone
        told.close()
        return None
    pid = os.fork()
    if pid == 0:
        for other in (*started.values(), told, listening):
            other.close()
        for watched in selector.get_map().values():
            if watched.data is not None:
                os.close(watched.fd)
        return json.loads(request), files
    for file in files:
        os.close(file)
    started[pid] = told
    with contextlib.suppress(OSError):  # whoever asked has gone
        told.send(json.dumps(pid).encode())
    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
    return None


def _become(request, files):
    """Be as a process that was just started with this; return the module that it runs."""
    (module, *arguments), folder, environment, limit = request
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    by_line = 1 if environment.get("PYTHONUNBUFFERED") else -1
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=by_line, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    if limit is not None:
        import resource  # not everywhere

        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    sys.argv[1:] = arguments
    return module


def _main():
    listening = socket.socket(fileno=int(sys.argv[1]))
    _read_modules()
    assert threading.active_count() == 1  # what others hold at a fork, nobody lets go of
    request, files = _serve(listening)
    runpy.run_module(_become(request, files), run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
