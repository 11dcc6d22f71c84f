"""Discord's own shop: what it sells for the bot, and which item each thing opens."""

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.interactions.levels import Level
from bot.replies import Message, webhook_discord as replies
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_PATH = "settings/discord-shop"


def add_to(routes: Routes) -> None:
    """Serve the page and its forms."""
    routes.page(_PATH, Level.MANAGER, show)
    routes.form(f"{_PATH}/{{sku_id}}/item", Level.MANAGER, choose)
    routes.form(f"{_PATH}/remove", Level.MANAGER, remove, fresh=True)


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show what Discord sells, with what each thing opens."""
    services, guild_id = visitor.services, visitor.guild_id
    skus = await services.discord_shop.skus()
    openings = await services.premium_rules.listed(guild_id)
    items = await services.premium_rules.items(guild_id)
    opened = {each.rule.sku_id: each.item.slug for each in openings}
    return await visitor.page(
        "dashboard/discord_shop.html",
        message=replies.shop(skus, openings, items, guild_id),
        skus=[(sku, replies.SOLD[sku.kind], opened.get(sku.id, replies.NOTHING)) for sku in skus],
        items=[(replies.NOTHING, "Nothing"), *((item.slug, item.title) for item in items)],
        is_connected=bool(openings),
    )


async def choose(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let a thing open that item and no other."""
    services, sku_id = visitor.services, number_in(request.match_info["sku_id"])
    sku = next((each for each in await services.discord_shop.skus() if each.id == sku_id), None)
    if sku is None or not form.text("item"):
        raise ButtonGone
    item = None if form.text("item") == replies.NOTHING else form.text("item")
    opening = await services.premium_rules.choose(form.request(visitor), sku, item)
    return Done(_PATH, Message(replies.chosen(sku, opening)))


async def remove(visitor: Visitor, form: Form, _: web.Request) -> Done | web.Response:
    """Say what it means, and let nothing that Discord sells open anything after a yes."""
    rules = visitor.services.premium_rules
    if not await rules.listed(visitor.guild_id):
        return Done("settings/webhooks", replies.not_connected())
    if not form.consent.confirmed:
        return await confirm.ask(
            visitor,
            form,
            replies.remove(()),
            "Yes, remove it",
            level=Level.MANAGER,
            is_danger=True,
            back=_PATH,
        )
    await rules.remove_all(form.request(visitor))
    return Done("settings/webhooks", replies.removed())
