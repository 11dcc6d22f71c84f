"""Queries about codes; only what cannot be turned back into a code is kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Product, Record, Script
from bot.store.tables.sales import code, code_batch, code_use


@dataclass(frozen=True, slots=True)
class CodeSet(Record):
    """Codes that were made together, and give the same."""

    id: int
    guild_id: int
    product_id: int | None
    script_id: int | None
    length: str
    uses: int
    expires_at: datetime | None
    made_by: int
    made_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Code(Record):
    """One code, without what people type."""

    id: int
    batch_id: int
    used: int
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many codes a set has, how often they were used, and how many of them work still."""

    codes: int
    used: int
    left: int


async def add_set(
    connection: AsyncConnection,
    guild_id: int,
    *,
    reference: str,
    product_id: int | None,
    script_id: int | None,
    length: str,
    uses: int,
    expires_at: datetime | None,
    by: int,
    at: datetime,
    digests: Collection[bytes],
) -> CodeSet:
    """Add codes that give the same."""
    row = await connection.execute(
        insert(code_batch)
        .values(
            guild_id=guild_id,
            reference=reference,
            product_id=product_id,
            script_id=script_id,
            length=length,
            uses=uses,
            expires_at=expires_at,
            made_by=by,
            made_at=at,
        )
        .returning(code_batch)
    )
    made = CodeSet.of(row.one())
    await connection.execute(
        insert(code), [{"batch_id": made.id, "digest": digest} for digest in digests]
    )
    return made


async def is_made(connection: AsyncConnection, guild_id: int, reference: str) -> bool:
    """Return whether that request made its codes before."""
    found = await connection.execute(
        select(literal(1)).where(
            code_batch.c.guild_id == guild_id, code_batch.c.reference == reference
        )
    )
    return found.first() is not None


async def by_digest(connection: AsyncConnection, digest: bytes) -> tuple[Code, CodeSet] | None:
    """Return that code, whether it works or not, with what it gives."""
    found = await connection.execute(
        select(code, code_batch)
        .join(code_batch, code_batch.c.id == code.c.batch_id)
        .where(code.c.digest == digest)
    )
    row = found.one_or_none()
    return None if row is None else (Code.of(row, code), CodeSet.of(row, code_batch))


async def take(connection: AsyncConnection, code_id: int, uses: int) -> bool:
    """Count one more use; False: it was used so often already."""
    result = await connection.execute(
        update(code).where(code.c.id == code_id, code.c.used < uses).values(used=code.c.used + 1)
    )
    return result.rowcount > 0


async def is_used_by(connection: AsyncConnection, code_id: int, member_id: int) -> bool:
    """Return whether that member used that code."""
    found = await connection.execute(
        select(literal(1)).where(code_use.c.code_id == code_id, code_use.c.member_id == member_id)
    )
    return found.first() is not None


async def add_use(
    connection: AsyncConnection, code_id: int, purchase_id: int, member_id: int, at: datetime
) -> None:
    """Note who used a code, and what they got for it."""
    await connection.execute(
        insert(code_use).values(
            code_id=code_id, purchase_id=purchase_id, member_id=member_id, at=at
        )
    )


async def set_by_id(connection: AsyncConnection, guild_id: int, set_id: int) -> CodeSet | None:
    """Return that set, when it belongs to this server."""
    found = await connection.execute(
        select(code_batch).where(code_batch.c.guild_id == guild_id, code_batch.c.id == set_id)
    )
    row = found.one_or_none()
    return None if row is None else CodeSet.of(row)


async def sets(
    connection: AsyncConnection,
    guild_id: int,
    *,
    item: Script | Product | None = None,
    skip: int = 0,
    limit: int = 25,
) -> list[CodeSet]:
    """Return a server's sets, or those of one of its items, newest first."""
    query = select(code_batch).where(code_batch.c.guild_id == guild_id)
    if item is not None:
        column = code_batch.c.product_id if isinstance(item, Product) else code_batch.c.script_id
        query = query.where(column == item.id)
    rows = await connection.execute(
        query.order_by(code_batch.c.id.desc()).offset(skip).limit(limit)
    )
    return [CodeSet.of(row) for row in rows]


async def counts(
    connection: AsyncConnection, set_ids: Collection[int], now: datetime
) -> dict[int, Count]:
    """Return, by set, the numbers of its codes."""
    works = (
        (code.c.used < code_batch.c.uses)
        & code.c.revoked_at.is_(None)
        & code_batch.c.revoked_at.is_(None)
        & (code_batch.c.expires_at.is_(None) | (code_batch.c.expires_at > now))
    )
    rows = await connection.execute(
        select(
            code.c.batch_id,
            func.count().label("codes"),
            func.sum(code.c.used).label("used"),
            func.sum(case((works, 1), else_=0)).label("left"),
        )
        .join(code_batch, code_batch.c.id == code.c.batch_id)
        .where(code.c.batch_id.in_(list(set_ids)))
        .group_by(code.c.batch_id)
    )
    return {row.batch_id: Count(row.codes, row.used, row.left) for row in rows}


async def revoke_set(connection: AsyncConnection, set_id: int, at: datetime | None) -> None:
    """Let the codes of a set work no more; None: let them work again."""
    await connection.execute(
        update(code_batch).where(code_batch.c.id == set_id).values(revoked_at=at)
    )


async def revoke(connection: AsyncConnection, code_id: int, at: datetime | None) -> None:
    """Let one code work no more; None: let it work again."""
    await connection.execute(update(code).where(code.c.id == code_id).values(revoked_at=at))


async def of_set(connection: AsyncConnection, set_id: int, code_id: int) -> Code | None:
    """Return that code, when it is one of that set."""
    found = await connection.execute(
        select(code).where(code.c.batch_id == set_id, code.c.id == code_id)
    )
    row = found.one_or_none()
    return None if row is None else Code.of(row)
