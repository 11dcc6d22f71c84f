"""Scripts and products: the list of both, and one script with what can be done to it."""

import math

from aiohttp import web

from bot.access.catalogue.products import ProductEntry
from bot.access.catalogue.scripts import Entry
from bot.access.sweeps.sweep import Progress
from bot.interactions.levels import Level
from bot.replies import (
    Message,
    discovery as discovery_replies,
    explain,
    roles as role_replies,
    scripts as replies,
    sweeps as sweep_replies,
)
from bot.store.records import Script
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.in_discord import role_choices
from bot.web.dashboard.items import SCRIPTS, item_in, path_of, sales_of
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_PER_PAGE = 50


def add_to(routes: Routes) -> None:
    """Serve the pages and their forms."""
    routes.page("items", Level.MANAGER, show)
    routes.page("items/scripts/new", Level.MANAGER, show_new)
    routes.form("items/scripts/new", Level.MANAGER, add)
    routes.page("items/scripts/discover", Level.MANAGER, show_own)
    routes.form("items/scripts/discover", Level.MANAGER, add_own)
    routes.page("items/scripts/{item_id}", Level.MANAGER, show_script)
    routes.form("items/scripts/{item_id}/rename", Level.MANAGER, rename)
    routes.form("items/scripts/{item_id}/archive", Level.MANAGER, archive, fresh=True)
    routes.form("items/scripts/{item_id}/check", Level.MANAGER, check)


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show everything that is sold: what is on sale first."""
    services, guild_id = visitor.services, visitor.guild_id
    products = sorted(await services.products.listed(guild_id), key=_is_archived)
    scripts = sorted(await services.scripts.listed(guild_id), key=_is_archived)
    undecided = dict(await services.role_losses.undecided(guild_id))
    question = None
    if undecided:
        openings = await services.role_rules.listed(guild_id)
        concerned = [each for each in openings if each.rule.role_id in undecided]
        question = role_replies.listing(concerned, undecided, guild_id)
    product_page, script_page = _page_in(request, "products"), _page_in(request, "scripts")
    return await visitor.page(
        "dashboard/items.html",
        products=products[product_page * _PER_PAGE :][:_PER_PAGE],
        product_page=product_page,
        product_pages=math.ceil(len(products) / _PER_PAGE),
        scripts=scripts[script_page * _PER_PAGE :][:_PER_PAGE],
        script_page=script_page,
        script_pages=math.ceil(len(scripts) / _PER_PAGE),
        question=question,
    )


def _page_in(request: web.Request, name: str) -> int:
    return number_in(request.query.get(name, "0"))


def _is_archived(entry: Entry | ProductEntry) -> bool:
    item = entry.script if isinstance(entry, Entry) else entry.product
    return item.archived_at is not None


async def show_script(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show one script: its people, what it belongs to, and how it is sold."""
    services, guild_id = visitor.services, visitor.guild_id
    script = await item_in(visitor, request, SCRIPTS)
    progress = services.full_checks.progress(
        script.id
    )  # first: what ends meanwhile is shown as read
    entry = await services.scripts.entry_of(guild_id, script.id)
    products = await services.products.listed(guild_id)
    return await visitor.page(
        "dashboard/script.html",
        entry=entry,
        products=[
            each.product
            for each in products
            if script.id in {part.id for part in each.scripts} and not _is_archived(each)
        ],
        full_check=_full_check(visitor, entry.script, progress),
        sales=await sales_of(visitor, request, script),
        roles=role_choices(visitor, managed=True),
    )


def _full_check(visitor: Visitor, script: Script, progress: Progress | None) -> Message | None:
    """Return how far the reading of its list is, or why the last one that was begun on a page failed."""
    if progress is not None:
        return sweep_replies.progress(progress)
    if (refusal := visitor.services.full_checks.refusal(script.id)) is not None:
        return Message(sweep_replies.unread(script, explain(refusal).sentence))
    return None


async def show_new(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show the form of a new script."""
    return await visitor.page("dashboard/script_new.html")


async def add(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Add a script once TradingView showed that it is the vendor's own, and read who has it."""
    added = await visitor.services.scripts.add(
        form.request(visitor), form.text("pine_id"), form.text("slug"), form.text("title")
    )
    visitor.services.full_checks.begin_each([added.script], visitor.session.member_id)
    return Done(path_of(added.script), replies.added(added))


async def show_own(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show which scripts TradingView lists under the login."""
    offers = await visitor.services.discovery.find(visitor.guild_id)
    return await visitor.page(
        "dashboard/discover.html",
        message=discovery_replies.found(offers, visitor.guild_id),
        offers=[offer for offer in offers if offer.is_new],
    )


async def add_own(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Add one of them, or all that are new, and read who has them."""
    chosen = [form.text("pine_id")]
    if form.checked("all"):
        offers = await visitor.services.discovery.find(visitor.guild_id)
        chosen = [offer.pine_id for offer in offers if offer.is_new]
    done = await visitor.services.discovery.add(form.request(visitor), chosen)
    visitor.services.full_checks.begin_each(
        [added.script for added in done.added], visitor.session.member_id
    )
    return Done("items/scripts/discover", discovery_replies.added(done))


async def rename(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Give a script another short name and title; no access changes."""
    script = await item_in(visitor, request, SCRIPTS)
    before, after = await visitor.services.scripts.rename(
        form.request(visitor), script.slug, form.text("slug"), form.text("title")
    )
    return Done(path_of(script), replies.renamed(before, after))


async def archive(visitor: Visitor, form: Form, request: web.Request) -> Done | web.Response:
    """Say how many still have it, and take it out of the catalogue after a yes."""
    script = await item_in(visitor, request, SCRIPTS)
    if not form.consent.confirmed:
        entry = await visitor.services.scripts.entry(visitor.guild_id, script.slug)
        return await confirm.ask(
            visitor,
            form,
            replies.archive(entry, ()),
            "Yes, archive it",
            level=Level.MANAGER,
            back=path_of(script),
        )
    done = await visitor.services.scripts.archive(form.request(visitor), script.slug)
    return Done("items", replies.archived(done))


async def check(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Begin a full check of one script; what differs has a page of its own."""
    script = await visitor.services.scripts.of_button(
        visitor.guild_id, number_in(request.match_info["item_id"])
    )
    visitor.services.full_checks.begin_each([script], visitor.session.member_id)
    return Done(path_of(script), sweep_replies.begun(script))
