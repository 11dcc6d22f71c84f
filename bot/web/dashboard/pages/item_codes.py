"""The part of an item's page about codes: made, revoked, put back."""

from functools import partial

from aiohttp import web

from bot.access.request import RequestContext
from bot.access.rules.duration import parse_length
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.replies import codes as replies
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.items import PRODUCTS, SCRIPTS, item_in, path_of
from bot.web.dashboard.numbers import end_in, whole_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor


def add_to(routes: Routes) -> None:
    """Serve the forms."""
    for kind in (SCRIPTS, PRODUCTS):
        routes.form(f"items/{kind}/{{item_id}}/codes", Level.MANAGER, partial(create, kind))
    routes.form("items/codes/revoke", Level.MANAGER, revoke_one, fresh=True)
    routes.form("items/codes/{set_id}/revoke", Level.MANAGER, revoke, fresh=True)
    routes.form("items/codes/{set_id}/{code_id}/put-back", Level.MANAGER, put_back)
    routes.button(replies.PUT_BACK, "items/codes/{}/{}/put-back")


async def create(
    kind: str, visitor: Visitor, form: Form, request: web.Request
) -> Done | web.StreamResponse:
    """Make codes, and show them on this one page; asks before they give lifetime."""
    item = await item_in(visitor, request, kind)
    length, expires = parse_length(form.text("duration")), end_in(visitor, form, "expires")
    number, uses = whole_in(form, "count", 1), whole_in(form, "uses", 1)

    async def act(asked: RequestContext) -> Done | web.StreamResponse:
        made = await visitor.services.codes.create(
            asked, item.slug, length, number=number, uses=uses, expires=expires
        )
        if made is None:
            return Done(path_of(item), replies.made_before())
        return await visitor.page(
            "dashboard/codes_made.html",
            item=item,
            back=path_of(item),
            codes=made.codes,
            message=replies.made_on_page(made),
            attached=replies.file(made),
        )

    return await confirm.carry_out(visitor, form, act, Labels("Yes, make them"), back=path_of(item))


async def revoke(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """End all codes of a set; what members got stays."""
    set_id = number_in(request.match_info["set_id"])
    revoked = await visitor.services.codes.revoke(form.request(visitor), set_id, "")
    return Done(path_of(revoked.code_set.sold), replies.revoked(revoked, visitor.guild_id))


async def revoke_one(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """End one code, as it is typed."""
    revoked = await visitor.services.codes.revoke(form.request(visitor), None, form.text("code"))
    return Done(path_of(revoked.code_set.sold), replies.revoked(revoked, visitor.guild_id))


async def put_back(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let what was revoked work again."""
    back = await visitor.services.codes.put_back(
        form.request(visitor),
        number_in(request.match_info["set_id"]),
        number_in(request.match_info["code_id"]) or None,
    )
    return Done(path_of(back.code_set.sold), replies.put_back(back))
