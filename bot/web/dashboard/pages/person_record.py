"""The forms about who a person is: names, members, blocks, one record of two, and being forgotten."""

import discord
from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.request import RequestContext
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.interactions.typed import customer_meant
from bot.replies import Button, customers as replies, key, people as people_replies
from bot.replies.message import Message
from bot.replies.why import corrected
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form
from bot.web.dashboard.people import (
    PERSON,
    customer_in,
    member_in,
    note_in,
    page_of,
    whole_subject_of,
)
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

END_ALL = "person_end_all"  # the button of a page alone
_RED = discord.ButtonStyle.danger


def add_to(routes: Routes) -> None:
    """Serve the forms."""
    routes.form(f"{PERSON}/link", Level.STAFF, link)
    routes.form(f"{PERSON}/name", Level.STAFF, correct, fresh=True)
    routes.form(f"{PERSON}/unlink", Level.STAFF, unlink)
    routes.form(f"{PERSON}/hand-over", Level.STAFF, hand_over, fresh=True)
    routes.form(f"{PERSON}/block", Level.MANAGER, block)
    routes.form(f"{PERSON}/unblock", Level.MANAGER, unblock)
    routes.form(f"{PERSON}/end-all", Level.MANAGER, end_all, fresh=True)
    routes.form(f"{PERSON}/merge", Level.MANAGER, merge, fresh=True)
    routes.form(f"{PERSON}/forget", Level.MANAGER, forget, fresh=True)
    routes.button(replies.UNLINK, "people/{}/unlink")
    routes.button(replies.UNBLOCK, "people/{}/unblock")
    routes.button(END_ALL, "people/{}/end-all")


async def link(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Tie the name and the member: what is missing of the two is typed."""
    person = await customer_in(visitor, request)
    member_id, name = person.member_id, person.username
    if member_id is not None and name is not None:
        raise ButtonGone
    if member_id is None:
        member_id = await member_in(visitor, form.text("member"))
    tied = await visitor.services.customers.tie(
        form.request(visitor), member_id, name or form.text("username")
    )
    return Done(page_of(tied), people_replies.tied(tied, member_id))


async def correct(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Give the person another TradingView name; what they have goes along."""
    person = await customer_in(visitor, request)
    return await give_name(visitor, form, person.id, form.text("username"))


async def give_name(visitor: Visitor, form: Form, customer_id: int, name: str) -> Done:
    """Give that customer the right name, on the word of staff."""
    now = await visitor.services.customers.correct(form.request(visitor), customer_id, name)
    return Done(page_of(now), corrected(now.username or "", Message()))


async def unlink(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Untie the name from its member; asks first when it has access."""
    person = await customer_in(visitor, request)

    async def act(context: RequestContext) -> Done:
        untied = await visitor.services.ties.unlink(context, whole_subject_of(person))
        return Done(page_of(person), replies.unlinked(untied))

    labels = Labels("Yes, untie it")
    return await confirm.carry_out(visitor, form, act, labels, back=page_of(person))


async def hand_over(
    visitor: Visitor, form: Form, request: web.Request
) -> Done | web.StreamResponse:
    """Give the record to another member; asks first."""
    person = await customer_in(visitor, request)
    to_id = await member_in(visitor, form.text("member"))

    async def act(context: RequestContext) -> Done:
        moved = await visitor.services.ties.move(context, whole_subject_of(person), to_id)
        return Done(page_of(moved.customer), replies.moved(moved))

    labels = Labels("Yes, give it to them")
    return await confirm.carry_out(visitor, form, act, labels, back=page_of(person))


async def block(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Block the person; whether what they have ends too is asked above the page."""
    person, reason = await customer_in(visitor, request), note_in(form, "reason")
    blocked, has_access = await visitor.services.blocks.block(
        form.request(visitor), whole_subject_of(person), reason
    )
    if not has_access:
        return Done(page_of(blocked), replies.blocked(blocked))
    end = Button("End what they have", key(END_ALL, visitor.guild_id, blocked.id), _RED)
    return Done(page_of(blocked), replies.end_it_too(blocked, (end,)))


async def unblock(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """End the block."""
    person = await customer_in(visitor, request)
    free = await visitor.services.blocks.unblock(form.request(visitor), whole_subject_of(person))
    return Done(page_of(free), replies.unblocked(free))


async def end_all(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """End everything that a blocked person has. Raises ButtonGone for one who is not blocked."""
    person = await customer_in(visitor, request)
    if person.blocked_at is None:
        raise ButtonGone
    number = await visitor.services.endings.end(form.request(visitor), person.id)
    return Done(page_of(person), replies.blocked(person, number))


async def merge(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Let another record of the same person be a part of this one; asks first."""
    person = await customer_in(visitor, request)
    other = customer_meant(form.text("other"))

    async def act(context: RequestContext) -> Done:
        merged = await visitor.services.ties.merge(context, other, whole_subject_of(person))
        return Done(page_of(merged), replies.merged(merged))

    labels = Labels("Yes, make them one")
    return await confirm.carry_out(visitor, form, act, labels, back=page_of(person))


async def forget(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Forget the person; asks first."""
    person = await customer_in(visitor, request)

    async def act(context: RequestContext) -> Done:
        result = await visitor.services.erasures.forget(context, whole_subject_of(person))
        to = page_of(person) if result.number is None else "people"
        return Done(to, replies.forgetting(result))

    labels = Labels("Yes, forget them")
    return await confirm.carry_out(visitor, form, act, labels, back=page_of(person))
