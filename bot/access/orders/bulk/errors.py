# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about batches; `bot.replies` says it."""

from dataclasses import dataclass
from datetime import datetime

from bot.errors import UserError
from bot.store.kinds import BatchState, RowProblem


@dataclass(eq=False)
class NobodyChosen(UserError):
    """Neither a file nor a filter says whom it is about."""


@dataclass(eq=False)
class CompensatesForEver(UserError):
    """A compensation adds an amount of time, and lifetime is none."""


@dataclass(eq=False)
class FileAndFilter(UserError):
    """Both a file and a filter say whom it is about."""


@dataclass(eq=False)
class NothingToDo(UserError):
    """Not one row of the batch would change anything; `problems` says why, the most frequent first."""

    problems: tuple[tuple[RowProblem, int], ...] = ()


@dataclass(eq=False)
class BatchGone(UserError):
    """There is no such batch in this server, or its dry run is too old."""


@dataclass(eq=False)
class BatchMovedOn(UserError):
    """The batch stands otherwise by now, so that this cannot be done to it any more."""

    state: BatchState


@dataclass(eq=False)
class SameStarted(UserError):
    """A batch that gives the same people the same was started since this dry run."""

    batch_id: int


@dataclass(eq=False)
class SecondManagerNeeded(UserError):
    """Whoever started the batch cannot approve it: another manager has to."""


@dataclass(eq=False)
class UndoTooLate(UserError):
    """The batch ended more than a day ago; its rows are kept for longer, but not for ever."""

    ended_at: datetime
    has_rows: bool


@dataclass(eq=False)
class RowsForgotten(UserError):
    """The batch ended so long ago that its rows are not kept any more."""

    batch_id: int


@dataclass(eq=False)
class UndoOfUndo(UserError):
    """The batch is itself the undo of another one; that one can be made anew."""


@dataclass(eq=False)
class UndoTooEarly(UserError):
    """The batch has not ended: one that runs or stands still is cancelled first."""

    state: BatchState


@dataclass(eq=False)
class ApprovalUnreadable(UserError):
    """What was typed is no number of people, nor `off`."""

    text: str
    most: int
