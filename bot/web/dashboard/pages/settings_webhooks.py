"""Connections to shops: listed, added, set and removed. A secret that is typed here is never shown again."""

from datetime import datetime

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.orders.connection_view import NAME_FIELD, ConnectionChange, ConnectionView, Heard
from bot.access.sources import payments
from bot.interactions import shop_setup
from bot.interactions.levels import Level
from bot.replies import Message, webhook_discord, webhook_forms, webhooks as replies
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.numbers import days_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_PATH = "settings/webhooks"
_ONE = f"{_PATH}/{{connection_id}}"
_TEST_TIMEOUT = 600  # seconds for the first message, as with the command


def add_to(routes: Routes) -> None:
    """Serve the pages and their forms."""
    routes.page(_PATH, Level.MANAGER, show)
    routes.page(f"{_PATH}/new", Level.MANAGER, show_new)
    routes.form(f"{_PATH}/new", Level.MANAGER, add)
    routes.page(_ONE, Level.MANAGER, show_one)
    routes.form(f"{_ONE}/edit", Level.MANAGER, edit)
    routes.form(f"{_ONE}/secret", Level.MANAGER, set_secret)
    routes.form(f"{_ONE}/drop-old", Level.MANAGER, drop_old, fresh=True)
    routes.form(f"{_ONE}/api-key", Level.MANAGER, set_api_key)
    routes.form(f"{_ONE}/options", Level.MANAGER, set_options)
    routes.form(f"{_ONE}/test", Level.MANAGER, test)
    routes.page(f"{_ONE}/test", Level.MANAGER, show_test)
    routes.form(f"{_ONE}/remove", Level.MANAGER, remove, fresh=True)
    routes.button(replies.TEST, f"{_PATH}/{{}}/test")
    routes.button(replies.DROP_OLD, f"{_PATH}/{{}}/drop-old")


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show which shops are connected, and how each stands."""
    services, guild_id = visitor.services, visitor.guild_id
    views = await services.connections.listed(guild_id)
    prices = await services.prices.open_numbers(guild_id)
    sold = await services.premium_rules.listed(guild_id)
    return await visitor.page(
        "dashboard/settings_webhooks.html",
        tab=_PATH,
        shops=[
            (view.row.id, replies.line(view, *prices.get(view.row.id, (0, 0)))) for view in views
        ],
        on_discord=webhook_discord.line(sold) if sold else None,
    )


async def show_new(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show the providers; once one is chosen, the form of its secret."""
    chosen = request.query.get("provider", "")
    provider = None
    if chosen:
        await visitor.services.connections.known(chosen)
        provider = payments.provider(chosen)
    return await visitor.page(
        "dashboard/webhook_new.html",
        provider=provider,
        offered=[] if provider else await payments.offered(),
        discord_shop=webhook_discord.LABEL,
    )


