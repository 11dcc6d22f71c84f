"""The catalogue: scripts added, renamed, archived and listed."""

from collections.abc import Sequence

import discord

from bot.access.catalogue.scripts import Added, Entry
from bot.replies.message import Button, Message, key
from bot.replies.text import count, embed, escape, title, typed
from bot.replies.tone import Tone
from bot.store.records import Script

FORM = "script_form"
OPEN_FORM = "script_open"
FORM_TITLE = "Add a script"
PINE_ID, SLUG, TITLE = "pine_id", "slug", "title"
_MAX_LINES = 40


def by_hand(guild_id: int) -> Button:
    """Return the button that opens the form for a script that no list shows."""
    return Button("Add one by hand", key(OPEN_FORM, guild_id))


def form_items() -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the three fields of the form."""
    return [
        discord.ui.Label(
            text="Pine id",
            description="PUB; and 32 letters and digits, from the page source of your script",
            component=discord.ui.TextInput(
                custom_id=PINE_ID, min_length=1, max_length=500, placeholder="PUB;…"
            ),
        ),
        discord.ui.Label(
            text="Short name",
            description="What you and your staff type: small letters, digits, - and _",
            component=discord.ui.TextInput(
                custom_id=SLUG, min_length=1, max_length=32, placeholder="trend"
            ),
        ),
        discord.ui.Label(
            text="Title",
            description="What your customers read",
            component=discord.ui.TextInput(
                custom_id=TITLE, min_length=1, max_length=100, placeholder="Trend Finder"
            ),
        ),
    ]


def proving() -> Message:
    """Return what is shown while TradingView is asked about the script."""
    return Message("⏳ **Asking TradingView whether the script is yours…**")


def added(addition: Added) -> Message:
    """Return that the script is in the catalogue."""
    how = "is back, with everybody who has it" if addition.again else "is added"
    first = (
        f"✅ **{escape(addition.script.title)} {how}.** Its short name is {typed(addition.script.slug)}; "
        "`/access grant` gives it to somebody."
    )
    lines = [first]
    if not addition.usual_length:
        lines.append(
            "⚠️ This pine id is not 32 characters long, as nearly all are. TradingView accepted it; "
            "still, look whether it is the right one."
        )
    return Message("\n".join(lines))


def renamed(before: Script, after: Script) -> Message:
    """Return the script's old and new names."""
    return Message(
        f"✅ {title(before)} ({typed(before.slug)}) is now {title(after)} ({typed(after.slug)})."
    )


def archive(entry: Entry, buttons: tuple[Button, ...]) -> Message:
    """Return the question that is asked before a script leaves the catalogue."""
    if entry.holders:
        they = "That person keeps" if entry.holders == 1 else "They keep"
        still = f"{_still(entry)}. {they} it: archiving takes nothing away on TradingView."
    else:
        still = "Nobody has it now."
    return Message(
        f"**Archive {escape(entry.script.title)}?** {still} It can no longer be given to anybody. "
        "Adding the same pine id again brings it back.",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def archived(entry: Entry) -> Message:
    """Return that the script left the catalogue."""
    still = f"{_still(entry)}." if entry.holders else "Nobody has it."
    return Message(f"✅ **{escape(entry.script.title)} is archived.** {still}")


def _still(entry: Entry) -> str:
    return count(entry.holders, "person still has it", "people still have it") + _untaken(entry)


def _untaken(entry: Entry) -> str:
    """Return how many of them only TradingView knows, or nothing."""
    if not entry.untaken:
        return ""
    if entry.untaken == entry.holders:
        return ", not taken over yet"
    return f", {entry.untaken:,} of them not taken over yet"


def listing(entries: Sequence[Entry]) -> Message:
    """Return the whole catalogue."""
    if not entries:
        return Message(
            "**There are no scripts yet.** `/script discover` lists yours; `/script add` adds one by hand."
        )
    lines = [_line(entry) for entry in entries[:_MAX_LINES]]
    if len(entries) > _MAX_LINES:
        lines.append(f"… and {len(entries) - _MAX_LINES} more")
    sold = sum(entry.script.archived_at is None for entry in entries)
    return Message(f"{count(sold, 'script')}.", (embed("Scripts", "\n".join(lines)),))


def _line(entry: Entry) -> str:
    script = entry.script
    text = f"{title(script)} – {typed(script.slug)} – "
    text += count(entry.holders, "person has it", "people have it") + _untaken(entry)
    if script.archived_at is not None:
        text += " – archived"
    text += f"\n-# {typed(script.pine_id)}"
    if script.paused_at is not None:
        why = f": {escape(script.paused_reason)}" if script.paused_reason else ""
        text += f"\n⚠️ TradingView refuses it{why}"
    return text


def left(script: Script) -> Message:
    """Return that the script stays as it is."""
    return Message(f"**{escape(script.title)} stays as it is.**")
