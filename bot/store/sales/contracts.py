"""Queries about contracts: their facts, every id they go by, whose they are, and what they gave."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ClaimHow
from bot.store.parts import parts
from bot.store.records import Contract
from bot.store.tables.ledger import entitlement, permission
from bot.store.tables.payments import (
    buyer_token,
    claim_code,
    connection as shop,
    contract,
    contract_purchase,
    contract_ref,
    delivery,
)


class ContractChange(TypedDict, total=False):
    """Columns of a contract that may change."""

    name: str
    facts: Sequence[dict[str, Any]]
    buyer: bytes | None
    customer_ref: str | None
    customer_id: int | None
    claimed_how: ClaimHow | None
    claimed_by: int | None
    why: str
    paid_end: datetime | None
    renews: bool
    told: Sequence[str]
    changed_at: datetime


async def add(
    connection: AsyncConnection,
    guild_id: int,
    connection_id: int,
    *,
    name: str,
    why: str,
    at: datetime,
) -> Contract:
    """Add a contract of which nothing is known yet."""
    row = await connection.execute(
        insert(contract)
        .values(
            guild_id=guild_id,
            connection_id=connection_id,
            name=name,
            facts=[],
            told=[],
            why=why,
            made_at=at,
            changed_at=at,
        )
        .returning(contract)
    )
    return Contract.of(row.one())


async def change(
    connection: AsyncConnection, contract_id: int, **values: Unpack[ContractChange]
) -> Contract:
    """Set these columns of a contract; return it."""
    row = await connection.execute(
        update(contract).where(contract.c.id == contract_id).values(**values).returning(contract)
    )
    return Contract.of(row.one())


async def by_id(connection: AsyncConnection, guild_id: int, contract_id: int) -> Contract | None:
    """Return that contract, when it belongs to this server."""
    found = await connection.execute(
        select(contract).where(contract.c.guild_id == guild_id, contract.c.id == contract_id)
    )
    row = found.one_or_none()
    return None if row is None else Contract.of(row)


async def by_refs(
    connection: AsyncConnection, connection_id: int, refs: Collection[str]
) -> list[Contract]:
    """Return the contracts that go by any of these ids, the oldest first."""
    ids: set[int] = set()
    for some in parts(refs):
        rows = await connection.execute(
            select(contract_ref.c.contract_id).where(
                contract_ref.c.connection_id == connection_id, contract_ref.c.ref.in_(some)
            )
        )
        ids.update(rows.scalars())
    found = await connection.execute(
        select(contract).where(contract.c.id.in_(ids)).order_by(contract.c.id)
    )
    return [Contract.of(row) for row in found]


async def of_removed(
    connection: AsyncConnection, guild_id: int, provider: str, refs: Collection[str]
) -> list[Contract]:
    """Return the contracts with any of these ids that connections to that provider had which are removed."""
    ids: set[int] = set()
    for some in parts(refs):
        rows = await connection.execute(
            select(contract_ref.c.contract_id)
            .join(shop, shop.c.id == contract_ref.c.connection_id)
            .where(
                shop.c.guild_id == guild_id,
                shop.c.provider == provider,
                shop.c.removed_at.is_not(None),
                contract_ref.c.ref.in_(some),
            )
        )
        ids.update(rows.scalars())
    found = await connection.execute(
        select(contract).where(contract.c.id.in_(ids)).order_by(contract.c.id)
    )
    return [Contract.of(row) for row in found]


async def hand_over(connection: AsyncConnection, contract_id: int, connection_id: int) -> Contract:
    """Let a contract be of another connection from now on; an id that one knows already stays as it is."""
    known = select(contract_ref.c.ref).where(contract_ref.c.connection_id == connection_id)
    await connection.execute(
        update(contract_ref)
        .where(contract_ref.c.contract_id == contract_id, contract_ref.c.ref.not_in(known))
        .values(connection_id=connection_id)
    )
    row = await connection.execute(
        update(contract)
        .where(contract.c.id == contract_id)
        .values(connection_id=connection_id)
        .returning(contract)
    )
    return Contract.of(row.one())


async def know_refs(
    connection: AsyncConnection, connection_id: int, contract_id: int, refs: Collection[str]
) -> None:
    """Let a contract go by these ids from now on."""
    known: set[str] = set()
    for some in parts(list(refs)):
        rows = await connection.execute(
            select(contract_ref.c.ref).where(
                contract_ref.c.connection_id == connection_id, contract_ref.c.ref.in_(some)
            )
        )
        known.update(rows.scalars())
    new = [
        {"connection_id": connection_id, "ref": each, "contract_id": contract_id}
        for each in sorted(set(refs) - known)
    ]
    if new:
        await connection.execute(insert(contract_ref), new)


async def absorb(connection: AsyncConnection, kept_id: int, gone_id: int) -> None:
    """Let two contracts be one: all that points at the one that goes points at the other."""
    both = select(contract_purchase.c.part).where(contract_purchase.c.contract_id == kept_id)
    await connection.execute(  # as a part that nothing wants any more, what both gave ends once
        update(contract_purchase)
        .where(contract_purchase.c.contract_id == gone_id, contract_purchase.c.part.in_(both))
        .values(part=contract_purchase.c.part + f" of {gone_id}")
    )
    await connection.execute(
        update(contract_purchase)
        .where(contract_purchase.c.contract_id == gone_id)
        .values(contract_id=kept_id)
    )
    for table in (contract_ref, claim_code, delivery):
        await connection.execute(
            update(table).where(table.c.contract_id == gone_id).values(contract_id=kept_id)
        )
    await connection.execute(delete(contract).where(contract.c.id == gone_id))


async def customer_of_buyer(
    connection: AsyncConnection, connection_id: int, customer_ref: str
) -> int | None:
    """Return whose the latest contract of the same buyer at that shop is, where that is known."""
    found = await connection.execute(
        select(contract.c.customer_id)
        .where(
            contract.c.connection_id == connection_id,
            contract.c.customer_ref == customer_ref,
            contract.c.customer_id.is_not(None),
        )
        .order_by(contract.c.id.desc())
        .limit(1)
    )
    return found.scalar_one_or_none()


async def of_customer(
    connection: AsyncConnection, guild_id: int, customer_id: int
) -> list[Contract]:
    """Return the contracts of a server's customer, oldest first."""
    found = await connection.execute(
        select(contract)
        .where(contract.c.guild_id == guild_id, contract.c.customer_id == customer_id)
        .order_by(contract.c.id)
    )
    return [Contract.of(row) for row in found]


