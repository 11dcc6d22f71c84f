"""Red buttons take access away or forget something; no harmless one is red."""

import ast
from pathlib import Path

import bot

HOME = Path(bot.__file__).parents[1]
TAKES_AWAY = {
    "Yes, move it",  # the other member loses the name, and what it may use
    "Yes, untie it",
    "Yes, end what they have",
    "Block",  # opens a form that asks why
    "Yes, delete it",
    "Approve",  # asked for only where many lose access
    "End it",  # what a payment brought that went back
    "Revoke",  # asks which, and as the command does
    "Yes, remove it",  # a role no longer opens an item
}


def labels_in_red():
    """Return the fixed labels of every button that the code makes red."""
    for path in [*HOME.glob("bot/**/*.py"), *HOME.glob("cogs/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Button", "Choice"):
                red = any(getattr(each, "attr", "") == "danger" for each in node.args)
                label = node.args[0] if node.args else None
                if red and isinstance(label, ast.Constant):
                    yield label.value


def test_only_what_takes_away_is_red():
    assert set(labels_in_red()) == TAKES_AWAY
