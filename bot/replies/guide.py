"""What somebody may do here, in their words."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from discord import app_commands

from bot.replies.message import Message
from bot.replies.text import embed

# The three that a buyer needs, in the order in which they do; a test holds them against the tree.
BUYERS = ("link", "me", "validate")
_OWN = "Your own"


def commands(
    allowed: "Sequence[app_commands.Command[Any, ..., Any]]",
    menus: Sequence[str] = (),
    *,
    is_buyer: bool,
) -> Message:
    """Return three lines for a buyer; for anybody else every command, by what it is about.

    `menus`: the commands in a member's menu. Of a group only the names: Discord shows what each does while one types, and all would not fit.
    """
    if is_buyer:
        by_name = {command.qualified_name: command for command in allowed}
        lines = "\n".join(_line(by_name[name]) for name in BUYERS if name in by_name)
    else:
        lines = "\n\n".join(
            "\n".join([f"**{head}**", *_lines(list(group))])
            for head, group in groupby(sorted(allowed, key=_place), key=_head)
        )
        if menus:
            names = " · ".join(f"*{name}*" for name in menus)
            lines += f"\n\n**In a member's menu** (right-click, then *Apps*)\n{names}"
    return Message("", (embed("What you can do", lines),))


def to_writer() -> Message:
    """Return the one line for somebody who writes to the bot."""
    return Message(
        "I do not read messages here. In the server, `/me` shows what you may use and `/link` tells me "
        "your TradingView name; for anything else, write to the staff there."
    )


def _lines(
    commands: "Sequence[app_commands.Command[Any, ..., Any]]",
) -> list[str]:
    if commands[0].parent is None:
        return [_line(command) for command in commands]
    return [" · ".join(f"`/{command.qualified_name}`" for command in commands)]


def _line(command: "app_commands.Command[Any, ..., Any]") -> str:
    """Return a command in the words that Discord's own list shows."""
    return f"`/{command.qualified_name}` – {command.description}"


def _head(command: "app_commands.Command[Any, ..., Any]") -> str:
    """Return what a command is about: its group, the work of staff, or what everybody may do."""
    if command.parent is not None:
        return command.parent.description
    return "Looking things up" if command.extras["level"] else _OWN


def _place(command: "app_commands.Command[Any, ..., Any]") -> tuple[int, str, str]:
    """Return where a command stands: what everybody may do first, then by level and group."""
    group = command.parent
    of_group = group.commands if group is not None else [command]
    lowest = min(
        each.extras["level"] for each in of_group if isinstance(each, app_commands.Command)
    )
    if group is None:  # those of staff and of managers stand together, as their head is one
        return int(lowest > 0), "", command.qualified_name
    return lowest, group.name, command.qualified_name
