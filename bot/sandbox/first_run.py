"""A bot that was started without a token: the link that it printed, and how far Discord has seen it come."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.child import Line
from bot.sandbox.shop import Shop

Json = dict[str, Any]

_LINK = re.compile(r"http://127\.0\.0\.1:\d+/\S*#\S+")
_LOOK_EVERY = 0.1  # seconds


class FirstRun:
    """Watches until the bot shows its commands in the server; `on_change` hears of every step.

    `link` is what the bot that runs now printed last; whoever started a real one reads it in the terminal.
    """

    def __init__(self, shop: Shop) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self.link: str | None = None
        self.over = False
        self._shop = shop

    def read(self, line: Line) -> None:
        """Take a line that the bot printed; with its end, or a new start, its link is of no use any more."""
        found = _LINK.search(line.text) if line.source == "bot" else None
        if found:
            self.link = found[0]
        elif line.source != "bot":
            self.link = None

    async def watch(self) -> None:
        """Look again and again until it is over."""
        seen = self.describe()
        while not self.over:
            await asyncio.sleep(_LOOK_EVERY)
            self.over = self._shop.shows_commands
            if (now := self.describe()) != seen:
                seen = now
                self.on_change()

    def describe(self) -> Json:
        """Return it for the page, as JSON; the token is the pretend developer portal's."""
        return {
            "over": self.over,
            "link": self.link,
            "token": self._shop.discord.bot_token,
            "knows_token": self._shop.knows_token,
            "has_bot": self._shop.has_bot,
        }
