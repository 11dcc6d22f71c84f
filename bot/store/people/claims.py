"""Queries about claims: a member says that a name is theirs, and staff must look first."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ClaimState
from bot.store.records import Claim
from bot.store.tables.people import claim


async def by_id(connection: AsyncConnection, guild_id: int, claim_id: int) -> Claim | None:
    """Return that claim, when it belongs to this server."""
    found = await connection.execute(
        select(claim).where(claim.c.guild_id == guild_id, claim.c.id == claim_id)
    )
    row = found.one_or_none()
    return None if row is None else Claim.of(row)


async def waiting_of(connection: AsyncConnection, guild_id: int, member_id: int) -> Claim | None:
    """Return what that member is waiting for."""
    found = await connection.execute(
        select(claim).where(
            claim.c.guild_id == guild_id,
            claim.c.member_id == member_id,
            claim.c.state == ClaimState.WAITING,
        )
    )
    row = found.one_or_none()
    return None if row is None else Claim.of(row)


async def waiting(connection: AsyncConnection, guild_id: int) -> list[Claim]:
    """Return the claims that staff have not decided, oldest first."""
    found = await connection.execute(
        select(claim)
        .where(claim.c.guild_id == guild_id, claim.c.state == ClaimState.WAITING)
        .order_by(claim.c.id)
    )
    return [Claim.of(row) for row in found]


async def add(
    connection: AsyncConnection,
    guild_id: int,
    member_id: int,
    username: str,
    at: datetime,
    instead_of: str | None = None,
) -> Claim:
    """Add a waiting claim; one at a time for each member."""
    row = await connection.execute(
        insert(claim)
        .values(
            guild_id=guild_id,
            member_id=member_id,
            username=username,
            asked_at=at,
            state=ClaimState.WAITING,
            instead_of=instead_of,
        )
        .returning(claim)
    )
    return Claim.of(row.one())


async def decide(
    connection: AsyncConnection, claim_id: int, state: ClaimState, by: int | None, at: datetime
) -> None:
    """Set what staff said, `accepted` or `refused`; refused by nobody: the member took it back."""
    await connection.execute(
        update(claim)
        .where(claim.c.id == claim_id)
        .values(state=state, decided_by=by, decided_at=at)
    )


async def set_question(
    connection: AsyncConnection, claim_id: int, channel_id: int | None, message_id: int | None
) -> None:
    """Keep which message asks staff about a claim; None: none has buttons any more."""
    await connection.execute(
        update(claim)
        .where(claim.c.id == claim_id)
        .values(channel_id=channel_id, message_id=message_id)
    )


async def answered_questions(connection: AsyncConnection, guild_id: int) -> list[Claim]:
    """Return the claims that are decided or withdrawn while a message still asks about them."""
    found = await connection.execute(
        select(claim).where(
            claim.c.guild_id == guild_id,
            claim.c.state != ClaimState.WAITING,
            claim.c.message_id.is_not(None),
        )
    )
    return [Claim.of(row) for row in found]
