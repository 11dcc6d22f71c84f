"""Queries about a change of shop: who has access, and purchases that become a contract's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import AWAITED, Connection, Contract, Price, Purchase
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.payments import connection as shop, contract, contract_ref, price
from bot.store.tables.people import customer
from bot.store.tables.sweeps import sighting


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A customer of a server, as far as a list can name them."""

    id: int
    member_id: int | None
    username: str | None
    name_folded: str | None


@dataclass(frozen=True, slots=True)
class Access:
    """A row of a script's list that gives access, with the permission that Usher keeps for it."""

    id: int
    script_id: int
    username: str
    name_folded: str
    ends_at: datetime | None  # None: without an end
    permission_id: int | None = None
    customer_id: int | None = None


async def people(connection: AsyncConnection, guild_id: int) -> list[KnownPerson]:
    """Return a server's customers."""
    rows = await connection.execute(
        select(customer.c.id, customer.c.member_id, customer.c.username, customer.c.name_folded)
        .where(customer.c.guild_id == guild_id, customer.c.forgotten.is_(None))
        .order_by(customer.c.id)
    )
    return [KnownPerson(*row) for row in rows]


async def accesses(
    connection: AsyncConnection, script_ids: Collection[int], now: datetime
) -> list[Access]:
    """Return who has access to these scripts, as their last complete reads found it."""
    found: list[Access] = []
    for script_id in script_ids:
        kept = await connection.execute(
            select(
                permission.c.id,
                permission.c.customer_id,
                permission.c.tv_user_id,
                permission.c.name_folded,
            ).where(permission.c.script_id == script_id)
        )
        by_id, by_name = {}, {}
        for row in kept:
            by_name[row.name_folded] = row
            if row.tv_user_id is not None:
                by_id[row.tv_user_id] = row
        rows = await connection.execute(
            select(sighting)
            .where(
                sighting.c.script_id == script_id,
                or_(sighting.c.ends_at.is_(None), sighting.c.ends_at > now),
            )
            .order_by(sighting.c.name_folded, sighting.c.id)
        )
        for row in rows:
            held = by_id.get(row.tv_user_id) or by_name.get(row.name_folded)
            found.append(
                Access(
                    row.id,
                    script_id,
                    row.username,
                    row.name_folded,
                    row.ends_at,
                    None if held is None else held.id,
                    None if held is None else held.customer_id,
                )
            )
    return found


async def become(
    connection: AsyncConnection, entitlement_ids: Collection[int], bought: Purchase
) -> None:
    """Let reasons be of that purchase, with the ends that they have; what gave nothing else goes."""
    gave = select(entitlement.c.purchase_id).where(entitlement.c.id.in_(list(entitlement_ids)))
    before = list((await connection.execute(gave)).scalars())
    await connection.execute(
        update(entitlement)
        .where(entitlement.c.id.in_(list(entitlement_ids)))
        .values(
            purchase_id=bought.id,
            source=bought.source,
            reference=bought.reference,
            note=bought.note,
        )
    )
    await connection.execute(
        delete(purchase).where(
            purchase.c.id.in_(before),
            ~exists().where(entitlement.c.purchase_id == purchase.c.id),
        )
    )


async def await_message(
    connection: AsyncConnection, connection_id: int, contract_id: int, refs: Sequence[str]
) -> None:
    """Let a contract be known by these of its next message; several may wait by the same."""
    for ref in refs:
        unique = f"{ref} {contract_id}"
        known = await connection.execute(
            select(contract_ref.c.ref).where(
                contract_ref.c.connection_id == connection_id, contract_ref.c.ref == unique
            )
        )
        if known.one_or_none() is None:
            await connection.execute(
                insert(contract_ref).values(
                    connection_id=connection_id, ref=unique, contract_id=contract_id
                )
            )


async def awaiting(connection: AsyncConnection, source: Connection, ref: str) -> list[Contract]:
    """Return the contracts that wait for a message with that at this connection, the oldest first.

    Also those of connections to the same provider that are no longer, or are yet to be made.
    """
    ids = (
        select(contract_ref.c.contract_id)
        .join(shop, shop.c.id == contract_ref.c.connection_id)
        .where(
            shop.c.guild_id == source.guild_id,
            shop.c.provider == source.provider,
            or_(shop.c.id == source.id, shop.c.removed_at.is_not(None)),
            and_(contract_ref.c.ref >= f"{ref} ", contract_ref.c.ref < f"{ref}!"),
        )
    )
    rows = await connection.execute(
        select(contract).where(contract.c.id.in_(ids)).order_by(contract.c.id)
    )
    return [Contract.of(row) for row in rows]


async def forget_awaited(connection: AsyncConnection, contract_id: int) -> None:
    """Let a contract wait no longer: its own ids are known."""
    await connection.execute(
        delete(contract_ref).where(
            contract_ref.c.contract_id == contract_id, contract_ref.c.ref.startswith(AWAITED)
        )
    )


async def prices_of_list(
    connection: AsyncConnection, source: Connection, keys: Collection[str]
) -> list[Price]:
    """Return what staff said of these of the shop's prices when its list was taken over before it was connected."""
    rows = await connection.execute(
        select(price)
        .join(shop, shop.c.id == price.c.connection_id)
        .where(
            shop.c.guild_id == source.guild_id,
            shop.c.reference == before_connected(source.provider),
            price.c.key.in_(list(keys)),
            or_(price.c.product_id.is_not(None), price.c.script_id.is_not(None)),
        )
        .order_by(price.c.id)
    )
    return [Price.of(row) for row in rows]


def before_connected(provider: str) -> str:
    """Return the reference of what stands for a shop until it is connected."""
    return f"moved from {provider}"
