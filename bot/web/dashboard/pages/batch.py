"""One batch: its dry run, and how far it is once it was started."""

import asyncio
from datetime import datetime

from aiohttp import web

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.orders.bulk.actions import Action
from bot.access.orders.bulk.errors import BatchGone
from bot.access.orders.bulk.forecast import after_of, before_of
from bot.access.orders.bulk.row_results import RowGroup, RowPage
from bot.access.orders.bulk.views import BatchView
from bot.access.request import RequestContext
from bot.access.rules.entitlements import State
from bot.access.rules.seat_fee import FREE, cents
from bot.interactions.levels import Level
from bot.replies import Message, bulk_problems
from bot.replies.bulk import dropped, short, spoken_seconds, title
from bot.replies.bulk_progress import stopping
from bot.replies.history_facts import actor_named
from bot.replies.message import Attached
from bot.replies.orders import why_waiting
from bot.replies.seats import money
from bot.replies.text import end_day, member
from bot.replies.tone import Tone
from bot.store.kinds import BatchKind, BatchState
from bot.store.records import Batch
from bot.web.dashboard import confirm
from bot.web.dashboard.files import file_response
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.pages.batches import HERE
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_ONE = f"{HERE}/{{bulk_id:[0-9]+}}"
_DRAFT_TABS = {
    RowGroup.ALL: "All rows",
    RowGroup.PLANNED: "Would change",
    RowGroup.MISTAKES: "Mistakes",
    RowGroup.LEFT_OUT: "Left out",
}
_TABS = {
    RowGroup.ALL: "All rows",
    RowGroup.FAILED: "Failed",
    RowGroup.WAITING: "Waiting",
    RowGroup.DONE: "Done",
    RowGroup.MISTAKES: "Mistakes",
    RowGroup.LEFT_OUT: "Left out",
    RowGroup.WITHDRAWN: "Cancelled",
}
_CANCELS = (
    "**Cancel what is left of this batch?** What was not sent to TradingView yet stays as it was. What is done "
    "stays done; for 24 hours, Undo puts all of it back."
)
_CANCELS_UNDO = (
    "**Cancel what is left of this undo?** Rows that it has begun with are put back to their end, and stay so. The "
    "rest stays as it is; the first batch can be undone again for that."
)


def add_to(routes: Routes) -> None:
    """Serve the page of a batch, its files and its buttons."""
    routes.page(_ONE, Level.MANAGER, show)
    routes.page(f"{_ONE}/mistakes", Level.MANAGER, mistakes)
    routes.page(f"{_ONE}/results", Level.MANAGER, results)
    routes.form(f"{_ONE}/start", Level.MANAGER, start)
    routes.form(f"{_ONE}/discard", Level.MANAGER, discard)
    routes.form(f"{_ONE}/approve", Level.MANAGER, approve)
    routes.form(f"{_ONE}/pause", Level.MANAGER, pause)
    routes.form(f"{_ONE}/resume", Level.MANAGER, resume)
    routes.form(f"{_ONE}/cancel", Level.MANAGER, cancel)
    routes.form(f"{_ONE}/undo", Level.MANAGER, undo)


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show what a batch would do, or how far it is, with some of its rows."""
    now, view = clock.now(), await _view(visitor, request)
    shown = await _rows(visitor, view, request)
    response = await visitor.page(
        "dashboard/batch.html",
        view=view,
        batch=view.batch,
        forecast=view.forecast,
        is_draft=view.batch.state is BatchState.DRAFT,
        has_ended=view.batch.ended_at is not None,
        about=title(view),
        who=actor_named(view.batch.actor),
        approver=member(view.batch.approved_by or 0),
        may={action for action in Action if view.offers(action, now, visitor.actor)},
        awaits_approval=view.offers(Action.APPROVE, now),
        takes_away=_takes_away(view),
        mark=_mark(view),
        shown=shown,
        tabs=_tabs(view, shown),
        problems=[
            (problem, number, bulk_problems.problem_in_words(problem))
            for problem, number in sorted(view.numbers.problems.items(), key=lambda each: -each[1])
        ],
        stopping=stopping,
        what=bulk_problems.what,
        mend=bulk_problems.mend,
        why=bulk_problems.why,
        stands=_stands,
        end_day=end_day,
        before_of=before_of,
        after_of=after_of,
        lasts=spoken_seconds(view.seconds),
        waits=view.waiting_for and why_waiting(view.waiting_for, view.quiet_until),
        free=FREE,
        fee=money(cents(view.forecast.seats_then)),
    )
    was = request.query.get("was")
    if "HX-Request" in request.headers and was not in (None, _mark(view)):
        response.headers["HX-Refresh"] = "true"  # it has other buttons now
    return response


async def mistakes(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Give the rows to be mended as a file, which can be sent again."""
    from bot.replies import bulk_files  # noqa: PLC0415 - rarely needed

    batch = (await _view(visitor, request)).batch
    found = await visitor.services.bulk.results.mistakes(visitor.guild_id, batch.id)
    content = await asyncio.to_thread(bulk_files.mistakes, found)
    return file_response(Attached(bulk_files.mistakes_name(batch.id), content))


