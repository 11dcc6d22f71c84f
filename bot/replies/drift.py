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


def report(report: Report, guild_id: int) -> Message:
    """Return what differs for one script, with the buttons that put it right."""
    when = "It was never checked in full; `/sync sweep` does it."
    if report.sweep is not None and report.sweep.ended_at is not None:
        when = f"Full check: {relative(report.sweep.ended_at)}."
    first = f"**{escape(report.script.title)}** – {people(report.numbers)} on TradingView. {when}"
    if report.ignored:
        first += f" {count(report.ignored, 'difference')} left alone on purpose."
    if not report.total:
        agrees = "✅ **Everything is as it should be.**" if report.sweep is not None else ""
        return Message(f"{first}\n{agrees}".rstrip())
    blocks = []
    for kind, number in report.counts.items():
        lines = [f"**{HEADS[kind]} ({number:,})**"]
        lines += [f"- {_LINES[kind](difference)}" for difference in report.shown[kind]]
        if number > len(report.shown[kind]):
            lines.append(f"- and {number - len(report.shown[kind]):,} more")
        blocks.append("\n".join(lines))
    return Message(
        f"{first}\n⚠️ **{count(report.total, 'thing differs', 'things differ')}.**",
        (embed("What differs", "\n\n".join(blocks)),),
        _buttons(report, guild_id),
    )


def _end(end: End | None) -> str:
    return "no access" if end is None else until_day(end)


def _both(difference: Difference) -> str:
    return f"{bold(difference.username)}: should be {_end(difference.wanted.end)}, is {_end(difference.shown.end)}"


def _mixed_up(difference: Difference) -> str:
    new = difference.sighting.username if difference.sighting else difference.username
    if new.casefold() == difference.username.casefold():
        return f"{bold(difference.username)} is another TradingView account now"
    return f"{bold(difference.username)} is called {bold(new)} on TradingView now, and here somebody else is"


_LINES: Mapping[Kind, Callable[[Difference], str]] = {
    Kind.MISSING: lambda difference: (
        f"{bold(difference.username)}: should be {_end(difference.wanted.end)}"
    ),
    Kind.EXTRA: lambda difference: f"{bold(difference.username)}: {_end(difference.shown.end)}",
    Kind.OTHER_END: _both,
    Kind.STUCK: lambda difference: (
        f"{bold(difference.username)}: {why_stuck(difference.permission.reason if difference.permission else None)}"
    ),
    Kind.NAMESAKE: lambda difference: (
        f"{_mixed_up(difference)}: {_end(difference.shown.end)} there"
    ),
}


def _buttons(report: Report, guild_id: int) -> tuple[Button, ...]:
    """Return the buttons of each kind: put right, take over, leave alone."""
    buttons = []

    def add(name: str, label: str, kind: Kind, style: discord.ButtonStyle) -> None:
        buttons.append(Button(label, key(name, guild_id, report.script.id, kind.value), style))

    plain, good, bad = (
        discord.ButtonStyle.secondary,
        discord.ButtonStyle.success,
        discord.ButtonStyle.danger,
    )
    for kind, number in report.counts.items():
        match kind:
            case Kind.MISSING:
                add(REPAIR, f"Give {number:,} missing back", kind, good)
            case Kind.EXTRA:
                add(TAKE, f"Take over {number:,} extra", kind, good)
                if report.numbers.strangers > 1:
                    choose = key(CHOOSE, guild_id, report.script.id, 0, "c")
                    buttons.append(Button("Choose from a list", choose))
                add(REPAIR, f"End access of {number:,} extra", kind, bad)
            case Kind.OTHER_END:
                shorter = f" ({report.longer:,} get less)" if report.longer else ""
                add(
                    REPAIR,
                    f"Correct {count(number, 'end')}{shorter}",
                    kind,
                    bad if shorter else good,
                )
                if report.longer:
                    add(TAKE, f"Keep {count(report.longer, 'later end')}", kind, good)
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


def repairs(repair: Repaired, now: Standing) -> Message:
    """Return how far the repairs are."""
    return Message(
        f"⏳ **Putting it right on {escape(repair.script.title)}:** `{bar(now.ended, now.of)}` "
        f"{now.ended:,} of {now.of:,}"
    )


def repaired(repair: Repaired, now: Standing, guild_id: int) -> Message:
    """Return what became of the repairs: done, stuck, or still going on."""
    where = f"on {escape(repair.script.title)} carried out"
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
    buttons = [Button("Show what differs", key(SHOW, guild_id, repair.script.id))]
    if repair.took:
        first += f" {count(repair.took, 'person has', 'people have')} less than before."
        buttons.insert(0, Button("Put back", key(REPAIR_BACK, guild_id, repair.reference)))
    return Message(first, buttons=tuple(buttons))


def put_back(number: int) -> Message:
    """Return that the access taken away is on its way back."""
    return Message(
        f"✅ **Putting back what {count(number, 'person', 'people')} had.** "
        "`/sync status` shows when it is on TradingView."
    )


def kept(taken: Taken) -> Message:
    """Return that the later ends on TradingView count from now on."""
    return Message(
        f"✅ **{count(taken.number, 'later end')} on {escape(taken.script.title)} kept.** "
        "Nothing was changed on TradingView."
    )


def ignored(number: int, report: Report) -> Message:
    """Return that the differences are left alone."""
    return Message(
        f"**{count(number, 'difference')} on {escape(report.script.title)} left alone.** "
        "They come up again when something about them changes."
    )
