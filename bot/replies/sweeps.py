"""Full checks of TradingView's lists: progress, who is there, and taking people over."""

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.access.sweeps.adopt import PAGE, Strangers, Taken, TakenEverywhere
from bot.access.sweeps.reports import Overall, Report
from bot.access.sweeps.sweep import Progress
from bot.replies.message import Button, Message, key, shorten
from bot.replies.text import bold, count, escape, hour, listed, plain_day, title
from bot.store.records import Numbers, Product, Script, Untaken

STATUS = "sync_status"  # the list of all scripts
SHOW = "differs"
TAKE_EVERY = "take_every"  # everybody on every script
TAKING_OVER = (
    "Taking over means that I know them from now on, with the ends that they have; nothing changes on "
    "TradingView, and those whose time is over are left out."
)
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


def begun(script: Script) -> Message:
    """Return that the reading of a list began, where nobody watches how far it is."""
    return Message(
        f"⏳ **I am reading the whole list of {escape(script.title)}.** Nothing changes on TradingView by it; "
        "what differs is shown once it is read."
    )


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


def read_product(product: Product) -> Message:
    """Return the first line above what the lists of a product's scripts show."""
    return Message(f"**The lists of {escape(product.title)}'s scripts are read.**")


def after_adding(
    first: Message, reports: Sequence[Report], waiting: Untaken, guild_id: int
) -> Message:
    """Return who is on the lists of scripts just added, with one button that takes all over.

    `waiting` are those of all scripts of the server, who are taken over with them.
    """
    lines = [first.text]
    several = len(reports) > 1
    for report in reports[:_MAX_SCRIPTS]:
        name = f"{title(report.script)}: " if several else "On TradingView's list: "
        lines.append(f"{name}{people(report.numbers)}.")
    message = replace(first, text="\n".join(lines))
    if not any(report.numbers.strangers for report in reports):
        return message
    message = with_taking_over(message, waiting, guild_id)
    if not several:
        choose = key(CHOOSE, guild_id, reports[0].script.id, 0, "c")
        message = replace(message, buttons=(*message.buttons, Button("Choose from a list", choose)))
    return message


def with_taking_over(first: Message, waiting: Untaken, guild_id: int) -> Message:
    """Return the message with who was not taken over yet, and the one button for all scripts at once."""
    button = take_over_everybody(waiting, guild_id)
    if button is None:
        return first
    text = f"{first.text}\n▫️ {untaken(waiting)}. {TAKING_OVER}"
    return replace(first, text=text, buttons=(*first.buttons, button))


def take_over_everybody(waiting: Untaken, guild_id: int) -> Button | None:
    """Return the button that takes over everybody on all scripts; None when nobody waits for it."""
    if not waiting.people:
        return None
    return Button(
        f"Take over {count(waiting.people, 'person', 'people')}",
        key(TAKE_EVERY, guild_id),
        discord.ButtonStyle.success,
    )


def untaken(waiting: Untaken) -> str:
    """Return how many people, with how many accesses, were not taken over yet."""
    who = f"**{count(waiting.people, 'person is', 'people are')} not taken over yet**"
    if waiting.accesses == waiting.people:
        return who
    return f"{who}, with {count(waiting.accesses, 'access', 'accesses')} in all"


def late(message: Message, server: str | None) -> Message:
    """Return what comes after the 15 minutes in which an answer can be changed."""
    where = f" of {bold(server)}" if server else ""
    return replace(message, text=f"The full check{where} has ended.\n{message.text}")


def unread(script: Script, why: str) -> str:
    """Return that a script was added, but its list could not be read."""
    return f"⚠️ The list of {title(script)} could not be read now. {why}"


def taken(result: Taken, guild_id: int) -> Message:
    """Return how many people of one script are known from now on."""
    return Message(_taken(result.number, result.number, [result]), buttons=(back(guild_id),))


def back(guild_id: int) -> Button:
    """Return the button that leads from one script to the list of all."""
    return Button("◀ Back to the list", key(STATUS, guild_id))


def taken_everywhere(result: TakenEverywhere) -> Message:
    """Return how many people of all scripts are known from now on."""
    accesses = sum(each.number for each in result.scripts)
    return Message(_taken(result.people, accesses, result.scripts))


def _taken(number: int, accesses: int, results: Sequence[Taken]) -> str:
    where = listed(bold(result.script.title) for result in results[:_MAX_SCRIPTS])
    what = f", with {accesses:,} accesses," if accesses != number else ""
    text = (
        f"✅ **{count(number, 'person', 'people')} taken over**{what} on {where}. Nothing was changed on "
        "TradingView. `/access list` shows them; `/customer match` ties them to members."
    )
    if left := sum(result.left for result in results):
        text += f"\n{_left_out(left)}"
    return text


def _left_out(number: int) -> str:
    return (
        f"⚠️ {count(number, 'person was', 'people were')} left out: somebody else here has "
        "the same name, with another TradingView account."
    )


def choose(strangers: Strangers, guild_id: int, done: Taken | None = None) -> Message:
    """Return a page of people to take over, under what was `done` with those chosen before."""
    first = ""
    if done is not None:
        first = f"✅ **{count(done.number, 'person', 'people')} taken over.** Nothing was changed on TradingView.\n"
        first += f"{_left_out(done.left)}\n" if done.left else ""
    back = Button("◀ What differs", key(SHOW, guild_id, strangers.script.id))
    if not strangers.total:
        text = f"{first}**There is nobody left to take over** on {title(strangers.script)}."
        return Message(text, buttons=(back,))
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
    buttons += (back,)
    verb = "is" if strangers.total == 1 else "are"
    pages = f", page {strangers.page + 1} of {strangers.pages}" if strangers.pages > 1 else ""
    return Message(
        f"{first}**{count(strangers.total, 'person', 'people')} on TradingView's list of "
        f"{escape(strangers.script.title)} {verb} not taken over yet**{pages}. Choose whom to take over.",
        items=(menu,),
        buttons=buttons,
    )


def with_differences(status: Message, overall: Overall, guild_id: int) -> Message:
    """Return how the queue stands, how much differs on TradingView, and who was not taken over yet."""
    if not overall.scripts:
        return status
    text = status.text
    if overall.differing:
        # "Everything is there" is about orders; what somebody changed by hand is another thing.
        text = text.replace(
            "✅ **Everything is on TradingView.** Nothing waits.", "**Nothing waits.**"
        )
        total = sum(number for _, number in overall.differing)
        differs = count(total, "thing differs", "things differ")
        text += (
            f"\n⚠️ **{differs} from what should be on TradingView**, as of the last full check: "
            f"{_where(overall.differing)}."
        )
    if overall.strangers:
        text += f"\n▫️ {untaken(overall.untaken)}: {_where(overall.strangers)}. {TAKING_OVER}"
    everybody = take_over_everybody(overall.untaken, guild_id)
    buttons = [
        Button(f"Show {shorten(script.title, 60)}", key(SHOW, guild_id, script.id))
        for script in overall.scripts[:_MAX_SCRIPTS]
    ]
    if everybody is not None:
        buttons.insert(0, everybody)
    return Message(text, status.embeds, (*status.buttons, *buttons), tone=status.tone)


def _where(counts: Sequence[tuple[Script, int]]) -> str:
    """Return how many there are on each script, the first of them by name."""
    where = [
        f"{bold(shorten(script.title, 60))} {number:,}" for script, number in counts[:_MAX_NAMED]
    ]
    if len(counts) > _MAX_NAMED:
        where.append(f"and {len(counts) - _MAX_NAMED:,} scripts more")
    return ", ".join(where)
