"""The answer to *TradingView access* in a member's menu, and what its buttons ask."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import discord

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.queries.standing import Person
from bot.replies import access_check
from bot.replies.customers import OPEN_LINK
from bot.replies.message import MAX_BUTTONS, Button, Message, key, shorten
from bot.replies.text import member
from bot.replies.tone import Tone
from bot.store.records import Product, Script

NAME = "TradingView access"  # as it stands in the menu
ASK, OPEN, FORM, END = "member_ask", "member_open_form", "member_form", "member_end"
DURATION, NOTE = "duration", "note"
_PER_PAGE = 25  # as many as Discord lists
_MAX_TITLE = 45


class What(StrEnum):
    """What staff do about a member's access."""

    GRANT = "grant"
    EXTEND = "extend"
    REVOKE = "revoke"


_QUESTIONS = {
    What.GRANT: "What do you grant to {}?",
    What.EXTEND: "What do you extend for {}?",
    What.REVOKE: "What do you end for {}?",
}


def what_of(text: str) -> What:
    """Return what a button's key says. Raises ButtonGone for what we never write."""
    found = next((what for what in What if what == text), None)
    if found is None:
        raise ButtonGone
    return found


def chosen(values: Sequence[str]) -> str:
    """Return the short name that was chosen from the list. Raises ButtonGone where none was."""
    if len(values) != 1 or not values[0]:
        raise ButtonGone
    return values[0]


def access(person: Person, member_id: int, guild_id: int) -> Message:
    """Return a member's access with the buttons; without a TradingView name, the way to one."""
    link = Button(
        "Link a TradingView name",
        key(OPEN_LINK, guild_id, member_id),
        discord.ButtonStyle.success,
    )
    if person.waiting:
        shown = access_check.check(person, guild_id)
        return replace(shown, buttons=(link,))
    if not person.username:
        return Message(
            f"{member(member_id)} **has no TradingView name here yet.** They tell it with `/link`; "
            "if you know it, press the button.",
            buttons=(link,),
            tone=Tone.LOOK,
        )
    shown = access_check.check(person, guild_id)
    ask = {what: key(ASK, guild_id, member_id, what, 0) for what in What}
    buttons = [Button("Grant", ask[What.GRANT], discord.ButtonStyle.success)]
    if person.items(clock.now()):
        buttons += [
            Button("Extend", ask[What.EXTEND], discord.ButtonStyle.primary),
            Button("Revoke", ask[What.REVOKE], discord.ButtonStyle.danger),
        ]
    return replace(shown, buttons=(*buttons, *shown.buttons)[:MAX_BUTTONS])


def question(
    what: What, items: Sequence[Script | Product], member_id: int, guild_id: int, page: int
) -> Message:
    """Return the question which item it is about, with a list of them, a page at a time."""
    if not items:
        if what is What.GRANT:
            return Message("**There is nothing to grant yet.** `/script add` adds a script.")
        return Message(f"{member(member_id)} **has nothing now.** Nothing was changed.")
    last = (len(items) - 1) // _PER_PAGE
    page = min(page, last)
    options = [
        discord.SelectOption(
            label=shorten(item.title, 100),
            value=item.slug,
            description=f"{item.slug}, {'a product' if isinstance(item, Product) else 'a script'}",
        )
        for item in items[page * _PER_PAGE : (page + 1) * _PER_PAGE]
    ]
    choice: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=key(END, guild_id, member_id)
        if what is What.REVOKE
        else key(OPEN, guild_id, member_id, what),
        placeholder="Which script or product?",
        options=options,
    )
    buttons: tuple[Button, ...] = ()
    text = f"**{_QUESTIONS[what].format(member(member_id))}**"
    if last:
        text += f"\n-# Page {page + 1} of {last + 1}"
        back = key(ASK, guild_id, member_id, what, max(page - 1, 0), "b")
        on = key(ASK, guild_id, member_id, what, page + 1, "n")
        buttons = (
            Button("◀ Back", back, disabled=page == 0),
            Button("Next ▶", on, disabled=page == last),
        )
    return Message(text, buttons=buttons, items=(choice,), tone=Tone.PLAIN)


def form_title(what: What, item: Script | Product) -> str:
    """Return the title of the form that asks how much time."""
    return shorten(f"{what.capitalize()} {item.title}", _MAX_TITLE)


def form(item: Script | Product) -> "list[discord.ui.Item[discord.ui.View]]":
    """Return its fields; a product's usual length stands there."""
    usual = item.length if isinstance(item, Product) else None
    return [
        discord.ui.Label(
            text="How much time",
            description="7D, 2W, 1M, 1Y, or L for lifetime",
            component=discord.ui.TextInput(
                custom_id=DURATION, min_length=1, max_length=50, default=usual
            ),
        ),
        discord.ui.Label(
            text="Note",
            description="A remark for the history, such as an order number",
            component=discord.ui.TextInput(custom_id=NOTE, max_length=200, required=False),
        ),
    ]
