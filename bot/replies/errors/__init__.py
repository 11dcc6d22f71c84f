"""The way from an error to a sentence that says what to do next."""

import secrets
from dataclasses import dataclass

from discord import app_commands

from bot.access.people.errors import HaveNoName
from bot.errors import UserError
from bot.replies.errors import (  # noqa: F401 - each module registers its sentences
    access,
    api_keys,
    bulk,
    catalogue,
    change_of_shop,
    codes,
    confirmations,
    customers,
    discord_refusals,
    logins,
    outgoing,
    people,
    servers,
    sweeps,
    tradingview,
    web_sessions,
    webhooks,
)
from bot.replies.errors.sentence import UNEXPECTED, sentence
from bot.replies.tone import Tone

# Without letters and digits that look alike: people read it out to each other.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
# What Discord refuses before a command runs: a slip, or an older Discord, of the person who typed.
_SLIPS = (
    app_commands.TransformerError,
    app_commands.CommandNotFound,
    app_commands.CommandSignatureMismatch,
)

# Not refused: it waits, or one step is missing.
_HINTS = (HaveNoName,)


@dataclass(frozen=True, slots=True)
class Explained:
    """An error's sentence; that of a fault with the reference that stands in the log too."""

    sentence: str
    reference: str | None  # None for a refusal by the rules: nobody has to look it up
    tone: Tone
    kind: str  # the class of the error, for the log

    @property
    def expected(self) -> bool:
        """Return whether it is a refusal by the rules; everything else belongs in the log in full."""
        return self.reference is None

    @property
    def text(self) -> str:
        """Return the sentence, with the reference under it where there is one."""
        return self.sentence if self.reference is None else f"{self.sentence}\n{self.footer}"

    @property
    def footer(self) -> str:
        """Return the line that people read out to whoever runs the bot."""
        return f"-# Reference {self.reference}"


def explain(error: BaseException) -> Explained:
    """Return the sentence for any error; a fault, which is no plain slip, gets a new reference."""
    cause = _unwrapped(error)
    said = sentence(cause)
    slip = isinstance(cause, (UserError, *_SLIPS)) and said != UNEXPECTED
    return Explained(
        sentence=said,
        reference=None if slip else "".join(secrets.choice(_ALPHABET) for _ in range(4)),
        tone=Tone.LOOK if isinstance(cause, _HINTS) else Tone.STOP,
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
