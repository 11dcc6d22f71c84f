"""Batches in the history and the log channel, with the buttons that belong to them."""

from collections.abc import Callable, Mapping
from typing import Any

import discord

from bot.replies.bulk_keys import APPROVE, IN_LOG, SHOW, UNDO
from bot.replies.message import Button, Message, key
from bot.replies.text import count, member
from bot.replies.tone import Tone
from bot.store.kinds import BatchKind
from bot.store.records import Batch, Event

_DOES: Mapping[str, str] = {
    BatchKind.GRANT: "gives access to {}",
    BatchKind.EXTEND: "gives more time to {}",
    BatchKind.COMPENSATE: "compensates {}",
    BatchKind.SET: "sets the end for {}",
    BatchKind.REVOKE: "ends access for {}",
    BatchKind.UNDO: "puts back what {of} changed for {people}",
}


def _number(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name, 0)
    return value if isinstance(value, int) else 0


def _batch(facts: Mapping[str, Any]) -> str:
    number = _number(facts, "batch")
    return f"batch {number}" if number else "a batch"


def _does(facts: Mapping[str, Any]) -> str:
    """Return what a batch does, as "gives access to 30 people, and ends it for 3"."""
    people = count(_number(facts, "people"), "person", "people")
    undone = _number(facts, "undoes")
    words = _DOES.get(str(facts.get("kind", "")), "changes access for {}")
    text = words.format(people, of=f"batch {undone}" if undone else "another batch", people=people)
    ends = _number(facts, "ends")
    if ends and facts.get("kind") != BatchKind.REVOKE:
        text += f", {ends:,} of whom lose access"
    return text


def _numbers(facts: Mapping[str, Any]) -> str:
    """Return how the rows of a batch that has ended stand."""
    parts = [f"{_number(facts, 'done'):,} done"]
    parts += [
        f"{number:,} {word}"
        for name, word in (
            ("failed", "failed"),
            ("waiting", "with TradingView already"),
            ("left_out", "left out"),
            ("withdrawn", "cancelled"),
        )
        if (number := _number(facts, name))
    ]
    return ", ".join(parts)


SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "batch_asked": lambda f: (
        f"⏳ {f.who} asks for a second manager: {_batch(f.after)} {_does(f.after)}. Nothing is changed before "
        "another manager approves it"
    ),
    "batch_started": lambda f: f"{f.who} started {_batch(f.after)}: it {_does(f.after)}",
    "batch_approved": lambda f: f"{f.who} approved {_batch(f.after)}: it {_does(f.after)}",
    "batch_paused": lambda f: f"{f.who} paused {_batch(f.after)}",
    "batch_resumed": lambda f: f"{f.who} let {_batch(f.after)} go on",
    "batch_cancelled": lambda f: (
        f"{f.who} cancelled {_batch(f.after)}: what was not sent to TradingView yet stays as it was"
    ),
    "batch_ended": lambda f: f"{_batch(f.after).capitalize()} was cancelled: {_numbers(f.after)}",
    "batch_done": lambda f: f"{_batch(f.after).capitalize()} is done: {_numbers(f.after)}",
}


def question(entry: Event, text: str) -> Message:
    """Return the line that asks for a second manager, with the button to approve."""
    return Message(
        f"{text}.",
        buttons=_buttons(
            entry,
            Button(
                "Approve",
                key(APPROVE, entry.guild_id, _id(entry), IN_LOG),
                discord.ButtonStyle.danger,
            ),
        ),
        tone=Tone.LOOK,
    )


def undoable(entry: Event, text: str) -> Message:
    """Return a line about a batch that changes or changed something, with the way back."""
    facts = entry.after if isinstance(entry.after, Mapping) else {}
    has_none = all(facts.get(name, 1) == 0 for name in ("done", "failed", "waiting"))
    is_without = facts.get("kind") == BatchKind.UNDO or has_none
    undo = () if is_without else (Button("Undo", key(UNDO, entry.guild_id, _id(entry))),)
    return Message(f"{text}.", buttons=_buttons(entry, *undo), tone=Tone.PLAIN)


def _buttons(entry: Event, *first: Button) -> tuple[Button, ...]:
    if not _id(entry):
        return ()
    return (*first, Button("Show", key(SHOW, entry.guild_id, _id(entry))))


def _id(entry: Event) -> int:
    return _number(entry.after, "batch") if isinstance(entry.after, Mapping) else 0


def approved(batch: Batch, member_id: int) -> Message:
    """Return, in place of the question, who approved a batch."""
    show = Button("Show", key(SHOW, batch.guild_id, batch.id))
    text = f"✅ {member(member_id)} approved batch {batch.id}: it is running now."
    return Message(text, buttons=(show,))
