"""Refusals about batches, in sentences."""

from bot.access.errors import FileNotFetched
from bot.access.orders.bulk import errors as refusals
from bot.replies.bulk_problems import problem_in_words
from bot.replies.errors.sentence import sentence
from bot.replies.text import count, relative, typed
from bot.store.kinds import BatchState, RowProblem

_SHOWN = 3
# What the command itself leaves open, or says twice.
_OPTIONS = {
    RowProblem.NO_ITEM: "**Which script or product?** Fill in `item`. Nothing was changed.",
    RowProblem.NO_TIME: (
        "**How long, or until when?** Fill in `duration` or `until`. Nothing was changed."
    ),
    RowProblem.TWO_TIMES: (
        "**Either `duration` or `until`:** leave one of the two empty. Nothing was changed."
    ),
}
_STATES = {
    BatchState.DRAFT: "it is not started yet",
    BatchState.APPROVAL: "it waits for a second manager",
    BatchState.RUNNING: "it is running",
    BatchState.PAUSED: "it is paused",
    BatchState.DONE: "it is done",
    BatchState.CANCELLED: "it was cancelled",
}
_UNTOUCHED = (BatchState.DRAFT, BatchState.APPROVAL)


@sentence.register
def _(_: refusals.NobodyChosen) -> str:
    return (
        "**Who is it for?** Add a `file` with the column `username` or `discord_id`, or fill in `item`, "
        "`ends_before`, `role` or `everyone`. Giving access needs a file, a role or `everyone`. "
        "Nothing was changed."
    )


@sentence.register
def _(_: refusals.CompensatesForEver) -> str:
    return (
        "**A compensation adds an amount of time,** such as `3D` or `1W`, and lifetime is none. Nothing was changed. "
        "To give lifetime to many, use `/bulk grant`."
    )


@sentence.register
def _(_: refusals.FileAndFilter) -> str:
    return (
        "**Either a file or a filter:** with `file`, the file alone says who. Leave `ends_before`, `role` and "
        "`everyone` empty, or leave the file out. Nothing was changed."
    )


@sentence.register
def _(error: refusals.NothingToDo) -> str:
    if error.problems and (said := _OPTIONS.get(error.problems[0][0])):
        return said
    lines = [
        f"- {count(number, 'row')} {problem_in_words(problem).counted}"
        for problem, number in error.problems[:_SHOWN]
    ]
    return "\n".join(("**There is nothing to do:** nobody's access would change.", *lines))


@sentence.register
def _(_: refusals.BatchGone) -> str:
    return (
        "**That batch is not here.** Nothing was changed by this press. A preview that nobody starts is forgotten "
        "after a day: run the command again if you still want it. `/bulk list` shows what was started."
    )


@sentence.register
def _(error: refusals.SameStarted) -> str:
    return (
        f"**Not started: batch {error.batch_id} gives the same people the same**, and was started after this "
        "preview was made. Nothing was changed by this press. If they are to get it once more, run the command again."
    )


@sentence.register
def _(error: refusals.BatchMovedOn) -> str:
    return (
        f"**That cannot be done to this batch any more:** {_STATES[error.state]}. Nothing was changed by "
        "this press; `/bulk show` says more."
    )


@sentence.register
def _(_: refusals.SecondManagerNeeded) -> str:
    return (
        "**A second manager has to press this:** whoever started it cannot approve it too. It waits until then, "
        "and nobody lost access by it. The owner can, everybody with *Manage Server*, and the roles set with "
        "`/setup manager`. Nobody else is there? `/setup approval` sets from how many people on it is needed."
    )


@sentence.register
def _(_: FileNotFetched) -> str:
    return (
        "**Discord did not hand the file over.** Nothing was changed. Please attach it again; a file that was "
        "attached long ago may be gone."
    )


@sentence.register
def _(error: refusals.UndoTooLate) -> str:
    first = f"**That batch ended {relative(error.ended_at)}: it can be undone for 24 hours.** Nothing was changed."
    if not error.has_rows:
        return (
            f"{first} What each of its people got stands in `/audit`; `/bulk set` with a file of the right ends "
            "puts them right, and `/bulk revoke` ends what nobody should have."
        )
    return (
        f"{first} "
        "The *Result file* at `/bulk show` says what each had `before`: rename that column to `until`, and send the "
        "file with `/bulk set`. Whoever had nothing before: `/bulk revoke`."
    )


@sentence.register
def _(error: refusals.RowsForgotten) -> str:
    return (
        f"**The rows of batch {error.batch_id} are forgotten,** as those of every batch 30 days after its end: there "
        "is no result file any more. Nothing was changed. `/audit` shows what each person got."
    )


@sentence.register
def _(_: refusals.UndoOfUndo) -> str:
    return (
        "**That batch undid another one, and cannot be undone itself.** Nothing was changed. Make the first one "
        "anew if you want it after all."
    )


@sentence.register
def _(error: refusals.UndoTooEarly) -> str:
    if error.state is BatchState.CANCELLED:
        return (
            "**That batch cannot be undone yet:** it is being cancelled just now. Nothing was changed. Try again "
            "in a minute."
        )
    if error.state in _UNTOUCHED:
        return f"**There is nothing to undo:** that batch has changed nothing, as {_STATES[error.state]}."
    return (
        f"**That batch cannot be undone yet:** {_STATES[error.state]}. Nothing was changed. End it with *Cancel* "
        "first; what it did until then can be undone."
    )


@sentence.register
def _(error: refusals.ApprovalUnreadable) -> str:
    return (
        f"**{typed(error.text)} is no number of people.** Nothing was changed. Type a whole number from 0 to "
        f"{error.most:,}, or `off`."
    )
