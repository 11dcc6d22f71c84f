"""What somebody may do here, in their words."""

from collections.abc import Sequence
from typing import Any

from discord import app_commands

from bot.replies.message import Message
from bot.replies.text import embed

_BUYER = """`/link` – tell me your TradingView name, once
`/me` – what you may use, and until when
`/validate` – look up how a name is spelled on TradingView"""


def commands(
    allowed: "Sequence[app_commands.Command[Any, ..., Any]]", *, is_buyer: bool
) -> Message:
    """Return three lines for a buyer, and a line for each command of anybody else."""
    lines = (f"`/{command.qualified_name}` – {command.description}" for command in allowed)
    return Message(
        "", (embed("What you can do", _BUYER if is_buyer else "\n".join(sorted(lines))),)
    )
