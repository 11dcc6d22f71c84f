"""The `usher` command: settings, logging, the loop, exit code."""

import argparse
import asyncio
import logging
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from bot import logs, settings
from bot.errors import StartupError

log = logging.getLogger(__name__)

# StartupError brings 78 (configuration) or 69 (unavailable), after sysexits.h.
FAILED = 1
INTERRUPTED = 130  # what shells expect after Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the process's exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] | None = getattr(chosen, "command", None)
    if command is None:
        parser.print_help()
        return 0
    try:
        return command(chosen)
    except StartupError as error:
        _say(logs.cleaned(str(error)))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        # Through the log and not the interpreter: its traceback would show secrets.
        if not logging.getLogger().handlers:
            logs.set_up()
        log.critical("Usher stopped because of a mistake in it", exc_info=True)
        return FAILED


def _run(_: argparse.Namespace) -> int:
    found = settings.load()
    logs.set_up(found.log_level, found.log_format, found.secrets)
    from bot import app  # noqa: PLC0415 - mistakes in the settings come first

    asyncio.run(app.run(found))
    return 0


def _sandbox(chosen: argparse.Namespace) -> int:
    logs.set_up()
    from bot import sandbox  # noqa: PLC0415 - the stand-ins are loaded only for those who ask

    asyncio.run(sandbox.run(chosen.port))
    return 0


def _check(chosen: argparse.Namespace) -> int:
    logs.set_up("error")
    if chosen.tradingview or chosen.tester is not None:
        from bot.cli.doctor import tradingview  # noqa: PLC0415 - as above

        return asyncio.run(tradingview.run(tester=chosen.tester, slug=chosen.script))
    from bot.cli import doctor  # noqa: PLC0415 - as above

    return asyncio.run(doctor.run())


def _backup(chosen: argparse.Namespace) -> int:
    from bot.cli import backup as keeping  # noqa: PLC0415 - as above

    sys.stdout.write(keeping.back_up(settings.load(need_token=False), chosen.file) + "\n")
    return 0


def _restore(chosen: argparse.Namespace) -> int:
    found = settings.load(need_token=False)
    from bot.cli import backup as keeping  # noqa: PLC0415 - as above

    sys.stdout.write(asyncio.run(keeping.restore(found, chosen.file)) + "\n")
    return 0


def _session(chosen: argparse.Namespace) -> int:
    found = settings.load(need_token=False)
    logs.set_up("error", found.log_format, found.secrets)
    from bot.cli import session as terminal  # noqa: PLC0415 - as above

    match chosen.what:
        case "set":
            return terminal.set_login(found, chosen.server)
        case "sign-in":
            return terminal.sign_in(found, chosen.server)
        case _:
            return terminal.rekey(found)


# What argparse says about wrong arguments, and what is said instead.
_WRONG = (
    (r"argument COMMAND: invalid choice: '?(.*?)'? \(choose.*", r"There is no command called \1."),
    (r"argument (\S+): expected one argument", r"Something is missing behind \1."),
    (r"the following arguments are required: (.*)", r"Something is missing: \1."),
    (r"unrecognized arguments: (.*)", r"This is not understood: \1."),
    (r"argument (\S+): (.*)", r"\1: \2."),
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        for pattern, plain in _WRONG:
            if found := re.fullmatch(pattern, message, re.DOTALL):
                message = found.expand(plain)
                break
        self.exit(2, f"{message}\n{self.prog} --help shows what can be written.\n")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _server(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            "the number of the server; in Discord, switch on Developer Mode, right-click the server, "
            "Copy Server ID"
        )
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="usher",
        description="A Discord bot that looks after who may use your invite-only TradingView scripts.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    run = commands.add_parser("run", help="start the bot and its web endpoint")
    run.set_defaults(command=_run)
    sandbox = commands.add_parser(
        "sandbox", help="try everything on this computer, without accounts, tokens or network"
    )
    sandbox.add_argument(
        "--port", type=_port, default=8000, help="where the sandbox's page is (8000; 0: any free)"
    )
    sandbox.set_defaults(command=_sandbox)
    check = commands.add_parser(
        "check", help="say what is wrong with settings, token and login, and how to mend it"
    )
    check.add_argument(
        "--tradingview",
        action="store_true",
        help="compare TradingView's answers with the known ones; changes nothing there",
    )
    check.add_argument(
        "--write",
        dest="tester",
        metavar="NAME",
        help="and give access to a tester who agreed, on a script of yours, and remove it again",
    )
    check.add_argument(
        "--script", metavar="SLUG", help="on this script; needed only where there are several"
    )
    check.set_defaults(command=_check)
    backup = commands.add_parser(
        "backup", help="copy the database to a file, also while Usher runs"
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file; none is overwritten")
    backup.set_defaults(command=_backup)
    restore = commands.add_parser(
        "restore", help="put a copy in the place of the database, while Usher is stopped"
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="the copy; it stays as it is")
    restore.set_defaults(command=_restore)
    _add_session(commands)
    return parser


def _add_session(commands: "argparse._SubParsersAction[_Parser]") -> None:
    session = commands.add_parser("session", help="the TradingView login, from this terminal")
    what = session.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="what")
    for name, text in (
        ("set", "give the two cookies; nothing typed is shown"),
        ("sign-in", "sign in with name, password and second factor; only the cookies are kept"),
    ):
        one = what.add_parser(name, help=text, description=text)
        one.add_argument(
            "server",
            type=_server,
            nargs="?",
            metavar="SERVER",
            help="the number of the Discord server; needed only where there are several",
        )
    text = "encrypt everything anew with the first key of SECRET_KEY, while the bot is stopped"
    what.add_parser("rekey", help=text, description=text)
    session.set_defaults(command=_session)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
