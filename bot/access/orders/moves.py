"""Changes of plan: what was bought of one item goes on as another one, and the old access goes last.

A purchase that moves stays the same row, with its source and reference: it is of the other item from then on.
So a renewal, a refund or the end of its source finds it by the reference that it always had, and needs to
know nothing of the move.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import Item
from bot.access.ledger.changes import Brought, Change, NewOrder, Recorded, Target
from bot.access.ledger.errors import MoveLeavesOpen, NothingToMove, SameItem, Shortens
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.reasons import add_found
from bot.access.ledger.receipts import took_away
from bot.access.ledger.record import record_for, record_unguarded, touch
from bot.access.ledger.seats import within_the_line
from bot.access.orders.present import Before, Presence, Present
from bot.access.people.identity import resolve
from bot.access.request import STAFF, RequestContext, Subject
from bot.access.rules.duration import Length, RowEnd, absolute
from bot.access.rules.entitlements import (
    State,
    paid_end,
    paused_since,
    still_gives,
    stopped_at,
)
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.kinds import EntitlementKind, OrderKind, StateKind
from bot.store.ledger import entitlements, orders, permissions, purchases
from bot.store.records import Customer, Entitlement, Permission, Purchase
from bot.store.vault import Vault
from bot.tradingview import End


@dataclass(frozen=True, slots=True)
class _Held:
    """What somebody has of the old item, and what of it moves."""

    permissions: Sequence[Permission]
    reasons: dict[int, list[Entitlement]]  # by permission, all that count
    moving: Sequence[Entitlement]
    purchases: dict[int, Purchase]  # those that move


class Moves:
    """Records changes of plan, each in one transaction: what is new, and after it what goes."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        queue: Queue,
        notifier: Notifier,
        presence: Presence,
    ) -> None:
        self._database = database
        self._vault = vault
        self._queue = queue
        self._notifier = notifier
        self._presence = presence

    async def move(
        self,
        request: RequestContext,
        subject: Subject,
        old: str,
        new: str,
        until: End | Length | RowEnd | None = None,
        note: str | None = None,
    ) -> int:
        """Let what is left of the old item go on as the new one, or give the new one exactly `until`.

        What is left comes on top of what there is of the new item. Returns the order that leads.

        Raises:
            SameItem: both are the same.
            NothingToMove: there is no time of the old item that could go along.
            MoveLeavesOpen: something of it lasts as long as its source does; that asks for a yes.
            Shortens: `until` is earlier than what there is; that asks for a yes.
            OverTheLine: a manager must agree to so many seats first.
        """
        async with self._database.read() as connection:
            if done := await orders.by_key(connection, request.guild_id, request.idempotency_key):
                return done.id
        target = await self._presence.target(request, old, subject, look_up=False)
        before = await self._presence.before(request, target)
        target = replace(target, item=new)
        there = await self._presence.before(request, target)
        if before.sold == there.sold:
            raise SameItem(before.sold)
        end = None if until is None else absolute(until, request.at)
        after = State(StateKind.LIFETIME) if end is None else State(StateKind.UNTIL, end.at)
        if until is not None and not request.consent.confirmed:
            for each in (*before.scripts, *there.scripts):
                if took_away(each.most, after):
                    name = target.spelling.username
                    raise Shortens(there.sold, name, each.most.end, after.end)
        gives = None
        if until is not None:
            gives = Change(
                gives=after,
                source=STAFF,
                row_day=None if end is None else end.row_day,
                ends_all=True,
                overrules=True,
                held_back=False,
                moved_from=before.item.title,
            )
        async with (
            self._database.write() as connection,
            within_the_line(connection, request),
        ):
            recorded = await self._record(connection, request, target, before, there, gives, note)
        if recorded.is_new:
            self._notifier.ended(recorded.superseded)
            self._queue.wake(request.guild_id)
        return recorded.order.id

    async def _record(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        target: Target,
        before: Before,
        there: Before,
        gives: Change | None,
        note: str | None,
    ) -> Recorded:
        if done := await orders.by_key(connection, request.guild_id, request.idempotency_key):
            return Recorded(done, is_new=False)
        spelling = target.spelling
        person = await resolve(connection, request, target.subject, user_id=spelling.user_id)
        await self._know_found(connection, request, target, person, before, there)
        held = await _held(connection, request, target, before)
        for purchase in held.purchases.values():
            await purchases.change(
                connection,
                [purchase.id],
                product_id=there.item.product_id,
                script_id=there.item.script_id,
                moved_product_id=purchase.product_id,
                moved_script_id=purchase.script_id,
            )
        if gives is not None:
            new = NewOrder(request, OrderKind.MOVE, target, gives, note)
            recorded = await record_for(connection, self._vault, new, there.item, person, spelling)
        else:
            recorded = await self._bring(
                connection, request, target, person, before, there, held, note
            )
        lead = recorded.order
        await purchases.change(connection, held.purchases, moved_by=lead.id)
        superseded = [*recorded.superseded]
        for removal in _removals(request, lead.id, before.item, there.item, held):
            part = await record_unguarded(connection, self._vault, removal)
            superseded += part.superseded
        return Recorded(lead, tuple(superseded))

    async def _know_found(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        target: Target,
        person: Customer,
        before: Before,
        there: Before,
    ) -> None:
        """Give what somebody gave on TradingView itself a reason of its own, so that it goes along."""
        stay = {each.script.id for each in there.scripts}
        for each in before.scripts:
            seen = each.foreign
            if seen is None or each.script.id in stay:
                continue
            permission = await touch(connection, request, each.script, person, target.spelling)
            _ = await add_found(connection, permission, seen, request.at)

    async def _bring(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        target: Target,
        person: Customer,
        before: Before,
        there: Before,
        held: _Held,
        note: str | None,
    ) -> Recorded:
        """Record an order for each script of the new item; what has it anyway keeps its end."""
        lead: Recorded | None = None
        superseded: list[int] = []
        for present in there.scripts:
            permission = await touch(connection, request, present.script, person, target.spelling)
            reasons = await entitlements.active(connection, permission.id)
            part = NewOrder(
                request if lead is None else _part(request, f"/{present.script.id}"),
                OrderKind.MOVE,
                permission,
                Change(
                    brings=_brought(request, present, reasons, held),
                    moved_from=before.item.title,
                    held_back=False,
                ),
                note,
                product_id=there.item.product_id,
                lead_id=None if lead is None else lead.order.id,
            )
            recorded = await record_unguarded(connection, self._vault, part)
            lead = lead or recorded
            superseded += recorded.superseded
        assert lead is not None  # noqa: S101 - an item without scripts is refused before
        return Recorded(lead.order, tuple(superseded))


