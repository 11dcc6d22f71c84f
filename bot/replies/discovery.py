"""The vendor's own scripts on TradingView, to be added from a list."""

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.access.catalogue.discovery import Chosen, Offer
from bot.replies.errors import explain
from bot.replies.message import Button, Message, key, shorten
from bot.replies.text import bold, count, escape, title, typed

CHOSEN = "discovered"
FIND = "discover"
_IN_A_LIST = 25
_MAX_LISTS = 5
_MAX_NAMED = 15


def button(guild_id: int) -> Button:
    """Return the button that lists the scripts."""
    return Button("Choose from my scripts", key(FIND, guild_id), discord.ButtonStyle.primary)


def again(guild_id: int) -> Button:
    """Return the button that asks once more, where TradingView could not be asked."""
    return replace(button(guild_id), label="Look for my scripts again")


def looking() -> Message:
    """Return what is shown while TradingView is asked for the scripts."""
    return Message("⏳ **Asking TradingView for your scripts…**")


def adding() -> Message:
    """Return what is shown while the chosen scripts are added."""
    return Message("⏳ **Adding your scripts:** each is proved to be yours first.")


def found(offers: Sequence[Offer], guild_id: int) -> Message:
    """Return the scripts that can be added, as lists to choose from, and those that are here already."""
    if not offers:
        return Message(
            "**TradingView shows no invite-only scripts of this account.** The login works, so that "
            "is true: publish one as invite-only, or check with `/session status` whose login it is.",
            buttons=(again(guild_id),),
        )
    new = [offer for offer in offers if offer.is_new][: _IN_A_LIST * _MAX_LISTS]
    here = [offer for offer in offers if offer.slug is not None]
    elsewhere = [offer for offer in offers if offer.elsewhere]
    lines = [f"**TradingView shows {count(len(offers), 'invite-only script')} of this account.**"]
    if new:
        lines.append("Choose which to add; nothing changes on TradingView.")
    if here:
        names = [f"{bold(offer.title)} ({typed(offer.slug or '')})" for offer in here[:_MAX_NAMED]]
        lines.append(f"Here already: {', '.join(names)}{_rest(len(here))}")
    if elsewhere:
        names = [bold(offer.title) for offer in elsewhere[:_MAX_NAMED]]
        lines.append(f"In another server of this bot: {', '.join(names)}{_rest(len(elsewhere))}")
    menus = tuple(
        _menu(new[start : start + _IN_A_LIST], guild_id, start)
        for start in range(0, len(new), _IN_A_LIST)
    )
    return Message("\n".join(lines), items=menus)


def _menu(
    offers: Sequence[Offer], guild_id: int, start: int
) -> "discord.ui.Select[discord.ui.View]":
    return discord.ui.Select(
        custom_id=key(CHOSEN, guild_id, start),
        placeholder="Which scripts to add",
        min_values=1,
        max_values=len(offers),
        options=[
            discord.SelectOption(
                label=shorten(offer.title, 100),
                value=offer.pine_id,
                description=shorten(offer.pine_id, 100),
            )
            for offer in offers
        ],
    )


def _rest(number: int) -> str:
    return f" and {number - _MAX_NAMED} more" if number > _MAX_NAMED else ""


def added(chosen: Chosen) -> Message:
    """Return which scripts are in the catalogue now, and which were refused, with the reasons."""
    lines = []
    if chosen.added:
        names = [
            f"{title(addition.script)} ({typed(addition.script.slug)})"
            for addition in chosen.added[:_MAX_NAMED]
        ]
        lines.append(
            f"✅ **{count(len(chosen.added), 'script')} added:** {', '.join(names)}"
            f"{_rest(len(chosen.added))}. `/script rename` changes a short name."
        )
    lines += [
        f"⚠️ {escape(name)}: {explain(error).sentence}"
        for name, error in chosen.refused[:_IN_A_LIST]
    ]
    return Message("\n".join(lines))
