"""Questions on the terminal."""

import getpass
import warnings

import click

from bot.errors import StartupError

_UNAVAILABLE = 69


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
            raise StartupError(
                "This is no terminal on which typing can be hidden, so nothing was asked. Run the "
                "command directly in a terminal (with Docker: docker exec -it …).",
                exit_code=_UNAVAILABLE,
            ) from None
    return typed.strip()


def agreed(question: str) -> bool:
    """Return whether the answer is yes; Ctrl-C and the end of the input say no."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        return False
