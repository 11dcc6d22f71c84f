"""What people read of a request that something broke off, and whether anything came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.access.queries.history import Entry
from bot.replies.errors import Explained
from bot.replies.history import line
from bot.replies.message import Message, shorten
from bot.replies.text import bold, escape, member, relative
from bot.store.kinds import OrderKind
from bot.store.records import Unanswered

_MAX_ASKED = 200
_MAX_OPTION = 60
_MAX_LINES = 5
# What may be repeated of what was typed; anything else may be private.
_SHOWN = ("item", "duration", "until", "username", "member")
# What becomes of these is told by itself.
_ORDERS = (
    *(kind for kind in OrderKind if kind is not OrderKind.REPAIR),
    *("batch_started", "batch_asked"),  # a message of its own shows how far it is
)


def command(name: str, options: Mapping[str, Any]) -> str:
    """Return what was asked with a command."""
    shown = [
        member(int(value)) if option == "member" else escape(shorten(str(value), _MAX_OPTION))
        for option in _SHOWN
        if (value := options.get(option))
    ]
    return shorten(" ".join((f"`/{name}`", *shown)), _MAX_ASKED)


def menu(name: str, member_id: str | int) -> str:
    """Return what was asked with a command of a member's menu."""
    return f"*{name}* {member(int(member_id))}"


def button(label: str | None) -> str:
    """Return what was asked with a button; without a label, with a list."""
    text = "your choice from a list" if label is None else f"the button “{escape(label)}”"
    return shorten(text, _MAX_ASKED)


def form() -> str:
    """Return what was asked with a form."""
    return "the form that you sent"


def sent_form(fields: Mapping[str, str], at: datetime) -> str:
    """Return what was asked with a form of the dashboard."""
    typed = [escape(shorten(fields[name], _MAX_OPTION)) for name in _SHOWN if fields.get(name)]
    sent = f"{form()} {relative(at)}"
    return shorten(f"{sent}, {' '.join(typed)}" if typed else sent, _MAX_ASKED)


def still_working() -> Message:
    """Return that the answer takes longer than 5 s."""
    return Message("⏳ **Waiting:** this takes longer than usual. The answer comes here.")


def unnoted() -> Message:
    """Return that it takes longer, and what to do should the program end before it could note anything."""
    return Message(
        "⏳ **Waiting:** this takes longer than usual, as I cannot write anything down just now. The answer comes here. "
        "Should this still stand here in a minute, look with `/access check` or `/me` before you ask again."
    )


def is_told_by_itself(entries: Sequence[Entry]) -> bool:
    """Return whether an order came of it: its outcome is told by whatever tells outcomes."""
    return any(entry.event.action in _ORDERS for entry in entries)


def failed(explained: Explained, entries: Sequence[Entry] | None) -> Message:
    """Return an error that nobody foresaw, and what was recorded before it; None: that is not known."""
    return Message(
        f"{explained.sentence}\n{_stands(entries)}\n{explained.footer}", tone=explained.tone
    )


def after_restart(asked: Unanswered, entries: Sequence[Entry]) -> Message:
    """Return what came of a request that the program could not answer before it ended."""
    return Message(
        f"⚠️ **I was interrupted while I worked on this:** {asked.asked}.\n{_stands(entries)}"
    )


def late(asked: Unanswered, entries: Sequence[Entry], server: str | None) -> Message:
    """Return the same for a direct message, once the first answer can no longer change."""
    where = f" in {bold(server)}" if server else ""
    text = after_restart(asked, entries).text
    return Message(f"-# What you asked{where}, {relative(asked.asked_at)}\n{text}")


def _stands(entries: Sequence[Entry] | None) -> str:
    if entries is None:
        return (
            "I cannot tell just now whether anything was ordered or changed: look with "
            "`/access check` or `/me` before you ask again."
        )
    if not entries:
        return "Nothing was ordered or changed. Please ask again."
    if is_told_by_itself(entries):
        head = "**Your order was recorded** and goes on by itself; do not order it again:"
    else:
        head = "**This was done before**, and it counts; you need not ask again:"
    lines = [f"- {line(each.event, each.item, each.customer)}" for each in entries[:_MAX_LINES]]
    if len(entries) > _MAX_LINES:
        lines.append(f"- and {len(entries) - _MAX_LINES:,} more")
    return "\n".join((head, *lines))
