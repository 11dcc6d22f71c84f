"""Whether a TradingView name is free to be a member's on nothing but their own word."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.request import RequestContext
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.people import access, claims, customers
from bot.tradingview.deadline import in_time

LOOK_TIMEOUT = 3.0  # seconds that a member waits for TradingView's lists
# What the history calls the tying of a name to a member, and its end.
_TIES = ("link", "matched", "claim_accepted", "unlink")


class FreeNames:
    """Looks here and on TradingView for whoever has a name, or access by it."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    async def is_free(self, request: RequestContext, username: str, user_id: int | None) -> bool:
        """Return whether the name is unused here, and neither Usher nor TradingView shows access.

        A name that this member let go of is free for them, whatever it may use. TradingView is asked the
        same about every other name: how long the answer takes tells a stranger nothing either.
        """
        async with self._database.read() as connection:
            if await let_go_of(connection, request, username, user_id):
                return True
            free = await is_free_here(connection, request, username, user_id)
            sold = await scripts.listed(connection, request.guild_id)
        if not sold:
            return free
        session = await self._sessions.of(request.guild_id)
        if session.state is not LoginState.ALIVE:
            return False
        client, now = session.tradingview, clock.now()

        async def nowhere() -> bool:
            rows = [await client.find_row(script.pine_id, username) for script in sold]
            return not any(row is not None and row.is_live(now) for row in rows)

        return await in_time(nowhere(), LOOK_TIMEOUT) is True and free


async def is_free_here(
    connection: AsyncConnection,
    request: RequestContext,
    username: str,
    user_id: int | None,
) -> bool:
    """Return whether it is free as far as Usher knows, also under the older name of that number's user."""
    holder = await customers.by_name(connection, request.guild_id, username)
    holders = [] if holder is None else [holder]
    if user_id is not None:
        holders += await customers.by_user_id(connection, request.guild_id, user_id)
    if any(person.member_id is not None for person in holders):
        return False
    names = {username, *(person.username for person in holders if person.username)}
    return not await access.is_there(connection, request.guild_id, names, request.at)


async def let_go_of(
    connection: AsyncConnection, request: RequestContext, username: str, user_id: int | None
) -> datetime | None:
    """Return when the asker untied that name, as the last to hold it, where nobody else wants it since."""
    holder = await customers.by_name(connection, request.guild_id, username)
    if holder is None or holder.member_id is not None:
        return None
    if None not in (user_id, holder.tv_user_id) and user_id != holder.tv_user_id:
        return None  # the name belongs to another person on TradingView now
    last = await events.newest(connection, request.guild_id, _TIES, customer_id=holder.id)
    waiting = await claims.waiting(connection, request.guild_id)
    others = any(
        claim.username.casefold() == username.casefold() and claim.member_id != request.member_id
        for claim in waiting
    )
    is_theirs = (
        last is not None
        and last.action == "unlink"
        and last.member_id == last.actor.member_id == request.member_id
        and not others
    )
    return last.at if last is not None and is_theirs else None
