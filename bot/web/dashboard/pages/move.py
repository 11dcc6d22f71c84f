"""A change of shop: its list is sent, looked at, and its customers are taken over."""

import asyncio
from functools import partial

from aiohttp import web

from bot.access.orders.moving.errors import NothingSold
from bot.access.orders.moving.matching import Outcome, products_of
from bot.access.orders.moving.readers import PANEL, SHOPS
from bot.access.orders.moving.records import LARGEST, ListUnreadable
from bot.access.orders.moving.shop_lists import WORKING, ShopList, Stage
from bot.access.sources.payments import label
from bot.interactions.levels import Level
from bot.replies import Message, explain
from bot.replies.message import Attached
from bot.replies.tone import Tone
from bot.web.dashboard.files import file_response
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.move_rows import Group, Rows, rows_of
from bot.web.dashboard.pages.person import items
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

HERE = "payments/move"
_ONE = f"{HERE}/{{list_id:[0-9]+}}"
_NOTHING = "-"  # the choice for what is nothing to do with Usher: no short name can be that
_MAX_OPTIONS = 600  # in all lists of a page together
_MAX_ITEMS = 200  # in one list; of more, the short name is typed
_PLANS = 25
_FILES = {"stripe": ("file", "customers")}  # the fields, where a shop has more than one


def add_to(routes: Routes) -> None:
    """Serve the pages and their forms."""
    routes.page(HERE, Level.MANAGER, choose)
    for shop in SHOPS:
        routes.page(f"{HERE}/{shop}", Level.MANAGER, partial(show_form, shop))
        routes.form(
            f"{HERE}/{shop}", Level.MANAGER, partial(send, shop),
            largest_file=LARGEST, most_files=len(_fields(shop)),
        )  # fmt: skip
    routes.page(_ONE, Level.MANAGER, show)
    routes.page(f"{_ONE}/plans", Level.MANAGER, show_plans)
    routes.page(f"{_ONE}/everybody", Level.MANAGER, everybody)
    routes.form(f"{_ONE}/plans", Level.MANAGER, say)
    routes.form(f"{_ONE}/look", Level.MANAGER, look_again)
    routes.form(f"{_ONE}/take", Level.MANAGER, take)
    routes.form(f"{_ONE}/forget", Level.MANAGER, forget)


