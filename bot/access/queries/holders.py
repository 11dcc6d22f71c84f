"""Who has a script or a product, page by page, by the end of what they have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import find_item
from bot.access.rules.entitlements import paid_until
from bot.store.ledger import entitlements, holders, paused, permissions
from bot.store.ledger.ends import Ends
from bot.store.records import Customer, Holder, Permission, Product, Script
from bot.store.sweeps import drift

PAGE = 15


class Cut(StrEnum):
    """What a list may be cut down to."""

    WEEK = "7 days"
    MONTH = "this month"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Holders:
    """One page of those who should have an item."""

    item: Script | Product
    people: tuple[tuple[Permission, Customer], ...]  # of a script
    page: int  # from 0
    pages: int
    total: int
    untaken: int = 0  # beside them: on TradingView, and not taken over yet
    ends: Cut | None = None  # what the list is cut down to
    buyers: tuple[Holder, ...] = ()  # of a product
    # Beside them: whose time stands still since when, the longest first; of the first page of a script.
    paused: tuple[tuple[Customer, datetime], ...] = ()
    paid: Mapping[int, datetime] = field(default_factory=dict)  # before grace days, by permission


async def holders_of(
    connection: AsyncConnection,
    guild_id: int,
    name: str,
    page: int,
    now: datetime,
    ends: Cut | None = None,
) -> Holders:
    """Return one page of who has an item; a page beyond the last is the last. Raises ItemUnknown."""
    item, shown = await find_item(connection, guild_id, name), _ends(ends, now)
    if item.product is not None:
        total = await holders.count(connection, item.product.id, shown)
        page, pages = _page(page, total)
        buyers = await holders.page(
            connection, item.product.id, shown, skip=page * PAGE, limit=PAGE
        )
        return Holders(item.product, (), page, pages, total, ends=ends, buyers=tuple(buyers))
    script = item.scripts[0]
    total = await permissions.count_holders(connection, script.id, shown)
    page, pages = _page(page, total)
    people = await permissions.holders(connection, script.id, shown, skip=page * PAGE, limit=PAGE)
    untaken = 0 if ends else await drift.count_strangers(connection, script.id, now)
    still = () if page or ends else await paused.of_script(connection, script.id, PAGE)
    reasons = await entitlements.active_of(connection, [held.id for held, _ in people])
    paid = {each: end for each, why in reasons.items() if (end := paid_until(why))}
    return Holders(
        script, tuple(people), page, pages, total, untaken, ends, paused=tuple(still), paid=paid
    )


def _page(page: int, total: int) -> tuple[int, int]:
    """Return which page that is, and of how many."""
    pages = max(1, -(-total // PAGE))
    return min(max(page, 0), pages - 1), pages


def _ends(ends: Cut | None, now: datetime) -> Ends:
    match ends:
        case Cut.WEEK:
            return Ends(now, now + timedelta(days=7))
        case Cut.MONTH:
            first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            return Ends(now, (first + timedelta(days=32)).replace(day=1))
        case Cut.ENDED:
            return Ends(until=now)
        case _:
            return Ends(now)
