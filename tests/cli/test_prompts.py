"""Questions on the terminal: what is hidden is not shown, and only a yes is a yes."""

import getpass

import click
import pytest
from click.testing import CliRunner

from bot.cli import prompts
from bot.errors import StartupError


def typed(text, question):
    """What the question gives to somebody who types that, and what the terminal shows."""
    given = []

    @click.command
    def ask():
        given.append(question())

    said = CliRunner().invoke(ask, input=text, catch_exceptions=False)
    return given, said.output


@pytest.mark.parametrize(
    ("answer", "yes"),
    [
        *(("y\n", True), ("YES\n", True)),
        *(("\n", False), ("n\n", False), ("no\n", False), ("maybe\n", False), ("", False)),
        ("maybe\ny\n", True),
    ],
)
def test_only_a_yes_is_a_yes(answer, yes):
    assert typed(answer, lambda: prompts.agreed("Shall it begin?"))[0] == [yes]


def test_what_is_hidden_is_not_shown():
    given, shown = typed(" secret \n", lambda: prompts.hidden("Password"))
    assert (given, shown) == (["secret"], "Password: \n")


@pytest.mark.parametrize("question", [prompts.hidden, prompts.line])
def test_nothing_is_an_answer_too(question):
    assert typed("\n", lambda: question("Password"))[0] == [""]


def test_a_terminal_that_would_show_it_is_not_asked(monkeypatch):
    def shows(prompt):
        return getpass.fallback_getpass(prompt)

    monkeypatch.setattr(getpass, "getpass", shows)
    with pytest.raises(StartupError, match="no terminal on which typing can be hidden") as caught:
        prompts.hidden("Password")
    assert caught.value.exit_code == 69
