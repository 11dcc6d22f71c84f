"""Entries of the history about full checks, taking people over, and putting differences right."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.replies.text import bold, count, listed
from bot.store.kinds import OrderKind, SweepFailure

_KINDS = {
    "missing": "missing",
    "extra": "extra",
    "other_end": "with another end",
    "stuck": "stuck",
    "namesake": "of the same name with another account",
}


def _drift(f: Any) -> str:
    parts = [
        f"{number} {_KINDS[kind]}" for kind, number in f.after.items() if kind in _KINDS and number
    ]
    strangers = int(f.after.get("strangers", 0))
    if strangers:
        who = f"{count(strangers, 'person is', 'people are')} not taken over yet"
        if not parts:
            return f"New on TradingView for {f.what}: {who}; `/sync status` takes them over"
        parts.append(who)
    what = listed(parts) or "something differs"
    return f"⚠️ New differences on TradingView for {f.what}: {what}; `/sync status` shows them"


def _number(f: Any) -> int:
    number = f.after.get("number")
    return number if isinstance(number, int) else 0


def _kind(f: Any) -> str:
    return _KINDS.get(str(f.after.get("kind_of")), "different")


def _renamed(f: Any) -> str:
    new = bold(str(f.after.get("username", "another name")))
    return f"{f.before_name()} is called {new} on TradingView now; I follow"


def _repair(f: Any) -> str:
    if "undone" in f.after:
        return f"{f.who} put back what {f.whom} had on {f.what}"
    return f"{f.who} had {f.whom} on {f.what} put right: {f.then()}"


OF_ONE: Mapping[str, Callable[[Any], str]] = {
    OrderKind.REPAIR: lambda f: (
        f"{f.who} put back {f.what}"
        if "undone" in f.after
        else f"{f.who} had {f.what} put right: {f.then_short()}"
    )
}


def _ignored(f: Any) -> str:
    number = count(_number(f), "difference")
    if "undone" in f.after:
        return f"{f.who} had {number} on {f.what} counted again that had been left alone"
    return f"{f.who} left {number} on {f.what} alone ({_kind(f)})"


_WHY: Mapping[str | None, str] = {
    SweepFailure.LOGIN: "TradingView did not accept the stored login",
    SweepFailure.SCRIPT: "TradingView shows no list of that script; check that it is still yours and invite-only",
    SweepFailure.TRADINGVIEW: "TradingView did not answer properly",
    SweepFailure.TROUBLE: "something went wrong in Usher; its own log says more",
}


def why_unchecked(reason: str | None) -> str:
    """Return why a full check failed."""
    return _WHY.get(reason, "it was broken off")


def restored(f: Any) -> str:
    """Return what became of the orders in the backup, once every list was read."""
    numbers = {name: int(f.after.get(name, 0)) for name in ("scripts", "later", *_ORDERS)}
    sentences = [
        f"✅ **{count(numbers['scripts'], 'list')} read after the restore; orders go on.**"
    ]
    if not numbers["scripts"]:
        sentences = ["✅ **The people who could not be read after the restore are read now.**"]
    if numbers["later"]:
        sentences.append(f"{count(numbers['later'], 'later end')} on TradingView kept.")
    orders = sum(numbers[name] for name in _ORDERS)
    if orders:
        parts = [f"{numbers[name]} {what}" for name, what in _ORDERS.items() if numbers[name]]
        sentences.append(f"Of {count(orders, 'order')} that waited in the backup, {listed(parts)}")
    return " ".join(sentences).removesuffix(".")


def unread(f: Any) -> str:
    """Return whom TradingView says nothing about after a restore."""
    return (
        f"⚠️ TradingView does not say what {_names(f)} {_has(f)} on {f.what}. Orders for them from "
        "the backup wait, all others go on; I ask again every minute, and you need do nothing"
    )


def untold(f: Any) -> str:
    """Return who may have got no message of finished orders when the backup was made, or nothing."""
    if not _number(f):
        return ""
    return (
        f". {count(_number(f), 'person', 'people')} may not have been told of what was done last: "
        f"{_names(f)}. I send no message about it, since it may be the second"
    )


def _names(f: Any) -> str:
    names = [bold(str(name)) for name in f.after.get("names", [])]
    more = _number(f) - len(names)
    return listed([*names, f"{more} more"] if more > 0 else names) or "some people"


def _has(f: Any) -> str:
    return "has" if max(_number(f), len(f.after.get("names", []))) == 1 else "have"


_ORDERS = {
    "done": "had been done since (neither staff nor customers get a message about them)",
    "open": "had been done in part: I do the rest now, and say so as ever",
    "undecided": "may have been done and taken away again: the next message asks you",
    "stuck": "need you, since something else was changed meanwhile: order anew what is still wanted "
    "(`/sync status`)",
}

SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "drift": _drift,
    "check_failed": lambda f: (
        f"⚠️ The daily check of {f.what} failed: {why_unchecked(str(f.after.get('reason')))}. Nobody lost "
        "access; I try again every hour, and `/sync status` says how it stands"
    ),
    "drift_ignored": _ignored,
    "taken_over": lambda f: (
        f"{f.who} took over {count(_number(f), 'person', 'people')} on {f.what}; "
        "nothing was changed on TradingView"
    ),
    "repaired": lambda f: (
        f"{f.who} had {count(_number(f), 'difference')} on {f.what} put right ({_kind(f)})"
    ),
    "restore_question": lambda f: (
        f"⚠️ {count(_number(f), 'order')} from the backup may have been done and taken away again: "
        "staff decide, with `/sync status`"
    ),
    "restore_carried": lambda f: (
        f"{f.who} had {count(_number(f), 'order')} from the backup carried out"
    ),
    "restore_dropped": lambda f: (
        f"{f.who} dropped {count(_number(f), 'order')} from the backup as done and taken away"
    ),
    "restore_carried_one": lambda f: (
        f"{f.who} had an order from the backup for {f.whom} on {f.what} carried out"
    ),
    "restore_dropped_one": lambda f: (
        f"{f.who} dropped an order from the backup for {f.whom} on {f.what}: done and taken away"
    ),
    OrderKind.REPAIR: _repair,
    "renamed": _renamed,
}
