"""The way to the dashboard, and who is signed in there."""

from collections.abc import Sequence

from bot.replies.message import Button, Message, key
from bot.replies.text import count, member, relative
from bot.store.records import WebSession

END, END_ALL = "dash_end", "dash_end_all"
OPEN = "dash_open"
_SHOWN = 20


def link(address: str) -> Message:
    """Return the private answer with the one-time link."""
    text = (
        "**Here is your dashboard.** The link works once, for ten minutes, and is yours alone: do not pass "
        "it on.\nThe browser stays signed in for up to 7 days; `/dashboard-sessions` shows who is, and signs them out."
    )
    return Message(text, buttons=(Button("Open the dashboard", url=address),))


def open_button(guild_id: int) -> Button:
    """Return the button that answers with a link."""
    return Button("Open the dashboard", key(OPEN, guild_id))


def sessions(found: Sequence[WebSession], guild_id: int) -> Message:
    """Return who is signed in, the last seen first, each with a button to end it."""
    if not found:
        return Message("**Nobody is signed in to the dashboard.** `/dashboard` gives a link.")
    people = dict.fromkeys(session.member_id for session in found)
    lines = [f"**{count(len(found), 'browser is', 'browsers are')} signed in to the dashboard.**"]
    numbers = {member_id: place for place, member_id in enumerate(people, 1)}
    lines += [
        f"{numbers[session.member_id]}. {member(session.member_id)}, since {relative(session.made_at)}, last seen {relative(session.seen_at)}"
        for session in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        lines.append(f"- and {len(found) - _SHOWN} more")
    buttons = [Button("Sign everybody out", key(END_ALL, guild_id))]
    if len(people) > 1:
        buttons += [
            Button(f"Sign out number {place}", key(END, guild_id, each))
            for place, each in enumerate(list(people)[:_SHOWN], 1)
        ]
    return Message("\n".join(lines), buttons=tuple(buttons))


def ended(number: int) -> Message:
    """Return that sessions were ended."""
    if not number:
        return Message("**Nobody was signed in any more.** Nothing was changed.")
    return Message(
        f"✅ **{count(number, 'browser was', 'browsers were')} signed out.** A new link comes with `/dashboard`."
    )
