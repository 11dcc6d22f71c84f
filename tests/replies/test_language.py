"""Replies speak the words of customers and staff, not those of the code."""

import ast
import re
from pathlib import Path

import pytest

import bot.replies

# The first column of the glossary where people are told something else.
CODE_WORDS = re.compile(
    r"\b(sessions?|entitlements?|permissions?|settled?|settles|sync(ed|s)?|sweeps?|adopt(ed|s)?"
    r"|guilds?|events?|upstream|wish(es)?)\b",
    re.IGNORECASE,
)
COMMANDS = re.compile(r"`?(/|usher )[a-z-]+( [a-z-]+)?`?")  # their names are a contract

FILES = [
    *sorted(Path(bot.replies.__file__).parent.rglob("*.py")),
    *sorted((Path(bot.replies.__file__).parents[2] / "cogs").glob("*.py")),
]


def said_in(path):
    """Every text in a module that could reach people: literals that are no docstring and no key."""
    tree = ast.parse(path.read_text("utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_reply_or_description_uses_a_word_of_the_code(path):
    found = [
        (line, text)
        for line, text in said_in(path)
        if " " in text and CODE_WORDS.search(COMMANDS.sub("", text))
    ]
    assert not found
