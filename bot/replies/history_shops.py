"""The history's sentences about connections to shops, and what they sell."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.access.orders.pending import STUCK
from bot.access.sources import payments
from bot.replies.text import bold, typed


def _shop(facts: Any) -> str:
    """Return the shop with its number, as `/webhook list` shows it."""
    provider = facts.after.get("provider")
    name = str(facts.after.get("shop") or (payments.label(str(provider)) if provider else ""))
    number = facts.after.get("connection_id")
    return f"{bold(name)} (connection {number})" if name and number else "a shop"


def _price(facts: Any) -> str:
    price = facts.after.get("price")
    return typed(str(price)) if price else "something"


SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "webhook_add": lambda f: f"{f.who} added {_shop(f)}",
    "webhook_edit": lambda f: f"{f.who} changed the settings of {_shop(f)}",
    "webhook_secret": lambda f: f"{f.who} entered a new secret for {_shop(f)}",
    "webhook_old_secret": lambda f: f"{f.who} removed the old secrets of {_shop(f)}",
    "webhook_remove": lambda f: f"{f.who} removed {_shop(f)}: its messages are taken no more",
    "price_asked": lambda f: f"⚠️ {_shop(f)} sold {_price(f)}, and nobody has said what that is",
    "price_set": lambda f: f"{f.who} said that {_price(f)} of {_shop(f)} is {f.what}",
    "price_ignored": lambda f: (
        f"{f.who} said that {_price(f)} of {_shop(f)} is nothing to do with Usher"
    ),
    STUCK: lambda f: (
        f"⚠️ A payment message of {_shop(f)} cannot be worked on. Nobody lost anything; `/webhook pending` "
        "says why, with a button to try again"
    ),
}
