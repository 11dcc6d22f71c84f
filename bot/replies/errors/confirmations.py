"""What is asked before something is taken away."""

from bot.access import errors as no
from bot.access.logins import errors
from bot.replies.text import bold, count, day, escape, listed, source, title, until
from bot.store.records import Entitlement
from bot.tradingview.models import End


def _end(end: End | None) -> str:
    return "no access" if end is None else until(end).removeprefix("until ")


def shortens(error: no.Shortens) -> str:
    """The new end is earlier."""
    return (
        f"**This takes time away from {escape(error.username)}** on {title(error.script)}.\n"
        f"Now: {_end(error.before)}\nThen: {_end(error.after)}\nShall I do it?"
    )


def _reason_end(reason: Entitlement) -> str:
    if reason.kind == "lifetime":
        return "lifetime"
    if reason.ends_at is not None:
        return f"until {day(reason.ends_at)}"
    return "no end" if reason.length is None else f"{escape(reason.length)}, not started yet"


def ends_several(error: no.EndsSeveral) -> str:
    """Everything goes, with the reasons."""
    shown = error.reasons[:10]
    lines = [f"- {source(reason)}: {_reason_end(reason)}" for reason in shown]
    if not lines:
        lines.append("- found on TradingView: no end")
    if len(error.reasons) > len(shown):
        lines.append(f"- and {count(len(error.reasons) - len(shown), 'more')[:-1]}")
    return (
        f"**This ends everything that {escape(error.username)} has** on {title(error.script)}:\n"
        + "\n".join(lines)
        + "\nShall I do it?"
    )


def cookies_of_other(error: errors.CookiesOfOther) -> str:
    """Another account."""
    new = escape(error.username) if error.username else "another account"
    old = bold(error.before) if error.before else "the account in use"
    lost = (
        f" It does not own {listed(bold(name) for name in error.missing[:5])}."
        if error.missing
        else ""
    )
    return (
        f"**These cookies belong to {new}**, but this server uses {old}.{lost} "
        "Access that is already on TradingView stays as it is. Change the account?"
    )
