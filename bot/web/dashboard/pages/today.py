"""The first page: how the server stands today, each number a way to the people behind it."""

from dataclasses import replace
from datetime import date

from aiohttp import web

from bot.access.logins.sessions import LoginState
from bot.access.queries.people import Group
from bot.access.queries.today import View
from bot.access.rules.seat_fee import FREE
from bot.interactions.levels import Level
from bot.replies import (
    Message,
    claims as claim_replies,
    overview as queue_replies,
    today as replies,
)
from bot.replies.bulk import title
from bot.replies.orders import why_stuck_here
from bot.replies.text import origin
from bot.store.kinds import BatchState
from bot.store.records import Holding, Script
from bot.web.dashboard import pictures, retries
from bot.web.dashboard.forms import Form
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

# Where a page is, of what waits for a person.
_PLACES = {
    "differing": ("differences", "Show what differs"),
    "untaken": ("differences", "Take them over"),
    "ends": ("payments", "Decide"),
    "orders": ("payments", "Say whose they are"),
    "messages": ("payments", "Show them"),
}
_UNDER_WAY = (BatchState.APPROVAL, BatchState.RUNNING, BatchState.PAUSED)


def add_to(routes: Routes) -> None:
    """Serve the page, and the button of what is stuck."""
    routes.page("", Level.STAFF, show)
    routes.form("retry", Level.STAFF, retry)


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show how everything stands."""
    view = await visitor.services.today.view(visitor.guild_id)
    is_manager = visitor.may(Level.MANAGER)
    newer = await visitor.services.releases.newer()
    batches = []
    if is_manager:
        batches = await visitor.services.bulk.views.standing(visitor.guild_id, *_UNDER_WAY)
    counted = view.counted
    return await visitor.page(
        "dashboard/today.html",
        view=view,
        notices=replies.notices(newer),
        nobody=not (any(view.people.values()) or view.sales),
        counted=counted,
        day=_day,
        people=view.people,
        Group=Group,
        tone=replies.tone(view).name.lower(),
        first=replies.first(view),
        login=replies.login(view),
        is_alive=view.login.state is LoginState.ALIVE,
        has_login=view.login.state is not LoginState.NONE,
        queue=_queue(view),
        batches=batches,
        title=title,
        stuck=_stuck(view),
        why_stuck=why_stuck_here,
        chores=[
            each for each in replies.to_do(view, is_manager=is_manager) if each.name in _PLACES
        ],
        leads_to=_PLACES,
        question=await _question(visitor, view),
        undecided=view.undecided,
        seats_text=[] if counted is None else list(replies.seats(counted))[1:],
        free=FREE,
        seats=None if counted is None else pictures.seats(counted.seats.line),
        bars=[] if counted is None else pictures.bars([number for _, number in counted.weeks]),
        origin=origin,
        amount=replies.amount,
        is_manager=is_manager,
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _queue(view: View) -> Message | None:
    """Return what waits and what is not read, in the words of `/sync status`; stuck orders stand apart."""
    queue = view.queue
    if not (queue.waiting or queue.unchecked or queue.restoring):
        return None
    return queue_replies.status(replace(queue, stuck=(), more_stuck=0, paused=()))


def _stuck(view: View) -> list[tuple[Script, list[Holding]]]:
    """Return what can be tried again, by script: its stuck orders; none where TradingView refuses all of it."""
    found: dict[int, tuple[Script, list[Holding]]] = {
        script.id: (script, []) for script in view.queue.paused
    }
    for row in view.queue.stuck:
        found.setdefault(row.script.id, (row.script, []))[1].append(row)
    return list(found.values())


async def _question(visitor: Visitor, view: View) -> Message | None:
    """Return the oldest request of a member that staff decide."""
    if not view.requests:
        return None
    asked = await visitor.services.claims.question(visitor.guild_id, view.requests[0].id)
    return claim_replies.listed_question(asked, len(view.requests) - 1)


async def retry(visitor: Visitor, form: Form, _: web.Request) -> Done | web.StreamResponse:
    """Try again what waits or is stuck for a script, as `/sync retry` does."""
    return await retries.retry(visitor, form, form.text("item"), "")
