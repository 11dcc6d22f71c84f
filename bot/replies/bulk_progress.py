"""How far a batch is, what became of it, and the list of all of them."""

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot import clock
from bot.access.orders.bulk.actions import Action
from bot.access.orders.bulk.views import BatchView
from bot.replies.bulk import changes, file_button, problems, spoken_seconds, title
from bot.replies.bulk_keys import APPROVE, CANCEL, LIST, PAUSE, REFRESH, RESUME, UNDO
from bot.replies.history_facts import actor_named
from bot.replies.message import Attached, Button, Message, key
from bot.replies.orders import why_waiting
from bot.replies.overview import pages
from bot.replies.sweeps import bar
from bot.replies.text import bold, count, embed, plain_day, short_day, typed
from bot.replies.tone import Tone
from bot.store.kinds import BatchState, OrderState, RowState
from bot.store.records import Batch

_STATES = {
    BatchState.DRAFT: "not started",
    BatchState.APPROVAL: "waits for a second manager",
    BatchState.RUNNING: "running",
    BatchState.PAUSED: "paused",
    BatchState.DONE: "done",
    BatchState.CANCELLED: "cancelled",
}
_BUTTONS = (
    (Action.APPROVE, "Approve", APPROVE, discord.ButtonStyle.danger),
    (Action.PAUSE, "Pause", PAUSE, discord.ButtonStyle.secondary),
    (Action.RESUME, "Resume", RESUME, discord.ButtonStyle.success),
    (Action.CANCEL, "Cancel", CANCEL, discord.ButtonStyle.secondary),
)


def progress(view: BatchView) -> Message:
    """Return how far a batch is, with the buttons that stop it or let it go on."""
    batch = view.batch
    sign = "⏸️" if batch.state is BatchState.PAUSED else "⏳"
    state = "being cancelled" if batch.state is BatchState.CANCELLED else _STATES[batch.state]
    lines = [f"{sign} **Batch {batch.id}, {state}:** {title(view)}."]
    if batch.state is BatchState.APPROVAL:
        lines += changes(view.forecast)
        lines.append(
            "Nothing is changed yet. Another manager has to press *Approve*: in the log channel, at `/bulk show`, or on "
            "the dashboard."
        )
    else:
        lines += [
            f"`{bar(round(view.done_share * 1_000), 1_000)}` {int(view.done_share * 100)} %",
            numbers(view),
        ]
    if batch.state is BatchState.RUNNING:
        lines += _left(view)
    if batch.state is BatchState.PAUSED:
        lines.append("Nothing more is changed until somebody presses *Resume*. What is done stays.")
    if batch.state is BatchState.CANCELLED:
        lines.append(stopping(view))
    return Message("\n".join(lines), buttons=_buttons(view), tone=Tone.LOOK)


def _left(view: BatchView) -> list[str]:
    """Return how long it takes, or why nothing moves just now."""
    if view.waiting_for is None:
        left = spoken_seconds(view.seconds).capitalize()
        return [f"{left} left. You can close Discord: it goes on by itself."]
    return [
        f"⚠️ {why_waiting(view.waiting_for, view.quiet_until)}",
        "What is left waits for that, and nothing is lost. You can close Discord: it goes on by itself then.",
    ]


def stopping(view: BatchView) -> str:
    """Return what a batch that was cancelled waits for."""
    waiting = view.numbers.waiting
    if view.batch.undoes_id is not None:
        rows = count(waiting, "row is", "rows are")
        begun = f"Stopping: {rows} still being put back." if waiting else "Stopping."
        return f"{begun} The rest stays as it is."
    rows = f"Stopping: {count(waiting, 'row')} still with TradingView." if waiting else "Stopping."
    return f"{rows} What was not sent yet stays as it was."


def moved(view: BatchView) -> Message:
    """Return what stands in the answer once a message of its own shows how far a batch is."""
    return Message(
        f"⏳ **Batch {view.batch.id} goes on in a message of its own**, as this one cannot be changed any more. "
        "`/bulk show` shows it here.",
        tone=Tone.LOOK,
    )


def moved_on(view: BatchView) -> Message:
    """Return what stands in the message that showed how far a batch was, once its end is told."""
    return Message(f"**Batch {view.batch.id} has ended:** {title(view)}.\n{numbers(view)}")


