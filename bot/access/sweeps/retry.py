"""Staff try again what waits or is stuck for one script."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import find
from bot.access.ledger.seats import within_the_line
from bot.access.request import RequestContext
from bot.access.rules.entitlements import last_seen, wanted_of
from bot.access.sweeps.drift import Difference, Kind
from bot.access.sweeps.removal_limit import refuse_many
from bot.access.sync.queue import Queue
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.ledger import events, orders, permissions, shapes
from bot.store.records import Script


class Retries:
    """Wakes what staff want to be tried now."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    async def retry(
        self, request: RequestContext, item: str, *, agreed: int = 0, seats: int = 0
    ) -> int:
        """Try now whatever waits or is stuck for one script; returns how many.

        Raises:
            ItemUnknown: no script has that short name.
            TakesFromMany: it wakes orders that take access or time from more people than `agreed`.
            OverTheLine: a manager must say yes to so many `seats` first.
        """
        async with (
            self._database.write() as connection,
            within_the_line(connection, request, agreed=seats),
        ):
            script = await find(connection, request.guild_id, item)
            await self._ask_about_many(connection, script, agreed)
            await scripts.unpause(connection, script.id)
            if await shapes.accept(connection, request.guild_id):
                await events.record(
                    connection, request.guild_id, request.at, "shape_accepted", actor_id=request.by
                )
            tried = await permissions.retry(connection, script.id, clock.now())
            await orders.wait_again(connection, tried)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "retry",
                actor_id=request.by,
                script_id=script.id,
            )
        self._queue.wake(request.guild_id)
        return len(tried)

    async def _ask_about_many(
        self, connection: AsyncConnection, script: Script, agreed: int
    ) -> None:
        """What waits goes on by itself, unless the script or the form of the answers holds it up."""
        asleep = {"stuck"}
        if script.paused_at is not None or await shapes.is_paused(connection, script.guild_id):
            asleep |= {"waiting", "working"}
        woken = [
            Difference(Kind.STUCK, one.username, wanted_of(one), last_seen(one), one)
            for one in await permissions.unfinished(connection, script.guild_id)
            if one.script_id == script.id
            and one.state in asleep
            and not (one.state == "stuck" and one.reason in orders.PARKED)
        ]
        await refuse_many(connection, script, woken, clock.now(), agreed=agreed)