async def _held(
    connection: AsyncConnection, request: RequestContext, target: Target, before: Before
) -> _Held:
    """Return what there is of the old item. Raises NothingToMove and MoveLeavesOpen."""
    item, name = before.item, target.spelling.username
    ids = {script.id for script in item.scripts}
    found = await permissions.of_name(connection, request.guild_id, name)
    found = [each for each in found if each.script_id in ids]
    reasons = await entitlements.active_of(connection, [each.id for each in found])
    every = [reason for some in reasons.values() for reason in some]
    bought = await purchases.by_ids(connection, {reason.purchase_id for reason in every})
    mine = [
        reason
        for reason in every
        if still_gives(reason, request.at)
        and bought[reason.purchase_id].product_id in (None, item.product_id)
    ]
    moving = [reason for reason in mine if reason.kind is not EntitlementKind.OPEN]
    stays = [reason for reason in mine if reason.kind is EntitlementKind.OPEN]
    if not moving:
        raise NothingToMove(before.sold, name, tuple(stays))
    if stays and not request.consent.confirmed:
        raise MoveLeavesOpen(before.sold, name, tuple(stays))
    ids_moving = {reason.purchase_id for reason in moving}
    return _Held(found, reasons, moving, {each: bought[each] for each in ids_moving})


def _brought(
    request: RequestContext, present: Present, there: Sequence[Entitlement], held: _Held
) -> list[Brought]:
    """Return what each purchase brings to a script that it did not give before."""
    now = request.at
    others = [reason for reason in there if reason.purchase_id not in held.purchases]
    stands_still = paused_since(others, now)
    begins = stands_still or now
    if (end := paid_end(others)) is not None:
        begins = max(begins, end.at)
    if present.foreign is not None and present.foreign.ends_at is not None:
        begins = max(begins, present.foreign.ends_at)
    brought = []
    for purchase_id in sorted(held.purchases.keys() - {reason.purchase_id for reason in there}):
        longest = _longest(each for each in held.moving if each.purchase_id == purchase_id)
        paused_at = stands_still or (now if longest.paused_at is not None else None)
        if longest.ends_at is None:
            brought.append(Brought(longest, paused_at=paused_at))
            continue
        ends_at = begins + (longest.ends_at - stopped_at(longest, now))
        row_day = longest.row_day if ends_at == longest.ends_at else None
        brought.append(Brought(longest, ends_at, row_day, paused_at))
    return brought


def _longest(reasons: Iterable[Entitlement]) -> Entitlement:
    """Return the reason of a purchase that lasts longest: its scripts may have begun at different times."""
    return max(
        reasons, key=lambda reason: (reason.ends_at is None, reason.ends_at or reason.asked_at)
    )


def _removals(
    request: RequestContext, lead_id: int, old: Item, new: Item, held: _Held
) -> list[NewOrder]:
    """Return the orders that end the old access once the new one stands; what is in both stays."""
    stay = {script.id for script in new.scripts}
    moving = {reason.id for reason in held.moving}
    removals = []
    for permission in held.permissions:
        reasons = held.reasons[permission.id]
        ends = moving & {reason.id for reason in reasons}
        if permission.script_id in stay or not ends:
            continue
        left = [each for each in reasons if each.id not in ends and still_gives(each, request.at)]
        change = Change(ends=ends, overrules=not left, after=lead_id)
        removals.append(
            NewOrder(
                _part(request, f"-{permission.script_id}"),
                OrderKind.REVOKE,
                permission,
                change,
                product_id=old.product_id,
                lead_id=lead_id,
            )
        )
    return removals


def _part(request: RequestContext, which: str) -> RequestContext:
    return replace(request, idempotency_key=f"{request.idempotency_key}{which}", token=None)
