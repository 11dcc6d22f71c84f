"""Payments: what waits for a mend, the connections to shops, and what was sold last."""

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.orders.price_questions import NOTHING, PriceQuestion, choice_of
from bot.access.sources.payments import label
from bot.interactions.levels import Level
from bot.replies import webhook_pending, webhook_prices, webhooks
from bot.replies.history_payments import why
from bot.replies.text import order_number
from bot.store.kinds import DeliveryState
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_ORDERS = 20  # a page of those that nobody knows the buyer of; so many messages too
_MAX_PAGE = 100_000
_PRICES = 25
# In all lists of the page together: of a shop with many items fewer prices are asked.
_MAX_OPTIONS = 600
_SALES = 8


def add_to(routes: Routes) -> None:
    """Serve the page, and the forms about prices and messages."""
    routes.page("payments", Level.MANAGER, show)
    routes.form("payments/prices/{price_id:[0-9]+}", Level.MANAGER, choose)
    routes.form("payments/messages/{delivery_id:[0-9]+}/replay", Level.MANAGER, replay_one)
    routes.form("payments/replay", Level.MANAGER, replay_all)


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show what waits, how each connection stands, and the last sales."""
    services, guild_id = visitor.services, visitor.guild_id
    page = min(number_in(request.query.get("page", "0")), _MAX_PAGE)
    waiting = await services.pending.view(guild_id, skip=page * _ORDERS, limit=_ORDERS)
    prices = await services.prices.open_numbers(guild_id)
    asked = await services.prices.questions(guild_id, _PRICES)
    views = await services.connections.listed(guild_id)
    return await visitor.page(
        "dashboard/payments.html",
        waiting=waiting,
        page=page,
        pages=max(1, -(-waiting.number // _ORDERS)),
        asked=_as_many_as_fit(asked),
        open_prices=sum(number for _, number in prices.values()),
        choices=_choices(asked),
        ends=await services.sales_records.asked(guild_id),
        connections=[(view, webhooks.standing(view), prices.get(view.row.id)) for view in views],
        discord=len(await services.premium_rules.listed(guild_id)),
        sales=await services.sales_records.latest(guild_id, _SALES),
        called=lambda price: price.name or price.key,
        label=label,
        number=order_number,
        unmapped=DeliveryState.UNMAPPED,
        why=why,
    )


async def choose(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let a price be what was chosen; what waited for it goes on."""
    price_id = number_in(request.match_info["price_id"])
    prices = visitor.services.prices
    decided = await prices.choose(form.request(visitor), price_id, form.text("item"))
    return Done("payments", webhook_prices.decided(decided))


async def replay_one(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let one message be tried again."""
    services = visitor.services
    delivery_id = number_in(request.match_info["delivery_id"])
    message = await services.sales_records.message(visitor.guild_id, delivery_id)
    if message is None:
        raise ButtonGone
    number = await services.pending.replay(
        form.request(visitor), message.connection_id, delivery_id
    )
    back = form.text("contract")
    to = f"payments/contracts/{number_in(back)}" if back else "payments"
    return Done(to, webhook_pending.tried_again(number))


async def replay_all(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Let all messages that wait or are stuck be tried again."""
    number = await visitor.services.pending.replay(form.request(visitor), None)
    return Done("payments", webhook_pending.tried_again(number))


def _as_many_as_fit(asked: list[PriceQuestion]) -> list[PriceQuestion]:
    """Return the questions that are put at once: each has a list of all items."""
    return asked[: max(1, _MAX_OPTIONS // (len(asked[0].items) + 1))] if asked else []


def _choices(asked: list[PriceQuestion]) -> list[tuple[str, str]]:
    if not asked:
        return []
    items = [(choice_of(item), item.title) for item in asked[0].items]
    return [("", "Choose …"), *items, (NOTHING, "Nothing to do with us")]
