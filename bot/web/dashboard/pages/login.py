"""The TradingView login: how it stands, a new one, spares, and what became of earlier ones."""

import math
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.access.errors import TradingViewSilent
from bot.access.logins.account import LoginState
from bot.access.logins.entry import Door, LoginEntry, Outcome
from bot.access.logins.errors import CookiesOfOther, NoLogin, TooManyPresses
from bot.access.people.web_sessions import FRESH
from bot.interactions.levels import Level
from bot.replies import explain, login as replies
from bot.replies.text import member
from bot.tradingview.signin import SecondFactorNeeded
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor, visitor_of
from bot.web.login import PRESSES, next_step

_OUTAGES = 5


def add_to(routes: Routes) -> None:
    """Serve the page and its forms, all of them for a young session alone."""
    routes.page("login", Level.MANAGER, show, fresh=True)
    for name, act in (
        ("test", test),
        ("paste", paste),
        ("password", password),
        ("code", code),
        ("again", again),
        ("start-over", start_over),
        ("forget", forget),
    ):
        routes.form(f"login/{name}", Level.MANAGER, act, fresh=True)


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show how the login stands, and what is typed next."""
    services, guild_id = visitor.services, visitor.guild_id
    waits = _entry(visitor).waits_for(_key(visitor))
    return await visitor.page(
        "dashboard/login.html",
        login=await services.sessions.status(guild_id),
        waiting=await services.outages.waiting(guild_id),
        spares=await services.spares.listed(guild_id),
        outages=await services.outages.latest(guild_id, _OUTAGES),
        step="choose" if waits is None else next_step(waits),
        question="" if waits is None else explain(waits).sentence,
        by=lambda whose: "the settings of the program" if whose is None else member(whose),
    )


async def test(visitor: Visitor, _: Form, __: web.Request) -> Done:
    """Ask TradingView now, as /session status does."""
    sessions, guild_id = visitor.services.sessions, visitor.guild_id
    check = await sessions.test(guild_id)
    return Done("login", replies.status(await sessions.status(guild_id), check, guild_id))


async def paste(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Use a pasted pair, or keep it as a spare."""
    first, second = form.text("sessionid"), form.text("sessionid_sign")
    spare = form.checked("spare")
    return await _press(
        visitor, request, lambda entry, door: entry.paste(door, first, second, spare=spare)
    )


async def password(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Sign in once."""
    name, secret = form.text("name"), form.fields.get("password", "")  # spaces may belong to it
    spare = form.checked("spare")
    return await _press(
        visitor, request, lambda entry, door: entry.password(door, name, secret, spare=spare)
    )


async def code(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Send the second factor."""
    digits = form.text("code")
    return await _press(visitor, request, lambda entry, door: entry.code(door, digits))


async def again(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Use the pair that waits for a yes, or for TradingView."""
    anyway = form.checked("yes")
    return await _press(visitor, request, lambda entry, door: entry.again(door, anyway=anyway))


async def start_over(visitor: Visitor, _: Form, __: web.Request) -> Done:
    """Forget what was typed so far."""
    _entry(visitor).forget(_key(visitor))
    return Done("login")


async def forget(visitor: Visitor, form: Form, _: web.Request) -> Done | web.StreamResponse:
    """Ask, then delete the login, as /session forget does."""
    sessions = visitor.services.sessions
    status = await sessions.status(visitor.guild_id)
    if status.state is LoginState.NONE:
        raise NoLogin
    if not form.consent.confirmed:
        question = replies.forget(status.username, ())
        return await confirm.ask(
            visitor,
            form,
            question,
            "Yes, delete it",
            level=Level.MANAGER,
            is_danger=True,
            back="login",
        )
    await sessions.forget(form.request(visitor))
    return Done("login", replies.forgotten())


async def _press(
    visitor: Visitor,
    request: web.Request,
    press: Callable[[LoginEntry, Door], Awaitable[Outcome]],
) -> Done:
    """Press at the door; what waits then, the page itself asks about. Raises TooManyPresses, and as `press`."""
    if wait := request.app[PRESSES].take(_key(visitor)):
        raise TooManyPresses(math.ceil(wait))
    try:
        outcome = await press(_entry(visitor), _door(visitor, request))
    except (CookiesOfOther, SecondFactorNeeded, TradingViewSilent):
        return Done("login")
    return Done("login", replies.kept_or_used(outcome, visitor.guild_id))


def _entry(visitor: Visitor) -> LoginEntry:
    return visitor.services.one_time_pages.entry


def _key(visitor: Visitor) -> str:
    return f"session {visitor.session.id}"


def _door(visitor: Visitor, request: web.Request) -> Door:
    """Return the door that this session is while it is young; it is asked for anew after each wait."""

    async def may() -> bool:
        return visitor.may(Level.MANAGER)

    async def check() -> None:
        await visitor_of(request, Level.MANAGER, fresh=True)

    session = visitor.session
    return Door(
        _key(visitor),
        visitor.guild_id,
        session.member_id,
        session.made_at + FRESH,
        "login_refused",
        may=may,
        check=check,
    )
