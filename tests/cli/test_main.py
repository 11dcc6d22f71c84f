"""The command ends with a readable sentence and its own exit code, never with a traceback."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import bot
from bot import logs
from bot.__main__ import main
from bot.errors import StartupError
from bot.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path):
    """An empty folder, none of our variables, and logging left as it is."""
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "set_up", lambda *_: None)


def module(monkeypatch, name, run):
    monkeypatch.setattr(bot, name, SimpleNamespace(run=run), raising=False)


def raising(error):
    async def run(*_):
        raise error

    return run


def usher(*arguments, **variables):
    environment = {
        key: value
        for key, value in os.environ.items()
        if key.lower() not in Settings.__dataclass_fields__
    }
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env={**environment, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_subcommand_it_explains_itself(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    for command in ("run", "sandbox", "check"):
        assert command in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fly"], "There is no command called fly.\nusher --help"),
        (["session", "fly"], "There is no command called fly.\nusher session --help"),
        (["session"], "Something is missing: COMMAND."),
        (["run", "--fast"], "This is not understood: --fast."),
        (["backup"], "Something is missing: FILE.\nusher backup --help"),
        (["check", "--write"], "Something is missing behind --write."),
        (["sandbox", "--port", "x"], "--port: a port is a number from 0 to 65535."),
        (["session", "set", "mine"], "SERVER: the number of the server; in Discord"),
    ],
)
def test_wrong_arguments_are_refused_in_plain_words(arguments, said, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    assert printed.startswith(said)
    assert printed.endswith(" --help shows what can be written.\n")


def test_run_gets_the_settings(monkeypatch):
    seen = []

    async def run(settings):
        seen.append(settings)

    module(monkeypatch, "app", run)
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    assert main(["run"]) == 0
    assert seen[0].discord_token.get_secret_value() == "MTIz.abc.def"


def test_an_empty_environment_exits_78_and_names_what_is_missing():
    ended = usher("run")
    assert ended.returncode == 78
    assert "DISCORD_TOKEN" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_mistakes_are_named_before_anything_starts():
    ended = usher("run", HTTP_PORT="port-value", TV_PACE="pace-value")
    assert ended.returncode == 78
    assert "HTTP_PORT" in ended.stderr
    assert "TV_PACE" in ended.stderr
    assert "-value" not in ended.stderr


def test_a_failed_start_is_one_paragraph_with_its_own_code(monkeypatch, capsys):
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    module(monkeypatch, "app", raising(StartupError("Discord cannot be reached.", 69)))
    assert main(["run"]) == 69
    printed = capsys.readouterr().err
    assert printed == "Discord cannot be reached.\n"


def test_a_mistake_of_ours_goes_to_the_log(monkeypatch, capsys, caplog):
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    module(monkeypatch, "app", raising(RuntimeError("boom")))
    assert main(["run"]) == 1
    assert "boom" in caplog.text
    assert "Traceback" not in capsys.readouterr().err


def test_ctrl_c_ends_quietly(monkeypatch, capsys):
    async def run(_):
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(60)

    module(monkeypatch, "app", run)
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        assert main(["run"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == ""


def test_the_sandbox_needs_no_settings(monkeypatch):
    ports = []

    async def run(port):
        ports.append(port)

    module(monkeypatch, "sandbox", run)
    monkeypatch.setenv("HTTP_PORT", "nonsense")
    assert main(["sandbox"]) == 0
    assert main(["sandbox", "--port", "0"]) == 0
    assert ports == [8000, 0]


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_an_impossible_port_is_refused(port):
    with pytest.raises(SystemExit):
        main(["sandbox", "--port", port])


def test_check_exits_as_it_found(monkeypatch):
    async def run():
        return 1

    module(monkeypatch, "check", run)
    assert main(["check"]) == 1