def result(view: BatchView, files: Sequence[Attached] = ()) -> Message:
    """Return what became of a batch, with the file of all its rows where it is there."""
    batch = view.batch
    was_cancelled = batch.state is BatchState.CANCELLED
    failed = view.numbers.orders.get(OrderState.STUCK, 0)
    sign = "⚠️" if failed or was_cancelled else "✅"
    ended = "was cancelled" if was_cancelled else "is done"
    lines = [f"{sign} **Batch {batch.id} {ended}:** {title(view)}."]
    if view.numbers.total:
        lines.append(numbers(view))
        if was_cancelled:
            lines.append(_after_cancelling(view))
        if left_out := problems(view.numbers.problems.items()):
            lines += ["Left out:", *left_out]
    else:
        lines.append("Its rows are forgotten after 30 days; `/audit` shows what each person got.")
    if files:
        lines.append("The file says what became of each row, and what each had before.")
    if failed:
        lines.append("`/sync status` says why something is stuck, and tries again.")
    lines += [f"-# Undone by batch {each.id}." for each in _undone(view)]
    if batch.note:
        lines.append(f"-# Note: {typed(batch.note)}")
    buttons = [] if files or not view.numbers.total else [file_button(view)]
    if view.offers(Action.UNDO, clock.now()):
        buttons.append(Button("Undo", key(UNDO, batch.guild_id, batch.id)))
    return Message("\n".join(lines), buttons=tuple(buttons), files=tuple(files))


def with_file(view: BatchView, file: Attached) -> Message:
    """Return the file of all rows, with the numbers above it."""
    return Message(
        f"**Every row of batch {view.batch.id}, as it stands now.**\n{numbers(view)}", files=(file,)
    )


def in_server(message: Message, server: str | None) -> Message:
    """Return a message about a batch as it stands where several servers may be meant."""
    where = f"-# {bold(server)}\n" if server else ""
    return replace(message, text=f"{where}{message.text}", tone=message.edge)


def numbers(view: BatchView) -> str:
    """Return the rows of a batch by how they stand."""
    rows, orders = view.numbers.rows, view.numbers.orders
    waiting = view.numbers.waiting + rows.get(RowState.PLANNED, 0)
    parts = [f"**{orders.get(OrderState.DONE, 0):,}** done"]
    if view.batch.ended_at is None or waiting:
        parts.append(f"**{waiting:,}** waiting")
    parts.append(f"**{orders.get(OrderState.STUCK, 0):,}** failed")
    rest = (
        (orders.get(OrderState.SUPERSEDED, 0), "overtaken by later orders"),
        (rows.get(RowState.LEFT_OUT, 0) + rows.get(RowState.FAULTY, 0), "left out"),
        (rows.get(RowState.WITHDRAWN, 0), "cancelled"),
    )
    return " · ".join([*parts, *(f"{number:,} {words}" for number, words in rest if number)])


def listed(views: Sequence[BatchView], guild_id: int, page: int, of: int) -> Message:
    """Return a page of batches, newest first."""
    if not views:
        return Message(
            "No batch was started here yet: that is what is done for many people at once. "
            "`/bulk grant`, `extend`, `set` and `revoke` make one."
        )
    lines = "\n".join(map(_line, views))
    return Message(
        "Batches, newest first. `/bulk show` shows one with its buttons.",
        (embed("Batches", lines, footer=f"Page {page + 1} of {of}" if of > 1 else None),),
        pages(LIST, guild_id, "all", page, more=page + 1 < of),
    )


def choice(batch: Batch) -> str:
    """Return a batch for a list to choose from, where Discord shows no formatting."""
    day = plain_day(batch.started_at or batch.made_at)
    return f"{batch.id} – {batch.kind}, {_STATES[batch.state]}, {day}"


def _line(view: BatchView) -> str:
    batch = view.batch
    when = short_day(batch.started_at or batch.made_at)
    return (
        f"- **{batch.id}** {_STATES[batch.state]}, {when}, {actor_named(batch.actor)}: {title(view)} "
        f"({count(view.forecast.people, 'person', 'people')}). "
        f"{numbers(view) if view.numbers.total else 'Its rows are forgotten after 30 days.'}"
    )


def _after_cancelling(view: BatchView) -> str:
    if not view.has_done:
        return "Nothing was changed."
    if (undone := view.batch.undoes_id) is not None:
        return (
            f"What it put back stays so. `/bulk undo` with batch {undone} puts back the rest, for 24 hours after the "
            "end of that one."
        )
    if waiting := view.numbers.waiting:
        return (
            f"{count(waiting, 'row was', 'rows were')} with TradingView already: `/bulk show` says what became of "
            "them. What is done stays; *Undo* puts it back."
        )
    return "What is done stays; *Undo* puts it back."


def _undone(view: BatchView) -> list[Batch]:
    return [each for each in view.undone_by if each.state is not BatchState.DRAFT]


def _buttons(view: BatchView) -> tuple[Button, ...]:
    """Return the buttons for all who see the message: what one of them may not do is refused to them."""
    now, guild_id, batch_id = clock.now(), view.batch.guild_id, view.batch.id
    offered = [
        Button(label, key(name, guild_id, batch_id), style)
        for action, label, name, style in _BUTTONS
        if view.offers(action, now)
    ]
    return (*offered, Button("Refresh", key(REFRESH, guild_id, batch_id)))
