"""Staff try again what waits or is stuck for one script or product."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import find_item
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
from bot.store.records import Order, Script


class Retries:
    """Wakes what staff want to be tried now."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    async def retry(self, request: RequestContext, item: str) -> int:
        """Try now whatever waits or is stuck for a script, or for each of a product; returns how many.

        Raises:
            ItemUnknown: no script or product has that short name.
            TakesFromMany: it wakes orders that take access or time from many people, without consent.
            OverTheLine: a manager must agree to so many seats first.
        """
        async with (
            self._database.write() as connection,
            within_the_line(connection, request),
        ):
            found = await find_item(connection, request.guild_id, item)
            for script in found.scripts:
                await self._ask_about_many(connection, script, request.consent)
                await scripts.unpause(connection, script.id)
            if await shapes.accept(connection, request.guild_id):
                await events.record(
                    connection, request.guild_id, request.at, "shape_accepted", actor=request.actor
                )
            tried: list[int] = []
            for script in found.scripts:
                tried += await permissions.retry(connection, script.id, clock.now())
            await orders.wait_again(connection, tried)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "retry",
                actor=request.actor,
                script_id=found.script_id,
                product_id=found.product_id,
            )
        self._queue.wake(request.guild_id)
        return len(tried)

    async def try_now(self, order: Order) -> None:
        """Try one waiting order now instead of at its next turn; one that is over stays so."""
        async with self._database.write() as connection:
            await permissions.try_now(connection, order.permission_id, clock.now())
        self._queue.hurry(order.guild_id)

    async def _ask_about_many(
        self, connection: AsyncConnection, script: Script, consent: Consent
    ) -> None:
        """Refuse to wake many removals without consent; what waits goes on by itself unless it is held up."""
        asleep = {PermissionState.STUCK}
        if script.paused_at is not None or await shapes.is_paused(connection, script.guild_id):
            asleep |= {PermissionState.WAITING, PermissionState.WORKING}
        woken = [
            Difference(
                Kind.STUCK,
                permission.username,
                wanted_of(permission),
                last_seen(permission),
                permission,
            )
            for permission in await permissions.unfinished(connection, script.guild_id)
            if permission.script_id == script.id
            and permission.state in asleep
            and not (
                permission.state is PermissionState.STUCK and permission.reason in orders.PARKED
            )
        ]
        await refuse_many(connection, script, woken, clock.now(), consent)
