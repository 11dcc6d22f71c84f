"""Which scripts belong to a product: all its holders get a new one, and lose one that is taken out.

However many they are, it takes a few statements in one transaction: a crash leaves all or nothing.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.errors import NothingToChange
from bot.access.catalogue.lookup import find, find_product
from bot.access.errors import ButtonGone
from bot.access.ledger.errors import ChangesProduct, Effect, PutBackTooLate
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.reasons import end_made_by, facts
from bot.access.ledger.receipts import PUT_BACK_WITHIN
from bot.access.ledger.seats import within_the_line
from bot.access.ledger.superseding import ORDERED_AGAIN
from bot.access.request import RequestContext
from bot.access.rules.entitlements import State, gives_more, want, wanted_of
from bot.access.sync.queue import Queue
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.kinds import OrderKind, OrderState, Reason, StateKind
from bot.store.ledger import (
    bulk_orders,
    entitlements,
    events,
    order_outcomes,
    orders,
    permissions,
    product_preview,
    product_scripts,
)
from bot.store.ledger.events import NewEvent
from bot.store.ledger.press import Press
from bot.store.records import Affected, Permission, Product, Script

_TOGETHER = 250  # rows worked on before others get their turn
_WRITTEN = 1_000  # rows of one statement


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did; `event_id` is its entry in the history, by which it may be put back."""

    change: ChangesProduct
    event_id: int


