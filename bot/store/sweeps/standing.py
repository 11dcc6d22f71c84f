"""Queries for what many people have of some scripts, all at once and in little memory."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import StateKind
from bot.store.parts import parts
from bot.store.records import Customer, Entitlement, Record
from bot.store.sweeps.seats import made
from bot.store.sweeps.sightings import is_counted
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.people import customer
from bot.store.tables.sweeps import sighting


@dataclass(frozen=True, slots=True)
class Held(Record):
    """What one person should have of one script, and what was seen of it."""

    id: int
    script_id: int
    customer_id: int
    checked: bool
    wanted: StateKind
    wanted_ends_at: datetime | None
    seen: StateKind
    seen_ends_at: datetime | None
    ours: StateKind
    ours_ends_at: datetime | None
    replaces: int | None


@dataclass(frozen=True, slots=True)
class Listed(Record):
    """A row of TradingView's list about which nothing newer is known."""

    script_id: int
    tv_user_id: int | None
    username: str
    name_folded: str
    kind: StateKind
    ends_at: datetime | None


async def people(connection: AsyncConnection, guild_id: int) -> list[Customer]:
    """Return everybody whom a server knows, but for those who were forgotten."""
    columns = [customer.c[field.name] for field in fields(Customer)]
    found = await connection.execute(
        select(*columns).where(customer.c.guild_id == guild_id, customer.c.forgotten.is_(None))
    )
    return await made(Customer, found)


async def held(
    connection: AsyncConnection, script_ids: Collection[int], customer_ids: Collection[int]
) -> list[Held]:
    """Return what these people should have of these scripts."""
    columns = [permission.c[field.name] for field in fields(Held)]
    found = await connection.execute(
        select(*columns).where(
            permission.c.customer_id.in_(list(customer_ids)),
            permission.c.script_id.in_(list(script_ids)),
        )
    )
    return await made(Held, found)


async def reasons(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> list[tuple[int | None, Entitlement]]:
    """Return the reasons that count for these permissions, in the order asked, each with its product."""
    columns = [entitlement.c[field.name] for field in fields(Entitlement)]
    every: list[tuple[int | None, Entitlement]] = []
    for some in parts(permission_ids):
        found = await connection.execute(
            select(purchase.c.product_id, *columns)
            .join(purchase, purchase.c.id == entitlement.c.purchase_id)
            .where(entitlement.c.permission_id.in_(some), entitlement.c.ended_at.is_(None))
            .order_by(entitlement.c.asked_at, entitlement.c.id)
        )
        every += await made(lambda product_id, *row: (product_id, Entitlement(*row)), found)
    return every


async def listed(connection: AsyncConnection, script_ids: Collection[int]) -> list[Listed]:
    """Return whom the last full reads of these scripts found, and who is in no order of Usher's.

    Also those whose first order still waits: until it is carried out, that row is what they have.
    """
    columns = [sighting.c[field.name] for field in fields(Listed)]
    found = await connection.execute(
        select(*columns).where(
            sighting.c.script_id.in_(list(script_ids)), ~is_counted(was_read=True)
        )
    )
    return await made(Listed, found)
