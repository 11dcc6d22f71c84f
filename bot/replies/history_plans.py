"""The history's sentences about plans that staff changed, paused and let go on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.replies.text import day
from bot.store.kinds import OrderKind


def _from(facts: Any) -> str:
    """Return from what a plan was changed; empty where the entry does not say it."""
    old = facts.after_text("from")
    return f" from {old}" if old else ""


def _since(facts: Any) -> str:
    """Return since when it was paused; an entry without it says that it was some time ago."""
    since = facts.after.get("paused_at")
    return "some time ago" if since is None else day(datetime.fromisoformat(str(since)))


HEADLINES: Mapping[str, Callable[[Any], str]] = {
    OrderKind.MOVE: lambda f: f"{f.who} moved {f.whom}{_from(f)} to {f.what}",
    OrderKind.PAUSE: lambda f: f"{f.who} paused {f.what} for {f.whom}",
    OrderKind.RESUME: lambda f: (
        f"{f.who} let {f.what} for {f.whom} go on, paused since {_since(f)}"
    ),
}

SENTENCES: Mapping[str, Callable[[Any], str]] = {
    OrderKind.MOVE: lambda f: f"{HEADLINES[OrderKind.MOVE](f)}: {f.then()}",
    OrderKind.PAUSE: lambda f: f"{HEADLINES[OrderKind.PAUSE](f)}{f.had()}",
    OrderKind.RESUME: lambda f: f"{HEADLINES[OrderKind.RESUME](f)}: {f.then()}",
}

# In the history of one person, who need not be named in each line.
OF_ONE: Mapping[str, Callable[[Any], str]] = {
    OrderKind.MOVE: lambda f: f"{f.who} moved{_from(f)} to {f.what}: {f.then_short()}",
    OrderKind.PAUSE: lambda f: f"{f.who} paused {f.what}",
    OrderKind.RESUME: lambda f: f"{f.who} let {f.what} go on: {f.then_short()}",
}
