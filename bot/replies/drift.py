"""What differs from what should be on TradingView, and the buttons that put it right."""

from collections.abc import Callable, Mapping

import discord

from bot.access.sweeps.adopt import Taken
from bot.access.sweeps.drift import Difference, Kind, Report
from bot.access.sweeps.repair import Repaired, Standing
from bot.replies.message import Button, Message, key
from bot.replies.orders import why_stuck
from bot.replies.sweeps import CHOOSE, SHOW, bar, people
from bot.replies.text import bold, count, embed, escape, relative, until_day
from bot.tradingview.models import End

REPAIR, TAKE, IGNORE, REPAIR_BACK = "repair", "take", "ignore", "mend_back"

HEADS: Mapping[Kind, str] = {
    Kind.MISSING: "Missing: they should have access, and TradingView shows none",
    Kind.EXTRA: "Extra: they have access, and nothing here says why",
    Kind.OTHER_END: "Another end than it should be",
    Kind.STUCK: "Stuck orders",
    Kind.NAMESAKE: "Names that are mixed up: I change nothing there",
}


def report(it: Report, guild_id: int) -> Message:
    """What differs for one script."""
    when = "It was never checked in full; `/sync sweep` does it."
    if it.sweep is not None and it.sweep.ended_at is not None:
        when = f"Full check: {relative(it.sweep.ended_at)}."
    first = f"**{escape(it.script.title)}** – {people(it.numbers)} on TradingView. {when}"
    if it.ignored:
        first += f" {count(it.ignored, 'difference')} left alone on purpose."
    if not it.total:
        agrees = "✅ **Everything is as it should be.**" if it.sweep is not None else ""
        return Message(f"{first}\n{agrees}".rstrip())
    blocks = []
    for kind, number in it.counts.items():
        lines = [f"**{HEADS[kind]} ({number:,})**"]
        lines += [f"- {_LINES[kind](one)}" for one in it.shown[kind]]
        if number > len(it.shown[kind]):
            lines.append(f"- and {number - len(it.shown[kind]):,} more")
        blocks.append("\n".join(lines))
    return Message(
        f"{first}\n⚠️ **{count(it.total, 'thing differs', 'things differ')}.**",
        (embed("What differs", "\n\n".join(blocks)),),
        _buttons(it, guild_id),
    )


def _end(end: End | None) -> str:
    return "no access" if end is None else until_day(end)


def _both(one: Difference) -> str:
    return f"{bold(one.username)}: should be {_end(one.wanted.end)}, is {_end(one.shown.end)}"


def _mixed_up(one: Difference) -> str:
    new = one.sighting.username if one.sighting else one.username
    if new.casefold() == one.username.casefold():
        return f"{bold(one.username)} is another TradingView account now"
    return (
        f"{bold(one.username)} is called {bold(new)} on TradingView now, and here somebody else is"
    )


_LINES: Mapping[Kind, Callable[[Difference], str]] = {
    Kind.MISSING: lambda one: f"{bold(one.username)}: should be {_end(one.wanted.end)}",
    Kind.EXTRA: lambda one: f"{bold(one.username)}: {_end(one.shown.end)}",
    Kind.OTHER_END: _both,
    Kind.STUCK: lambda one: (
        f"{bold(one.username)}: {why_stuck(one.permission.reason if one.permission else None)}"
    ),
    Kind.NAMESAKE: lambda one: f"{_mixed_up(one)}: {_end(one.shown.end)} there",
}


def _buttons(it: Report, guild_id: int) -> tuple[Button, ...]:
    """For each kind: put right, take over, leave alone; what each does stands on it."""
    buttons = []

    def add(name: str, label: str, kind: Kind, style: discord.ButtonStyle) -> None:
        buttons.append(Button(label, key(name, guild_id, it.script.id, kind.value), style))

    plain, good, bad = (
        discord.ButtonStyle.secondary,
        discord.ButtonStyle.success,
        discord.ButtonStyle.danger,
    )
    for kind, number in it.counts.items():
        match kind:
            case Kind.MISSING:
                add(REPAIR, f"Give {number:,} missing back", kind, good)
            case Kind.EXTRA:
                add(TAKE, f"Take over {number:,} extra", kind, good)
                if it.numbers.strangers > 1:
                    choose = key(CHOOSE, guild_id, it.script.id, 0, "c")
                    buttons.append(Button("Choose from a list", choose))
                add(REPAIR, f"End access of {number:,} extra", kind, bad)
            case Kind.OTHER_END:
                shorter = f" ({it.longer:,} get less)" if it.longer else ""
                add(
                    REPAIR,
                    f"Correct {count(number, 'end')}{shorter}",
                    kind,
                    bad if shorter else good,
                )
                if it.longer:
                    add(TAKE, f"Keep {count(it.longer, 'later end')}", kind, good)
            case Kind.STUCK:
                add(REPAIR, f"Try {number:,} stuck again", kind, good)
            case Kind.NAMESAKE:
                pass
        add(IGNORE, f"Ignore {_NAMES[kind]}", kind, plain)
    return tuple(buttons)


_NAMES: Mapping[Kind, str] = {
    Kind.MISSING: "missing",
    Kind.EXTRA: "extra",
    Kind.OTHER_END: "other ends",
    Kind.STUCK: "stuck",
    Kind.NAMESAKE: "mixed-up names",
}


def repairs(it: Repaired, now: Standing) -> Message:
    """While TradingView is told."""
    return Message(
        f"⏳ **Putting it right on {escape(it.script.title)}:** `{bar(now.ended, now.of)}` "
        f"{now.ended:,} of {now.of:,}"
    )


def repaired(it: Repaired, now: Standing, guild_id: int) -> Message:
    """It is done, is stuck, or goes on by itself."""
    where = f"on {escape(it.script.title)} carried out"
    done = now.ended - now.stuck
    if done == now.of:
        first = f"✅ **{count(now.of, 'order')} {where}.**"
    else:
        sign = "⏳" if now.waiting else "⚠️"
        first = f"{sign} **{done:,} of {count(now.of, 'order')} {where}.**"
    if now.stuck:
        stuck = count(now.stuck, "order is", "orders are")
        first += f" {stuck} stuck; `/sync status` says why."
    if now.waiting:
        first += " The rest goes on by itself; `/sync status` shows how."
    buttons = [Button("Show what differs", key(SHOW, guild_id, it.script.id))]
    if it.took:
        first += f" {count(it.took, 'person has', 'people have')} less than before."
        buttons.insert(0, Button("Put back", key(REPAIR_BACK, guild_id, it.reference)))
    return Message(first, buttons=tuple(buttons))


def put_back(number: int) -> Message:
    """What was taken away is on its way back."""
    return Message(
        f"✅ **Putting back what {count(number, 'person', 'people')} had.** "
        "`/sync status` shows when it is on TradingView."
    )


def kept(it: Taken) -> Message:
    """Later ends on TradingView count from now on."""
    return Message(
        f"✅ **{count(it.number, 'later end')} on {escape(it.script.title)} kept.** "
        "Nothing was changed on TradingView."
    )


def ignored(number: int, it: Report) -> Message:
    """Left alone."""
    return Message(
        f"**{count(number, 'difference')} on {escape(it.script.title)} left alone.** "
        "They come up again when something about them changes."
    )
