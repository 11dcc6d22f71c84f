"""Slash commands, one module for each group: defer, one call, one reply."""

from discord.ext import commands

from bot.access.grants import Grants
from bot.access.queue import Queue
from bot.access.suggesting import Suggesting
from bot.access.views import Views
from bot.presses import Presses
from bot.wishing import Wishing
from cogs.access import Access
from cogs.audit import Audit
from cogs.me import Me
from cogs.suggestions import Suggestions
from cogs.sync import Sync


def every(
    *,
    grants: Grants,
    queue: Queue,
    views: Views,
    suggesting: Suggesting,
    wishing: Wishing,
    presses: Presses,
) -> tuple[commands.Cog, ...]:
    """All cogs, each given what it uses; one that is not listed here does not exist."""
    suggestions = Suggestions(suggesting)
    return (
        Access(grants, views, wishing, suggestions, presses),
        Audit(views, suggestions, presses),
        Me(views),
        Sync(views, queue, suggestions),
    )