async def results(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Give what became of every row as a file."""
    from bot.replies import bulk_files  # noqa: PLC0415 - rarely needed

    batch = (await _view(visitor, request)).batch
    found = await visitor.services.bulk.results.every(visitor.guild_id, batch.id)
    content = await asyncio.to_thread(bulk_files.results, batch.kind, found)
    return file_response(Attached(bulk_files.result_name(batch.id), content))


async def start(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Start what the dry run showed; more seats than are free are asked about first."""
    view = await _view(visitor, request)
    if _takes_away(view):
        visitor.require_fresh()

    async def act(context: RequestContext) -> Done:
        await visitor.services.bulk.batches.start(context, view.batch.id)
        return Done(_at(view.batch))

    return await confirm.carry_out(visitor, form, act, back=_at(view.batch))


async def discard(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Forget a dry run."""
    view = await _view(visitor, request)
    await visitor.services.bulk.batches.drop(form.request(visitor), view.batch.id)
    return Done(HERE, dropped())


async def approve(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let a batch start that another manager asked for."""
    view = await _view(visitor, request)
    if _takes_away(view):
        visitor.require_fresh()
    await visitor.services.bulk.batches.approve(form.request(visitor), view.batch.id)
    return Done(_at(view.batch))


async def pause(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let a batch stand still."""
    view = await _view(visitor, request)
    return Done(
        _at(await visitor.services.bulk.batches.pause(form.request(visitor), view.batch.id))
    )


async def resume(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let a paused batch go on."""
    view = await _view(visitor, request)
    return Done(
        _at(await visitor.services.bulk.batches.resume(form.request(visitor), view.batch.id))
    )


async def cancel(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Ask once, then end a batch before its end; what was done stays."""
    view = await _view(visitor, request)
    if not form.consent.confirmed:
        question = _CANCELS if view.batch.undoes_id is None else _CANCELS_UNDO
        return await confirm.ask(
            visitor, form, Message(question, tone=Tone.LOOK), "Yes, cancel the rest",
            level=Level.MANAGER, is_danger=True, back=_at(view.batch),
        )  # fmt: skip
    await visitor.services.bulk.batches.cancel(form.request(visitor), view.batch.id)
    return Done(_at(view.batch))


async def undo(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Lead to the dry run of what puts a batch back."""
    view = await _view(visitor, request)
    number = await visitor.services.bulk.undo.draft(form.request(visitor), view.batch.id)
    return Done(f"{HERE}/{number}")


def _number(request: web.Request) -> int:
    return number_in(request.match_info["bulk_id"])


async def _view(visitor: Visitor, request: web.Request) -> BatchView:
    """Return how the batch in the address stands. Raises ButtonGone where this server has none such."""
    try:
        return await visitor.services.bulk.views.view(visitor.guild_id, _number(request))
    except BatchGone:
        raise ButtonGone from None


async def _rows(visitor: Visitor, view: BatchView, request: web.Request) -> RowPage:
    """Return the rows that the address asks for. Raises ButtonGone for what no page of ours links to."""
    try:
        group = RowGroup(request.query.get("show", RowGroup.ALL))
    except ValueError:
        raise ButtonGone from None
    page = number_in(request.query.get("page", "0"))
    return await visitor.services.bulk.results.page(visitor.guild_id, view.batch.id, group, page)


def _at(batch: Batch) -> str:
    return f"{HERE}/{batch.id}"


def _takes_away(view: BatchView) -> bool:
    """Return whether it takes access or time from somebody."""
    return view.batch.kind is BatchKind.REVOKE or bool(view.forecast.ends or view.forecast.shortens)


def _mark(view: BatchView) -> str:
    """Return what stays as it is while only numbers change."""
    return f"{view.batch.state}{'' if view.batch.ended_at is None else '-ended'}"


def _tabs(view: BatchView, shown: RowPage) -> list[tuple[RowGroup, str, int]]:
    """Return the groups that have rows, with their labels and numbers; a lone one is no choice."""
    labels = _DRAFT_TABS if view.batch.state is BatchState.DRAFT else _TABS
    found = [
        (group, label, shown.counts[group])
        for group, label in labels.items()
        if shown.counts[group] or group is shown.group
    ]
    return found if len(found) > 2 else []


def _stands(state: State) -> str:
    """Return what somebody has, short."""
    is_over = isinstance(state.end, datetime) and state.end <= clock.now()
    return f"ended {short(state)}" if is_over else short(state)
