"""An order in the log channel: who asked for what, before → after, and how it stands."""

from collections.abc import Mapping, Sequence

import discord

from bot.replies.history import Facts, headline
from bot.replies.message import Button, Message, key, shorten
from bot.replies.orders import why_stuck
from bot.replies.text import typed
from bot.replies.tone import Tone
from bot.store.kinds import ActorKind, OrderKind, OrderState
from bot.store.records import Customer, Event, Product, Script

LOGGED_PUT_BACK = "logged_put_back"
ORDERS = (OrderKind.GRANT, OrderKind.SET, OrderKind.REVOKE, OrderKind.PUT_BACK)
_TONES: Mapping[str, Tone] = {
    OrderState.DONE: Tone.DONE,
    OrderState.STUCK: Tone.STOP,
    OrderState.SUPERSEDED: Tone.PLAIN,
}
_SIGNS: Mapping[str, str] = {
    OrderState.DONE: "✅",
    OrderState.STUCK: "⚠️",
    OrderState.SUPERSEDED: "▫️",
}


def order_entry(
    about: Sequence[Event], item: Script | Product | None, customer: Customer | None
) -> Message:
    """Return the message for the entries about one order, the first of which is the order itself."""
    asked = Facts(about[0], item, customer)
    last = about[-1]
    first = headline(about[0], item, customer)
    if last.action == OrderState.DONE:
        first += "; TradingView shows it"
    below = [_change(asked, Facts(last, item, customer), last.action)]
    if last.action == OrderState.STUCK:
        below.append(f"Stuck: {why_stuck(Facts(last, item, customer).reason())}")
    elif last.action == OrderState.SUPERSEDED:
        below.append("A later order took the place of this one.")
    elif last.action != OrderState.DONE:
        below.append("Waiting for TradingView.")
    if about[0].note:
        below.append(f"Note: {typed(about[0].note)}")
    return Message(
        f"{_SIGNS.get(last.action, '⏳')} {first}",
        (discord.Embed(description=shorten("\n".join(below), 1_000)),),
        buttons=_put_back(about[0], last),
        tone=_TONES.get(last.action, Tone.LOOK),
    )


def _put_back(asked: Event, last: Event) -> tuple[Button, ...]:
    """Return the way back from what a source took away by itself; who asked for it has it in their answer."""
    by_itself = asked.actor_kind is ActorKind.SOURCE and asked.action == OrderKind.REVOKE
    if not by_itself or last.action != OrderState.DONE or asked.order_id is None:
        return ()
    return (Button("Put back", key(LOGGED_PUT_BACK, asked.guild_id, asked.order_id)),)


def _change(asked: Facts, last: Facts, action: str) -> str:
    """Return what the customer had before, where that is known, and has or gets."""
    before = asked.first()
    if action == OrderState.DONE:
        # What TradingView showed counts more than what was known when the order was given.
        before, after = last.first() or before, last.then()
        return f"{after}, as before" if before == after else _arrow(before, after)
    if action == OrderState.STUCK:
        return "as before" if before is None else f"{before}, as before"
    if asked.kind == OrderKind.GRANT:
        return _arrow(before, f"{asked.given()} more")
    if asked.kind == OrderKind.PUT_BACK:
        return _arrow(before, "what it was before that")
    return _arrow(before, asked.then())


def _arrow(before: str | None, after: str) -> str:
    return after if before is None else f"{before} → {after}"
