"""From a form to an order: recorded through the command's own door, then shown how it stands."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.access.ledger.receipts import Receipt
from bot.access.request import RequestContext
from bot.interactions.confirm import Labels
from bot.interactions.order_flow import takes_long
from bot.store.kinds import OrderState
from bot.web.dashboard.confirm import carry_out
from bot.web.dashboard.forms import Form
from bot.web.dashboard.routes import Done
from bot.web.dashboard.visitor import Visitor

WAITING_TIMEOUT = 3.0  # seconds; the page of the order loads itself anew afterwards

Order = Callable[[RequestContext], Awaitable[int]]  # returns the id of the order


async def record(
    visitor: Visitor,
    form: Form,
    order: Order,
    labels: Labels = Labels(),  # noqa: B008 - frozen
    *,
    back: str = "",
) -> Done | web.StreamResponse:
    """Record the order and lead to its page; `order` may be called again, with more consent."""

    async def act(request: RequestContext) -> Done:
        return Done(f"orders/{await order(request)}")

    return await carry_out(visitor, form, act, labels, back=back)


async def receipt(visitor: Visitor, order_id: int) -> Receipt | None:
    """Return how an order of this server stands, a few seconds from now at most; None where there is none.

    Nobody else tells the person who asked meanwhile, nor what they see here.
    """
    services = visitor.services
    with services.notifier.awaiting(order_id):
        try:
            now = await services.outcomes.receipt(order_id)
        except LookupError:
            return None
        if now.order.guild_id != visitor.guild_id:
            return None
        if now.state is OrderState.WAITING and not takes_long(now):
            now = await services.outcomes.outcome(order_id, WAITING_TIMEOUT)
        if now.order.actor.member_id == visitor.session.member_id:
            await services.outcomes.told(order_id, now.told_as)
    return now