async def choose(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show from which shops customers can be taken over, and the lists that are still here."""
    return await visitor.page(
        "dashboard/move.html",
        shops=SHOPS,
        kept=visitor.services.shop_lists.of(visitor.guild_id),
    )


async def show_form(shop: str, visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show where a shop's list is found, and the form that takes it."""
    return await _form(visitor, shop)


async def send(
    shop: str, visitor: Visitor, form: Form, _: web.Request
) -> Done | web.StreamResponse:
    """Read the list, and lead to what it comes to."""
    from bot.replies import change_of_shop  # noqa: PLC0415 - rarely needed

    files = [file.data for name in _fields(shop) if (file := form.file(name)) is not None]
    if form.file("file") is None:
        return await _form(visitor, shop, wrong="Choose the file first.")
    try:
        kept = await visitor.services.shop_lists.keep(form.request(visitor), shop, files)
    except ListUnreadable as error:
        return await _form(visitor, shop, wrong=change_of_shop.unreadable(error, SHOPS[shop]))
    except NothingSold as refusal:
        return await _form(visitor, shop, wrong=explain(refusal).text)
    if kept.listing.provider is not None:  # what is sold in it has a name from now on
        await asyncio.to_thread(label, kept.listing.provider)
    return Done(_at(kept))


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show what a list comes to, how far it is, or what was taken over."""
    kept = _list(visitor, request)
    if kept.stage is Stage.ASKING and kept.failure is None:
        return await _plans(visitor, kept, 0)
    rows = None
    if kept.plan is not None and kept.stage not in WORKING:
        page = number_in(request.query.get("page", "0"))
        rows = rows_of(kept, request.query.get("show", ""), page)
    response = await visitor.page(
        "dashboard/move_list.html",
        kept=kept,
        shop=SHOPS[kept.shop],
        at=_at(kept),
        is_working=kept.stage in WORKING,
        rows=rows,
        numbers={} if rows is None else rows.numbers,
        taken=0 if rows is None else _taken(rows),
        failure=None if kept.failure is None else _failed(kept.failure),
        progress=_progress(visitor, kept),
        plans=_answered(kept),
        known=len(kept.answers),
        is_panel=kept.listing.provider is None,
        given=_given(kept),
        provider=label(kept.listing.provider or ""),
    )
    if "HX-Request" in request.headers and request.query.get("was") not in (None, kept.stage):
        response.headers["HX-Refresh"] = "true"  # another page by now
    return response


async def show_plans(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show which item each plan of the shop is, to be changed."""
    return await _plans(visitor, _list(visitor, request), number_in(request.query.get("page", "0")))


async def say(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Note which item each plan is; once all are known, TradingView is looked at."""
    kept = _list(visitor, request)
    products = [product for product, _ in products_of(kept.listing).most_common()]
    answers: dict[str, str | None] = {}
    for number, product in enumerate(products):
        if chosen := form.text(f"plan-{number}"):
            answers[product] = None if chosen == _NOTHING else chosen
    connection_id = number_in(form.text("connection")) if form.text("connection") else None
    kept = await visitor.services.shop_lists.say(
        form.request(visitor), kept.id, answers, connection_id
    )
    left = kept.open_products
    if not left:
        return Done(_at(kept))
    page = products.index(left[0]) // await _at_once(visitor)
    is_open = any(product in left for product in answers) or not answers
    asked = Message("**Choose for each plan what it is here.**", tone=Tone.LOOK)
    return Done(f"{_at(kept)}/plans?page={page}", asked if is_open else None)


async def look_again(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Read anew who has access on TradingView."""
    lists = visitor.services.shop_lists
    return Done(_at(lists.look_again(form.request(visitor), _number(request))))


async def take(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Take over whom the list names, and order what was ticked."""
    kept = visitor.services.shop_lists.take(
        form.request(visitor),
        _number(request),
        grant_missing=form.checked("grant_missing"),
        extend_to_paid=form.checked("extend_to_paid"),
    )
    return Done(_at(kept))


async def forget(visitor: Visitor, _: Form, request: web.Request) -> Done:
    """Forget a list before its hour is over."""
    visitor.services.shop_lists.drop(visitor.guild_id, _number(request))
    return Done(HERE, Message("**The list is forgotten.** Whoever was taken over stays so."))


async def everybody(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Give everybody in the list as a file, which alone holds e-mail addresses; the history tells of it."""
    from bot.replies import change_files  # noqa: PLC0415 - rarely needed

    kept, lists = _list(visitor, request), visitor.services.shop_lists
    if kept.plan is None:
        return await show(visitor, request)
    await lists.note_download(visitor.request("shop list"), kept)
    content = await asyncio.to_thread(change_files.table, kept.plan)
    return file_response(Attached(f"everybody-{kept.shop}.csv", content))


async def _form(visitor: Visitor, shop: str, wrong: str = "") -> web.Response:
    return await visitor.page(
        "dashboard/move_new.html",
        status=422 if wrong else 200,
        shop=shop,
        name=SHOPS[shop],
        wrong=wrong,
        is_panel=shop == PANEL,
    )


async def _plans(visitor: Visitor, kept: ShopList, page: int) -> web.Response:
    """Show some plans of the list, each with the items to choose from."""
    offered = items(await visitor.services.overview.on_offer(visitor.guild_id))
    at_once = _fitting(len(offered))
    found = products_of(kept.listing).most_common()
    pages = max(1, -(-len(found) // at_once))
    page = min(page, pages - 1)
    shown = list(enumerate(found))[page * at_once :][:at_once]
    return await visitor.page(
        "dashboard/move_plans.html",
        kept=kept,
        shop=SHOPS[kept.shop],
        at=_at(kept),
        offered=offered,
        is_typed=len(offered) > _MAX_ITEMS,
        asked=[
            (number, _called(product), people, _choice(kept, product))
            for number, (product, people) in shown
        ],
        nothing=_NOTHING,
        page=page,
        pages=pages,
        open=len(kept.open_products),
    )


async def _at_once(visitor: Visitor) -> int:
    return _fitting(len(await visitor.services.overview.on_offer(visitor.guild_id)))


def _fitting(items_there: int) -> int:
    """Return how many plans are asked about on one page: each has a list of all items."""
    if items_there > _MAX_ITEMS:
        return _PLANS
    return max(1, min(_PLANS, _MAX_OPTIONS // (items_there + 2)))


def _choice(kept: ShopList, product: str) -> str:
    slug = kept.answers.get(product)
    return "" if slug is None else slug or _NOTHING


def _answered(kept: ShopList) -> list[tuple[str, int, str]]:
    """Return what the plans with most payers are: the plan, how many pay for it, and the short name or nothing."""
    found = products_of(kept.listing).most_common(_PLANS)
    return [
        (_called(product), people, kept.answers.get(product) or "") for product, people in found
    ]


def _called(product: str) -> str:
    from bot.replies.change_of_shop import shown  # noqa: PLC0415 - rarely needed

    return shown(product)[:100]


def _given(kept: ShopList) -> set[Group]:
    """Return of whom all that is missing was ordered."""
    if kept.done is None:
        return set()
    groups = {"grant_missing": Group.NO_ACCESS, "extend_to_paid": Group.SHORTER}
    return {groups[each] for each in kept.gives}


def _failed(error: Exception) -> Message:
    """Return why the last step ended early."""
    explained = explain(error)
    return Message(explained.text, tone=explained.tone)


def _progress(visitor: Visitor, kept: ShopList) -> tuple[int, int]:
    """Return how many rows of the script's list are read, of about so many."""
    found = None if kept.reading is None else visitor.services.full_checks.progress(kept.reading.id)
    return (0, 0) if found is None else (found.rows, found.expected)


def _taken(rows: Rows) -> int:
    """Return how many people the press takes over."""
    taken = (Outcome.AGREES, Outcome.LONGER, Outcome.SHORTER, Outcome.UNDATED)
    return sum(rows.numbers[Group(each.value)] for each in taken)


def _fields(shop: str) -> tuple[str, ...]:
    return _FILES.get(shop, ("file",))


def _number(request: web.Request) -> int:
    return number_in(request.match_info["list_id"])


def _list(visitor: Visitor, request: web.Request) -> ShopList:
    return visitor.services.shop_lists.find(visitor.guild_id, _number(request))


def _at(kept: ShopList) -> str:
    return f"{HERE}/{kept.id}"
