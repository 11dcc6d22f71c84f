"""Granting to somebody who is no customer yet, and looking at whom only TradingView knows."""

from urllib.parse import urlencode

from aiohttp import web

from bot.access.people.username_lookup import clean
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length, read_until
from bot.interactions.levels import Level
from bot.replies import access_check
from bot.web.dashboard import orders
from bot.web.dashboard.forms import Form
from bot.web.dashboard.pages.person import LENGTHS, items
from bot.web.dashboard.pages.person_access import GRANT, SET
from bot.web.dashboard.people import member_in, note_in, page_of
from bot.web.dashboard.routes import Done, Routes, see
from bot.web.dashboard.visitor import Visitor

PATH = "people/new"


def add_to(routes: Routes) -> None:
    """Serve the page and its forms."""
    routes.page(PATH, Level.STAFF, show)
    routes.form(f"{PATH}/grant", Level.STAFF, grant)
    routes.form(f"{PATH}/set", Level.STAFF, set_end)


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show the forms; of a known customer their page, and of a name what TradingView shows now."""
    typed, member = request.query.get("username", "").strip(), request.query.get("member", "")
    message = None
    if typed or member.strip():
        subject = await _subject(visitor, typed, member)
        person = await visitor.services.directory.find(visitor.guild_id, subject)
        if person is not None:
            asked = {name: request.query[name] for name in ("do", "item") if name in request.query}
            query = f"?{urlencode(asked)}" if asked else ""
            return see(visitor.address(f"{page_of(person)}{query}"))
        if subject.username is not None:
            found = await visitor.services.overview.check(visitor.guild_id, subject)
            message = access_check.check(found, visitor.guild_id)
    return await visitor.page(
        "dashboard/person_new.html",
        message=message,
        username=typed,
        member=member,
        offered=items(await visitor.services.overview.on_offer(visitor.guild_id)),
        lengths=LENGTHS,
        do=request.query.get("do", ""),
        item=request.query.get("item", ""),
    )


async def grant(visitor: Visitor, form: Form, _: web.Request) -> Done | web.StreamResponse:
    """Give time to whoever was typed: a TradingView name, a member, or both."""
    subject = await _subject(visitor, form.text("username"), form.text("member"))
    length, item, note = parse_length(form.text("duration")), form.text("item"), note_in(form)

    async def order(context: RequestContext) -> int:
        return await visitor.services.grants.grant(context, item, length, subject, note)

    return await orders.record(visitor, form, order, GRANT, back=PATH)


async def set_end(visitor: Visitor, form: Form, _: web.Request) -> Done | web.StreamResponse:
    """Give exactly this end to whoever was typed."""
    subject = await _subject(visitor, form.text("username"), form.text("member"))
    until = read_until(form.text("until"), form.request(visitor).at)
    item, note = form.text("item"), note_in(form)

    async def order(context: RequestContext) -> int:
        return await visitor.services.grants.set_end(context, item, until, subject, note)

    return await orders.record(visitor, form, order, SET, back=PATH)


async def _subject(visitor: Visitor, username: str, member: str) -> Subject:
    """Return who was typed. Raises NameUnreadable or MemberNotFound."""
    member_id = await member_in(visitor, member) if member.strip() else None
    return Subject(member_id, clean(username) if username else None)
