"""Full checks of TradingView's lists: progress, who is there, and taking people over."""

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.access.sweeps.adopt import PAGE, Strangers, Taken
from bot.access.sweeps.drift import Report
from bot.access.sweeps.sweep import Progress
from bot.replies.message import Button, Message, key, shorten
from bot.replies.text import bold, count, escape, hour, listed, plain_day, title
from bot.store.records import Numbers, Script

SHOW = "differs"
TAKE_ALL = "take_all"  # everybody on one script
TAKE_EVERY = "take_every"  # and on every script
CHOOSE, CHOSEN = "choose", "chosen"
_BLOCKS = 12
_MAX_SCRIPTS = 20
_MAX_NAMED = 8


def bar(done: int, of: int) -> str:
    """Draw how far a task is."""
    full = _BLOCKS if of <= 0 else min(_BLOCKS, done * _BLOCKS // of)
    return "▓" * full + "░" * (_BLOCKS - full)


def progress(progress: Progress) -> Message:
    """Return how far the reading of a list is."""
    if progress.to_name:
        return Message(
            f"⏳ **Checking {escape(progress.script.title)}:** the list is read; now I ask about "
            f"{count(progress.to_name, 'person', 'people')} who should be on it, one by one.\n"
            f"`{bar(progress.named, progress.to_name)}` {progress.named:,} of {progress.to_name:,}"
        )
    if progress.expected > progress.rows:
        where = f"`{bar(progress.rows, progress.expected)}` {progress.rows:,} of about {progress.expected:,}"
    else:
        where = f"{count(progress.rows, 'person', 'people')} so far"
    if progress.quiet_until is not None:
        where = f"TradingView asked me to send nothing until {hour(progress.quiet_until)}; then I begin."
    return Message(f"⏳ **Checking {escape(progress.script.title)}:** {where}")


def people(numbers: Numbers) -> str:
    """Return how many people there are, by their ends."""
    if not numbers.total:
        return "nobody"
    parts = []
    if numbers.undated:
        parts.append(f"{numbers.undated:,} without an end")
    if numbers.dated:
        parts.append(f"{numbers.dated:,} dated")
    if numbers.lapsed:
        parts.append(f"{numbers.lapsed:,} lapsed")
    return f"{count(numbers.total, 'person', 'people')}: {', '.join(parts)}"


def after_adding(first: Message, reports: Sequence[Report], guild_id: int) -> Message:
    """Return who is on the lists of scripts just added, with one button that takes them over."""
    lines = [first.text]
    several = len(reports) > 1
    for report in reports[:_MAX_SCRIPTS]:
        name = f"{title(report.script)}: " if several else "On TradingView: "
        lines.append(f"{name}{people(report.numbers)}.")
    new = sum(report.numbers.strangers for report in reports)
    if not new:
        return replace(first, text="\n".join(lines))
    lines.append(
        "Taking over means that Usher knows them from now on, with the ends that they have. "
        "Nothing changes on TradingView, and lapsed ones are left out."
    )
    if several:
        every = key(TAKE_EVERY, guild_id)
        buttons = [Button(f"Take over all {new:,}", every, discord.ButtonStyle.success)]
    else:
        buttons = list(take_over_buttons(reports[0], guild_id))
    return Message("\n".join(lines), first.embeds, (*first.buttons, *buttons))


def take_over_buttons(report: Report, guild_id: int) -> tuple[Button, ...]:
    """Return the buttons that take people over: all at once, or from a list."""
    return (
        Button(
            f"Take over all {report.numbers.strangers:,}",
            key(TAKE_ALL, guild_id, report.script.id),
            discord.ButtonStyle.success,
        ),
        Button("Choose from a list", key(CHOOSE, guild_id, report.script.id, 0, "c")),
    )


def late(message: Message, server: str | None) -> Message:
    """Return what comes after the 15 minutes in which an answer can be changed."""
    where = f" of {bold(server)}" if server else ""
    return replace(message, text=f"The full check{where} has ended.\n{message.text}")


def unread(script: Script, why: str) -> str:
    """Return that a script was added, but its list could not be read."""
    return f"⚠️ The list of {title(script)} could not be read now. {why}"


def taken(results: Sequence[Taken]) -> Message:
    """Return how many people are known from now on."""
    number, left = sum(result.number for result in results), sum(result.left for result in results)
    where = listed(bold(result.script.title) for result in results[:_MAX_SCRIPTS])
    text = (
        f"✅ **{count(number, 'person', 'people')} taken over** on {where}. Nothing was changed on "
        "TradingView. `/access list` shows them; `/customer match` ties them to members."
    )
    if left:
        text += (
            f"\n⚠️ {count(left, 'person was', 'people were')} left out: somebody else here has "
            "the same name, with another TradingView account."
        )
    return Message(text)


def choose(strangers: Strangers, guild_id: int) -> Message:
    """Return a page of people to take over."""
    if not strangers.total:
        return Message(f"**There is nobody left to take over** on {title(strangers.script)}.")
    options = [
        discord.SelectOption(
            label=shorten(person.username, 100),
            value=str(person.id),
            description="no end"
            if person.ends_at is None
            else f"until {plain_day(person.ends_at)}",
        )
        for person in strangers.people[:PAGE]
    ]
    menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=key(CHOSEN, guild_id, strangers.script.id, strangers.page),
        placeholder="Whom to take over",
        min_values=1,
        max_values=len(options),
        options=options,
    )
    buttons: tuple[Button, ...] = ()
    if strangers.pages > 1:
        buttons = (
            Button(
                "◀ Back",
                key(CHOOSE, guild_id, strangers.script.id, max(strangers.page - 1, 0), "b"),
                disabled=strangers.page == 0,
            ),
            Button(
                "Next ▶",
                key(CHOOSE, guild_id, strangers.script.id, strangers.page + 1, "n"),
                disabled=strangers.page + 1 >= strangers.pages,
            ),
        )
    buttons += (Button("Show what differs", key(SHOW, guild_id, strangers.script.id)),)
    pages = f", page {strangers.page + 1} of {strangers.pages}" if strangers.pages > 1 else ""
    return Message(
        f"**{count(strangers.total, 'person has', 'people have')} {escape(strangers.script.title)} on "
        f"TradingView, and I know nothing of them**{pages}. Choose whom to take over.",
        items=(menu,),
        buttons=buttons,
    )


def with_differences(
    status: Message, counts: Sequence[tuple[Script, int]], guild_id: int
) -> Message:
    """Return how the queue stands, and how much differs on TradingView."""
    if not counts:
        return status
    total = sum(number for _, number in counts)
    where = [
        f"{bold(shorten(script.title, 60))} {number:,}" for script, number in counts[:_MAX_NAMED]
    ]
    if len(counts) > _MAX_NAMED:
        where.append(f"and {len(counts) - _MAX_NAMED:,} scripts more")
    buttons = tuple(
        Button(f"Show {shorten(script.title, 60)}", key(SHOW, guild_id, script.id))
        for script, _ in counts[:_MAX_SCRIPTS]
    )
    # "Everything is there" is about orders; what somebody changed by hand is another thing.
    text = status.text.replace(
        "✅ **Everything is on TradingView.** Nothing waits.", "**Nothing waits.**"
    )
    differs = count(total, "thing differs", "things differ")
    return Message(
        f"{text}\n⚠️ **{differs} from what should be on TradingView**, as of the last full check: "
        f"{', '.join(where)}.",
        status.embeds,
        (*status.buttons, *buttons),
    )
