"""Keeps members from guessing codes; what counts is kept, so that a restart is no way around it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.orders.errors import TooManyGuesses
from bot.access.request import RequestContext
from bot.access.rules.guesses import (
    COUNTED,
    OF_MEMBER,
    OF_SERVER,
    member_waits_until,
    server_waits_until,
)
from bot.store.ledger import events
from bot.store.sales import guesses

_BY_MEMBER, _IN_SERVER = "code_guesses", "code_guesses_here"


async def refuse_guessing(connection: AsyncConnection, request: RequestContext) -> None:
    """Raise TooManyGuesses for a member, or in a server, with too many wrong codes lately."""
    since, guild_id = request.at - COUNTED, request.guild_id
    mine = await guesses.since(connection, guild_id, since, request.member_id)
    every = await guesses.since(connection, guild_id, since)
    waits = [member_waits_until(mine), server_waits_until(every)]
    until = max((wait for wait in waits if wait is not None), default=request.at)
    if until > request.at:
        raise TooManyGuesses(until)


async def note_guess(connection: AsyncConnection, request: RequestContext) -> None:
    """Count a wrong code, and have the log channel hear once a day of whoever types too many."""
    since, guild_id, member_id = request.at - COUNTED, request.guild_id, request.member_id
    await guesses.forget_before(connection, guild_id, since)
    await guesses.add(connection, guild_id, member_id, request.idempotency_key, request.at)
    mine = await guesses.since(connection, guild_id, since, member_id)
    if len(mine) >= OF_MEMBER:
        await _tell(connection, request, _BY_MEMBER, len(mine), member_id)
    every = await guesses.since(connection, guild_id, since)
    if server_waits_until(every) is not None and len(every) >= OF_SERVER:
        await _tell(connection, request, _IN_SERVER, len(every))


async def _tell(
    connection: AsyncConnection,
    request: RequestContext,
    action: str,
    number: int,
    member_id: int | None = None,
) -> None:
    told = await events.of_action(connection, request.guild_id, action, request.at - COUNTED)
    if any(entry.member_id == member_id for entry in told):
        return
    await events.record(
        connection,
        request.guild_id,
        request.at,
        action,
        member_id=member_id,
        after={"number": number},
    )
