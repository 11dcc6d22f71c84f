"""An entry of the history, its parts in words."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import NOTHING, State
from bot.replies.message import shorten
from bot.replies.orders import held, person
from bot.replies.text import (
    bold,
    count,
    escape,
    member,
    origin_named,
    role,
    spoken,
    title,
    typed,
    until_day,
)
from bot.store.kinds import ActorKind, Reason, StateKind
from bot.store.records import Actor, Customer, Event, Product, Script
from bot.tradingview.models import Lifetime

_MAX_DIFFERENCES = 140


def actor_named(actor: Actor) -> str:
    """Return who did something, for a sentence."""
    match actor.kind:
        case ActorKind.MEMBER:
            return member(actor.member_id or 0)
        case ActorKind.SOURCE:
            return f"Usher ({origin_named(actor.id or '')})"
        case ActorKind.KEY:
            return f"the key {typed(actor.id or '')}"
        case ActorKind.USHER:
            return "Usher"


class Facts:
    """An entry's parts in words."""

    def __init__(
        self, entry: Event, item: Script | Product | None, customer: Customer | None
    ) -> None:
        self.kind, self.at = entry.action, entry.at
        self.who = actor_named(entry.actor)
        self.what = title(item) if item else "a script"
        self.whom = person(customer) if customer else "this person"  # one word for every case
        self.member = member(entry.member_id) if entry.member_id else "a member"
        self.before: Mapping[str, Any] = _mapping(entry.before)
        self.after: Mapping[str, Any] = _mapping(entry.after)

    def then(self) -> str:
        return held(_state(self.after))

    def first(self) -> str | None:
        """Return what stood before, also what had ended by then; None where nobody had looked yet."""
        if "kind" not in self.before:
            return None
        state = _state(self.before)
        has_ended = state.ends_at is not None and state.ends_at <= self.at
        return f"ended{held(state).removeprefix('until')}" if has_ended else held(state)

    def had(self) -> str:
        """Return what stood before, in brackets; empty where nobody had looked yet."""
        first = self.first()
        return "" if first is None else f" (before: {first})"

    def change(self) -> str:
        """Return what stood before, where it is known, and what is to stand, short."""
        then = self.then_short()
        return f"{_short(_state(self.before))} → {then}" if "kind" in self.before else then

    def then_short(self) -> str:
        return _short(_state(self.after))

    def given(self) -> str:
        length = self.after.get("length")
        return spoken(parse_length(str(length))) if length else "time"

    @property
    def is_open(self) -> bool:
        """Return whether it lasts as long as its source does."""
        return self.after.get("kind") == StateKind.OPEN

    @property
    def is_endless(self) -> bool:
        """Return whether TradingView shows no end date."""
        return isinstance(_state(self.after).end, Lifetime)

    def ordered(self) -> str:
        return f"access to {self.what}" if self.is_open else f"{self.given()} of {self.what}"

    def origin(self) -> str:
        return origin_named(str(self.after.get("source", "")))

    def before_name(self) -> str:
        return self.before_text("username") or "a name"

    def waiting(self) -> str:
        number = int(self.after.get("waiting", 0))
        if not number:
            return "No order waits."
        return f"{count(number, 'order')} {'waits' if number == 1 else 'wait'} meanwhile."

    def number(self, what: str, many: str | None = None) -> str:
        return count(int(self.after.get("number", 0)), what, many)

    def seconds(self) -> timedelta:
        return timedelta(seconds=int(self.after.get("seconds", 0)))

    def since(self) -> str:
        since = self.after.get("since")
        if since is None:
            return "half a day"
        moment = datetime.fromisoformat(str(since))
        return f"<t:{int(moment.timestamp())}:f>"

    def role(self) -> str:
        role_id = str(self.after.get("role_id", ""))
        return role(int(role_id)) if role_id.isdecimal() else "a role"

    def reason(self) -> Reason | None:
        """Return why an order is stuck; None for a word that an earlier Usher wrote."""
        word = self.after.get("reason")
        return next((reason for reason in Reason if reason == word), None)

    def left(self) -> str:
        number = int(self.after.get("left", 0))
        return f"{number or 'no'} {'spare is' if number <= 1 else 'spares are'} left"

    def differences(self) -> str:
        texts = [
            str(difference).replace("`", "") for difference in self.after.get("differences", ())
        ]
        return escape(shorten("; ".join(texts), _MAX_DIFFERENCES))

    def after_text(self, name: str) -> str:
        return _bold_fact(self.after, name)

    def before_text(self, name: str) -> str:
        return _bold_fact(self.before, name)


def _bold_fact(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return bold(str(value)) if value else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _state(facts: Mapping[str, Any]) -> State:
    """Return the state that an entry keeps."""
    ends_at = facts.get("ends_at")
    if ends_at:
        return State(StateKind.UNTIL, datetime.fromisoformat(str(ends_at)))
    kind = facts.get("kind")
    return State(StateKind(kind)) if kind in (StateKind.OPEN, StateKind.LIFETIME) else NOTHING


def _short(state: State) -> str:
    return "no access" if state.end is None else until_day(state.end)
