"""One product: how it is sold, its scripts, and what can be done to it."""

from aiohttp import web

from bot.access.catalogue.products import Clearable, Terms
from bot.access.request import RequestContext
from bot.access.rules.duration import parse_length
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.interactions.roles import holder_role
from bot.replies import product_scripts as scripts_replies, products as replies
from bot.replies.text import spoken
from bot.store.records import Product
from bot.web.dashboard import confirm
from bot.web.dashboard.files import file_response
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.in_discord import Choices, role_choices, role_in
from bot.web.dashboard.items import path_of, sales_of
from bot.web.dashboard.numbers import days_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_TICK = "script_"  # before the short name of each script in a form


def add_to(routes: Routes) -> None:
    """Serve the pages and their forms."""
    routes.page("items/products/new", Level.MANAGER, show_new)
    routes.form("items/products/new", Level.MANAGER, create)
    routes.page("items/products/{item_id}", Level.MANAGER, show)
    routes.form("items/products/{item_id}/edit", Level.MANAGER, edit)
    routes.form("items/products/{item_id}/scripts", Level.MANAGER, change_scripts)
    routes.form("items/products/{item_id}/scripts/people", Level.MANAGER, people)
    routes.form("items/products/{item_id}/archive", Level.MANAGER, archive, fresh=True)
    routes.form("items/changes/{event_id}/put-back", Level.MANAGER, put_back)
    routes.button(scripts_replies.PUT_BACK, "items/changes/{}/put-back")


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show one product."""
    services, guild_id = visitor.services, visitor.guild_id
    entry = await services.products.entry_of(guild_id, number_in(request.match_info["item_id"]))
    product = entry.product
    there = {script.id for script in entry.scripts}
    on_sale = [each.script for each in await services.scripts.listed(guild_id, archived=False)]
    others = [script for script in on_sale if script.id not in there]
    return await visitor.page(
        "dashboard/product.html",
        entry=entry,
        length=_spoken(product.length),
        trial=_spoken(product.trial),
        others=others,
        tick=_TICK,
        holder_roles=_holder_roles(visitor, product),
        sales=await sales_of(visitor, request, product),
        roles=role_choices(visitor, managed=True, but={product.role_id or 0}),
    )


def _spoken(length: str | None) -> str | None:
    return None if length is None else spoken(parse_length(length))


def _holder_roles(visitor: Visitor, product: Product | None = None) -> Choices:
    """Return the roles that holders may be given; the present one too, where Discord has it no more."""
    roles = role_choices(visitor)
    if product is not None and product.role_id is not None:
        role_id = str(product.role_id)
        if role_id not in dict(roles):
            roles.append((role_id, "the present role, which is not in Discord any more"))
    return [("", "no role"), *roles]


async def show_new(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show the form of a new product."""
    scripts = await visitor.services.scripts.listed(visitor.guild_id, archived=False)
    return await visitor.page(
        "dashboard/product_new.html",
        scripts=[each.script for each in scripts],
        tick=_TICK,
        holder_roles=_holder_roles(visitor),
    )


