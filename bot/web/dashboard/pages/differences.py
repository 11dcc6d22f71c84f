"""What differs on TradingView: all scripts, full checks, and what is to be decided after a restore."""

from aiohttp import web

from bot.access.ledger.receipts import WaitingFor
from bot.access.request import RequestContext
from bot.interactions.levels import Level
from bot.replies import (
    Message,
    claims,
    drift as differences,
    overview as overview_replies,
    sweeps as sweep_replies,
    undecided as undecided_replies,
)
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.pages.differences_of_one import page_in, ticked
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_HERE = "differences"


def add_to(routes: Routes) -> None:
    """Serve the pages and their forms; what may end somebody's access needs a young session."""
    routes.page("differences", Level.STAFF, show)
    routes.page("differences/undecided", Level.STAFF, show_undecided)
    routes.form("differences/undecided/carry-out", Level.STAFF, carry_out, fresh=True)
    routes.form("differences/undecided/drop", Level.STAFF, drop, fresh=True)
    routes.form("differences/take-over", Level.STAFF, take_over_everybody)
    routes.form("differences/put-back/{reference}", Level.STAFF, put_back)
    routes.button(sweep_replies.TAKE_EVERY, "differences/take-over")
    routes.button(differences.REPAIR_BACK, "differences/put-back/{}")


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show how the queue stands, and what differs on each script."""
    services, guild_id = visitor.services, visitor.guild_id
    under_way = (
        services.full_checks.under_way()
    )  # first: what ends meanwhile is shown as read below
    status = await services.overview.status(guild_id)
    message = overview_replies.status(status)
    message = claims.with_requests(message, await services.claims.waiting(guild_id), guild_id)
    scripts = await services.difference_pages.scripts(guild_id, page_in(request))
    message = sweep_replies.with_differences(message, scripts.overall, guild_id)
    return await visitor.page(
        "dashboard/differences.html",
        message=message,
        undecided=(await services.undecided.questions(guild_id)).total,
        scripts=scripts,
        running={each.script.id for each in scripts.scripts} & under_way.keys(),
        paused={script.id for script in status.paused},
        form_changed=status.holdup is WaitingFor.CHANGED,
        may_add=visitor.may(Level.MANAGER),
    )


async def take_over_everybody(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Take over everybody of whom nothing is known, on every script of the server."""
    taken = await visitor.services.adoption.take_over_strangers(form.request(visitor))
    return Done(_HERE, sweep_replies.taken_everywhere(taken))


async def put_back(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Undo what one repair took away."""
    reference = request.match_info["reference"]

    async def act(context: RequestContext) -> Done:
        number = await visitor.services.repairs.put_back(context, reference)
        return Done(_HERE, differences.put_back(number))

    return await confirm.carry_out(visitor, form, act, back=_HERE)


# Orders from a backup


async def show_undecided(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show the oldest orders of which nobody can tell whether they were done."""
    found = await visitor.services.undecided.questions(visitor.guild_id)
    return await visitor.page(
        "dashboard/undecided.html",
        found=found,
        asked=undecided_replies.asked(),
        given=undecided_replies.given,
    )


async def carry_out(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Let the ticked orders go on."""
    if not (ids := _ids(form)):
        return Done("differences/undecided", differences.nobody_chosen())
    done = await visitor.services.undecided.carry_out(form.request(visitor), ids=ids)
    return Done(_HERE, Message(undecided_replies.carried_out(done)))


async def drop(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """End the ticked orders without doing them."""
    if not (ids := _ids(form)):
        return Done("differences/undecided", differences.nobody_chosen())
    done = await visitor.services.undecided.drop(form.request(visitor), ids=ids)
    return Done(_HERE, Message(undecided_replies.dropped(done)))


def _ids(form: Form) -> list[int]:
    return [number_in(name) for name in ticked(form)]
