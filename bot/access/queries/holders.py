"""Who has a script or a product, page by page, by the end of what they have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import find_item
from bot.access.rules.entitlements import paid_until
from bot.store.ledger import entitlements, holders, holdings, paused
from bot.store.ledger.ends import Ends
from bot.store.records import Customer, Holder, Permission, Product, Script
from bot.store.sweeps import drift

PAGE = 15
MAX_MEMBERS = 2_000  # as many as Discord is asked about while somebody waits


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
    role_id: int | None = None  # the role that they have


@dataclass(frozen=True, slots=True)
class WithRole:
    """Those of the asked members who have a role now."""

    role_id: int
    members: frozenset[int]


async def members_of(
    connection: AsyncConnection, guild_id: int, name: str, now: datetime, ends: Cut | None = None
) -> set[int] | None:
    """Return the Discord members who have an item or are paused; None where they are too many to ask about.

    Raises ItemUnknown.
    """
    item, shown = await find_item(connection, guild_id, name), _ends(ends, now)
    limit = MAX_MEMBERS + 1
    if item.product is not None:
        bought = await holders.page(connection, item.product.id, shown, skip=0, limit=limit)
        people = [each.customer for each in bought]
    else:
        script_id = item.scripts[0].id
        held = await holdings.holders(connection, script_id, shown, skip=0, limit=limit)
        still = [] if ends else await paused.of_script(connection, script_id, limit)
        people = [*(customer for _, customer in held), *(customer for customer, _ in still)]
    if len(people) > MAX_MEMBERS:
        return None
    return {customer.member_id for customer in people if customer.member_id is not None}


async def holders_of(
    connection: AsyncConnection,
    guild_id: int,
    name: str,
    page: int,
    now: datetime,
    ends: Cut | None = None,
    role: WithRole | None = None,
) -> Holders:
    """Return one page of who has an item; a page beyond the last is the last. Raises ItemUnknown."""
    item, shown = await find_item(connection, guild_id, name), _ends(ends, now)
    among, role_id = (None, None) if role is None else (role.members, role.role_id)
    if item.product is not None:
        total = await holders.count(connection, item.product.id, shown, among)
        page, pages = _page(page, total)
        buyers = await holders.page(
            connection, item.product.id, shown, skip=page * PAGE, limit=PAGE, among=among
        )
        return Holders(
            item.product, (), page, pages, total, ends=ends, buyers=tuple(buyers), role_id=role_id
        )
    script = item.scripts[0]
    total = await holdings.count_holders(connection, script.id, shown, among)
    page, pages = _page(page, total)
    people = await holdings.holders(
        connection, script.id, shown, skip=page * PAGE, limit=PAGE, among=among
    )
    # Who is not taken over is known by the TradingView name alone.
    untaken = 0 if ends or role else await drift.count_strangers(connection, script.id, now)
    still = () if page or ends else await paused.of_script(connection, script.id, PAGE, among)
    reasons = await entitlements.active_of(connection, [held.id for held, _ in people])
    paid = {each: end for each, why in reasons.items() if (end := paid_until(why))}
    return Holders(
        script,
        tuple(people),
        page,
        pages,
        total,
        untaken,
        ends,
        paused=tuple(still),
        paid=paid,
        role_id=role_id,
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
