"""Reminders of a paid end, and what a member and a server choose about them."""

from collections.abc import Sequence

import discord

from bot.access.people.reminders import Named, ReminderSettings
from bot.access.rules.reminders import days_text
from bot.replies.message import Button, Message, key
from bot.replies.text import bold, end_day, listed, moment, relative, title, typed, until_paid
from bot.replies.tone import Tone
from bot.store.records import Product

OFF = "reminders_off"
OPEN_FORM = "setup_open_reminders"
FORM = "setup_reminders"
FORM_TITLE = "Reminders"
DAYS, ZONE = "days", "time_zone"
_MAX_RENEW = 4  # buttons


def to_customer(named: Sequence[Named], guild_id: int, server: str, *, has_ended: bool) -> Message:
    """Return the one message about what ends, or has ended, on one day: what, when, how to go on."""
    links = _links(named)
    if has_ended:
        lines = [f"⏳ **Your time is over** for {_items(named)} in {bold(server)}."]
        lines += [f"- {_item(each)}: {_over(each)}" for each in named]
    else:
        lines = [f"⏳ **Your time ends soon** for {_items(named)} in {bold(server)}."]
        ends = [(each, until_paid(each.ending.held_until, each.ending.ends_at)) for each in named]
        lines += [f"- {_item(each)}: {how_long}" for each, how_long in ends]
    how = "press *Renew*" if links else f"write to the staff of {bold(server)}"
    counts = " The new time is added to the end, so you lose none." if not has_ended else ""
    lines.append(f"To go on with it, {how}.{counts}")
    lines.append(
        "-# You get these messages before and when your time ends; `/reminders off` ends them."
    )
    off = Button("No more reminders", key(OFF, guild_id))
    return Message("\n".join(lines), buttons=(*links, off), tone=Tone.LOOK)


def _items(named: Sequence[Named]) -> str:
    return listed(dict.fromkeys(title(each.item) for each in named))


def _item(named: Named) -> str:
    """Return what it is sold as, with the scripts that are meant where not all of them are."""
    only = listed(title(script) for script in named.only)
    return f"{title(named.item)} ({only})" if only else title(named.item)


def _over(named: Named) -> str:
    ending = named.ending
    ended = f"paid until **{end_day(ending.ends_at)}** ({relative(ending.ends_at)})"
    if ending.held_until <= ending.ends_at:
        return ended
    return (
        f"{ended}. You can still use it until {moment(ending.held_until)}; renewed by then, it goes on "
        "without a gap"
    )


def _links(named: Sequence[Named]) -> tuple[Button, ...]:
    """Return a button to where each product is sold, as far as the vendor said where."""
    sold = {
        each.item.link: each.item
        for each in named
        if isinstance(each.item, Product) and each.item.archived_at is None
        if each.item.link and each.item.link.startswith("https://")
    }
    several = len(sold) > 1
    return tuple(
        Button(f"Renew {item.title}" if several else "Renew", url=link)
        for link, item in list(sold.items())[:_MAX_RENEW]
    )


def switched(settings: ReminderSettings, *, on: bool) -> Message:
    """Return whether the member is reminded from now on."""
    if not on:
        return Message(
            "✅ **You get no more reminders from this server.** Nothing else changed; "
            "`/reminders on` brings them back."
        )
    if not settings.days:
        return Message(
            "✅ **Reminders are on for you,** but this server sends none just now. "
            "`/me` shows until when you have what."
        )
    return Message(
        f"✅ **You get reminders by direct message:** {_days(settings)} before your time ends, and "
        "when it has ended."
    )


def _days(settings: ReminderSettings) -> str:
    """Return "7, 3 and 1 days"."""
    listed_days = listed(str(day) for day in settings.days)
    return f"{listed_days} day{'' if settings.days == (1,) else 's'}"


def in_words(settings: ReminderSettings) -> str:
    """Return when a server reminds, within a sentence."""
    if not settings.days:
        return "nobody is reminded before their time ends"
    return (
        f"{_days(settings)} before the paid end and when it has ended, by day in {_zone(settings)}"
    )


def _zone(settings: ReminderSettings) -> str:
    return "UTC" if settings.time_zone == "UTC" else typed(settings.time_zone)


def shown(settings: ReminderSettings, guild_id: int) -> Message:
    """Return when a server reminds its customers, with the button that changes it."""
    lines = ["**Reminders by direct message.**"]
    if settings.days:
        lines += [
            f"- When: {_days(settings)} before the paid end, and once when it has ended",
            f"- Never between 22:00 and 8:00 in {_zone(settings)}",
        ]
        if settings.time_zone == "UTC":
            lines.append("-# Set the time zone where most of your customers live.")
    else:
        lines.append("Nobody is reminded.")
    change = Button("Change", key(OPEN_FORM, guild_id), discord.ButtonStyle.primary)
    return Message("\n".join(lines), buttons=(change,))


def changed(settings: ReminderSettings) -> Message:
    """Return what the server set."""
    if not settings.days:
        return Message("✅ **Nobody is reminded any more.** Days in the form bring reminders back.")
    return Message(
        f"✅ **Reminders go out {in_words(settings)}.** What was due until now is not sent later."
    )


def form_items(settings: ReminderSettings) -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the two fields of the form, as they stand."""
    return [
        discord.ui.Label(
            text="Days before the paid end",
            description="Numbers with commas, such as 7, 3, 1. Empty: nobody is reminded",
            component=discord.ui.TextInput(
                custom_id=DAYS,
                required=False,
                max_length=40,
                placeholder="7, 3, 1",
                default=days_text(settings.days) or None,
            ),
        ),
        discord.ui.Label(
            text="Time zone",
            description="Nobody gets a reminder there between 22:00 and 8:00",
            component=discord.ui.TextInput(
                custom_id=ZONE,
                min_length=1,
                max_length=64,
                placeholder="Europe/Berlin",
                default=settings.time_zone,
            ),
        ),
    ]
