"""Staff try again what waits or is stuck for one script."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import find
from bot.access.ledger.seats import within_the_line
from bot.access.request import Consent, RequestContext
from bot.access.rules.entitlements import last_seen, wanted_of
from bot.access.sweeps.drift import Difference, Kind
from bot.access.sweeps.removal_limit import refuse_many
from bot.access.sync.queue import Queue
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import PermissionState
from bot.store.ledger import events, orders, permissions, shapes
from bot.store.records import Script


class Retries:
    """Wakes what staff want to be tried now."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    async def retry(self, request: RequestContext, item: str) -> int:
        """Try now whatever waits or is stuck for one script; returns how many.

        Raises:
            ItemUnknown: no script has that short name.
            TakesFromMany: it wakes orders that take access or time from many people, and nobody agreed.
            OverTheLine: a manager must agree to so many seats first.
        """
        async with (
            self._database.write() as connection,
            within_the_line(connection, request),
        ):
            script = await find(connection, request.guild_id, item)
            await self._ask_about_many(connection, script, request.consent)
            await scripts.unpause(connection, script.id)
            if await shapes.accept(connection, request.guild_id):
                await events.record(
                    connection, request.guild_id, request.at, "shape_accepted", actor=request.actor
                )
            tried = await permissions.retry(connection, script.id, clock.now())
            await orders.wait_again(connection, tried)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "retry",
                actor=request.actor,
                script_id=script.id,
            )
        self._queue.wake(request.guild_id)
        return len(tried)

    async def _ask_about_many(
        self, connection: AsyncConnection, script: Script, consent: Consent
    ) -> None:
        """What waits goes on by itself, unless the script or the form of the answers holds it up."""
        asleep = {PermissionState.STUCK}
        if script.paused_at is not None or await shapes.is_paused(connection, script.guild_id):
            asleep |= {PermissionState.WAITING, PermissionState.WORKING}
        woken = [
            Difference(Kind.STUCK, one.username, wanted_of(one), last_seen(one), one)
            for one in await permissions.unfinished(connection, script.guild_id)
            if one.script_id == script.id
            and one.state in asleep
            and not (one.state is PermissionState.STUCK and one.reason in orders.PARKED)
        ]
        await refuse_many(connection, script, woken, clock.now(), consent)
