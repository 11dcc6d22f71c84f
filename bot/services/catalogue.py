"""The wiring of servers and of what they sell."""

from dataclasses import dataclass

from bot.access.catalogue.discovery import Discovery
from bot.access.catalogue.products import Products
from bot.access.catalogue.scripts import Scripts
from bot.access.logins.sessions import Sessions
from bot.access.people.guild_settings import GuildSettings
from bot.access.sync.queue import Queue
from bot.services.opened import Opened


@dataclass(frozen=True)
class Catalogue:
    """What a server is set to, and the scripts and products that it sells."""

    guild_settings: GuildSettings
    scripts: Scripts
    products: Products
    discovery: Discovery


def wire_catalogue(opened: Opened, sessions: Sessions, queue: Queue) -> Catalogue:
    """Return servers and scripts, wired; a change of them wakes the queue."""
    database = opened.database
    guild_settings, scripts = GuildSettings(database, sessions), Scripts(database, sessions)
    guild_settings.on_change.append(queue.wake)
    scripts.on_change.append(queue.wake)
    return Catalogue(
        guild_settings=guild_settings,
        scripts=scripts,
        products=Products(database),
        discovery=Discovery(database, sessions, scripts),
    )
