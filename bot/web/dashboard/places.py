"""The dashboard's menu: its places, in their order, and who sees each."""

from dataclasses import dataclass

from bot.access.people.web_sessions import PATH
from bot.interactions.levels import Level

STATIC = f"{PATH}static/"


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the menu: where it leads, below the server's own address, and from which level on."""

    path: str
    label: str
    level: Level


PLACES = (
    Place("", "Today", Level.STAFF),
    Place("people", "People", Level.STAFF),
    Place("items", "Scripts and products", Level.MANAGER),
    Place("batches", "Many at once", Level.MANAGER),
    Place("differences", "Differences", Level.STAFF),
    Place("payments", "Payments", Level.MANAGER),
    Place("history", "History", Level.STAFF),
    Place("login", "Login", Level.MANAGER),
    Place("settings", "Settings", Level.MANAGER),
    Place("checks", "Checks", Level.MANAGER),
    Place("backups", "Backups", Level.MANAGER),
)


_BESIDE = {"orders": "people"}  # pages that belong to another place than their address begins with


def place_of(path: str) -> str:
    """Return the place of a page, by its path below the server's address; the first page for what has none."""
    start = path.partition("/")[0]
    start = _BESIDE.get(start, start)
    return start if any(place.path == start for place in PLACES) else ""


def home(guild_id: int) -> str:
    """Return the address of a server's first page, with a slash at its end."""
    return f"{PATH}{guild_id}/"
