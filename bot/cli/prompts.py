"""Questions on the terminal."""

import getpass
import os
import sys
import warnings
from contextlib import suppress

import click

from bot.errors import StartupError

_UNAVAILABLE = 69
_SHOWN = (
    "This is no terminal on which typing can be hidden, so nothing was asked. Run the command directly "
    "in a terminal (with Docker: docker exec -it …)."
)


def line(text: str) -> str:
    """Return what is typed after `text`, without the spaces around it."""
    return click.prompt(text, default="", show_default=False, err=True).strip()


def hidden(text: str) -> str:
    """Return what is typed after `text`, without showing it.

    Raises:
        StartupError: the terminal would show what is typed, so nothing was asked.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            typed = click.prompt(text, default="", show_default=False, hide_input=True, err=True)
        except getpass.GetPassWarning:
            raise StartupError(_SHOWN, exit_code=_UNAVAILABLE) from None
    return typed.strip()


def agreed(question: str) -> bool:
    """Return whether the answer is yes; Ctrl-C and the end of the input say no."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        return False


def typed_yes(question: str) -> bool:
    """Return whether the whole word yes was typed; for what cannot be taken back."""
    try:
        return line(question).casefold() == "yes"
    except click.Abort:
        return False


def need_hidden_typing() -> None:
    """Make sure that typing can be hidden, before anything is explained.

    Raises:
        StartupError: the terminal would show what is typed.
    """
    if sys.stdin is not sys.__stdin__:
        return  # another program types in place of a person
    if sys.stdin is not None and sys.stdin.isatty():
        return
    if os.name != "nt":
        with suppress(OSError):  # getpass asks the terminal itself, whatever the input is
            os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
            return
    raise StartupError(_SHOWN, exit_code=_UNAVAILABLE)
