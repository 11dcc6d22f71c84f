"""What differs on one script: its people in pages, the full check, and what is done about them."""

from collections.abc import Collection
from urllib.parse import quote

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.request import RequestContext
from bot.access.sweeps.drift import Kind
from bot.interactions.levels import Level
from bot.replies import (
    Message,
    drift as differences,
    explain,
    sweeps as sweep_replies,
)
from bot.web.dashboard import confirm, retries
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_TICK = "tick-"
_GIVES = "{kind:missing}"  # to put this right takes from nobody
_MAY_TAKE = "{kind:extra|other_end|stuck}"


def add_to(routes: Routes) -> None:
    """Serve the page and its forms; what may end somebody's access needs a young session."""
    one = "differences/{script_id}"
    routes.page(one, Level.STAFF, show)
    routes.page(f"{one}/repairs/{{reference}}", Level.STAFF, show_repair)
    routes.form(f"{one}/check", Level.STAFF, check)
    routes.form(f"{one}/retry", Level.STAFF, retry, fresh=True)
    routes.form(f"{one}/repair/{_GIVES}", Level.STAFF, repair)
    routes.form(f"{one}/repair/{_MAY_TAKE}", Level.STAFF, repair, fresh=True)
    routes.form(f"{one}/take/{{kind}}", Level.STAFF, take)
    routes.form(f"{one}/ignore/{{kind}}", Level.STAFF, ignore)
    routes.form(f"{one}/count-again/{{kind}}", Level.STAFF, count_again)
    routes.button(differences.REPAIR, "differences/{}/repair/{}")
    routes.button(differences.TAKE, "differences/{}/take/{}")
    routes.button(differences.IGNORE, "differences/{}/ignore/{}")
    routes.button(differences.COUNT_AGAIN, "differences/{}/count-again/{}")


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show what differs, with those who differ in one way; while the list is read, how far that is."""
    services, script_id = visitor.services, _script_id(request)
    progress = services.full_checks.progress(
        script_id
    )  # first: what ends meanwhile is shown as read
    found = await services.difference_pages.people(
        visitor.guild_id, script_id, _kind_asked(request), page_in(request)
    )
    refusal = services.full_checks.refusal(script_id)
    message = differences.report(found.report, visitor.guild_id)
    return await visitor.page(
        "dashboard/differences_of_one.html",
        found=found,
        script=found.report.script,
        report=Message(message.text, buttons=message.buttons),
        heads=dict(differences.kind_heads(found.report)),
        words=differences,
        progress=None if progress is None else sweep_replies.progress(progress),
        refused=None if refusal is None else explain(refusal).text,
    )


async def show_repair(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show how far the orders of one repair are, until they have ended."""
    repairs, guild_id = visitor.services.repairs, visitor.guild_id
    reference = request.match_info["reference"]
    repaired = await repairs.ordered(guild_id, _script_id(request), reference)
    now = await repairs.progress(guild_id, reference)
    return await visitor.page(
        "dashboard/repair.html",
        script=repaired.script,
        message=differences.repaired(repaired, now, guild_id),
        waits=now.waiting,
    )


async def check(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Read the whole list; a long one goes on while the page shows how far it is."""
    script_id = _script_id(request)
    await visitor.services.full_checks.begin(visitor.guild_id, script_id, visitor.session.member_id)
    return Done(f"differences/{script_id}")


async def retry(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Try everything that waits or is stuck once more."""
    report = await visitor.services.drift.report(visitor.guild_id, _script_id(request))
    back = f"differences/{report.script.id}"
    return await retries.retry(visitor, form, report.script.slug, back)


async def repair(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Have them made as they should be; asks once more before many lose something."""
    script_id, kind = _script_id(request), _kind(request)
    if (names := _chosen(form)) == set():
        return Done(_back(script_id, kind), differences.nobody_chosen())

    async def act(context: RequestContext) -> Done:
        repairs, key = visitor.services.repairs, context.idempotency_key
        if not (await repairs.progress(visitor.guild_id, key)).of:  # else it was sent twice
            await repairs.repair(context, script_id, kind, names)
        return Done(f"differences/{script_id}/repairs/{quote(key)}")

    return await confirm.carry_out(visitor, form, act, back=_back(script_id, kind))


async def take(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Take over what TradingView shows: it counts from now on."""
    script_id, kind, asked = _script_id(request), _kind(request), form.request(visitor)
    adoption, names = visitor.services.adoption, _chosen(form)
    if names == set():
        return Done(_back(script_id, kind), differences.nobody_chosen())
    if kind is Kind.OTHER_END:
        kept = await adoption.longer_ends(asked, script_id, names)
        return Done(_back(script_id, kind), differences.kept(kept, visitor.guild_id))
    if kind is not Kind.EXTRA:
        raise ButtonGone
    if names is None:
        taken = await adoption.take_over(asked, script_id)
    else:
        taken = await adoption.take_named(asked, script_id, names)
    return Done(_back(script_id, kind), sweep_replies.taken(taken, visitor.guild_id))


async def ignore(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Leave these differences alone; asks first when they are many."""
    script_id, kind = _script_id(request), _kind(request)
    if (names := _chosen(form)) == set():
        return Done(_back(script_id, kind), differences.nobody_chosen())

    async def act(context: RequestContext) -> Done:
        drift = visitor.services.drift
        number = await drift.ignore(context, script_id, kind, names)
        report = await drift.report(visitor.guild_id, script_id)
        said = differences.ignored(number, kind, report, visitor.guild_id)
        return Done(_back(script_id, kind), said)

    return await confirm.carry_out(visitor, form, act, back=_back(script_id, kind))


async def count_again(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Count differences again that staff left alone: of one kind, or all of the script."""
    script_id = _script_id(request)
    is_all = request.match_info["kind"] == differences.EVERY_KIND
    kind = None if is_all else _kind(request)
    number = await visitor.services.drift.count_again(form.request(visitor), script_id, kind)
    return Done(_back(script_id, kind), differences.counted_again(number, Message()))


def ticked(form: Form) -> set[str]:
    """Return what the boxes that were ticked stand for."""
    return {name.removeprefix(_TICK) for name in form.fields if name.startswith(_TICK)}


def page_in(request: web.Request) -> int:
    """Return which page of a list the address asks for, from 0. Raises ButtonGone for what is none."""
    return number_in(request.query.get("page", "0"))


def _chosen(form: Form) -> Collection[str] | None:
    """Return the names of those who were ticked; None where the button is about all."""
    return ticked(form) if form.checked("some") else None


def _script_id(request: web.Request) -> int:
    return number_in(request.match_info["script_id"])


def _kind(request: web.Request) -> Kind:
    try:
        return Kind(request.match_info["kind"])
    except ValueError:
        raise ButtonGone from None


def _kind_asked(request: web.Request) -> Kind | None:
    return next((kind for kind in Kind if kind == request.query.get("kind")), None)


def _back(script_id: int, kind: Kind | None) -> str:
    return f"differences/{script_id}" + ("" if kind is None else f"?kind={kind}")
