"""One command from start to end: its exit code, and no traceback that shows a secret."""

import logging
from collections.abc import Sequence

import click

from bot import logs
from bot.cli.usage import sentence
from bot.cli.usher import usher
from bot.errors import StartupError

log = logging.getLogger(__name__)

# StartupError brings 78 (configuration) or 69 (unavailable), after sysexits.h.
FAILED = 1
INTERRUPTED = 130  # what shells expect after Ctrl-C


def run_command(typed: Sequence[str]) -> int:
    """Run the command that was typed; return the process's exit code."""
    try:
        # Not usher.main(): to click, each EOFError, also that of a lost connection, is a Ctrl-C.
        with usher.make_context("usher", list(typed)) as context:
            usher.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        click.echo(logs.cleaned(sentence(error)), err=True)
        return error.exit_code
    except StartupError as error:
        click.echo(logs.cleaned(str(error)), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception:
        # Through the log and not the interpreter: its traceback would show secrets.
        if not logging.getLogger().handlers:
            logs.set_up()
        log.critical("Usher stopped because of a mistake in it", exc_info=True)
        return FAILED
    return 0
