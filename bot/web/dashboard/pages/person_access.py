"""The forms on a person's page that change what they may use: each is the order of the command of that name."""

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.request import RequestContext
from bot.access.rules.duration import parse_length, read_until
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.web.dashboard import orders, retries
from bot.web.dashboard.forms import Form
from bot.web.dashboard.people import (
    PERSON,
    customer_in,
    named_subject,
    note_in,
    page_of,
    subject_of,
)
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

GRANT = Labels(anyway="Grant anyway")
SET = Labels("Yes, shorten it", "Set it anyway")


def add_to(routes: Routes) -> None:
    """Serve the forms."""
    routes.form(f"{PERSON}/grant", Level.STAFF, grant)
    routes.form(f"{PERSON}/set", Level.STAFF, set_end)
    routes.form(f"{PERSON}/gift", Level.STAFF, gift)
    routes.form(f"{PERSON}/move", Level.STAFF, move)
    routes.form(f"{PERSON}/pause", Level.STAFF, pause, fresh=True)
    routes.form(f"{PERSON}/resume", Level.STAFF, resume)
    routes.form(f"{PERSON}/revoke", Level.STAFF, revoke, fresh=True)
    routes.form(f"{PERSON}/retry", Level.STAFF, retry)


async def grant(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Add time."""
    person = await customer_in(visitor, request)
    length, note = parse_length(form.text("duration")), note_in(form)
    subject, item = named_subject(person, form), form.text("item")

    async def order(context: RequestContext) -> int:
        return await visitor.services.grants.grant(context, item, length, subject, note)

    return await orders.record(visitor, form, order, GRANT, back=page_of(person))


async def gift(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Add time that no automation ends."""
    person = await customer_in(visitor, request)
    length, reason = parse_length(form.text("duration")), note_in(form, "reason")
    if reason is None:  # the page lets none be sent
        raise ButtonGone
    subject, item = named_subject(person, form), form.text("item")

    async def order(context: RequestContext) -> int:
        return await visitor.services.grants.gift(context, item, length, subject, reason)

    labels = Labels(anyway="Give it anyway")
    return await orders.record(visitor, form, order, labels, back=page_of(person))


async def set_end(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Give exactly this end; an earlier one is asked about."""
    person = await customer_in(visitor, request)
    until = read_until(form.text("until"), form.request(visitor).at)
    subject, item, note = named_subject(person, form), form.text("item"), note_in(form)

    async def order(context: RequestContext) -> int:
        return await visitor.services.grants.set_end(context, item, until, subject, note)

    return await orders.record(visitor, form, order, SET, back=page_of(person))


async def move(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Let what they bought go on as another item; asks where something stays or ends earlier."""
    person = await customer_in(visitor, request)
    typed, note = form.text("until"), note_in(form)
    until = read_until(typed, form.request(visitor).at) if typed else None
    subject, old, new = subject_of(person), form.text("from"), form.text("to")

    async def order(context: RequestContext) -> int:
        return await visitor.services.moves.move(context, subject, old, new, until, note)

    labels = Labels("Yes, change it")
    return await orders.record(visitor, form, order, labels, back=page_of(person))


async def pause(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Stop the clock; asks where it is everything."""
    person = await customer_in(visitor, request)
    subject, item, note = subject_of(person), form.text("item") or None, note_in(form)

    async def order(context: RequestContext) -> int:
        return await visitor.services.pauses.pause(context, subject, item, note)

    labels = Labels("Yes, pause it")
    return await orders.record(visitor, form, order, labels, back=page_of(person))


async def resume(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Let the clock go on."""
    person = await customer_in(visitor, request)
    subject, item, note = subject_of(person), form.text("item") or None, note_in(form)

    async def order(context: RequestContext) -> int:
        return await visitor.services.pauses.resume(context, subject, item, note)

    labels = Labels("Yes, go on")
    return await orders.record(visitor, form, order, labels, back=page_of(person))


async def revoke(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """End it now."""
    person = await customer_in(visitor, request)
    subject, item, note = subject_of(person), form.text("item"), note_in(form)

    async def order(context: RequestContext) -> int:
        return await visitor.services.grants.revoke(context, item, subject, note)

    labels = Labels("Yes, end it")
    return await orders.record(visitor, form, order, labels, back=page_of(person))


async def retry(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Try everything of a script once more, as `/sync retry` does."""
    person = await customer_in(visitor, request)
    return await retries.retry(visitor, form, form.text("item"), page_of(person))
