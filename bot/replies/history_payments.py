"""The history's sentences about shops: connections, prices, and what their messages tell."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.access.orders import payment_notes
from bot.access.rules.payments import NoticeKind
from bot.replies.text import bold, typed

_NOTICES: Mapping[str, str] = {
    NoticeKind.THIN_EVENT: (
        "⚠️ {shop} sends messages that only name what happened, which I cannot use. In the shop's settings "
        "for this address, choose *snapshot* payloads; nothing is lost that is sent again then"
    ),
    NoticeKind.FRAUD_WARNING: (
        "⚠️ {shop} warns that a payment may be a fraud{order}. Nothing was changed; look at it there, and "
        "pay it back if you agree"
    ),
    NoticeKind.DISPUTE_WARNING: (
        "⚠️ {shop} warns that a buyer may take a payment back{order}. Nothing was changed; look at it there"
    ),
    NoticeKind.UNDECIDED_PAYMENT: (
        "⚠️ {shop} got only a part of a payment{order}, so nobody was given anything by it. Look at it there; "
        "if it is enough for you, use `/access grant`"
    ),
    NoticeKind.OLD_FORM: (
        "⚠️ {shop} sends messages in another form than I can read{order}. In the shop's settings for this "
        "address, choose the newest version"
    ),
}


def _shop(facts: Any) -> str:
    """Return the shop with its number, as `/webhook list` shows it."""
    name = str(facts.after.get("shop") or facts.after.get("provider") or "").capitalize()
    number = facts.after.get("connection_id")
    return f"{bold(name)} (connection {number})" if name and number else "a shop"


def _order(facts: Any) -> str:
    order = facts.after.get("order")
    return f" (order {typed(str(order))})" if order else ""


def _price(facts: Any) -> str:
    price = facts.after.get("price")
    return typed(str(price)) if price else "something"


def _notice(facts: Any) -> str:
    text = _NOTICES.get(str(facts.after.get("notice")), "⚠️ {shop} sends a warning{order}")
    return text.format(shop=_shop(facts), order=_order(facts))


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
    "contract_assigned": lambda f: f"{f.who} said that a paid order{_order(f)} is of {f.whom}",
    payment_notes.STUCK: lambda f: (
        f"⚠️ {f.number('payment message')} of {_shop(f)} cannot be worked on. Nobody lost anything; "
        "`/webhook pending` says why, with a button to try again"
    ),
    payment_notes.NOTICE: _notice,
    payment_notes.PARTLY_REFUNDED: lambda f: (
        f"⚠️ A part of a payment went back at {_shop(f)}{_order(f)}, for {f.whom}. The access stays; "
        "to end it, use `/access revoke`"
    ),
    payment_notes.INQUIRY: lambda f: (
        f"⚠️ The bank of {f.whom} asks about a payment at {_shop(f)}{_order(f)}. The access stays; answer it "
        "there, or it may become a dispute"
    ),
}
