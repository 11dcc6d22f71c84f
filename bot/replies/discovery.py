"""The vendor's own scripts on TradingView, to be added from a list."""

from collections.abc import Sequence

import discord

from bot.access.catalogue.discovery import Chosen, Offer
from bot.replies.errors import explain
from bot.replies.message import Answer, key, shorten
from bot.replies.text import bold, count, escape, title, typed

CHOSEN = "discovered"
_IN_A_LIST = 25
_MOST_LISTS = 5
_MOST_NAMED = 15


def looking() -> Answer:
    """Said when TradingView takes its time."""
    return Answer("⏳ **Asking TradingView for your scripts…**")


def adding() -> Answer:
    """Likewise, while they are added."""
    return Answer("⏳ **Adding your scripts:** each is proved to be yours first.")


def found(offers: Sequence[Offer], guild_id: int) -> Answer:
    """What can be added, as lists to choose from, and what is here already."""
    if not offers:
        return Answer(
            "**TradingView shows no invite-only scripts of this account.** The login works, so that "
            "is true: publish one as invite-only, or check with `/session status` whose login it is."
        )
    new = [one for one in offers if one.is_new][: _IN_A_LIST * _MOST_LISTS]
    here = [one for one in offers if one.slug is not None]
    elsewhere = [one for one in offers if one.elsewhere]
    lines = [f"**TradingView shows {count(len(offers), 'invite-only script')} of this account.**"]
    if new:
        lines.append("Choose which to add; nothing changes on TradingView.")
    if here:
        names = [f"{bold(one.title)} ({typed(one.slug or '')})" for one in here[:_MOST_NAMED]]
        lines.append(f"Here already: {', '.join(names)}{_rest(len(here))}")
    if elsewhere:
        names = [bold(one.title) for one in elsewhere[:_MOST_NAMED]]
        lines.append(f"In another server of this bot: {', '.join(names)}{_rest(len(elsewhere))}")
    menus = tuple(
        _menu(new[start : start + _IN_A_LIST], guild_id, start)
        for start in range(0, len(new), _IN_A_LIST)
    )
    return Answer("\n".join(lines), items=menus)


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
                label=shorten(one.title, 100),
                value=one.pine_id,
                description=shorten(one.pine_id, 100),
            )
            for one in offers
        ],
    )


def _rest(number: int) -> str:
    return f" and {number - _MOST_NAMED} more" if number > _MOST_NAMED else ""


def added(it: Chosen) -> Answer:
    """They are in the catalogue; what was refused, and why."""
    lines = []
    if it.added:
        names = [
            f"{title(one.script)} ({typed(one.script.slug)})" for one in it.added[:_MOST_NAMED]
        ]
        lines.append(
            f"✅ **{count(len(it.added), 'script')} added:** {', '.join(names)}"
            f"{_rest(len(it.added))}. `/script rename` changes a short name."
        )
    lines += [
        f"⚠️ {escape(name)}: {explain(error).sentence}" for name, error in it.refused[:_IN_A_LIST]
    ]
    return Answer("\n".join(lines))
