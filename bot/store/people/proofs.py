"""Queries about codes that members are to put on their public TradingView profiles."""

from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Proof
from bot.store.tables.people import proof


async def start(
    connection: AsyncConnection,
    guild_id: int,
    member_id: int,
    username: str,
    code_hash: bytes,
    at: datetime,
) -> None:
    """Keep a new code of a member; the one before it is worth nothing any more."""
    await end(connection, guild_id, member_id)
    await connection.execute(
        insert(proof).values(
            guild_id=guild_id,
            member_id=member_id,
            username=username,
            code_hash=code_hash,
            made_at=at,
            looks=0,
        )
    )


async def of_member(connection: AsyncConnection, guild_id: int, member_id: int) -> Proof | None:
    """Return the code that a member was given last."""
    found = await connection.execute(
        select(proof).where(proof.c.guild_id == guild_id, proof.c.member_id == member_id)
    )
    row = found.one_or_none()
    return None if row is None else Proof.of(row)


async def add_looks(connection: AsyncConnection, proof_id: int, more: int) -> None:
    """Count that the profile was read for it so many times more."""
    await connection.execute(
        update(proof).where(proof.c.id == proof_id).values(looks=proof.c.looks + more)
    )


async def end(connection: AsyncConnection, guild_id: int, member_id: int) -> None:
    """Forget the code of a member."""
    await connection.execute(
        delete(proof).where(proof.c.guild_id == guild_id, proof.c.member_id == member_id)
    )
