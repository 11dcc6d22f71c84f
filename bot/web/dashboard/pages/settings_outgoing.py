"""Programs of the vendor's own that are told what happens: added, tested, sent to again, removed."""

from aiohttp import web

from bot.access.request import RequestContext
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.replies import outgoing as replies
from bot.store.kinds import EndpointState, OutgoingKind
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_PATH = "settings/outgoing"
_ONE = f"{_PATH}/{{endpoint_id}}"


def add_to(routes: Routes) -> None:
    """Serve the page and its forms."""
    routes.page(_PATH, Level.MANAGER, show)
    routes.form(_PATH, Level.MANAGER, add)
    routes.form(f"{_ONE}/test", Level.MANAGER, test)
    routes.form(f"{_ONE}/replay", Level.MANAGER, replay)
    routes.form(f"{_ONE}/remove", Level.MANAGER, remove, fresh=True)


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show the programs, and whether they take what is sent."""
    entries = await visitor.services.outgoing_endpoints.listed(visitor.guild_id)
    return await visitor.page(
        "dashboard/settings_outgoing.html",
        tab=_PATH,
        programs=[
            (entry.endpoint, replies.how_it_goes(entry), entry.endpoint.state is EndpointState.OFF)
            for entry in entries
        ],
        kinds=[str(kind) for kind in OutgoingKind],
    )


async def add(visitor: Visitor, form: Form, _: web.Request) -> web.StreamResponse:
    """Add a program, and show its secret on this one page."""
    kinds = ",".join(kind for kind in OutgoingKind if form.checked(f"kind_{kind}"))
    new = await visitor.services.outgoing_endpoints.add(
        form.request(visitor), form.text("address"), kinds
    )
    return await visitor.page(
        "dashboard/shown_once.html",
        heading="Your program",
        message=replies.added(new),
        back=_PATH,
        back_label="I have copied it: back to the list" if new.secret else "Back to the list",
    )


async def test(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Send a message that means nothing, and say what came of it."""
    services = visitor.services
    entry = await services.outgoing_endpoints.entry(visitor.guild_id, _number(request))
    posted = await services.outgoing_webhooks.test(entry.endpoint)
    return Done(_PATH, replies.tested(entry.endpoint, posted.result, posted.status))


async def replay(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let everything that was not taken be sent again."""
    services = visitor.services
    entry, again = await services.outgoing_endpoints.replay(form.request(visitor), _number(request))
    services.outgoing_webhooks.wake()
    return Done(_PATH, replies.replayed(entry, again))


async def remove(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Ask, then tell it nothing more."""
    number = _number(request)

    async def act(asked: RequestContext) -> Done:
        removed = await visitor.services.outgoing_endpoints.remove(asked, number)
        return Done(_PATH, replies.removed(removed))

    labels = Labels("Yes, tell it nothing more")
    return await confirm.carry_out(visitor, form, act, labels, back=_PATH)


def _number(request: web.Request) -> int:
    return number_in(request.match_info["endpoint_id"])
