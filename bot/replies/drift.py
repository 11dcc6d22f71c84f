"""What differs from what should be on TradingView, and the buttons that put it right."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import discord

from bot.access.sweeps.adopt import Taken
from bot.access.sweeps.drift import Difference, Kind
from bot.access.sweeps.repair import Repaired, Standing
from bot.access.sweeps.reports import Report
from bot.replies.message import Button, Message, key
from bot.replies.orders import why_stuck
from bot.replies.sweeps import CHOOSE, SHOW, TAKING_OVER, back, bar, people, untaken
from bot.replies.text import bold, count, embed, escape, relative, until_day
from bot.store.records import Untaken
from bot.tradingview.models import End

REPAIR, TAKE, IGNORE, REPAIR_BACK = "repair", "take", "ignore", "mend_back"
COUNT_AGAIN, EVERY_KIND = "count_again", "all"

HEADS: Mapping[Kind, str] = {
    Kind.MISSING: "Missing: they should have access, and TradingView shows none",
    Kind.EXTRA: "Extra: they have access, and nothing here says why",  # of those who are known here
    Kind.OTHER_END: "Another end than it should be",
    Kind.STUCK: "Stuck orders",
    Kind.NAMESAKE: "Names that are mixed up: I change nothing there",
}


def kind_heads(report: Report) -> list[tuple[Kind, str]]:
    """Return what each kind that there is says of its people, with whoever is not taken over yet."""
    heads: dict[Kind, list[str]] = {}
    for head, kind, number, _ in _blocks(report):
        heads.setdefault(kind, []).append(f"{head} ({number:,})")
    return [(kind, "; ".join(said)) for kind, said in heads.items()]


def should_be(difference: Difference) -> str:
    """Return what one person should have."""
    return _end(difference.wanted.end)


def is_shown(difference: Difference) -> str:
    """Return what TradingView shows of one person; of a mixed-up name, who has it."""
    shown = _end(difference.shown.end)
    return f"{_mixed_up(difference)}: {shown}" if difference.kind is Kind.NAMESAKE else shown


def why_one_is_stuck(difference: Difference) -> str:
    """Return why the order of one person is stuck; empty where none is."""
    if difference.kind is not Kind.STUCK or difference.permission is None:
        return ""
    return why_stuck(difference.permission.reason)


def nobody_chosen() -> Message:
    """Return that nobody was chosen."""
    return Message("**Nobody was ticked,** so nothing was done. Tick somebody, then press again.")


def report(report: Report, guild_id: int) -> Message:
    """Return what differs for one script, with the buttons that put it right."""
    when = "It was never checked in full; `/sync sweep` does it."
    if report.sweep is not None and report.sweep.ended_at is not None:
        when = f"Full check: {relative(report.sweep.ended_at)}."
    lines = [
        f"**{escape(report.script.title)}** – on TradingView's list: {people(report.numbers)}. {when}"
    ]
    if report.ignored:
        lines[0] += f" {count(report.ignored, 'difference')} left alone on purpose."
    if report.differing:
        lines.append(f"⚠️ **{count(report.differing, 'thing differs', 'things differ')}.**")
    elif report.sweep is not None:
        known = "All whom I know have what they should." if report.numbers.strangers else ""
        lines.append(f"✅ **{known or 'Everything is as it should be.'}**")
    if strangers := report.numbers.strangers:
        lines.append(f"▫️ {untaken(Untaken(strangers, strangers))}. {TAKING_OVER}")
    blocks = [_block(*block) for block in _blocks(report)]
    return Message(
        "\n".join(lines),
        (
            embed(
                "What differs" if report.differing else "On TradingView's list", "\n\n".join(blocks)
            ),
        )
        if blocks
        else (),
        (*_buttons(report, guild_id), *_count_again(report, guild_id), back(guild_id)),
    )


def _blocks(report: Report) -> Iterator[tuple[str, Kind, int, Sequence[Difference]]]:
    """Yield each kind with its head, number and first ones; whom nobody knows here stands apart."""
    for kind, number in report.counts.items():
        shown = report.shown[kind]
        if kind is not Kind.EXTRA:
            yield HEADS[kind], kind, number, shown
            continue
        if report.extra:
            known = [difference for difference in shown if difference.permission is not None]
            yield HEADS[kind], kind, report.extra, known
        if report.numbers.strangers:
            new = [difference for difference in shown if difference.permission is None]
            yield "Not taken over yet", kind, report.numbers.strangers, new


def _block(head: str, kind: Kind, number: int, shown: Sequence[Difference]) -> str:
    lines = [f"**{head} ({number:,})**"]
    lines += [f"- {_LINES[kind](difference)}" for difference in shown]
    if number > len(shown):
        lines.append(f"- and {number - len(shown):,} more" if shown else f"- {number:,} of them")
    return "\n".join(lines)


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
                who = count(number, "person", "people")
                add(TAKE, f"Take over {who}", kind, good)
                if report.numbers.strangers > 1:
                    choose = key(CHOOSE, guild_id, report.script.id, 0, "c")
                    buttons.append(Button("Choose from a list", choose))
                add(REPAIR, f"End access of {who}", kind, bad)
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
        add(IGNORE, f"Ignore {count(number, *_NAMES[kind])}", kind, plain)
    return tuple(buttons)


def _count_again(report: Report, guild_id: int) -> tuple[Button, ...]:
    if not report.ignored:
        return ()
    again = key(COUNT_AGAIN, guild_id, report.script.id, EVERY_KIND)
    return (Button(f"Count the {report.ignored:,} left alone again", again),)


_NAMES: Mapping[Kind, tuple[str, str]] = {
    Kind.MISSING: ("missing", "missing"),
    Kind.EXTRA: ("person", "people"),
    Kind.OTHER_END: ("other end", "other ends"),
    Kind.STUCK: ("stuck order", "stuck orders"),
    Kind.NAMESAKE: ("mixed-up name", "mixed-up names"),
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
    buttons = [Button("Show what differs", key(SHOW, guild_id, repair.script.id)), back(guild_id)]
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


def kept(taken: Taken, guild_id: int) -> Message:
    """Return that the later ends on TradingView count from now on."""
    return Message(
        f"✅ **{count(taken.number, 'later end')} on {escape(taken.script.title)} kept.** "
        "Nothing was changed on TradingView.",
        buttons=(back(guild_id),),
    )


def ignored(number: int, kind: Kind, report: Report, guild_id: int) -> Message:
    """Return that the differences are left alone, with the button that undoes it."""
    return Message(
        f"**{count(number, 'difference')} on {escape(report.script.title)} left alone.** "
        "They come up again when something about them changes.",
        buttons=(
            Button("Undo", key(COUNT_AGAIN, guild_id, report.script.id, kind.value)),
            Button("Show what differs", key(SHOW, guild_id, report.script.id)),
            back(guild_id),
        ),
    )


def counted_again(number: int, report: Message) -> Message:
    """Return that what was left alone counts again, above what differs."""
    verb = "counts" if number == 1 else "count"
    return replace(report, text=f"**{count(number, 'difference')} {verb} again.**\n{report.text}")


def left(report: Message) -> Message:
    """Return that nothing was done, above what differs still."""
    return replace(report, text=f"**Left as it was.**\n{report.text}")
