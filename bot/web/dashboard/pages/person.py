"""One person's page: who they are, what they may use and why until then, and what staff may do about it."""

from aiohttp import web

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.queries.person import PersonRecord
from bot.access.queries.standing import Person, Standing
from bot.access.sources import payments
from bot.interactions.levels import Level
from bot.interactions.typed import USUAL_LENGTHS
from bot.replies import access_check, claims, customers, orders, why
from bot.replies.history import in_lines
from bot.replies.message import Message
from bot.replies.text import order_number, origin_named, spoken
from bot.store.kinds import OrderState
from bot.store.records import Customer, Product, Script
from bot.web.dashboard.files import file_response
from bot.web.dashboard.forms import number_in
from bot.web.dashboard.people import PERSON, page_of, subject_of
from bot.web.dashboard.routes import Routes, see
from bot.web.dashboard.visitor import Visitor

LENGTHS = tuple((each.text, spoken(each)) for each in USUAL_LENGTHS)
_HELD = (Standing.HAS, Standing.DUE, Standing.PAUSED)
_FILES = {"page": 0, "table": 1}  # the files of `/evidence`, by their address


def add_to(routes: Routes) -> None:
    """Serve the page, and what it leads to."""
    routes.page(PERSON, Level.STAFF, show)
    routes.page(f"{PERSON}/why", Level.STAFF, show_why)
    routes.page(f"{PERSON}/evidence/{{kind}}", Level.MANAGER, evidence)


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show one person; `look` asks TradingView now, as `/access check` does."""
    record = await _record(visitor, request)
    person = record.customer
    if person.id != number_in(request.match_info["customer_id"]):  # two records became one
        return see(visitor.address(page_of(person)))
    services, is_live = visitor.services, "look" in request.query and bool(person.username)
    access = record.access
    if is_live:
        access = await services.overview.check(visitor.guild_id, subject_of(person))
    receipts = await services.outcomes.open_of(person.id)
    offered = await services.overview.on_offer(visitor.guild_id)
    asked = [await services.claims.question(visitor.guild_id, each.id) for each in record.claims]
    return await visitor.page(
        "dashboard/person.html",
        record=record,
        person=person,
        name=await name_of(visitor, person),
        facts=customers.facts(person),
        access=access,
        blocks=access_check.in_blocks(access, asked=is_live),
        is_live=is_live,
        differing=Message(buttons=access_check.differing(access, visitor.guild_id)),
        waiting=access_check.waits(access),
        open_orders=[
            (
                each,
                orders.receipt(each),
                each.state is OrderState.STUCK,
                each.state is OrderState.WAITING,
            )
            for each in receipts
        ],
        claims=[claims.question(each) for each in asked],
        history=in_lines(record.history.events, record.history.item),
        length=customers.length,
        origin=origin_named,
        number=order_number,
        shop=payments.label,
        offered=items(offered),
        held=items(_held(access)),
        paused=items(_paused(access)),
        lengths=LENGTHS,
        do=request.query.get("do", ""),
        item=request.query.get("item", ""),
        manager=visitor.may(Level.MANAGER),
        now=clock.now(),
    )


async def show_why(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show why the person has no access to an item, or not the expected, and what mends it."""
    record = await _record(visitor, request)
    person, item = record.customer, request.query.get("item", "")
    found = await visitor.services.why.ask(
        visitor.guild_id,
        subject_of(person),
        item or None,
        visitor.services.client.members.roles_now,
        wherever="wherever" in request.query,
    )
    return await visitor.page(
        "dashboard/person_why.html",
        person=person,
        name=await name_of(visitor, person),
        message=why.why(found),
        offered=items(await visitor.services.overview.on_offer(visitor.guild_id)),
        item=item,
    )


async def evidence(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Give one of the two files of `/evidence`."""
    number = _FILES.get(request.match_info["kind"])
    if number is None:
        raise ButtonGone
    record = await _record(visitor, request)
    from bot.replies.evidence import evidence as reply  # noqa: PLC0415 - rarely asked for

    dossier = await visitor.services.evidence.gather(visitor.guild_id, subject_of(record.customer))
    server = None if visitor.guild is None else visitor.guild.name
    return file_response(reply(dossier, server).files[number])


async def _record(visitor: Visitor, request: web.Request) -> PersonRecord:
    """Return what is known of the customer in the address. Raises ButtonGone where there is none such."""
    number = number_in(request.match_info["customer_id"])
    record = await visitor.services.directory.person(visitor.guild_id, number)
    if record is None:
        raise ButtonGone
    return record


async def name_of(visitor: Visitor, person: Customer) -> str:
    """Return how the page calls a customer: by the TradingView name, else as Discord does."""
    if person.username is not None:
        return person.username
    known = {}
    if person.member_id is not None:
        known = await visitor.services.member_names.of(visitor.guild_id, {person.member_id})
    name = known.get(person.member_id or 0)
    return f"member {person.member_id}" if name is None else f"@{name}"


def items(found: list[Script | Product]) -> list[tuple[str, str]]:
    """Return items as a list to choose from: short name and title."""
    return [
        (each.slug, f"{each.title} (product)" if isinstance(each, Product) else each.title)
        for each in found
    ]


def _held(access: Person) -> list[Script | Product]:
    """Return what the person has or is to have: products, and every script."""
    now = clock.now()
    found = {each.slug: each for each in access.items(now)}
    for checked in access.scripts:
        if checked.standing(now) in _HELD:
            found.setdefault(checked.script.slug, checked.script)
    return list(found.values())


def _paused(access: Person) -> list[Script | Product]:
    """Return that of which something stands still."""
    found: dict[str, Script | Product] = {}
    for checked in access.scripts:
        for why_until in checked.whys:
            if why_until.reason.paused_at is not None:
                item = why_until.product or checked.script
                found[item.slug] = item
    return list(found.values())
