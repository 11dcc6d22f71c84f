"""Queries about wrong codes that members typed; what was typed is not kept."""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables.sales import code_guess


async def since(
    connection: AsyncConnection, guild_id: int, moment: datetime, member_id: int | None = None
) -> list[datetime]:
    """Return when a wrong code was typed after that moment, oldest first: by one member, or by any."""
    query = select(code_guess.c.at).where(
        code_guess.c.guild_id == guild_id, code_guess.c.at > moment
    )
    if member_id is not None:
        query = query.where(code_guess.c.member_id == member_id)
    return list((await connection.execute(query.order_by(code_guess.c.at))).scalars())


async def add(
    connection: AsyncConnection, guild_id: int, member_id: int, reference: str, at: datetime
) -> None:
    """Note a wrong code, unless that request is noted already."""
    known = await connection.execute(
        select(code_guess.c.id).where(
            code_guess.c.guild_id == guild_id, code_guess.c.reference == reference
        )
    )
    if known.first() is None:
        await connection.execute(
            insert(code_guess).values(
                guild_id=guild_id, member_id=member_id, reference=reference, at=at
            )
        )


async def forget_before(connection: AsyncConnection, guild_id: int, moment: datetime) -> None:
    """Forget what no longer counts in a server."""
    await connection.execute(
        delete(code_guess).where(code_guess.c.guild_id == guild_id, code_guess.c.at <= moment)
    )
