"""Everybody whom Usher knows in a server: searched, in groups, a page at a time."""

from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.queries.directory import plain
from bot.access.queries.people import Group, PeoplePage
from bot.interactions.levels import Level
from bot.web.dashboard.routes import Routes, see
from bot.web.dashboard.visitor import Visitor

_LABELS = {
    Group.ALL: "Everybody",
    Group.ACCESS: "With access",
    Group.WEEK: "Ends within 7 days",
    Group.LAPSED: "Ran out this month",
    Group.WAITING: "Waiting",
    Group.STUCK: "Stuck",
    Group.UNLINKED: "Not linked",
    Group.NAMELESS: "No name yet",
    Group.LIFETIME: "Lifetime",
    Group.BLOCKED: "Blocked",
}
# What a group is, under its tab, where the label alone leaves a doubt.
_MEANINGS = {
    Group.WEEK: "Some of what they have ends within the next seven days.",
    Group.LAPSED: "Something ran out since the month began (UTC), and was not renewed.",
    Group.WAITING: "An order for them is on its way to TradingView, the oldest first.",
    Group.STUCK: "An order for them needs a person, the oldest first. Today has the buttons.",
    Group.UNLINKED: "They have access, and no Discord member is tied to their TradingView name.",
    Group.NAMELESS: "They got something, and it waits until they tell their TradingView name.",
    Group.BLOCKED: "They get nothing new from links, codes, roles or payments.",
}
_MAX_TEXT = 100
_MAX_PAGE = 100_000
_ID_DIGITS = 15  # so many at least has a number of Discord's


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page asks for."""

    group: Group
    text: str
    item: str
    page: int

    def path(self, **changed: object) -> str:
        """Return the address of the same with something changed; the first page without another one."""
        asked = {"show": self.group, "q": self.text, "item": self.item, **changed}
        kept = {name: text for name, text in asked.items() if text not in ("", Group.ALL)}
        return f"people?{urlencode(kept)}" if kept else "people"

    @property
    def pages_path(self) -> str:
        """Return the address of another page, but for its number."""
        path = self.path()
        return f"{path}{'&' if '?' in path else '?'}page="


def add_to(routes: Routes) -> None:
    """Serve the list."""
    routes.page("people", Level.STAFF, show)


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show a page of people; the number of one member leads to them."""
    asked = _asked(request)
    services, guild_id = visitor.services, visitor.guild_id
    is_name = len(asked.text) > 1 and not asked.text.lstrip("#").isdecimal()
    members = await services.client.members.named(guild_id, asked.text) if is_name else frozenset()
    found = await services.people_list.page(
        guild_id,
        asked.group,
        text=asked.text,
        members=members,
        item=asked.item,
        page=asked.page,
    )
    if "HX-Request" not in request.headers and (only := _only(asked, found)) is not None:
        return see(visitor.address(f"people/{only}"))
    ids = {each.customer.member_id for each in found.people if each.customer.member_id}
    return await visitor.page(
        "dashboard/people.html",
        asked=asked,
        found=found,
        labels=_LABELS,
        meaning=_MEANINGS.get(asked.group, ""),
        Group=Group,
        manager=visitor.may(Level.MANAGER),
        names=await services.member_names.of(guild_id, ids) if ids else {},
    )


def _asked(request: web.Request) -> Asked:
    """Return what is asked for. Raises ButtonGone for what no page of ours links to."""
    query = request.query
    try:
        group, page = Group(query.get("show") or Group.ALL), int(query.get("page") or 0)
    except ValueError:
        raise ButtonGone from None
    if not 0 <= page <= _MAX_PAGE or any("\0" in text for text in query.values()):
        raise ButtonGone
    return Asked(group, plain(query.get("q", ""))[:_MAX_TEXT], query.get("item", ""), page)


def _only(asked: Asked, found: PeoplePage) -> int | None:
    """Return the customer whom the number of a member means."""
    if len(asked.text) < _ID_DIGITS or found.total != 1:
        return None
    person = found.people[0].customer
    return person.id if str(person.member_id) == asked.text else None
