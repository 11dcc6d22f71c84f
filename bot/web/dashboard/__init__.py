"""`/dashboard/…`: the pages for staff, in the bot's own application. They hold no rule of their own."""

from importlib import import_module
from pkgutil import iter_modules

from aiohttp import web

from bot.access.people.web_sessions import PATH
from bot.services import Services
from bot.settings import Settings
from bot.web.dashboard import pages, sign_in
from bot.web.dashboard.places import STATIC
from bot.web.dashboard.routes import ROUTES, Routes, nowhere
from bot.web.dashboard.visitor import BUTTONS, NOTES, SERVICES, SETTINGS
from bot.web.pages import add_static

_PAGES = [import_module(f"{pages.__name__}.{each.name}") for each in iter_modules(pages.__path__)]


def add_to(app: web.Application, services: Services, settings: Settings) -> None:
    """Serve the way in, and every module of `pages`."""
    app[SERVICES], app[SETTINGS], app[NOTES], app[BUTTONS] = services, settings, {}, {}
    app[ROUTES] = Routes(app)
    add_static(app, STATIC)
    sign_in.add_to(app)
    for module in _PAGES:
        module.add_to(app[ROUTES])
    app.router.add_route("*", PATH + "{tail:.*}", nowhere)