async def held(connection: AsyncConnection) -> list[Contract]:
    """Return contracts of which staff revoked something, where by now nothing of it is held back."""
    ids = select(contract_purchase.c.contract_id).where(
        contract_purchase.c.is_held,
        ~exists().where(
            entitlement.c.purchase_id == contract_purchase.c.purchase_id,
            permission.c.id == entitlement.c.permission_id,
            permission.c.held_back,
        ),
    )
    found = await connection.execute(
        select(contract).where(contract.c.id.in_(ids)).order_by(contract.c.id)
    )
    return [Contract.of(row) for row in found]


# Whose it is


async def add_claim_codes(
    connection: AsyncConnection, guild_id: int, contract_id: int, digests: Collection[bytes]
) -> None:
    """Let a buyer show by any of these that the contract is theirs; what shows another one stays so."""
    if not digests:
        return
    rows = await connection.execute(
        select(claim_code.c.digest).where(
            claim_code.c.guild_id == guild_id, claim_code.c.digest.in_(list(digests))
        )
    )
    new = set(digests) - set(rows.scalars())
    if new:
        await connection.execute(
            insert(claim_code),
            [
                {"guild_id": guild_id, "digest": each, "contract_id": contract_id}
                for each in sorted(new)
            ],
        )


async def by_claim_code(
    connection: AsyncConnection, guild_id: int, digest: bytes
) -> Contract | None:
    """Return the contract that a buyer shows by this."""
    found = await connection.execute(
        select(contract)
        .join(claim_code, claim_code.c.contract_id == contract.c.id)
        .where(claim_code.c.guild_id == guild_id, claim_code.c.digest == digest)
    )
    row = found.one_or_none()
    return None if row is None else Contract.of(row, contract)


async def token_of(
    connection: AsyncConnection, guild_id: int, member_id: int, token: str, at: datetime
) -> str:
    """Return the token that a member takes to shops: `token` where there is none yet."""
    found = await connection.execute(
        select(buyer_token.c.token).where(
            buyer_token.c.guild_id == guild_id, buyer_token.c.member_id == member_id
        )
    )
    if (known := found.scalar_one_or_none()) is not None:
        return str(known)
    await connection.execute(
        insert(buyer_token).values(token=token, guild_id=guild_id, member_id=member_id, made_at=at)
    )
    return token


async def member_of_token(connection: AsyncConnection, guild_id: int, token: str) -> int | None:
    """Return the member who took that token to a shop."""
    found = await connection.execute(
        select(buyer_token.c.member_id).where(
            buyer_token.c.guild_id == guild_id, buyer_token.c.token == token
        )
    )
    return found.scalar_one_or_none()
