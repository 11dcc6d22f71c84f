"""The whole history of a server, as the log channel says it, to be searched."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from aiohttp import web

from bot.access.errors import ButtonGone
from bot.access.queries.history_pages import Search
from bot.interactions.levels import Level
from bot.replies.history import line
from bot.replies.history_kinds import actions_of, kinds
from bot.replies.history_orders import LOGGED_PUT_BACK
from bot.store.kinds import ActorKind
from bot.store.records import OPERATOR_ID, Product
from bot.web.dashboard.forms import number_in
from bot.web.dashboard.routes import Routes
from bot.web.dashboard.visitor import Visitor

_FIELDS = ("person", "item", "kind", "by", "since", "until", "q")
_MEMBER = re.compile(r"[0-9]{1,19}")
_DAY = timedelta(days=1)
_MAX_TEXT = 100  # characters that are looked for
_BY = (
    ("", "Anybody"),
    (ActorKind.MEMBER, "Staff and members"),
    (ActorKind.USHER, "Usher by itself"),
    (ActorKind.SOURCE, "A shop, a role or another source"),
    (ActorKind.KEY, "A program with a key"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form asks for, as it is written there."""

    person: str = ""
    item: str = ""
    kind: str = ""
    by: str = ""
    since: str = ""
    until: str = ""
    q: str = ""

    @property
    def query(self) -> str:
        """Return it as the address has it, to be followed by one more field."""
        given = {name: text for name in _FIELDS if (text := getattr(self, name))}
        return f"{urlencode(given)}&" if given else ""

    @property
    def is_any(self) -> bool:
        return bool(self.query)

    @property
    def is_narrowed(self) -> bool:
        """Return whether anything is chosen that stands below the first line of the form."""
        return any((self.item, self.kind, self.by, self.since, self.until))


def add_to(routes: Routes) -> None:
    """Serve the page; its only form is that of the order."""
    routes.page("history", Level.STAFF, show)
    routes.button(LOGGED_PUT_BACK, "orders/{}/put-back")


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show the newest entries that fit, or those before one."""
    wanted = _wanted(request.query)
    before = request.query.get("before")
    found = await visitor.services.history_pages.page(
        visitor.guild_id, _search(wanted), None if before is None else number_in(before)
    )
    return await visitor.page(
        "dashboard/history.html",
        found=found,
        wanted=wanted,
        is_later=before is not None,
        line=lambda entry: line(entry.event, entry.item, entry.customer),
        kinds=[("", "Everything"), *kinds()],
        items=[
            ("", "All of them"),
            *(
                (f"{'ps'[not isinstance(item, Product)]}{item.id}", item.title)
                for item in found.items
            ),
        ],
        actors=await _actors(visitor, found.members, wanted.by),
    )


def _wanted(query: Mapping[str, str]) -> Wanted:
    """Return what is asked for; a date that is none, and what a page of ours never sends, is left out."""
    given = {name: query.get(name, "").strip().replace("\0", "")[:_MAX_TEXT] for name in _FIELDS}
    for name in ("since", "until"):
        if _day_in(given[name]) is None:
            given[name] = ""
    if actions_of(given["kind"]) is None:
        given["kind"] = ""
    if given["by"] not in tuple(ActorKind) and not _MEMBER.fullmatch(given["by"]):
        given["by"] = ""
    return Wanted(**given)


def _search(wanted: Wanted) -> Search:
    """Return what to look for. Raises ButtonGone for ids that no page of ours writes."""
    item_id = number_in(wanted.item[1:]) if wanted.item else None
    if item_id is not None and wanted.item[0] not in "sp":
        raise ButtonGone
    until = _day_in(wanted.until)
    by_member = wanted.by.isdecimal()
    return Search(
        customer_id=number_in(wanted.person) if wanted.person else None,
        script_id=item_id if wanted.item.startswith("s") else None,
        product_id=item_id if wanted.item.startswith("p") else None,
        actions=actions_of(wanted.kind),
        actor_kind=ActorKind.MEMBER if by_member else ActorKind(wanted.by) if wanted.by else None,
        actor_id=wanted.by if by_member else None,
        since=_day_in(wanted.since),
        before=until + _DAY if until else None,
        words=wanted.q or None,
    )


def _day_in(text: str) -> datetime | None:
    """Return when that day begins, in UTC; None for what is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), UTC) if 2000 <= day.year < 9999 else None


async def _actors(visitor: Visitor, members: Sequence[int], chosen: str) -> list[tuple[str, str]]:
    """Return whom an entry may be by: a kind, one of these members, or the one who is chosen."""
    ids = {each for each in members if each >= 0}  # those below stand for erased ones
    if chosen.isdecimal():
        ids.add(int(chosen))
    names = await visitor.services.member_names.of(visitor.guild_id, ids - {OPERATOR_ID})
    names[OPERATOR_ID] = "the operator"
    people = [(str(each), names.get(each, f"member {each}")) for each in ids]
    return [*_BY, *sorted(people, key=lambda pair: pair[1].casefold())]
