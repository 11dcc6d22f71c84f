"""Who has a script or a product, page by page, by the end of what they have."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import Item, find_item
from bot.access.rules.entitlements import wanted_of
from bot.store.kinds import PermissionState
from bot.store.ledger import holders, permissions
from bot.store.ledger.ends import Ends
from bot.store.records import Customer, Permission
from bot.store.sweeps import drift
from bot.tradingview.models import LIFETIME, End

PAGE = 15


class Cut(StrEnum):
    """What a list may be cut down to."""

    WEEK = "7 days"
    MONTH = "this month"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Holding:
    """One line: who, until when (None: it is being ended, or starts later), and how the orders stand."""

    customer: Customer
    end: End | None
    state: PermissionState
    permission: Permission | None = None  # of a script


@dataclass(frozen=True, slots=True)
class Holders:
    """One page of those who should have an item."""

    item: Item
    people: tuple[Holding, ...]
    page: int  # from 0
    pages: int
    total: int
    untaken: int = 0  # beside them: on TradingView, and not taken over yet
    ends: Cut | None = None  # what the list is cut down to


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
    else:
        total = await permissions.count_holders(connection, item.scripts[0].id, shown)
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 0), pages - 1)
    if item.product is not None:
        having = await holders.page(
            connection, item.product.id, shown, skip=page * PAGE, limit=PAGE
        )
        people = [_by_purchase(each) for each in having]
        untaken = 0
    else:
        script_id = item.scripts[0].id
        held = await permissions.holders(connection, script_id, shown, skip=page * PAGE, limit=PAGE)
        people = [
            Holding(customer, wanted_of(permission).end, permission.state, permission)
            for permission, customer in held
        ]
        untaken = 0 if ends else await drift.count_strangers(connection, script_id, now)
    return Holders(item, tuple(people), page, pages, total, untaken, ends)


def _by_purchase(holder: holders.Holder) -> Holding:
    state = PermissionState.WAITING if holder.waits else PermissionState.DONE
    return Holding(holder.customer, LIFETIME if holder.has_no_end else holder.ends_at, state)


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
