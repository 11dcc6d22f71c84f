"""Sends once more what a member has and TradingView does not show."""

from collections.abc import Mapping
from dataclasses import replace

from bot import clock
from bot.access.ledger.changes import Change, NewOrder
from bot.access.ledger.receipts import AGAIN_KEY
from bot.access.ledger.record import record_unguarded
from bot.access.request import RequestContext
from bot.access.rules.entitlements import State, wanted_of
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind, PermissionState
from bot.store.ledger import orders, permissions
from bot.store.vault import Vault


class Resends:
    """Records orders that give nothing new; no number of seats holds them up."""

    def __init__(self, database: Database, vault: Vault, queue: Queue) -> None:
        self._database = database
        self._vault = vault
        self._queue = queue

    async def send(
        self, request: RequestContext, shown: Mapping[int, State], product_id: int | None = None
    ) -> int | None:
        """Order these permissions anew, with what TradingView showed of each; returns the order that leads.

        None where each of them is on its way by now, or over. `product_id`: all are of that product.
        """
        lead: int | None = None
        key = f"{AGAIN_KEY}{request.idempotency_key}"
        async with self._database.write() as connection:
            if known := await orders.by_key(connection, request.guild_id, key):
                return known.id  # delivered twice
            for permission in await permissions.by_ids(connection, shown):
                is_done = permission.state is PermissionState.DONE
                if not is_done or not wanted_of(permission).gives_access(clock.now()):
                    continue
                part = replace(request, idempotency_key=key)
                if lead is not None:
                    part = replace(part, idempotency_key=f"{key}/{permission.id}", token=None)
                new = NewOrder(
                    part,
                    OrderKind.GRANT,
                    permission,
                    Change(again=True),
                    before=shown[permission.id],
                    product_id=product_id,
                    lead_id=lead,
                )
                recorded = await record_unguarded(connection, self._vault, new)
                lead = lead or recorded.order.id
        self._queue.wake(request.guild_id)
        return lead

    async def hurry(self, guild_id: int, permission_ids: list[int]) -> None:
        """Let what waits be tried now instead of at its next turn."""
        if not permission_ids:
            return
        async with self._database.write() as connection:
            for permission_id in permission_ids:
                await permissions.try_now(connection, permission_id, clock.now())
        self._queue.wake(guild_id)
