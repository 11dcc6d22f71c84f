"""What may be done to a batch as it stands, and by whom: for what offers it, and for what does it."""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.access.orders.bulk.errors import (
    BatchGone,
    BatchMovedOn,
    NothingToDo,
    SecondManagerNeeded,
    UndoOfUndo,
    UndoTooEarly,
    UndoTooLate,
)
from bot.access.orders.bulk.forecast import Forecast
from bot.errors import UserError
from bot.store.kinds import BatchKind, BatchState
from bot.store.records import Actor, Batch

DRAFT_LIFE = timedelta(hours=24)  # of what a dry run showed
UNDO_WITHIN = timedelta(hours=24)  # of the batch's end
KEEP_ROWS = timedelta(days=30)  # after the end; the history has what each did


class Action(StrEnum):
    """What people do to a batch."""

    START = "start"
    DISCARD = "discard"
    APPROVE = "approve"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    UNDO = "undo"


STATES = {
    Action.START: (BatchState.DRAFT,),
    Action.DISCARD: (BatchState.DRAFT,),
    Action.APPROVE: (BatchState.APPROVAL,),
    Action.PAUSE: (BatchState.RUNNING,),
    Action.RESUME: (BatchState.PAUSED,),
    Action.CANCEL: (BatchState.RUNNING, BatchState.PAUSED, BatchState.APPROVAL),
}


def refuse(action: Action, batch: Batch, now: datetime, actor: Actor | None) -> None:
    """Raise where an action would not be accepted; `actor` None: from nobody at all.

    Raises:
        BatchMovedOn: the batch stands otherwise by now.
        BatchGone: what is to be started or approved was worked out more than a day ago.
        NothingToDo: not one row of what is to be started would change anything.
        SecondManagerNeeded: whoever started it cannot approve it.
        UndoOfUndo: what is to be undone undoes another batch.
        UndoTooEarly: it has not ended; one that runs or stands still is cancelled first.
        UndoTooLate: it ended more than a day ago.
    """
    if action is Action.UNDO:
        _refuse_undo(batch, now)
        return
    if batch.state not in STATES[action]:
        raise BatchMovedOn(batch.state)
    if action is Action.APPROVE and batch.actor == actor:
        raise SecondManagerNeeded
    is_first = action in (Action.START, Action.APPROVE)
    if is_first and now - (batch.started_at or batch.made_at) > DRAFT_LIFE:
        raise BatchGone
    if action is Action.START and not Forecast.of(batch.forecast).people:
        raise NothingToDo


def accepts(action: Action, batch: Batch, now: datetime, actor: Actor | None) -> bool:
    """Return whether an action would be accepted; `actor` None: from anybody."""
    try:
        refuse(action, batch, now, actor)
    except UserError:
        return False
    return True


def _refuse_undo(batch: Batch, now: datetime) -> None:
    if batch.kind is BatchKind.UNDO:
        raise UndoOfUndo
    if batch.state not in (BatchState.DONE, BatchState.CANCELLED):
        raise UndoTooEarly(batch.state)
    if batch.ended_at is not None and now - batch.ended_at > UNDO_WITHIN:
        raise UndoTooLate(batch.ended_at, has_rows=now - batch.ended_at <= KEEP_ROWS)
