"""Stops the clock of one customer, and lets it go on: nothing that was paid for is lost meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import Item, find_item
from bot.access.ledger.changes import Change, NewOrder, Recorded
from bot.access.ledger.errors import NothingPaused, NothingToPause, StopsEverything
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.record import record_all
from bot.access.people.identity import name_of
from bot.access.request import RequestContext, Subject
from bot.access.rules.entitlements import still_gives
from bot.access.sync.queue import Queue
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind
from bot.store.ledger import entitlements, orders, permissions, purchases
from bot.store.records import Entitlement, Permission
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True)
class _Part:
    """One permission of somebody, and what of it stops or goes on."""

    permission: Permission
    reasons: Sequence[Entitlement]
    others_give: bool  # something else gives access meanwhile


class Pauses:
    """Records pauses and their ends: of one item, or of everything that somebody has."""

    def __init__(self, database: Database, vault: Vault, queue: Queue, notifier: Notifier) -> None:
        self._database = database
        self._vault = vault
        self._queue = queue
        self._notifier = notifier

    async def pause(
        self, request: RequestContext, subject: Subject, item: str | None, note: str | None = None
    ) -> int:
        """Stop the clock: access is taken away and no time passes. Returns the order that leads.

        Raises:
            NothingToPause: nothing of it runs.
            StopsEverything: no item was named, so all stops; that asks for a yes.
        """
        return await self._order(request, subject, item, note, OrderKind.PAUSE)

    async def resume(
        self, request: RequestContext, subject: Subject, item: str | None, note: str | None = None
    ) -> int:
        """Let the clock go on: every end moves by as long as it stood. Returns the order that leads.

        Raises:
            NothingPaused: nothing of it stands still.
            StopsEverything: no item was named, so all goes on; that asks for a yes.
            OverTheLine: a manager must agree to so many seats first.
        """
        return await self._order(request, subject, item, note, OrderKind.RESUME)

    async def _order(
        self,
        request: RequestContext,
        subject: Subject,
        item: str | None,
        note: str | None,
        kind: OrderKind,
    ) -> int:
        async with self._database.write() as connection:
            if done := await orders.by_key(connection, request.guild_id, request.idempotency_key):
                return done.id
            sold = await find_item(connection, request.guild_id, item) if item else None
            name = await name_of(connection, request.guild_id, subject)
            found = await _parts(connection, request, name, sold, kind)
            if not found:
                refusal = NothingToPause if kind is OrderKind.PAUSE else NothingPaused
                raise refusal(None if sold is None else sold.product or sold.scripts[0], name)
            if sold is None and not request.consent.confirmed:
                known = await scripts.by_ids(connection, [e.permission.script_id for e in found])
                titles = tuple(known[each.permission.script_id].title for each in found)
                raise StopsEverything(name, titles, goes_on=kind is OrderKind.RESUME)
            recorded = await self._record(connection, request, sold, note, kind, found)
        self._notifier.ended([each for part in recorded for each in part.superseded])
        self._queue.wake(request.guild_id)
        return recorded[0].order.id

    async def _record(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        sold: Item | None,
        note: str | None,
        kind: OrderKind,
        found: Sequence[_Part],
    ) -> list[Recorded]:
        recorded: list[Recorded] = []
        for part in found:
            lead = recorded[0].order.id if recorded else None
            own = replace(
                request,
                idempotency_key=f"{request.idempotency_key}/{part.permission.script_id}",
                token=None,
            )
            new = NewOrder(
                request if lead is None else own,
                kind,
                part.permission,
                _change(part, kind),
                note,
                product_id=None if sold is None else sold.product_id,
                lead_id=lead,
            )
            recorded += await record_all(connection, self._vault, [new])
        return recorded


def _change(part: _Part, kind: OrderKind) -> Change:
    if kind is OrderKind.RESUME:
        return Change(resumes=part.reasons)
    ids = [reason.id for reason in part.reasons]
    return Change(pauses=ids, overrules=not part.others_give)


async def _parts(
    connection: AsyncConnection,
    request: RequestContext,
    name: str,
    item: Item | None,
    kind: OrderKind,
) -> list[_Part]:
    """Return what somebody has of the item, or of all, that runs; for a resume: that stands still."""
    held = await permissions.of_name(connection, request.guild_id, name)
    if item is not None:
        ids = {script.id for script in item.scripts}
        held = [each for each in held if each.script_id in ids]
    reasons = await entitlements.active_of(connection, [each.id for each in held])
    product_of = await _products(connection, reasons)
    found = []
    for permission in held:
        live = [each for each in reasons[permission.id] if still_gives(each, request.at)]
        mine = [
            each
            for each in live
            if (each.paused_at is not None) is (kind is OrderKind.RESUME)
            and (
                item is None
                or item.product is None
                or product_of[each.purchase_id] in (None, item.product.id)
            )
        ]
        others = [each for each in live if each not in mine and each.paused_at is None]
        if mine:
            found.append(_Part(permission, mine, bool(others)))
    return found


async def _products(
    connection: AsyncConnection, reasons: Mapping[int, Sequence[Entitlement]]
) -> dict[int, int | None]:
    """Return, by purchase, the product it is of; None: a script."""
    ids = {reason.purchase_id for some in reasons.values() for reason in some}
    bought = await purchases.by_ids(connection, ids)
    return {purchase.id: purchase.product_id for purchase in bought.values()}
