"""Queries about contracts as pages show them: found, many at once, and without a word of who bought."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ClaimHow, DeliveryState
from bot.store.records import Record
from bot.store.tables.catalogue import product, script
from bot.store.tables.ledger import purchase
from bot.store.tables.payments import (
    connection as shop,
    contract,
    contract_purchase,
    contract_ref,
    delivery,
)
from bot.store.tables.people import customer


@dataclass(frozen=True, slots=True)
class ContractRow(Record):
    """A contract without its facts and its buyer."""

    id: int
    connection_id: int
    name: str
    customer_id: int | None
    claimed_how: ClaimHow | None
    claimed_by: int | None
    why: str
    paid_end: datetime | None
    renews: bool
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class MessageRow(Record):
    """A message of a shop without what it says."""

    id: int
    connection_id: int
    kind: str
    received_at: datetime
    state: DeliveryState
    reason: str | None


_ROW = [contract.c[name] for name in ContractRow.__dataclass_fields__]
_MESSAGE = [delivery.c[name] for name in MessageRow.__dataclass_fields__]


async def count(connection: AsyncConnection, guild_id: int, text: str) -> int:
    """Count the contracts of a server that fit to the text."""
    found = await connection.execute(
        select(func.count()).select_from(contract).where(*_fits(guild_id, text))
    )
    return int(found.scalar_one())


async def search(
    connection: AsyncConnection, guild_id: int, text: str, *, skip: int, limit: int
) -> list[ContractRow]:
    """Return the contracts of a server that fit to the text, the newest first."""
    found = await connection.execute(
        select(*_ROW)
        .where(*_fits(guild_id, text))
        .order_by(contract.c.id.desc())
        .offset(skip)
        .limit(limit)
    )
    return [ContractRow.of(row) for row in found]


async def row_of(
    connection: AsyncConnection, guild_id: int, contract_id: int
) -> ContractRow | None:
    """Return that contract, when it belongs to this server."""
    found = await connection.execute(
        select(*_ROW).where(contract.c.guild_id == guild_id, contract.c.id == contract_id)
    )
    row = found.one_or_none()
    return None if row is None else ContractRow.of(row)


async def titles(
    connection: AsyncConnection, contract_ids: Collection[int]
) -> dict[int, tuple[str, ...]]:
    """Return, by contract, the titles of what each gave."""
    rows = await connection.execute(
        select(contract_purchase.c.contract_id, product.c.title, script.c.title.label("single"))
        .join(purchase, purchase.c.id == contract_purchase.c.purchase_id)
        .outerjoin(product, product.c.id == purchase.c.product_id)
        .outerjoin(script, script.c.id == purchase.c.script_id)
        .where(contract_purchase.c.contract_id.in_(list(contract_ids)))
        .order_by(purchase.c.id)
    )
    found: dict[int, dict[str, None]] = {each: {} for each in contract_ids}
    for row in rows:
        found[row.contract_id][row.title or row.single] = None
    return {each: tuple(names) for each, names in found.items()}


async def asked(
    connection: AsyncConnection, guild_id: int, limit: int
) -> list[tuple[ContractRow, str, Mapping[str, Any]]]:
    """Return what staff are asked about before it ends, oldest contract first: its part, and the question."""
    columns = [*_ROW, contract_purchase.c.part, contract_purchase.c.asked]
    rows = await connection.execute(
        select(*columns)
        .join(contract_purchase, contract_purchase.c.contract_id == contract.c.id)
        .where(*_is_asked(guild_id))
        .order_by(contract.c.id, contract_purchase.c.part)
        .limit(limit)
    )
    return [(ContractRow.of(row), row.part, row.asked) for row in rows]


async def asked_number(connection: AsyncConnection, guild_id: int) -> int:
    """Return how many such questions there are."""
    return (
        await connection.execute(
            select(func.count())
            .select_from(contract)
            .join(contract_purchase, contract_purchase.c.contract_id == contract.c.id)
            .where(*_is_asked(guild_id))
        )
    ).scalar_one()


def _is_asked(guild_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        contract.c.guild_id == guild_id,
        contract.c.customer_id.is_not(None),
        # An answer leaves JSON's own null behind.
        contract_purchase.c.asked["at"].as_string().is_not(None),
    )


async def messages_of(
    connection: AsyncConnection, guild_id: int, contract_id: int, limit: int
) -> list[MessageRow]:
    """Return the newest messages about a contract of that server."""
    rows = await connection.execute(
        select(*_MESSAGE)
        .join(shop, shop.c.id == delivery.c.connection_id)
        .where(shop.c.guild_id == guild_id, delivery.c.contract_id == contract_id)
        .order_by(delivery.c.id.desc())
        .limit(limit)
    )
    return [MessageRow.of(row) for row in rows]


async def message(
    connection: AsyncConnection, guild_id: int, delivery_id: int
) -> MessageRow | None:
    """Return that message, when it is of a shop of this server."""
    rows = await connection.execute(
        select(*_MESSAGE)
        .join(shop, shop.c.id == delivery.c.connection_id)
        .where(shop.c.guild_id == guild_id, delivery.c.id == delivery_id)
    )
    row = rows.one_or_none()
    return None if row is None else MessageRow.of(row)


def _fits(guild_id: int, text: str) -> tuple["ColumnElement[bool]", ...]:
    """Return the conditions that a number of the shop fits, or the person: by name or by member."""
    here = contract.c.guild_id == guild_id
    if not text:
        return (here,)
    shops = select(shop.c.id).where(shop.c.guild_id == guild_id)
    known_as = select(contract_ref.c.contract_id).where(
        contract_ref.c.connection_id.in_(shops), contract_ref.c.ref == text
    )
    person = select(customer.c.id).where(
        customer.c.guild_id == guild_id,
        customer.c.forgotten.is_(None),
        or_(
            customer.c.name_folded.contains(text.casefold(), autoescape=True),
            cast(customer.c.member_id, String) == text,
        ),
    )
    return (
        here,
        or_(
            contract.c.name.icontains(text, autoescape=True),
            contract.c.id.in_(known_as),
            contract.c.customer_id.in_(person),
        ),
    )
