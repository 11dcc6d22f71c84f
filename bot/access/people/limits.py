"""How often a member may do what reaches TradingView, and who is told when it was too often."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.people.errors import LookedJustNow, LookedUpTooOften, TooOften
from bot.access.request import RequestContext
from bot.rate_limit import RateLimit
from bot.store.engine.database import Database
from bot.store.kinds import AttemptKind
from bot.store.ledger import events
from bot.store.people import attempts
from bot.store.records import Customer

DAY = timedelta(days=1)
MOVE_EVERY = timedelta(days=7)  # by the member alone; staff may say yes sooner
A_DAY = {AttemptKind.LINK: 3, AttemptKind.PROOF: 5, AttemptKind.LOOK: 10}
PAUSE = timedelta(minutes=1)  # between two looks on TradingView
LOOK_UP = "look_up"
_REACHED = "limit_reached"  # what the history calls it


class MemberLimits:
    """Counts what each member does; the numbers of a day outlive a restart. `wake` has it told."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake
        self._look_ups = RateLimit(rate=1.0, burst=30)  # as strangers have it over HTTP

    async def take(self, request: RequestContext, kind: AttemptKind) -> int:
        """Count one more; returns its number, for `give_back`. Raises TooOften."""
        since = request.at - DAY
        async with self._database.write() as connection:
            await attempts.forget_before(connection, request.guild_id, since)
            done = await attempts.since(
                connection, request.guild_id, request.member_id, kind, since
            )
            if len(done) < A_DAY[kind]:
                return await attempts.add(
                    connection, request.guild_id, request.member_id, kind, request.at
                )
            await _note(connection, request, kind)
        self._wake()
        raise TooOften(kind, done[-A_DAY[kind]] + DAY)

    async def look(self, request: RequestContext) -> None:
        """Count one more look on TradingView for that member. Raises LookedJustNow or TooOften."""
        since = request.at - PAUSE
        async with self._database.read() as connection:
            lately = await attempts.since(
                connection, request.guild_id, request.member_id, AttemptKind.LOOK, since
            )
        if request.at in lately:  # delivered twice
            return
        if lately:
            raise LookedJustNow(lately[-1] + PAUSE)
        _ = await self.take(request, AttemptKind.LOOK)

    async def give_back(self, attempt_id: int) -> None:
        """Count one no longer: it came to nothing, and not by the member's doing."""
        async with self._database.write() as connection:
            await attempts.remove(connection, attempt_id)

    async def look_up(self, request: RequestContext) -> None:
        """Count one more look at a name. Raises LookedUpTooOften."""
        wait = self._look_ups.take(f"{request.guild_id}:{request.member_id}")
        if not wait:
            return
        async with self._database.write() as connection:
            await _note(connection, request, LOOK_UP)
        self._wake()
        raise LookedUpTooOften(math.ceil(wait))


async def moves_again(
    connection: AsyncConnection, request: RequestContext, person: Customer
) -> datetime | None:
    """Return when the member may move to another account by themselves again; None: now.

    Also with a proof: friends who each prove their own account could else take turns with one access.
    """
    last = await events.newest(
        connection, request.guild_id, ("account_moved",), customer_id=person.id
    )
    if last is None or last.actor != request.actor or request.at - last.at >= MOVE_EVERY:
        return None
    return last.at + MOVE_EVERY


async def _note(connection: AsyncConnection, request: RequestContext, what: str) -> None:
    """Have the log channel told, once for each member and day."""
    today = await events.of_action(connection, request.guild_id, _REACHED, request.at - DAY)
    if any(entry.member_id == request.member_id for entry in today):
        return
    await events.record(
        connection,
        request.guild_id,
        request.at,
        _REACHED,
        actor=request.actor,
        member_id=request.member_id,
        after={"what": str(what)},
    )
