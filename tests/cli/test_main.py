"""The command ends with a readable sentence and its own exit code, never with a traceback."""

import asyncio
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

import bot.cli
from bot import logs, memory
from bot.__main__ import main
from bot.errors import StartupError
from bot.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path):
    """An empty folder, none of our variables, and logging and what the tests have loaded left as they are."""
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "set_up", lambda *_: None)
    for name in ("hold_little", "load_libraries", "forget_notes"):
        monkeypatch.setattr(memory, name, lambda: None)


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
        (["chekc"], "There is no command called chekc. Did you mean check?\n"),
        (["start"], "There is no command called start. Did you mean run?\n"),
        (["sign-in"], "There is no command called sign-in. Did you mean session sign-in?\n"),
        (["sesion", "set"], "There is no command called sesion. Did you mean session?\n"),
        (["version"], "There is no command called version. Did you mean --version?\n"),
        (["check", "--tradngview"], "This is not understood: --tradngview. Did you mean --trad"),
        (["check", "--tradingview=yes"], "Nothing can be written behind --tradingview.\nusher ch"),
        (["check", "--write"], "Something is missing behind --write.\nusher check --help"),
        (["backup", "a.db", "b.db"], "This is not understood: b.db.\nusher backup --help"),
    ],
)
def test_wrong_arguments_are_refused_in_plain_words(arguments, said, capsys):
    assert main(arguments) == 2
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


def test_mistakes_are_named_before_anything_starts():
    ended = usher("run", HTTP_PORT="port-value", TV_PACE="pace-value")
    assert ended.returncode == 78
    assert "HTTP_PORT" in ended.stderr
    assert "TV_PACE" in ended.stderr
    assert "DISCORD_TOKEN" not in ended.stderr  # it is asked for in a browser
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
    opened = []

    async def run(port, kind, *, host, bot_port):
        opened.append((port, kind, host, bot_port))

    module(monkeypatch, "sandbox", run)
    monkeypatch.setenv("HTTP_PORT", "nonsense")
    assert main(["sandbox"]) == 0
    assert main(["sandbox", "--port", "0", "--empty"]) == 0
    assert main(["sandbox", "--first-run"]) == 0
    assert main(["sandbox", "--first-run", "--empty"]) == 2
    published = ["--host", "0.0.0.0", "--dashboard-port", "8080"]
    assert main(["sandbox", *published]) == 0
    assert opened == [
        (8000, "busy", "127.0.0.1", 0),
        (0, "empty", "127.0.0.1", 0),
        (8000, "new", "127.0.0.1", 0),
        (8000, "busy", "0.0.0.0", 8080),
    ]


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_an_impossible_port_is_refused(port):
    assert main(["sandbox", "--port", port]) == 2


def test_check_exits_as_it_found(monkeypatch):
    async def run():
        return 1

    monkeypatch.setattr(bot.cli, "check", SimpleNamespace(run=run), raising=False)
    assert main(["check"]) == 1


def imported_by(*arguments):
    """Every module of the process that runs that command, and its exit code."""
    program = (
        "import sys; from bot.__main__ import main; code = main(sys.argv[1:]);"
        "print(); print(code, *sys.modules)"
    )
    environment = {
        key: value
        for key, value in os.environ.items()
        if key.lower() not in Settings.__dataclass_fields__
    }
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**environment, "PYTHONPATH": str(ROOT), "HTTP_PORT": "nonsense"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, *modules = ended.stdout.splitlines()[-1].split()
    return int(code), set(modules)


@pytest.mark.parametrize("arguments", [["--help"], ["chek"], ["session", "set", "--help"]])
def test_help_and_mistakes_import_nothing_large(arguments):
    _, modules = imported_by(*arguments)
    assert not modules & {
        "discord",
        "sqlalchemy",
        "cryptography",
        "aiohttp",
        "bot.settings",
        "bot.app",
    }


def test_mistakes_in_the_settings_come_before_the_bot_is_imported():
    code, modules = imported_by("run")
    assert code == 78
    assert not modules & {"discord", "bot.app"}


def test_the_check_loads_neither_the_bot_nor_the_stand_ins():
    code, modules = imported_by("check")
    assert code == 1
    assert not modules & {"bot.app", "bot.sandbox", "cogs"}


def test_the_version_is_the_packages(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{version('usher-bot')}\n"


@pytest.mark.parametrize(
    "command",
    [
        *(["run"], ["sandbox"], ["check"], ["backup"], ["restore"], ["session"]),
        *(["session", name] for name in ("set", "sign-in", "rekey", "drop")),
    ],
)
def test_each_command_explains_itself_in_one_whole_line(command, capsys):
    assert main([*command, "--help"]) == 0
    description = capsys.readouterr().out.splitlines()[2].strip()
    assert main([*command[:-1], "--help"]) == 0
    assert description in capsys.readouterr().out
    assert "..." not in description


@pytest.mark.parametrize(
    "command",
    [
        *([], ["run"], ["sandbox"], ["check"], ["backup"], ["restore"], ["session"]),
        *(["session", name] for name in ("set", "sign-in", "rekey", "drop")),
    ],
    ids=" ".join,
)
def test_each_command_shows_an_example(command, capsys):
    assert main([*command, "--help"]) == 0
    shown = capsys.readouterr().out
    line = next(line for line in shown.splitlines() if line.startswith("  Example"))
    assert line.endswith(":")
    assert f"\n    usher {' '.join(command)}" in shown


def test_a_question_that_is_left_is_an_interruption(monkeypatch, capsys):
    async def run(_):
        raise click.Abort

    module(monkeypatch, "app", run)
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    assert main(["run"]) == 130
    assert capsys.readouterr().err == ""


def test_a_lost_connection_is_no_interruption(monkeypatch, caplog):
    module(monkeypatch, "app", raising(asyncio.IncompleteReadError(b"", 4)))
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    assert main(["run"]) == 1
    assert "IncompleteReadError" in caplog.text
