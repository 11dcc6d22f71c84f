"""The part of an item's page about Discord roles that open it, and what becomes of a role that many lost."""

from functools import partial

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.interactions.levels import Level
from bot.interactions.roles import opening_role
from bot.replies import roles as replies
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.in_discord import role_in
from bot.web.dashboard.items import PRODUCTS, SCRIPTS, is_of, item_in, path_of
from bot.web.dashboard.numbers import days_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor


def add_to(routes: Routes) -> None:
    """Serve the forms."""
    for kind in (SCRIPTS, PRODUCTS):
        path = f"items/{kind}/{{item_id}}/roles"
        routes.form(path, Level.MANAGER, partial(add, kind))
        routes.form(f"{path}/{{role_id}}/remove", Level.MANAGER, partial(remove, kind), fresh=True)
    routes.form("items/roles/{rule_id}/put-back", Level.MANAGER, put_back)
    routes.form("items/lost-roles/{loss_id}/end", Level.MANAGER, end, fresh=True)
    routes.form("items/lost-roles/{loss_id}/keep", Level.MANAGER, keep)
    routes.button(replies.PUT_BACK, "items/roles/{}/put-back")
    routes.button(replies.END, "items/lost-roles/{}/end")
    routes.button(replies.KEEP, "items/lost-roles/{}/keep")


async def add(
    kind: str, visitor: Visitor, form: Form, request: web.Request
) -> Done | web.StreamResponse:
    """Say how many get it at once, and let a role open the item after a yes; where nobody does, at once."""
    services, asked = visitor.services, form.request(visitor)
    item = await item_in(visitor, request, kind)
    role = opening_role(role_in(visitor, form, "role"))
    grace = days_in(form, "grace")
    opens = await services.role_rules.may_add(asked, role, item.slug, grace)
    if not form.consent.confirmed:
        known = await services.role_rules.known_members(visitor.guild_id)
        number = await services.client.members.number_with(visitor.guild_id, role.id, known)
        if number is None or number[0]:
            return await confirm.ask(
                visitor,
                form,
                replies.add(role.id, opens, grace, number, ()),
                "Yes, let it open that",
                level=Level.MANAGER,
                back=path_of(item),
            )
    rule, opens = await services.role_rules.add(asked, role, item.slug, grace)
    return Done(path_of(item), replies.added(rule, opens))


async def remove(
    kind: str, visitor: Visitor, form: Form, request: web.Request
) -> Done | web.StreamResponse:
    """Say who loses what, and let the role open the item no longer after a yes."""
    services, asked = visitor.services, form.request(visitor)
    item = await item_in(visitor, request, kind)
    role_id = number_in(request.match_info["role_id"])
    openings = await services.role_rules.listed(visitor.guild_id)
    if not any(each.rule.role_id == role_id and is_of(each, item) for each in openings):
        raise ButtonGone
    opening = await services.role_rules.opening(asked, role_id, item.slug)
    if not form.consent.confirmed:
        return await confirm.ask(
            visitor,
            form,
            replies.remove(opening, ()),
            "Yes, remove it",
            level=Level.MANAGER,
            is_danger=True,
            back=path_of(item),
        )
    done = await services.role_rules.remove(asked, opening.rule.id)
    return Done(path_of(item), replies.removed(done))


async def put_back(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let a removed rule count again."""
    rule_id = number_in(request.match_info["rule_id"])
    done = await visitor.services.role_rules.put_back(form.request(visitor), rule_id)
    sold = done.item.product or done.item.scripts[0]
    return Done(path_of(sold), replies.put_back(done))


async def end(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """End what a role gave to those who lost it."""
    return await _decide(visitor, form, request, keep=False)


async def keep(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let those keep it who lost the role."""
    return await _decide(visitor, form, request, keep=True)


async def _decide(visitor: Visitor, form: Form, request: web.Request, *, keep: bool) -> Done:
    loss_id = number_in(request.match_info["loss_id"])
    done = await visitor.services.role_losses.decide(form.request(visitor), loss_id, keep=keep)
    return Done("items", replies.decided(done))
