"""Orders from a restored backup of which nobody can tell whether they were done, and the decision."""

from dataclasses import replace

import discord

from bot.access.rules.duration import parse_length
from bot.access.sweeps.undecided import Question, Questions
from bot.replies.message import Button, Message, key, shorten
from bot.replies.text import bold, count, plain_day, spoken
from bot.store.kinds import EntitlementKind
from bot.store.records import Entitlement, Event

SHOW = "undecided"
CARRY_ALL, DROP_ALL = "undecided_carry", "undecided_drop"
CARRY_SOME, DROP_SOME = "undecided_carry_some", "undecided_drop_some"

_EITHER = (
    "TradingView's list shows what it did when the backup was made. So either they were never carried "
    "out, or they were and were taken away again since, as after a refund: its list looks the same.\n"
    "- *Carry out*: they were never done. The time is given now.\n"
    "- *Drop*: they were done and taken away. Nothing is given, and nothing changes on TradingView."
)


def question(entry: Event) -> Message:
    """Return the one message to staff about all of them, for the log channel."""
    facts = entry.after if isinstance(entry.after, dict) else {}
    number, people = int(facts.get("number", 0)), int(facts.get("people", 0))
    names = [f"- {bold(str(name))}" for name in facts.get("names", ())]
    if people > len(names):
        names.append(f"- and {people - len(names):,} more")
    head = f"⚠️ **{count(number, 'order')} from the backup {'waits' if number == 1 else 'wait'} for you.**"
    return Message(
        "\n".join((f"{head} {_EITHER}", *names)),
        buttons=(
            Button(
                f"Carry out {count(number, 'order')}",
                key(CARRY_ALL, entry.guild_id, entry.id),
                discord.ButtonStyle.success,
            ),
            Button(
                f"Drop {count(number, 'order')}",
                key(DROP_ALL, entry.guild_id, entry.id),
                discord.ButtonStyle.danger,
            ),
            Button("Decide one by one", key(SHOW, entry.guild_id)),
        ),
    )


def with_questions(status: Message, found: Questions, guild_id: int) -> Message:
    """Return how the queue stands, with the way to what staff have to decide."""
    if not found.total:
        return status
    label = f"Decide about {count(found.total, 'person', 'people')}"
    return replace(status, buttons=(Button(label, key(SHOW, guild_id)), *status.buttons))


def questions(found: Questions, guild_id: int, done: str = "") -> Message:
    """Return what is to be decided, with a list for either answer."""
    if not found.total:
        return Message(done or nothing())
    lines = [f"{done}\n" if done else "", asked()]
    lines += [f"- {_line(each)}" for each in found.shown]
    if found.total > len(found.shown):
        lines.append(f"- and {found.total - len(found.shown):,} more, which come up after these")
    return Message(
        "\n".join(line for line in lines if line),
        items=(
            _list(found, CARRY_SOME, guild_id, "Carry out these: they were never done"),
            _list(found, DROP_SOME, guild_id, "Drop these: they were done and taken away"),
        ),
    )


def asked() -> str:
    """Return what is to be decided, and what either answer does."""
    return f"**These orders wait for you.** {_EITHER}"


def carried_out(number: int) -> str:
    """Return that they go on."""
    return (
        f"✅ **{count(number, 'order')} {_goes(number)} on.** Whoever gave {_them(number)} hears how it ends; "
        "`/sync status` shows what is left."
    )


def dropped(number: int) -> str:
    """Return that they count for nothing any more."""
    return (
        f"✅ **{count(number, 'order')} dropped.** Nothing was changed on TradingView. "
        "What is wanted after all, order anew with `/access grant`."
    )


def nothing() -> str:
    """Return that nothing is left to be decided."""
    return "✅ **Nothing is left to decide.**"


def _goes(number: int) -> str:
    return "goes" if number == 1 else "go"


def _them(number: int) -> str:
    return "it" if number == 1 else "them"


def _line(question: Question) -> str:
    held = question.holding
    return f"{bold(held.permission.username)}, {bold(held.script.title)}: {given(question)}"


def given(question: Question) -> str:
    """Return what the orders of one person would give, and when they were asked."""
    day = plain_day(question.orders[0].asked_at)
    times = [_given(reason) for reason in question.gives]
    return f"{', '.join(times) or 'what they should have'}, asked on {day}"


def _given(reason: Entitlement) -> str:
    if reason.length is not None:
        return spoken(parse_length(reason.length))
    if reason.kind is EntitlementKind.LIFETIME:
        return "lifetime"
    return "access" if reason.ends_at is None else f"until {plain_day(reason.ends_at)}"


def _list(
    found: Questions, name: str, guild_id: int, text: str
) -> "discord.ui.Select[discord.ui.View]":
    return discord.ui.Select(
        custom_id=key(name, guild_id),
        placeholder=text,
        max_values=len(found.shown),
        options=[
            discord.SelectOption(
                label=shorten(
                    f"{each.holding.permission.username}, {each.holding.script.title}", 100
                ),
                description=shorten(given(each), 100),
                value=str(each.holding.permission.id),
            )
            for each in found.shown
        ],
    )
