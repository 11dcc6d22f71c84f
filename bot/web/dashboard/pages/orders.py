"""The page of one order: how it stands, until it has ended, and what can be put back."""

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.request import RequestContext
from bot.interactions.levels import Level
from bot.replies import orders as replies
from bot.replies.history_facts import actor_named
from bot.store.kinds import OrderKind, OrderState
from bot.web.dashboard import orders
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor


def add_to(routes: Routes) -> None:
    """Serve the page and its forms."""
    routes.page("orders/{order_id}", Level.STAFF, show)
    routes.form("orders/{order_id}/put-back", Level.STAFF, put_back)
    routes.form("orders/{order_id}/retry", Level.STAFF, retry)
    routes.button(replies.PUT_BACK, "orders/{}/put-back")
    routes.button(replies.TRY_NOW, "orders/{}/retry")


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show how an order stands; while it waits, the page loads itself anew."""
    receipt = await orders.receipt(visitor, number_in(request.match_info["order_id"]))
    if receipt is None:
        raise ButtonGone
    return await visitor.page(
        "dashboard/order.html",
        receipt=receipt,
        message=replies.receipt(receipt),
        asked_by=actor_named(receipt.order.actor),
        waits=receipt.state is OrderState.WAITING,
    )


async def put_back(visitor: Visitor, form: Form, request: web.Request) -> Done | web.StreamResponse:
    """Undo what the order took away; what it gave ends by that. Sent twice, done once."""
    order_id = number_in(request.match_info["order_id"])
    receipt = await orders.receipt(visitor, order_id)
    if receipt is None:
        raise ButtonGone
    if receipt.order.kind is not OrderKind.REVOKE:
        visitor.require_fresh()

    async def order(context: RequestContext) -> int:
        return await visitor.services.grants.put_back(context, order_id)

    return await orders.record(visitor, form, order, back=f"orders/{order_id}")


async def retry(visitor: Visitor, _: Form, request: web.Request) -> Done | web.StreamResponse:
    """Try a waiting order at once."""
    receipt = await orders.receipt(visitor, number_in(request.match_info["order_id"]))
    if receipt is None:
        raise ButtonGone
    await visitor.services.retries.try_now(receipt.order)
    return Done(f"orders/{receipt.order.id}")
