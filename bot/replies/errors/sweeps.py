"""Refusals about a full check, or about what follows from one, in sentences."""

from bot.access.sweeps import errors as refusals
from bot.replies.errors.sentence import sentence
from bot.replies.text import escape


@sentence.register
def _(error: refusals.CheckRunning) -> str:
    return (
        f"**The list of {escape(error.script.title)} is being checked already.** "
        "Wait until that is done; `/sync status` shows what it found."
    )


@sentence.register
def _(_: refusals.FormChanged) -> str:
    return (
        "**TradingView answers in another form than I know**, so its lists may show something wrong. "
        "Nothing was read or changed. Look for a newer Usher; `/sync retry` goes on all the same."
    )


@sentence.register
def _(_: refusals.NothingDiffers) -> str:
    return "**That is in order by now**, so nothing was changed. `/sync status` shows what is left."


@sentence.register
def _(_: refusals.NothingUndecided) -> str:
    return "**That is decided already.** Nothing was changed; `/sync status` shows what is left."
