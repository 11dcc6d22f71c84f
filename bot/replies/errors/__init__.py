"""The way from an error to a sentence that says what to do next."""

import secrets
from dataclasses import dataclass

from discord import app_commands

from bot.errors import UserError
from bot.replies.errors import (  # noqa: F401 - each module registers its sentences
    access,
    catalogue,
    confirmations,
    discord_refusals,
    logins,
    people,
    servers,
    sweeps,
    tradingview,
)
from bot.replies.errors.sentence import sentence

# Without letters and digits that look alike: people read it out to each other.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Explained:
    """An error's sentence, and the reference that stands in the log too."""

    sentence: str
    reference: str
    expected: bool  # a refusal by the rules; everything else belongs in the log in full
    kind: str  # the class of the error, for the log

    @property
    def text(self) -> str:
        """Return the sentence with the reference under it."""
        return f"{self.sentence}\n{self.footer}"

    @property
    def footer(self) -> str:
        """Return the line that people read out to whoever runs the bot."""
        return f"-# Reference {self.reference}"


def explain(error: BaseException) -> Explained:
    """Return the sentence for any error, with a new reference."""
    cause = _unwrapped(error)
    return Explained(
        sentence=sentence(cause),
        reference="".join(secrets.choice(_ALPHABET) for _ in range(4)),
        expected=isinstance(cause, UserError),
        kind=type(cause).__name__,
    )


def _unwrapped(error: BaseException) -> BaseException:
    """Return what a command really raised; discord.py wraps it."""
    while isinstance(error, (app_commands.CommandInvokeError, app_commands.TransformerError)):
        inner = getattr(error, "original", None) or error.__cause__
        if inner is None:
            break
        error = inner
    return error
