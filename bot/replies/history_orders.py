"""An order in the log channel: who asked for what, before → after, and how it stands."""

from collections.abc import Mapping

import discord

from bot.access.queries.history import Asked, Entry
from bot.replies.history import headline
from bot.replies.history_facts import Facts
from bot.replies.message import Button, Message, key, shorten
from bot.replies.orders import why_stuck
from bot.replies.text import NO_END, title, typed
from bot.replies.tone import Tone
from bot.store.kinds import ActorKind, OrderKind, OrderState
from bot.store.records import Event

LOGGED_PUT_BACK = "logged_put_back"
# Of many people at once: one entry counts them.
QUIET_ORDERS = ("product_gain", "product_loss")
ORDERS = tuple(kind for kind in OrderKind if kind is not OrderKind.REPAIR)
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


def order_entry(asked: Asked) -> Message:
    """Return the message for a request: how it stands, and each script where they differ."""
    first = headline(asked.entry, asked.item, asked.customer)
    state = _state(asked)
    if state == OrderState.DONE:
        first += "; TradingView shows it"
    said = [_part(asked, each) for each in asked.parts]
    if len(set(said)) == 1:
        below = [said[0]]
    else:
        below = [
            f"- {'a script' if each.script is None else title(each.script)}: {text}"
            for each, text in zip(asked.parts, said, strict=True)
        ]
    if asked.entry.note:
        below.append(f"Note: {typed(asked.entry.note)}")
    return Message(
        f"{_SIGNS.get(state, '⏳')} {first}",
        (discord.Embed(description=shorten("\n".join(below), 1_000)),),
        buttons=_put_back(asked.entry, state),
        tone=_TONES.get(state, Tone.LOOK),
    )


def _put_back(asked: Event, state: str) -> tuple[Button, ...]:
    """Return the way back from what a source or a program took away; a member has it in their answer."""
    by_itself = asked.actor_kind in (ActorKind.SOURCE, ActorKind.KEY)
    is_sooner = asked.action == OrderKind.SET and asked.actor_kind is ActorKind.SOURCE
    if (
        not by_itself
        or not (asked.action == OrderKind.REVOKE or is_sooner)
        or state != OrderState.DONE
        or asked.order_id is None
    ):
        return ()
    return (Button("Put back", key(LOGGED_PUT_BACK, asked.guild_id, asked.order_id)),)


def _state(asked: Asked) -> str:
    """Return how the whole request stands: as its part that stands worst."""
    states = {each.event.action for each in asked.parts}
    if OrderState.STUCK in states:
        return OrderState.STUCK
    if waiting := states - {OrderState.DONE, OrderState.SUPERSEDED}:
        return min(waiting)
    return OrderState.DONE if OrderState.DONE in states else OrderState.SUPERSEDED


def _part(asked: Asked, part: Entry) -> str:
    """Return what became of one order."""
    last = Facts(part.event, part.item, part.customer)
    below = [_change(Facts(asked.entry, asked.item, asked.customer), last, part.event.action)]
    if part.event.action == OrderState.STUCK:
        below.append(f"Stuck: {why_stuck(last.reason())}")
    elif part.event.action == OrderState.SUPERSEDED:
        below.append("A later order took the place of this one.")
    elif part.event.action != OrderState.DONE:
        below.append("Waiting for TradingView.")
    return "\n".join(below)


def _change(asked: Facts, last: Facts, action: str) -> str:
    """Return what the customer had before, where that is known, and has or gets."""
    before = asked.first()
    if action == OrderState.DONE:
        # What TradingView showed counts more than what was known when the order was given.
        before, after = (
            last.first() or before,
            NO_END
            if asked.is_open and action == OrderState.DONE and last.is_endless
            else last.then(),
        )
        return f"{after}, as before" if before == after else _arrow(before, after)
    if action == OrderState.STUCK:
        return "as before" if before is None else f"{before}, as before"
    if asked.kind == OrderKind.GRANT:
        more = NO_END if asked.is_open else f"{asked.given()} more"
        return _arrow(before, more)
    if asked.kind == OrderKind.PUT_BACK:
        return _arrow(before, "what it was before that")
    return _arrow(before, asked.then())


def _arrow(before: str | None, after: str) -> str:
    return after if before is None else f"{before} → {after}"