async def create(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Add a product to what can be given and sold."""
    entry = await visitor.services.products.create(
        form.request(visitor), _terms(visitor, form), _ticked(form)
    )
    trouble = visitor.services.holder_role_giver.trouble_of(entry.product)
    return Done(path_of(entry.product), replies.created(entry, trouble))


async def edit(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Change how it is sold; people keep what they have."""
    services = visitor.services
    product = await _product(visitor, request)
    if product.role_id is not None and form.text("role") != str(product.role_id):
        visitor.require_fresh()  # its holders lose the role
    before, after = await services.products.edit(
        form.request(visitor), product.slug, _terms(visitor, form, product)
    )
    trouble = services.holder_role_giver.trouble_of(after.product)
    return Done(path_of(product), replies.edited(before, after, trouble))


async def change_scripts(
    visitor: Visitor, form: Form, request: web.Request
) -> Done | web.StreamResponse:
    """Add and take out scripts as they are ticked, once it was said who gains and loses what."""
    product = await _product(visitor, request)
    add, remove = await _changed(visitor, form, product)
    if remove:
        visitor.require_fresh()

    async def act(asked: RequestContext) -> Done:
        done = await visitor.services.product_scripts.change(asked, product.slug, add, remove)
        return Done(path_of(product), scripts_replies.changed(done, visitor.guild_id))

    return await confirm.carry_out(
        visitor,
        form,
        act,
        Labels("Yes, change it"),
        back=path_of(product),
        files_at=f"{path_of(product)}/scripts/people",
    )


async def people(visitor: Visitor, form: Form, request: web.Request) -> web.Response:
    """Give the file of everybody who would gain or lose something; nothing is changed."""
    product = await _product(visitor, request)
    add, remove = await _changed(visitor, form, product)
    preview = await visitor.services.product_scripts.preview(
        form.request(visitor), product.slug, add, remove
    )
    return file_response(scripts_replies.people_file(preview))


async def put_back(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Put back what one change took out; sent twice, done once."""
    event_id = number_in(request.match_info["event_id"])

    async def act(asked: RequestContext) -> Done:
        done = await visitor.services.product_scripts.put_back(asked, event_id)
        message = scripts_replies.changed(done, visitor.guild_id)
        return Done(path_of(done.change.product), message)

    return await confirm.carry_out(visitor, form, act, back="items")


async def archive(visitor: Visitor, form: Form, request: web.Request) -> Done | web.Response:
    """Say how many have it, and sell it no more after a yes."""
    product = await _product(visitor, request)
    if not form.consent.confirmed:
        entry = await visitor.services.products.entry(visitor.guild_id, product.slug)
        return await confirm.ask(
            visitor,
            form,
            replies.archive(entry, ()),
            "Yes, archive it",
            level=Level.MANAGER,
            back=path_of(product),
        )
    done = await visitor.services.products.archive(form.request(visitor), product.slug)
    return Done("items", replies.archived(done))


async def _product(visitor: Visitor, request: web.Request) -> Product:
    number = number_in(request.match_info["item_id"])
    return (await visitor.services.products.entry_of(visitor.guild_id, number)).product


async def _changed(visitor: Visitor, form: Form, product: Product) -> tuple[list[str], list[str]]:
    """Return the short names of the scripts that were ticked and are not in it, and the other way round."""
    entry = await visitor.services.products.entry_of(visitor.guild_id, product.id)
    there, ticked = {script.slug for script in entry.scripts}, set(_ticked(form))
    return sorted(ticked - there), sorted(there - ticked)


def _ticked(form: Form) -> list[str]:
    return [name.removeprefix(_TICK) for name in form.fields if name.startswith(_TICK)]


def _terms(visitor: Visitor, form: Form, before: Product | None = None) -> Terms:
    """Return what the form says otherwise than the product has it; an empty field is a wish to have none."""
    now = {
        Clearable.DURATION: form.text("duration"),
        Clearable.ROLE: form.text("role"),
        Clearable.TRIAL: form.text("trial"),
        Clearable.LINK: form.text("link"),
    }
    had = dict.fromkeys(now, "")
    if before is not None:
        had = {
            Clearable.DURATION: before.length or "",
            Clearable.ROLE: str(before.role_id or ""),
            Clearable.TRIAL: before.trial or "",
            Clearable.LINK: before.link or "",
        }
    new = {name for name, text in now.items() if text and text != had[name]}
    return Terms(
        slug=form.text("slug"),
        title=form.text("title"),
        duration=parse_length(now[Clearable.DURATION]) if Clearable.DURATION in new else None,
        role_id=holder_role(role_in(visitor, form, "role")) if Clearable.ROLE in new else None,
        grace=days_in(form, "grace"),
        trial=parse_length(now[Clearable.TRIAL]) if Clearable.TRIAL in new else None,
        link=now[Clearable.LINK] if Clearable.LINK in new else None,
        without=[name for name, text in now.items() if not text and had[name]],
    )
