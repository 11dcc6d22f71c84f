"""The web endpoint for shops and automations, on the bot's own loop."""

from bot.web.app import make_app
from bot.web.server import serve

__all__ = ["make_app", "serve"]
