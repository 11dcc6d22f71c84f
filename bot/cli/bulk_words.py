"""What `usher import --as` says: the sentences of `/bulk`, without what only Discord can show."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bot.access.orders.bulk.row_results import RowResult
from bot.access.orders.bulk.views import BatchView
from bot.replies.bulk import dry_run_lines, spoken_seconds
from bot.replies.bulk_problems import problem_in_words
from bot.replies.bulk_progress import result as result_message
from bot.replies.orders import why_waiting
from bot.replies.plain import plain
from bot.replies.text import count, listed
from bot.store.kinds import BatchState, OrderState, RowProblem, RowState

NO_LOGIN = (
    "There is no TradingView login that works, so nothing can be carried out. Nothing was started. Set one with "
    "usher session set, then run this again."
)
RESTORED = (
    "After a restore, Usher first compares everything with TradingView. Start it with usher run; this goes on "
    "by itself then."
)
NOTHING_ON_SALE = (
    "There is nothing on sale in this server yet, so nobody can be given anything. Add your scripts first: /setup in "
    "Discord, or Items in the dashboard. Nothing was changed."
)
LEFT = "Nothing was changed."
TWO_TIMES = "Write either --duration or --until. Nothing was changed."
NO_TIME_TO_REVOKE = (
    "--as revoke ends access at once, so leave out --duration and --until. Nothing was changed."
)
NOTE_TOO_LONG = (
    "The note is too long. Shorten it to 200 characters, and run this again. Nothing was changed."
)
FEE = "--yes does not agree to a fee: run it without --yes on a terminal, and answer the question there."
_SIGN = re.compile(r"^(?:-# |[^\x00-\x7f“”‘’]+ )")  # how small print and what draws the eye begin
_LINES, _NAMES = 5, 10  # of one kind
_STILL = 120.0  # seconds without any news until it is asked whether Usher runs


def dry_run(view: BatchView, mistakes: Sequence[RowResult], written: Path | None) -> str:
    """Return what a file comes to; `written`: the file that holds its mistakes."""
    where = f"all of them are in {written}" if written else "--mistakes FILE writes them to a file"
    later = "not looked up yet: TradingView is asked for them when they are carried out"
    faulty = _faulty(mistakes)
    if written:
        faulty.append("Mend them there and import that file; what is done by then stays so.")
    lines = dry_run_lines(view, faulty, where, later)
    return "\n".join([*map(_plain, lines), *_unknown(mistakes)])


def no_mistakes(path: Path) -> str:
    """Return that the file of mistakes is not needed."""
    return f"No row has a mistake, so {path} was not written."


def nothing_to_start(*, has_mistakes: bool) -> str:
    """Return that not one row can be carried out."""
    mend = " Mend the mistakes, and run this again." if has_mistakes else ""
    return f"There is nothing to carry out. Nothing was changed.{mend}"


def question(view: BatchView) -> str:
    """Return what is asked before it starts."""
    return f"Start for {count(view.forecast.people, 'person', 'people')}?"


def dry() -> str:
    """Return that it was only looked at, and how to start it."""
    return "Nothing was changed. The same with --yes starts it."


def approval(batch_id: int) -> str:
    """Return that a manager has to agree first."""
    return (
        f"Batch {batch_id} waits for a manager: it ends access for so many people that somebody else has to approve it. "
        f"/bulk show {batch_id} in Discord, or Many at once on the dashboard, has the button. Nothing is changed until "
        f"then.\nusher import --follow {batch_id} shows how far it is."
    )


def paused(batch_id: int) -> str:
    """Return that a manager has paused it, while nobody is there to let it go on."""
    return (
        f"Batch {batch_id} is paused. Start Usher with usher run; then /bulk show {batch_id} in Discord, or Many at once "
        "on the dashboard, lets it go on."
    )


def login_ended(batch_id: int) -> str:
    """Return that TradingView does not accept the login any more."""
    return (
        f"TradingView does not accept the login any more, so batch {batch_id} stands still. Set a new one with usher "
        f"session set; then usher import --follow {batch_id}, or the next usher run, goes on."
    )


def begins(batch_id: int, *, alone: bool) -> str:
    """Return who carries it out."""
    if alone:
        return f"Batch {batch_id} is carried out here, as Usher does not run. Ctrl-C stops it."
    return (
        f"Batch {batch_id} is carried out by the running Usher. Ctrl-C stops only this view of it."
    )


def interrupted(batch_id: int, *, alone: bool) -> str:
    """Return what becomes of it after Ctrl-C."""
    again = f"usher import --follow {batch_id}"
    if alone:
        return (
            f"Stopped. Batch {batch_id} is not finished: it goes on with the next usher run, or with {again}. Nothing "
            "is lost, and nobody gets anything twice."
        )
    return f"Batch {batch_id} goes on without this view. {again} shows it again."


def bar_text(view: BatchView, still: float) -> str:
    """Return what stands beside the bar; `still`: for so many seconds nothing has moved."""
    rows, orders = view.numbers.rows, view.numbers.orders
    waiting = view.numbers.waiting + rows.get(RowState.PLANNED, 0)
    done, failed = orders.get(OrderState.DONE, 0), orders.get(OrderState.STUCK, 0)
    parts = [f"{done:,} done, {waiting:,} waiting, {failed:,} failed"]
    if view.batch.state is BatchState.PAUSED:
        parts.append("paused by a manager")
    elif view.batch.state is BatchState.CANCELLED:
        parts.append("stopping: what was sent waits for its answers")
    elif view.waiting_for is not None:
        parts.append(_plain(why_waiting(view.waiting_for, view.quiet_until)))
    elif still > _STILL:
        parts.append("nothing moves; does Usher run?")
    else:
        parts.append(f"{spoken_seconds(view.seconds)} left")
    return "; ".join(parts)


def result(view: BatchView, written: Path | None) -> str:
    """Return what became of it; `written`: the file that has it row by row."""
    lines = [*map(_plain, result_message(view).text.split("\n"))]
    if view.numbers.orders and view.batch.undoes_id is None:
        lines.append(
            f"For 24 hours, /bulk undo {view.batch.id} in Discord, or Many at once on the dashboard, puts it back."
        )
    if written is not None:
        lines.append(f"What became of each row is in {written}.")
    return "\n".join(lines)


def _faulty(found: Sequence[RowResult]) -> list[str]:
    """Return the mistakes by their kind, the most frequent first, with how to mend them."""
    by_problem: dict[RowProblem, list[int]] = defaultdict(list)
    for each in found:
        if each.row.problem not in (None, RowProblem.USER_UNKNOWN):
            by_problem[each.row.problem].append(each.row.line)
    return [
        f"- {len(places):,} {problem_in_words(problem).counted} ({_places(places)}). "
        f"{problem_in_words(problem).mend}"
        for problem, places in sorted(by_problem.items(), key=lambda each: -len(each[1]))
    ]


def _places(lines: Sequence[int]) -> str:
    shown = [str(line) for line in lines[:_LINES]]
    if len(lines) > _LINES:
        shown.append(f"{len(lines) - _LINES:,} more")
    return f"{'line' if len(lines) == 1 else 'lines'} {listed(shown)}"


def _unknown(found: Sequence[RowResult]) -> list[str]:
    """Return the names that TradingView does not know, with the near ones."""
    rows = [each.row for each in found if each.row.problem is RowProblem.USER_UNKNOWN]
    if not rows:
        return []
    lines = ["Unknown to TradingView:"]
    for row in rows[:_NAMES]:
        near = f"; did you mean {listed(row.detail.split(', '), 'or')}?" if row.detail else ""
        lines.append(f"  {row.username} (line {row.line}){near}")
    if len(rows) > _NAMES:
        lines.append(f"  and {len(rows) - _NAMES:,} more")
    return lines


def _plain(line: str) -> str:
    return plain(_SIGN.sub("", line))
