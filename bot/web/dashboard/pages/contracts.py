"""Contracts with shops: found by a number or a person, one with its facts in words, and whose it is."""

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.people.errors import NobodyNamed
from bot.access.people.username_lookup import clean
from bot.access.request import RequestContext, Subject
from bot.access.sources.payments import label
from bot.interactions.levels import Level
from bot.replies import history_payments, webhook_pending
from bot.replies.text import member, order_number
from bot.store.kinds import DeliveryState
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.people import member_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_AT = "payments/contracts/{contract_id:[0-9]+}"
_MAX_SEARCHED = 100
_MAX_NAME = 200
_REPLAYED = (DeliveryState.STUCK, DeliveryState.UNMAPPED)


def add_to(routes: Routes) -> None:
    """Serve the list, one contract, and its forms."""
    routes.page("payments/contracts", Level.MANAGER, search)
    routes.page(_AT, Level.MANAGER, show)
    routes.form(f"{_AT}/assign", Level.MANAGER, assign)
    routes.form(f"{_AT}/end", Level.STAFF, end, fresh=True)
    routes.form(f"{_AT}/keep", Level.STAFF, keep)


async def search(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show the contracts that fit to a number or a person, the newest first."""
    text = request.query.get("q", "").replace("\0", "").strip()[:_MAX_SEARCHED]
    page = number_in(request.query.get("page", "0"))
    found = await visitor.services.sales_records.search(
        visitor.guild_id, text.removeprefix("@").removeprefix("#"), page
    )
    return await visitor.page(
        "dashboard/contracts.html",
        found=found,
        text=text,
        label=label,
        number=order_number,
    )


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show one contract: what its shop told, what it gave, and its messages; never who is behind it there."""
    services, guild_id = visitor.services, visitor.guild_id
    shown = await services.sales_records.one(guild_id, number_in(request.match_info["contract_id"]))
    if shown is None:
        raise ButtonGone
    return await visitor.page(
        "dashboard/contract.html",
        shown=shown,
        sale=shown.sale,
        contract=shown.sale.contract,
        facts=[(type(fact).__name__, fact) for fact in shown.facts],
        claimed_by=member(shown.sale.contract.claimed_by or 0),
        replayed=_REPLAYED,
        label=label,
        number=order_number,
        why=history_payments.why,
    )


async def assign(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Let an order that is nobody's be of a member, of a TradingView user, or of who is both."""
    contract_id = await _contract_in(visitor, request)
    pending, back = visitor.services.pending, f"payments/contracts/{contract_id}"
    await pending.order(visitor.guild_id, contract_id)
    subject = await _subject(visitor, form)

    async def act(context: RequestContext) -> Done:
        order = await pending.assign(context, contract_id, subject)
        member_id = subject.member_id
        has_name = member_id is None or await pending.has_name(visitor.guild_id, member_id)
        return Done(back, webhook_pending.assigned(order, subject, has_name=has_name))

    return await confirm.carry_out(visitor, form, act, back=back)


async def end(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """End what a payment brought that went back."""
    return await _decide(visitor, form, request, ends=True)


async def keep(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Keep it."""
    return await _decide(visitor, form, request, ends=False)


async def _decide(visitor: Visitor, form: Form, request: web.Request, *, ends: bool) -> Done:
    contract_id = await _contract_in(visitor, request)
    context = form.request(visitor)
    part = form.fields.get("part", "")
    person = await visitor.services.contracts.decide(context, contract_id, part, ends=ends)
    message = history_payments.decided(person, context.member_id, ended=ends)
    return Done("payments" if visitor.may(Level.MANAGER) else "", message)


async def _contract_in(visitor: Visitor, request: web.Request) -> int:
    """Return the contract in the address. Raises ButtonGone where this server has none such."""
    contract_id = number_in(request.match_info["contract_id"])
    if not await visitor.services.sales_records.exists(visitor.guild_id, contract_id):
        raise ButtonGone
    return contract_id


async def _subject(visitor: Visitor, form: Form) -> Subject:
    """Return who paid. Raises NobodyNamed, NameUnreadable, or as `member_in` does."""
    who, name = form.text("member"), form.text("username")
    if not who and not name:
        raise NobodyNamed
    member_id = await member_in(visitor, who) if who else None
    return Subject(member_id, clean(name[:_MAX_NAME]) if name else None)
