"""Queries about what contracts gave, part by part."""

from collections.abc import Collection
from typing import Any, TypedDict, Unpack

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.parts import parts
from bot.store.records import Contract, ContractPurchase
from bot.store.tables.payments import contract, contract_purchase


class ContractPurchaseChange(TypedDict, total=False):
    """Columns of what a contract gave that may change."""

    purchase_id: int
    line_key: str
    wanted: dict[str, Any]
    asked: dict[str, Any] | None
    is_held: bool


async def of_contract(connection: AsyncConnection, contract_id: int) -> dict[str, ContractPurchase]:
    """Return, by part, what a contract gave so far."""
    found = await connection.execute(
        select(contract_purchase)
        .where(contract_purchase.c.contract_id == contract_id)
        .order_by(contract_purchase.c.purchase_id)
    )
    return {row.part: ContractPurchase.of(row) for row in found}


async def contract_ids(
    connection: AsyncConnection, purchase_ids: Collection[int]
) -> dict[int, int]:
    """Return, by purchase, the contract that gave it; those that no contract gave are left out."""
    found: dict[int, int] = {}
    for some in parts(purchase_ids):
        rows = await connection.execute(
            select(contract_purchase.c.purchase_id, contract_purchase.c.contract_id).where(
                contract_purchase.c.purchase_id.in_(some)
            )
        )
        found |= {row.purchase_id: row.contract_id for row in rows}
    return found


async def contract_of(connection: AsyncConnection, purchase_id: int) -> Contract | None:
    """Return the contract that gave this."""
    found = await connection.execute(
        select(contract)
        .join(contract_purchase, contract_purchase.c.contract_id == contract.c.id)
        .where(contract_purchase.c.purchase_id == purchase_id)
    )
    row = found.one_or_none()
    return None if row is None else Contract.of(row, contract)


async def add(
    connection: AsyncConnection,
    contract_id: int,
    part: str,
    purchase_id: int,
    *,
    line_key: str,
    wanted: dict[str, Any],
) -> None:
    """Note what a contract gave; what it gave before as that part is no longer its own."""
    await drop(connection, contract_id, part)
    await connection.execute(
        insert(contract_purchase).values(
            contract_id=contract_id,
            part=part,
            purchase_id=purchase_id,
            line_key=line_key,
            wanted=wanted,
        )
    )


async def change(
    connection: AsyncConnection,
    contract_id: int,
    part: str,
    **values: Unpack[ContractPurchaseChange],
) -> None:
    """Set these columns of what a contract gave."""
    await connection.execute(
        update(contract_purchase)
        .where(contract_purchase.c.contract_id == contract_id, contract_purchase.c.part == part)
        .values(**values)
    )


async def drop(connection: AsyncConnection, contract_id: int, part: str) -> None:
    """Note that what a contract gave as that part is no longer its own."""
    await connection.execute(
        delete(contract_purchase).where(
            contract_purchase.c.contract_id == contract_id, contract_purchase.c.part == part
        )
    )


async def drop_all(connection: AsyncConnection, contract_id: int) -> None:
    """Note that what a contract gave is no longer its own: it is another person's from now on."""
    await connection.execute(
        delete(contract_purchase).where(contract_purchase.c.contract_id == contract_id)
    )
