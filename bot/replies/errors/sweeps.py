"""What is said when a full check, or what follows from one, is refused or asks back."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.access.sweeps import errors as no
from bot.replies.text import count, escape, listed


def _running(error: no.CheckRunning) -> str:
    return (
        f"**The list of {escape(error.script.title)} is being checked already.** "
        "Wait until that is done; `/sync status` shows what it found."
    )


def _takes_from_many(error: no.TakesFromMany) -> str:
    parts = []
    if error.ends:
        parts.append(f"ends access for {count(error.ends, 'person', 'people')}")
    if error.shortens:
        parts.append(f"gives {count(error.shortens, 'person', 'people')} an earlier end")
    of = f"{count(error.total, 'person has', 'people have')} {escape(error.script.title)} now."
    return f"**This {listed(parts)}.** {of} Shall I do it?"


SENTENCES: Mapping[type[BaseException], Callable[[Any], str]] = {
    no.CheckRunning: _running,
    no.FormChanged: lambda _: (
        "**TradingView answers in another form than I know**, so its lists may show something wrong. "
        "Nothing was read or changed. Look for a newer Usher; `/sync retry` goes on all the same."
    ),
    no.NothingDiffers: lambda _: (
        "**That is in order by now**, so nothing was changed. `/sync status` shows what is left."
    ),
    no.TakesFromMany: _takes_from_many,
}