class ProductScripts:
    """Adds scripts to products and takes them out.

    `returning` are the sources that come back by themselves: what staff hold back does not come from these.
    """

    def __init__(
        self, database: Database, queue: Queue, notifier: Notifier, returning: Collection[str]
    ) -> None:
        self._database = database
        self._queue = queue
        self._notifier = notifier
        self._returning = returning

    async def change(
        self,
        request: RequestContext,
        slug: str,
        add: Collection[str] = (),
        remove: Collection[str] = (),
    ) -> Changed:
        """Add these scripts and take those out; what is so already is left alone.

        Raises:
            ItemUnknown: no product, or no script, has that short name.
            NothingToChange: it is so already.
            ChangesProduct: nobody agreed yet, or to fewer people than gain or lose now.
            OverTheLine: a manager must agree to so many seats first.
        """
        async with self._database.read() as connection:  # asked about without holding others up
            await self._agreed(connection, request, slug, add, remove)
        async with self._database.write() as connection, within_the_line(connection, request):
            preview = await self._agreed(connection, request, slug, add, remove)
            changed = await self._change(connection, request, preview)
        return self._done(request, changed)

    async def preview(
        self,
        request: RequestContext,
        slug: str,
        add: Collection[str] = (),
        remove: Collection[str] = (),
    ) -> ChangesProduct:
        """Return who would gain and lose what by that change, which is not made. Raises ItemUnknown or NothingToChange."""
        async with self._database.read() as connection:
            return await self._planned(connection, request, slug, add, remove)

    async def put_back(self, request: RequestContext, event_id: int) -> Changed:
        """Put back what one change took out, for the product and for all who lost it, within 24 hours.

        Raises:
            ButtonGone: no change has that entry.
            PutBackTooLate: the 24 hours are over.
            NothingToChange: it is back already.
            OverTheLine: a manager must agree to so many seats first.
        """
        async with self._database.write() as connection, within_the_line(connection, request):
            entry = await events.by_id(connection, request.guild_id, event_id)
            if entry is None or entry.action != "product_scripts" or entry.product_id is None:
                raise ButtonGone
            if request.at - entry.at > PUT_BACK_WITHIN:
                raise PutBackTooLate
            product = await products.by_id(connection, entry.product_id)
            ids = entry.after.get("removed_ids", ()) if isinstance(entry.after, dict) else ()
            known = await scripts.by_ids(connection, {int(each) for each in ids})
            assert product is not None  # noqa: S101 - products are never deleted
            there = {
                each.id
                for each in (await products.scripts_of(connection, [product.id]))[product.id]
            }
            coming = [script for script in known.values() if script.id not in there]
            if not coming:
                raise NothingToChange(product.title)
            preview = await self._preview(connection, request, product, coming, ())
            changed = await self._change(connection, request, preview)
        return self._done(request, changed)

    def _done(self, request: RequestContext, changed: "tuple[Changed, Sequence[int]]") -> Changed:
        self._notifier.ended(changed[1])
        self._queue.wake(request.guild_id)
        return changed[0]

    async def _agreed(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        slug: str,
        add: Collection[str],
        remove: Collection[str],
    ) -> ChangesProduct:
        """Return what the change does, to which somebody agreed. Raises as `change` does."""
        preview = await self._planned(connection, request, slug, add, remove)
        consent = request.consent
        is_more = preview.gain > consent.gains or preview.lose > consent.removals
        if not consent.confirmed or is_more:
            raise preview
        return preview

    async def _planned(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        slug: str,
        add: Collection[str],
        remove: Collection[str],
    ) -> ChangesProduct:
        """Return what the change does. Raises ItemUnknown or NothingToChange."""
        product = await find_product(connection, request.guild_id, slug)
        there = (await products.scripts_of(connection, [product.id]))[product.id]
        ids, slugs = {script.id for script in there}, {script.slug: script for script in there}
        coming = [await find(connection, request.guild_id, each) for each in add]
        leaving = [
            # One that was archived since is in it still.
            slugs.get(each.strip().casefold()) or await find(connection, request.guild_id, each)
            for each in remove
        ]
        coming = [each for each in coming if each.id not in ids]
        leaving = [each for each in leaving if each.id in ids]
        if not coming and not leaving:
            raise NothingToChange(product.title)
        return await self._preview(connection, request, product, coming, leaving)

    async def _change(
        self, connection: AsyncConnection, request: RequestContext, change: ChangesProduct
    ) -> "tuple[Changed, Sequence[int]]":
        product, superseded = change.product, list[int]()
        gains = [effect.script for effect in change.gains]
        losses = [effect.script for effect in change.losses]
        await products.add_scripts(connection, product.id, [script.id for script in gains])
        await products.remove_scripts(connection, product.id, [script.id for script in losses])
        for script in gains:  # first, as they last until the latest end of the others
            superseded += await _Bulk(connection, request, product, script).give(self._returning)
        for script in losses:
            superseded += await _Bulk(connection, request, product, script).take()
        await events.record(
            connection,
            request.guild_id,
            request.at,
            "product_scripts",
            actor=request.actor,
            product_id=product.id,
            after={
                "added": [script.slug for script in gains],
                "removed": [script.slug for script in losses],
                "removed_ids": [script.id for script in losses],
                "gain": change.gain,
                "lose": change.lose,
            },
        )
        entry = await events.newest(connection, request.guild_id, ("product_scripts",))
        assert entry is not None  # noqa: S101 - recorded just now
        return Changed(change, entry.id), superseded

    async def _preview(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        product: Product,
        coming: Iterable[Script],
        leaving: Iterable[Script],
    ) -> ChangesProduct:
        press = Press(request.guild_id, product.id, request.at, request.idempotency_key)
        gains, losses = [], []
        for script in coming:
            people: list[Affected] = []
            async for some in product_preview.gaining(
                connection, press, script.id, self._returning
            ):
                people += [each for each in some if _is_more(each, request.at)]
                await asyncio.sleep(0)
            gains.append(Effect(script, tuple(people)))
        for script in leaving:
            people = []
            async for some in product_preview.losing(connection, press, script.id):
                people += some
                await asyncio.sleep(0)
            losses.append(Effect(script, tuple(people)))
        return ChangesProduct(product, tuple(gains), tuple(losses))


def _is_more(person: Affected, now: datetime) -> bool:
    """Return whether the script is something new for a person, or lasts longer than without it."""
    has = State(person.has, person.has_until if person.has is StateKind.UNTIL else None)
    if person.is_endless:
        return gives_more(State(StateKind.OPEN), has, now)
    if person.ends_at is None:
        return not has.gives_access(now)
    return gives_more(State(StateKind.UNTIL, person.ends_at), has, now)


