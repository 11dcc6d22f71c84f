"""The buttons under what is said of a person, as forms: the mends of `/why` and of `/access check`."""

from urllib.parse import quote

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.request import RequestContext, Subject
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.replies import (
    access_check,
    customers,
    message as messages,
    why,
    why_mends as mends,
)
from bot.store.records import Customer
from bot.web.dashboard import orders, retries
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.pages.person_record import give_name
from bot.web.dashboard.people import page_of, subject_of
from bot.web.dashboard.routes import Act, Done, Routes
from bot.web.dashboard.visitor import Visitor


def add_to(routes: Routes) -> None:
    """Serve the forms, and let the buttons lead to them."""
    mended: tuple[tuple[str, str, Act, bool], ...] = (
        (mends.ASK, "why/{who}/{item}", ask_again, False),
        (mends.OPEN_GRANT, "grant/{who}/{item}", open_grant, False),
        (mends.RESUME, "resume/{who}/{item}", resume, False),
        (mends.CORRECT, "name/{customer_id}/{name}", name_picked, True),
        (mends.OPEN_NAME, "name/{customer_id}", open_name, False),
        (mends.TELL, "tell/{customer_id}", tell, False),
        (mends.FOLLOW, "roles/{member_id}/{item}", follow_roles, False),
        (mends.RETRY, "retry/{item}", retry, False),
        (mends.SET_RIGHT, "set-right/{script_id}/{name}", set_right, True),
        (access_check.TAKE, "take-over/{script_id}/{name}", take_over, False),
        (access_check.SET, "set-end/{script_id}/{name}", open_set, False),
        (access_check.END, "end/{script_id}/{name}", end, True),
        (customers.OPEN_LINK, "link/{member_id}", open_link, False),
    )
    for button, path, act, fresh in mended:
        parts = [part if not part.startswith("{") else "{}" for part in path.split("/")]
        routes.form(f"people/{path}", Level.STAFF, act, fresh=fresh)
        routes.button(button, "/".join(("people", *parts)))


# Of `/why`


async def ask_again(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Show why, wherever the person is now."""
    person = await _who(visitor, request)
    return Done(f"{page_of(person)}/why?item={_slug(request)}&wherever=1")


async def open_grant(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Lead to the form that gives time."""
    person = await _who(visitor, request)
    return Done(f"{page_of(person)}?do=grant&item={_slug(request)}#grant")


async def resume(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Let the clock go on."""
    person, item = await _who(visitor, request), _slug(request) or None

    async def order(context: RequestContext) -> int:
        return await visitor.services.pauses.resume(context, subject_of(person), item)

    labels = Labels("Yes, go on")
    return await orders.record(visitor, form, order, labels, back=page_of(person))


async def name_picked(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Give the person the near name that was pressed."""
    person = await _by_id(visitor, request.match_info["customer_id"])
    return await give_name(visitor, form, person.id, request.match_info["name"])


async def open_name(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Lead to the form for another name."""
    person = await _by_id(visitor, request.match_info["customer_id"])
    return Done(f"{page_of(person)}?do=name#name")


async def tell(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Send the buyer where to find what they have; once a day at most."""
    person = await _by_id(visitor, request.match_info["customer_id"])
    parts = await visitor.services.why.standing(visitor.guild_id, person)
    server = None if visitor.guild is None else visitor.guild.name
    text = why.to_buyer(person.username or "", parts, server)
    context = form.request(visitor)
    member_id = await visitor.services.guidance.send(context, person.id, text.to_json())
    return Done(page_of(person), why.told(member_id))


async def follow_roles(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Follow the roles that the member has now, and say again how it stands."""
    services, guild_id = visitor.services, visitor.guild_id
    member_id = number_in(request.match_info["member_id"])
    person = await services.directory.find(guild_id, Subject(member_id))
    if person is None:
        raise ButtonGone
    roles = await services.client.members.roles_now(guild_id, member_id)
    await services.role_access.see(guild_id, {member_id: roles or ()})
    return Done(f"{page_of(person)}/why?item={_slug(request)}")


async def retry(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Try everything of the script once more."""
    return await retries.retry(visitor, form, request.match_info["item"], "people")


async def set_right(
    visitor: Visitor, form: Form, request: web.Request
) -> Done | web.StreamResponse:
    """Have TradingView show what it should."""
    script_id, name = number_in(request.match_info["script_id"]), request.match_info["name"]

    async def order(context: RequestContext) -> int:
        return await visitor.services.repairs.repair_person(context, script_id, name)

    return await orders.record(visitor, form, order, back=await _page(visitor, name))


# Of `/access check`


async def take_over(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let what TradingView shows count from now on."""
    script_id, name = number_in(request.match_info["script_id"]), request.match_info["name"]
    done = await visitor.services.adoption.take_person(form.request(visitor), script_id, name)
    message = access_check.taken_over(done, name, messages.Message())
    return Done(await _page(visitor, name), message)


async def open_set(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Lead to the form that sets an end."""
    script_id, name = number_in(request.match_info["script_id"]), request.match_info["name"]
    script = await visitor.services.scripts.of_button(visitor.guild_id, script_id)
    page = await _page(visitor, name)
    return Done(f"{page}{'&' if '?' in page else '?'}do=set&item={script.slug}#set")


async def end(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """End access to one script."""
    script_id, name = number_in(request.match_info["script_id"]), request.match_info["name"]
    script = await visitor.services.scripts.of_button(visitor.guild_id, script_id)

    async def order(context: RequestContext) -> int:
        return await visitor.services.grants.revoke(context, script.slug, Subject(username=name))

    back = await _page(visitor, name)
    return await orders.record(visitor, form, order, Labels("Yes, end it"), back=back)


# Of names


async def open_link(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Lead to the form that ties a name to the member."""
    member_id = number_in(request.match_info["member_id"])
    person = await visitor.services.directory.find(visitor.guild_id, Subject(member_id))
    if person is None:
        return Done(f"people/new?member={member_id}")
    return Done(f"{page_of(person)}?do=link#link")


# Whom they are about


async def _by_id(visitor: Visitor, number: str) -> Customer:
    person = await visitor.services.directory.by_id(visitor.guild_id, number_in(number))
    if person is None:
        raise ButtonGone
    return person


async def _who(visitor: Visitor, request: web.Request) -> Customer:
    """Return whom the button's key is about. Raises ButtonGone for nobody who is a customer here."""
    kind, about = request.match_info["who"][:1], request.match_info["who"][1:]
    match kind:
        case "c":
            return await _by_id(visitor, about)
        case "m":
            subject = Subject(number_in(about))
        case "n":
            subject = Subject(username=about)
        case _:
            raise ButtonGone
    person = await visitor.services.directory.find(visitor.guild_id, subject)
    if person is None:
        raise ButtonGone
    return person


async def _page(visitor: Visitor, name: str) -> str:
    """Return the path of the page about whoever has that TradingView name."""
    person = await visitor.services.directory.find(visitor.guild_id, Subject(username=name))
    return f"people/new?username={quote(name)}" if person is None else page_of(person)


def _slug(request: web.Request) -> str:
    """Return the short name in the address, as an address takes it; empty where it is about no item."""
    item = request.match_info["item"]
    return "" if item == mends.ANY else quote(item)
