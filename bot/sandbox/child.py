"""The bot as a process of its own, which can be killed without a word and started again."""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

State = Literal["off", "starting", "running", "stopping"]

KEEP_LINES = 500
_MAX_LINE = 4_000
_END_TIMEOUT = 10.0  # seconds for a clean end
_ROOT = Path(__file__).resolve().parents[2]
# What a process needs to run at all; nothing else of ours reaches the bot, least of all settings.
_NEEDED = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Line:
    """One line that the bot printed, or (source "sandbox") what was done to it; `at` is ISO UTC."""

    number: int
    at: str
    source: str
    text: str


class Child:
    """Starts, kills and stops the bot, and keeps what it prints.

    `on_change` hears of a new state, `on_line` of a new line. Only the stand-in sees when the bot is
    connected: it calls `connected`.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: Path,
        *,
        command: tuple[str, ...] = (sys.executable, "-m", "bot", "run"),
    ) -> None:
        self.state: State = "off"
        self.exit_code: int | None = None
        self.killed = False
        self.starts = 0
        self.lines: deque[Line] = deque(maxlen=KEEP_LINES)
        self.on_change: Callable[[], None] = lambda: None
        self.on_line: Callable[[Line], None] = lambda _: None
        self._environment = _environment(environment)
        self._folder = folder
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._count = 0

    @property
    def pid(self) -> int | None:
        """The process's id while there is one."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the bot, unless there is one already."""
        if self.state != "off":
            return
        self._become("starting", killed=False)
        self.starts += 1
        self._note(f"Starting the bot ({_ordinal(self.starts)} time)")
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=1 << 20,
            )
        except BaseException:
            self._become("off")
            raise
        self._watch = asyncio.create_task(self._follow(self._process))

    async def kill(self) -> None:
        """End it at once, as a power cut would (SIGKILL); returns when it is gone."""
        process = self._process
        if process is None or self.state == "off":
            return
        self._become("stopping", killed=True)
        self._note("Killing the bot (SIGKILL): no time to tidy up")
        _signal(process.kill)
        await self._gone()

    async def stop(self) -> None:
        """Ask it to end (SIGTERM); it is killed when it has not ended after 10 seconds."""
        process = self._process
        if process is None or self.state == "off":
            return
        self._become("stopping", killed=False)
        _signal(process.terminate)
        try:
            async with asyncio.timeout(_END_TIMEOUT):
                await self._gone()
        except TimeoutError:
            _signal(process.kill)
            await self._gone()

    def connected(self, *, online: bool) -> None:
        """Discord sees the bot come or go."""
        if online and self.state == "starting":
            self._become("running")
        elif not online and self.state == "running":
            self._become("starting")

    def describe(self) -> dict[str, object]:
        """How it is, as JSON."""
        return {
            "state": self.state,
            "pid": self.pid,
            "starts": self.starts,
            "killed": self.killed,
            "exit_code": self.exit_code,
        }

    async def _gone(self) -> None:
        if self._watch is not None:
            await asyncio.shield(self._watch)

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        """Read what it prints until it has ended."""
        async with asyncio.TaskGroup() as readers:
            readers.create_task(self._read(process.stdout, "bot"))
            readers.create_task(self._read(process.stderr, "bot"))
        code = await process.wait()
        self.exit_code = code
        self._process = None
        self._note("The bot is gone" if self.killed else f"The bot ended with exit code {code}")
        self._become("off")

    async def _read(self, stream: asyncio.StreamReader | None, source: str) -> None:
        assert stream is not None  # noqa: S101 - both are pipes
        while True:
            try:
                raw = await stream.readline()
            except ValueError:  # a line beyond the limit; its rest follows
                continue
            if not raw:
                return
            text = raw.decode("utf-8", "replace").rstrip("\r\n")
            if text:
                self._note(text[:_MAX_LINE], source)

    def _note(self, text: str, source: str = "sandbox") -> None:
        self._count += 1
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = Line(self._count, now, source, text)
        self.lines.append(line)
        self.on_line(line)

    def _become(self, state: State, *, killed: bool | None = None) -> None:
        self.state = state
        self.killed = self.killed if killed is None else killed
        self.on_change()


def as_json(line: Line) -> dict[str, object]:
    return asdict(line)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(_ROOT),  # it runs in a folder of its own
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        **settings,
    }


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except ProcessLookupError:
        return  # it ended by itself a moment ago


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")
