"""The history's sentences about payments, and the question whether a payment that went back ends access."""

from collections.abc import Callable, Mapping
from typing import Any

import discord

from bot.access.orders.moving.readers import SHOPS
from bot.access.orders.moving.shop_lists import DOWNLOADED
from bot.access.sources import payments
from bot.replies import orders
from bot.replies.message import Button, Message, key
from bot.replies.text import count, member, order_number, typed
from bot.replies.tone import Tone
from bot.store.records import Customer, Event

PAYMENT_END = "payment_end"
PAYMENT_KEEP = "payment_keep"

_NOTICES: Mapping[str, str] = {
    "thin_event": "⚠️ {shop} sends messages that only name what happened, so that nothing can be done by "
    "them. In its settings for webhooks choose *snapshot* payloads, and send the message once more",
    "fraud_warning": "⚠️ {shop} warns that {order} may be a fraud. Nothing was changed; look at it in the shop",
    "dispute_warning": "⚠️ {shop} says that the buyer of {order} may dispute it. Nothing was changed",
    "undecided_payment": "⚠️ {order} of {shop} was paid in part only. Nothing was given; decide in the shop, "
    "and give access with `/access grant` where you want to",
    "old_form": "⚠️ {shop} sends messages in a form that Usher cannot read. `/webhook list` says which one "
    "to choose in the shop",
}
_WHY: Mapping[str, str] = {
    "refunded": "the money was refunded",
    "disputed": "the buyer disputes the payment",
    "lost": "the dispute was lost",
    "unpaid": "it was not paid",
    "ended": "the subscription is over",
    "cancelled": "it was cancelled",
    "past_due": "a payment failed",
}


def why(reason: str) -> str:
    """Return why a payment does not count, within a sentence."""
    return _WHY.get(reason, "what was paid for has changed")


def question(event: Event) -> Message:
    """Return what staff are asked where a connection is to ask before it takes anything away."""
    after: Mapping[str, Any] = event.after or {}
    number, part = after["contract_id"], after["part"]
    whose = f"<@{event.member_id}>" if event.member_id else "A customer"
    return Message(
        f"**May this end?** {whose} has access by {_order(after)}, and {why(after.get('why', ''))}. "
        "Until you decide nothing changes.",
        buttons=(
            Button("Keep it", key(PAYMENT_KEEP, event.guild_id, number, part)),
            Button(
                "End it", key(PAYMENT_END, event.guild_id, number, part), discord.ButtonStyle.danger
            ),
        ),
        tone=Tone.LOOK,
    )


def decided(person: Customer, member_id: int, *, ended: bool) -> Message:
    """Return, in place of the question, who decided it and how."""
    whose = orders.person(person)
    if ended:
        return Message(
            f"✅ {member(member_id)} let it end. The access of {whose} is taken away now."
        )
    return Message(
        f"✅ {member(member_id)} decided: {whose} keeps it. It ends as it would have without the payment's return, "
        "unless the shop tells something new."
    )


def _order(after: Mapping[str, Any]) -> str:
    """Return the number of an order or subscription, and of which shop."""
    shop = _shop(after)
    return f"{typed(order_number(after.get('contract') or after.get('about') or '?'))} of {shop}"


def _number(after: Mapping[str, Any]) -> int:
    number = after.get("number")
    return number if isinstance(number, int) else 0


def _shop(after: Mapping[str, Any]) -> str:
    name = str(after.get("provider") or "")
    return "the shop" if name in ("", "standard", "generic") else payments.label(name)


def _notice(facts: Any) -> str:
    after = facts.after
    about = after.get("about")
    order = f"order {typed(about)}" if about else "an order"
    text = _NOTICES.get(after.get("notice", ""), "⚠️ {shop} sent a warning about {order}")
    return text.format(shop=_shop(after), order=order)


SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "payment_notice": _notice,
    "payment_unclaimed": lambda f: (
        f"💳 {_order(f.after)} is paid, and nobody knows yet which member it is of. It waits: `/webhook pending` "
        "lets you say who it was, or it goes on by itself once the buyer shows that it is theirs"
    ),
    "payment_partly_refunded": lambda f: (
        f"💳 a part of {_order(f.after)} was refunded; {f.whom} keeps the access that it brought"
    ),
    "payment_inquiry": lambda f: (
        f"💳 the bank of {f.whom} asks about {_order(f.after)}; no money moved, and access stays as it is"
    ),
    "payment_without_length": lambda f: (
        f"⚠️ {_order(f.after)} is paid, but nobody said how long {typed(f.after.get('item', ''))} is sold "
        "for. Give a product with it a length (`/product create` or `/product edit` with `duration`), choose it for "
        "this price with `/webhook edit`, then press *Try again* at `/webhook pending`"
    ),
    "payment_barred": lambda f: (
        f"⚠️ {f.whom} paid for {_order(f.after)} and gets nothing, because they are blocked. Refund it in "
        "the shop, or let them in with `/customer unblock`"
    ),
    "payment_held": lambda f: (
        f"⚠️ {f.whom} paid again for {_order(f.after)}, which staff revoked: it was not given. Give it with "
        "`/access grant`, or end the subscription in the shop"
    ),
    "payment_asks": lambda f: (
        f"{_order(f.after)} of {f.whom}: {why(f.after.get('why', ''))}; staff were asked whether it ends"
    ),
    "payment_claimed": lambda f: f"{f.who} said that {_order(f.after)} is of {f.whom}",
    "payment_moved": lambda f: (
        f"{f.who} took {_order(f.after)} of {f.whom} over from the shop's list"
    ),
    "payments_moved": lambda f: (
        f"{f.who} took {count(_number(f.after), 'customer')} over from the list of {_shop(f.after)}; "
        "nothing was changed on TradingView"
    ),
    DOWNLOADED: lambda f: (
        f"{f.who} downloaded everybody in the list of {SHOPS.get(f.after.get('shop'), 'a shop')}, with e-mail "
        f"addresses: {count(_number(f.after), 'person', 'people')}"
    ),
    "payment_ended": lambda f: f"{f.who} let {_order(f.after)} end for {f.whom}",
    "payment_kept": lambda f: f"{f.who} let {f.whom} keep what {_order(f.after)} brought",
}
