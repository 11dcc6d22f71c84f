"""What every page for people is made of: templates, one style, the headers, and the files beside them."""

from bot.web.pages.rendering import HEADERS, page
from bot.web.pages.static import add_static

__all__ = ["HEADERS", "add_static", "page"]