@dataclass(slots=True)
class _Bulk:
    """What one script's coming or going does, in a transaction that writes."""

    connection: AsyncConnection
    request: RequestContext
    product: Product
    script: Script
    press: Press = field(init=False)

    def __post_init__(self) -> None:
        self.press = Press(
            self.request.guild_id,
            self.product.id,
            self.request.at,
            self.request.idempotency_key,
        )

    async def give(self, returning: Collection[str]) -> list[int]:
        """Let the script reach every live holder; return the orders whose place that takes."""
        await product_scripts.add_permissions(self.connection, self.press, self.script.id)
        given = await product_scripts.give(self.connection, self.press, self.script.id, returning)
        superseded = await bulk_orders.supersede(
            self.connection, given, self.press.at, kinds=(OrderKind.REVOKE, OrderKind.REPAIR)
        )
        superseded |= await self._ordered_again(given)
        await orders.wait_again(self.connection, given)
        reason = Reason.CLOCK if clock.is_wrong() else None
        await self._order(given, "product_gain", reason, superseded, gives=True)
        return list(superseded)

    async def take(self) -> list[int]:
        """Let the script leave whoever has it by no other reason; return the orders it takes the place of."""
        await product_scripts.forget_waiting(self.connection, self.press, self.script.id)
        found = await product_scripts.given(self.connection, self.product.id, self.script.id)
        at = self.press.at
        ends = {
            reason.id: reason.permission_id
            for reason in found
            if reason.ends_at is None
            or reason.paused_at is not None
            or reason.ends_at + timedelta(days=reason.grace_days) > at
        }
        superseded = await bulk_orders.supersede(self.connection, (), at, made=list(ends))
        about = set(ends.values())
        await self._order(about, "product_loss", None, superseded, gives=False, ends=list(ends))
        return list(superseded)

    async def _ordered_again(self, permission_ids: Collection[int]) -> dict[int, int]:
        """Close what staff were told to order again; what it would have given ends with it."""
        found = await bulk_orders.stuck_of(self.connection, permission_ids, ORDERED_AGAIN)
        ids = [order.id for order in found]
        await bulk_orders.close(self.connection, ids, self.press.at)
        await end_made_by(self.connection, ids, self.press.at)
        restored = [order.id for order in found if order.reason is Reason.RESTORED]
        await order_outcomes.all_told(self.connection, restored, OrderState.SUPERSEDED)
        return {order.id: order.permission_id for order in found}

    async def _order(
        self,
        permission_ids: Collection[int],
        action: str,
        reason: Reason | None,
        superseded: Mapping[int, int],
        *,
        gives: bool,
        ends: Collection[int] = (),
    ) -> None:
        """Record an order and an entry of the history for each, and what is wanted then."""
        held = await self._held(permission_ids)
        added = await bulk_orders.add_orders(
            self.connection, self.press, held, self.script.id, gives=gives, reason=reason
        )
        await product_scripts.end(self.connection, self.press, ends)
        wanted = await self._wanted(held)
        last = [each for each, state in wanted.items() if ends and state.end is None]
        await bulk_orders.await_sync(
            self.connection, self.press, held, reason, gives=gives, last=last
        )
        rows = [(each, state.kind, state.ends_at) for each, state in wanted.items()]
        for start in range(0, len(rows), _WRITTEN):
            await bulk_orders.want(self.connection, rows[start : start + _WRITTEN])
        every = list(held.values())
        for start in range(0, len(every), _WRITTEN):
            entries = [
                NewEvent(
                    guild_id=self.press.guild_id,
                    at=self.press.at,
                    action=action,
                    actor=self.request.actor,
                    order_id=added[permission.id],
                    before=facts(wanted_of(permission)),
                    after=facts(wanted[permission.id]),
                    **events.about(permission),
                )
                for permission in every[start : start + _WRITTEN]
            ]
            await events.record_all(self.connection, entries)
        replaced = [
            NewEvent(
                guild_id=self.press.guild_id,
                at=self.press.at,
                action=OrderState.SUPERSEDED,
                order_id=order_id,
                **events.about(held[permission_id]),
            )
            for order_id, permission_id in superseded.items()
        ]
        await events.record_all(self.connection, replaced)

    async def _held(self, permission_ids: Collection[int]) -> dict[int, Permission]:
        found = dict[int, Permission]()
        async for some in permissions.some_by_ids(self.connection, permission_ids, _TOGETHER):
            found |= {permission.id: permission for permission in some}
            await asyncio.sleep(0)
        return found

    async def _wanted(self, permission_ids: Collection[int]) -> dict[int, State]:
        """Return what the reasons of each of these permissions come to now."""
        reasons: dict[int, list[Any]] = {each: [] for each in permission_ids}
        async for some in entitlements.some_active(self.connection, permission_ids, _TOGETHER):
            for reason in some:
                reasons[reason.permission_id or 0].append(reason)
            await asyncio.sleep(0)
        return {each: want(given) for each, given in reasons.items()}
