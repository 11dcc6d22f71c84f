"""The preview of a batch in words: whom it is about, what changes, what it costs, how long it takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import discord

from bot import clock
from bot.access.orders.bulk.actions import Action
from bot.access.orders.bulk.forecast import Forecast
from bot.access.orders.bulk.row_results import RowResult
from bot.access.orders.bulk.views import BatchView
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State
from bot.access.rules.seat_fee import FREE, cents
from bot.replies.bulk_keys import DISCARD, FILE, REFRESH, ROWS, START
from bot.replies.bulk_problems import problem_in_words
from bot.replies.message import Attached, Button, Message, key
from bot.replies.seats import money
from bot.replies.text import bold, count, end_day, escape, listed, role, short_day, spoken, typed
from bot.replies.tone import Tone
from bot.store.kinds import BatchKind, RowProblem, RowState, StateKind
from bot.store.records import Batch

_PROBLEM_LINES = 4  # with more, the answer is longer than the screen of a phone
_SHOWN_COLUMNS = 5
_MINUTE, _HOUR = 60, 3600


def dry_run(view: BatchView, files: Sequence[Attached] = ()) -> Message:
    """Return what a batch would do, with the buttons that start it, look closer or drop it."""
    mistakes = problems(view.numbers.mistakes.items())
    mistakes.append("Mend that file, and send it with the same command: it holds these rows alone.")
    looked_up = "still being looked up; press *Refresh*"
    text = "\n".join(dry_run_lines(view, mistakes, "in the file below", looked_up))
    return Message(text, buttons=_buttons(view), files=tuple(files), tone=Tone.LOOK)


def dry_run_lines(
    view: BatchView, mistakes: Sequence[str], where: str, open_names: str
) -> list[str]:
    """Return what a batch would do; `where` the `mistakes` are told in full, `open_names`: what becomes of them."""
    whole = view.forecast
    lines = [f"**Preview: {title(view)}.** Nothing is changed yet."]
    lines += changes(whole)
    lines += _ends(whole)
    lines += _fee(whole)
    if whole.people:
        lines.append(f"⏱️ It takes {spoken_seconds(view.seconds)}.")
    lines += _rows(view, mistakes, where, open_names)
    lines += _unread(view)
    lines += [f"⚠️ {once_more(each)}" for each in view.alike[:1]]
    if view.needs_approval:
        lines.append(
            f"⚠️ {_why_two(view.approval_above)}: after you press *Start*, a second manager has to press *Approve*. "
            "Nothing is changed until then."
        )
    if view.batch.note:
        lines.append(f"-# Note: {typed(view.batch.note)}")
    return lines


def _why_two(above: int | None) -> str:
    """Return why a second manager is needed."""
    if not above:
        return "Any end of access takes a second manager here"
    return f"More than {count(above, 'person', 'people')} would lose access"


def once_more(batch: Batch) -> str:
    """Return that another batch gives the same people the same."""
    when = short_day(batch.started_at or batch.made_at)
    same = "is for the same people and the same time"
    if batch.kind is BatchKind.COMPENSATE:
        same = "compensates the same with the same time"
    return f"Batch {batch.id}, started {when}, {same}. What it has done, this one gives once more."


def role_unknown(role_id: int) -> Message:
    """Return that it cannot be said now who has a role."""
    return Message(
        f"⚠️ **I cannot say who has {role(role_id)} just now:** Discord does not tell, or more people have it "
        "than I may ask about at once. Nothing was changed. Try again in a minute, or use a file."
    )


def late(message: Message, server: str | None) -> Message:
    """Return what comes after the 15 minutes in which an answer can be changed."""
    where = f" for {bold(server)}" if server else ""
    return replace(message, text=f"The preview{where} is ready.\n{message.text}")


def dropped() -> Message:
    """Return that a preview is forgotten."""
    return Message("**Left as it was.** The preview is forgotten; nothing was changed.")


def first_rows(view: BatchView, found: Sequence[RowResult], file: Attached) -> Message:
    """Return the first rows of a preview, with all of them in a file."""
    lines = [
        f"- {bold(each.row.username or 'somebody')}: "
        f"{short(State(each.row.before, each.row.before_ends_at))} → "
        f"{short(State(each.row.after, each.row.after_ends_at))} ({escape(each.item)})"
        for each in found
    ]
    number = view.numbers.rows.get(RowState.PLANNED, 0)
    more = number - len(found)
    if more > 0:
        lines.append(f"- and {more:,} more, in the file")
    first = f"**{count(number, 'row')} would change something.** Nothing is changed yet."
    return Message("\n".join((first, *lines)), files=(file,))


def title(view: BatchView) -> str:
    """Return what a batch is, in a few words: "give 1 month of trend"."""
    batch, chosen = view.batch, view.batch.chosen
    if batch.kind is BatchKind.UNDO:
        return f"undo batch {batch.undoes_id}"
    who = _who(batch.kind, chosen, batch.file_name)
    return f"{_act(batch.kind, chosen)}{f', for {who}' if who else ''}"


def changes(whole: Forecast) -> list[str]:
    """Return who gains and who loses what."""
    lines = []
    if whole.gains:
        new = f"; {whole.newcomers:,} of them have no access now" if whole.newcomers else ""
        lines.append(f"✅ {count(whole.gains, 'person gets', 'people get')} more time{new}")
    if whole.shortens:
        lines.append(f"⚠️ {count(whole.shortens, 'person gets', 'people get')} an earlier end")
    if whole.ends:
        lines.append(f"⚠️ {count(whole.ends, 'person loses', 'people lose')} access")
    return lines


def spoken_seconds(seconds: float) -> str:
    """Return how long something takes, about."""
    if seconds < _MINUTE:
        return "less than a minute"
    if seconds < 2 * _HOUR:
        return f"about {count(round(seconds / _MINUTE), 'minute')}"
    return f"about {count(round(seconds / _HOUR), 'hour')}"


def short(state: State) -> str:
    """Return what somebody has, short."""
    match state.kind:
        case StateKind.UNTIL if state.ends_at is not None:
            return end_day(state.ends_at)
        case StateKind.LIFETIME:
            return "lifetime"
        case StateKind.OPEN:
            return "no end date"
        case _:
            return "no access"


def problems(found: Iterable[tuple[RowProblem, int]]) -> list[str]:
    """Return rows by what is the matter with them, the most frequent first."""
    ranked = sorted(found, key=lambda each: -each[1])
    shown = len(ranked) if len(ranked) <= _PROBLEM_LINES else _PROBLEM_LINES - 1
    lines = [
        f"- {number:,} {problem_in_words(problem).counted}" for problem, number in ranked[:shown]
    ]
    if more := sum(number for _, number in ranked[shown:]):
        lines.append(f"- {more:,} with something else")
    return lines


def _rows(view: BatchView, mistakes: Sequence[str], where: str, open_names: str) -> list[str]:
    rows = view.numbers.rows
    planned, faulty = rows.get(RowState.PLANNED, 0), rows.get(RowState.FAULTY, 0)
    lines = []
    if not planned:
        lines.append("⚠️ **There is nothing to start:** no row would change anything")
    elif planned > view.forecast.people:
        lines.append(f"▫️ {planned:,} rows would change something: some people stand in several")
    others = dict(view.numbers.left_out)
    unknown = others.pop(RowProblem.USER_UNKNOWN, 0)
    if faulty:
        lines.append(f"⚠️ {count(faulty, 'row has', 'rows have')} a mistake ({where}):")
        lines += mistakes
    if unknown:
        lines.append(f"⚠️ {count(unknown, 'name is', 'names are')} unknown to TradingView")
    if view.open_lookups:
        lines.append(f"⏳ {count(view.open_lookups, 'name is', 'names are')} {open_names}")
    left_out = rows.get(RowState.LEFT_OUT, 0) - unknown
    if left_out:
        lines.append(f"▫️ {count(left_out, 'row is', 'rows are')} left out:")
        lines += problems(others.items())
    return lines


def _unread(view: BatchView) -> list[str]:
    """Return which columns of the file do not count: one that is misspelled would be missed nowhere else."""
    titles = view.batch.chosen.get("unread") or ()
    if not titles:
        return []
    named = [typed(str(each)) for each in titles[:_SHOWN_COLUMNS]]
    if more := len(titles) - len(named):
        named.append(f"{more:,} more")
    return [f"▫️ Columns of the file that do not count here: {listed(named)}"]


def _ends(whole: Forecast) -> list[str]:
    parts = []
    if whole.first_end is not None and whole.last_end is not None:
        first, last = end_day(whole.first_end), end_day(whole.last_end)
        parts.append(first if first == last else f"from {first} to {last}")
    if whole.endless:
        parts.append(f"{whole.endless:,} without an end")
    return [f"📅 New ends: {listed(parts)}"] if parts else []


def _fee(whole: Forecast) -> list[str]:
    if whole.seats_then == whole.seats_now:
        return []
    line = f"With access at the month's end: {whole.seats_now:,} people now, {whole.seats_then:,} with this"
    if whole.seats_then <= FREE:
        return [f"👥 {line}; TradingView's fee begins with number {FREE + 1}"]
    return [f"⚠️ {line}. Likely fee for this month: {money(cents(whole.seats_then))}"]


def _buttons(view: BatchView) -> tuple[Button, ...]:
    guild_id, batch_id = view.batch.guild_id, view.batch.id
    whole = view.forecast
    buttons = []
    if view.offers(Action.START, clock.now()):
        people = count(whole.people, "person", "people")
        takes = whole.ends or whole.shortens
        style = discord.ButtonStyle.danger if takes else discord.ButtonStyle.success
        buttons.append(Button(f"Start for {people}", key(START, guild_id, batch_id), style))
    if whole.people:
        buttons.append(Button("Rows", key(ROWS, guild_id, batch_id)))
    if view.open_lookups:
        buttons.append(Button("Refresh", key(REFRESH, guild_id, batch_id)))
    buttons.append(Button("Discard", key(DISCARD, guild_id, batch_id)))
    return tuple(buttons)


def file_button(view: BatchView) -> Button:
    """Return the button that makes the file with what became of every row."""
    return Button("Result file", key(FILE, view.batch.guild_id, view.batch.id))


def _act(kind: BatchKind, chosen: Mapping[str, Any]) -> str:
    """Return what is done, as far as it is the same for everybody."""
    item = typed(str(chosen["item"])) if chosen.get("item") else ""
    length = spoken(parse_length(str(chosen["length"]))) if chosen.get("length") else ""
    match kind:
        case BatchKind.GRANT if length:
            return f"give {length}{f' of {item}' if item else ''}"
        case BatchKind.GRANT:
            return f"give {item or 'time'}{_to(chosen)}"
        case BatchKind.EXTEND:
            return f"extend {item or 'access'}{f' by {length}' if length else _to(chosen)}"
        case BatchKind.COMPENSATE:
            return f"compensate with {length} of {item}"
        case BatchKind.SET:
            return f"set the end{f' of {item}' if item else ''}{_to(chosen)}"
        case _:
            return f"end access{f' to {item}' if item else ''}"


def _to(chosen: Mapping[str, Any]) -> str:
    until = chosen.get("until")
    if not until:
        return ""
    return f" to {'lifetime' if until == 'lifetime' else end_day(datetime.fromisoformat(until))}"


def _who(kind: BatchKind, chosen: Mapping[str, Any], file_name: str | None) -> str:
    if file_name:
        return f"everybody in {typed(file_name)}"
    has_item = "who has it" if chosen.get("item") and kind is not BatchKind.GRANT else "with access"
    parts = []
    if role_id := chosen.get("role_id"):
        parts.append(f"everybody with {role(int(role_id))}")
    if ends_before := chosen.get("ends_before"):
        first = "" if parts else "everybody "
        parts.append(f"{first}whose access ends by {end_day(datetime.fromisoformat(ends_before))}")
    return " ".join(parts) or f"everybody {has_item}"