async def add(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Add the connection, with or without its secret; the next page has its address."""
    view = await visitor.services.connections.add(
        form.request(visitor), form.text("provider"), form.text("secret"), form.text("api_key")
    )
    return _done(view, replies.added(view))


async def show_one(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show one connection: its five steps, what is set, and the forms for it."""
    services = visitor.services
    view = await services.connections.one(visitor.guild_id, _number(request))
    prices = await services.prices.of_shop(visitor.guild_id, view.row.id)
    steps = await shop_setup.steps(services.connections, services.guild_settings, view)
    return await visitor.page(
        "dashboard/webhook.html",
        view=view,
        path=f"{_PATH}/{view.row.id}",
        provider=payments.provider(view.row.provider),
        message=replies.settings(view, steps, prices),
        name_field=view.row.options.get(NAME_FIELD, ""),
        options="\n".join(f"{name} = {value}" for name, value in webhook_forms.flat(view.options)),
    )


async def edit(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Change what the vendor decided for this shop."""
    change = ConnectionChange(
        slack_days=days_in(form, "slack"),
        grace_days=days_in(form, "grace"),
        cancel_ends_now=form.text("cancel") == "at once",
        partial_refund_ends=form.text("refund") == "end",
        dispute_holds=form.text("dispute") == "hold",
        asks_first=form.checked("ask"),
        name_field=form.text("name_field"),
    )
    view = await visitor.services.connections.edit(form.request(visitor), _number(request), change)
    return _done(view, replies.changed(view))


async def set_secret(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Keep a new secret; the one before stays good for a day."""
    view = await visitor.services.connections.set_secret(
        form.request(visitor), _number(request), form.text("secret")
    )
    return _done(view, replies.secret_kept(view))


async def drop_old(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Let only the newest secret be good."""
    view = await visitor.services.connections.drop_old_secrets(
        form.request(visitor), _number(request)
    )
    return _done(view, replies.changed(view))


async def set_api_key(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Keep the key by which messages are looked up; an empty field: none."""
    view = await visitor.services.connections.set_api_key(
        form.request(visitor), _number(request), form.text("api_key")
    )
    return _done(view, replies.changed(view))


async def set_options(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Take the options, checked by the provider."""
    options = webhook_forms.read_options(form.text("options"))
    view = await visitor.services.connections.set_options(
        form.request(visitor), _number(request), options
    )
    return _done(view, replies.changed(view))


async def remove(visitor: Visitor, form: Form, request: web.Request) -> Done | web.Response:
    """Say what that means, and take no more messages after a yes; what was bought stays."""
    connections, number = visitor.services.connections, _number(request)
    if not form.consent.confirmed:
        view = await connections.one(visitor.guild_id, number)
        return await confirm.ask(
            visitor,
            form,
            replies.remove(view, ()),
            "Yes, remove it",
            level=Level.MANAGER,
            is_danger=True,
            back=f"{_PATH}/{number}",
        )
    view = await connections.remove(form.request(visitor), number)
    return Done(_PATH, replies.removed(view))


# The test


async def test(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Begin to wait for a message: the address keeps what was heard before."""
    number = _number(request)
    before = await visitor.services.connections.heard(visitor.guild_id, number)
    at = "" if before.at is None else f"{before.at.timestamp():.6f}"
    began = int(form.request(visitor).at.timestamp())
    return Done(f"{_PATH}/{number}/test?began={began}&refused={before.refused}&at={at}")


async def show_test(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show what came since the test began; until then the page loads itself anew."""
    connections = visitor.services.connections
    view = await connections.one(visitor.guild_id, _number(request))
    now = await connections.heard(visitor.guild_id, view.row.id)
    before = _before(request, now)
    began = number_in(request.query.get("began", ""))
    is_over = visitor.request("").at.timestamp() - began > _TEST_TIMEOUT
    waits = not now.is_newer(before) and not is_over
    if waits:
        message = replies.waiting(view)
    elif now.is_newer(before):
        message = replies.heard(view, now, before)
    else:
        message = replies.nothing_came(view)
    return await visitor.page(
        "dashboard/webhook_test.html",
        view=view,
        path=f"{_PATH}/{view.row.id}",
        message=message,
        waits=waits,
    )


def _before(request: web.Request, now: Heard) -> Heard:
    """Return what had been heard when the test began, as the address keeps it."""
    refused, at = number_in(request.query.get("refused", "")), request.query.get("at", "")
    is_same = at == ("" if now.at is None else f"{now.at.timestamp():.6f}")
    if is_same:
        return Heard(now.at, None, refused, None)
    try:
        moment = datetime.fromtimestamp(float(at), now.at.tzinfo) if at and now.at else None
    except (ValueError, OverflowError, OSError):
        raise ButtonGone from None
    return Heard(moment, None, refused, None)


def _done(view: ConnectionView, done: str) -> Done:
    return Done(f"{_PATH}/{view.row.id}", Message(done))


def _number(request: web.Request) -> int:
    return number_in(request.match_info["connection_id"])
