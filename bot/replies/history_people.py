"""Entries of the history about what staff did with a customer."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.access.people.pseudonyms import pseudonym
from bot.access.queries.exports import EXPORTED
from bot.replies.text import bold, count, kept_member


def _moved(f: Any) -> str:
    before = f.before.get("member_id")
    name = f.before_text("username") or f.whom
    return f"{f.who} gave everything of {name}{_from(before)} to {f.member}"


def _from(member_id: object) -> str:
    """Return from whom."""
    return f" from {kept_member(str(member_id))}" if member_id else ""


def _merged(f: Any) -> str:
    name, before = f.before_text("username"), f.before.get("member_id")
    other = name or (_from(before).removeprefix(" from ") if before else "another record")
    return f"{f.who} made one customer of two: {other} is {f.whom} now"


def _forget(f: Any) -> str:
    number = f.after.get("number")
    ends = f"; the access to {count(number, 'script')} ends first" if number else ""
    return f"{f.who} had {f.whom} forgotten{ends}"


def _forgotten(f: Any) -> str:
    number = f.after.get("person")
    stands = bold(pseudonym(number)) if isinstance(number, int) else "a number"
    return f"{f.who} had a customer forgotten: {stands} stands for them"


def _exported(f: Any) -> str:
    number = f.after.get("number")
    people = count(number, "person", "people") if isinstance(number, int) else "people"
    of = f" of {f.what}" if f.after.get("item") else ""
    return f"{f.who} exported the customers{of}: {people}"


SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "customer_move": _moved,
    "merge": _merged,
    "block": lambda f: f"⛔ {f.who} blocked {f.whom}",
    "unblock": lambda f: f"{f.who} unblocked {f.whom}",
    "guided": lambda f: f"{f.who} sent {f.whom} where to find what they have on TradingView",
    "forget": _forget,
    "forgotten": _forgotten,
    EXPORTED: _exported,
}
