"""`/setup/…`: the first run in a browser, from the bot's token until it is in a server."""

from bot.web.first_run.links import LINK_LASTS, Links
from bot.web.first_run.progress import FirstRun
from bot.web.first_run.routes import PATH, add_to, application

__all__ = ["LINK_LASTS", "PATH", "FirstRun", "Links", "add_to", "application"]
