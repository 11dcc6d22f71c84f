"""People as a list: a group of them, of an item or found by a text, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import Item, find_item
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.people import autocomplete, groups
from bot.store.people.groups import Asked, Group, Listed
from bot.store.records import Product, Script

__all__ = ["Group", "Listed", "PeopleList", "PeoplePage"]

PAGE = 50
_NEAR, _BEGINNING = 5, 3  # names that are offered, by so many of their first characters


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of a group; `scripts`: which each person has now, by the customer's id."""

    people: tuple[Listed, ...]
    scripts: Mapping[int, tuple[Script, ...]]
    page: int  # from 0
    pages: int
    total: int
    on_offer: tuple[Script | Product, ...]  # by which the list can be cut down
    is_empty: bool = False  # the server has no customer at all
    near: tuple[str, ...] = field(default=())  # where a text found nobody: names that are alike


class PeopleList:
    """Reads; changes nothing, and asks nobody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        guild_id: int,
        group: Group,
        *,
        text: str = "",
        members: frozenset[int] = frozenset(),
        item: str = "",
        page: int = 0,
    ) -> PeoplePage:
        """Return a page of a group; a page beyond the last is the last.

        `text` finds as `/customer search` does, and also these members. Raises ItemUnknown.
        """
        async with self._database.read() as connection:
            found = await find_item(connection, guild_id, item) if item else None
            asked = _asked(guild_id, text, members, found)
            ids, total, page = await _ids(connection, group, asked, page)
            people = await groups.listed(connection, ids, asked.now)
            used = await groups.scripts_of(connection, ids, asked.now)
            known = await scripts.listed(connection, guild_id, archived=True)
            sold = await products.listed(connection, guild_id)
            is_empty = not total and not await groups.anybody(connection, guild_id)
            near: Sequence[str] = ()
            if text and not total and not is_empty:
                beginning = text[:_BEGINNING]
                near = await autocomplete.names_like(connection, guild_id, beginning, _NEAR)
        by_id = {script.id: script for script in known}
        on_offer: list[Script | Product] = [
            *sold,
            *(script for script in known if script.archived_at is None),
        ]
        return PeoplePage(
            tuple(people),
            {each: tuple(by_id[script_id] for script_id in used[each]) for each in ids},
            page,
            max(1, -(-total // PAGE)),
            total,
            tuple(sorted(on_offer, key=lambda each: each.title.casefold())),
            is_empty,
            tuple(near),
        )


def _asked(guild_id: int, text: str, members: frozenset[int], item: Item | None) -> Asked:
    return Asked(
        guild_id,
        clock.now(),
        text,
        members,
        None if item is None else item.script_id,
        None if item is None else item.product_id,
    )


async def _ids(
    connection: AsyncConnection, group: Group, asked: Asked, page: int
) -> tuple[list[int], int, int]:
    """Return the ids of that page, how many there are in all, and which page it is."""
    ids, total = await groups.page(connection, group, asked, skip=page * PAGE, limit=PAGE)
    if ids or not page:
        return ids, total, page
    total = (await groups.count(connection, asked, [group]))[group]
    page = max(0, (total - 1) // PAGE)
    ids, total = await groups.page(connection, group, asked, skip=page * PAGE, limit=PAGE)
    return ids, total, page
