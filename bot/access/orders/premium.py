"""Follows what Discord itself sells: what an entitlement gives begins, changes and ends with it."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import Item, item_of
from bot.access.ledger.barred import is_barred
from bot.access.orders.purchases import Bought, Purchases, end_in, keep_in, lapse_in, open_in
from bot.access.request import PREMIUM, RequestContext
from bot.access.rules.duration import Length, parse_length
from bot.access.rules.entitlements import State
from bot.access.rules.premium import PremiumEntitlement, PremiumPlan, given_by
from bot.expiring import Expiring
from bot.store.engine.database import Database
from bot.store.kinds import ActorKind, Otherwise
from bot.store.ledger import direct_messages, purchases, role_gains
from bot.store.people import customers
from bot.store.records import Actor
from bot.store.sales import premium
from bot.store.sales.premium import PremiumGain, PremiumRule
from bot.store.vault import Vault

log = logging.getLogger(__name__)

_ACTOR = Actor(ActorKind.SOURCE, PREMIUM)
_LATE = 3_600.0  # seconds in which something older may still arrive
_MOST_TAKEN_BACK = 10_000

# What a buyer reads who has to link a TradingView name first.
ToUnlinked = Callable[[int, Item], Mapping[str, Any]]


@dataclass(slots=True)
class _Done:
    """What a transaction did, for those who go on with it once it is committed."""

    guild_ids: set[int] = field(default_factory=set)
    superseded: list[int] = field(default_factory=list)
    has_messages: bool = False


class PremiumAccess:
    """Opens and ends what entitlements give; each may be told of any number of times, in any order.

    A purchase and its row are one transaction, so that nothing is given twice. `to_unlinked` words what a
    buyer reads whose TradingView name is not known; `tell` has it sent.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        bought: Purchases,
        to_unlinked: ToUnlinked,
        tell: Callable[[], None],
    ) -> None:
        self._database = database
        self._vault = vault
        self._purchases = bought
        self._to_unlinked = to_unlinked
        self._tell = tell
        self._sku_ids: frozenset[int] = frozenset()
        self._taken_back = Expiring[bool](_MOST_TAKEN_BACK)  # by entitlement
        self.on_consumable: list[
            Callable[[], None]
        ] = []  # called when Discord is to be told of one

    async def open(self) -> None:
        """Load what opens something; again when that changed."""
        async with self._database.read() as connection:
            self._sku_ids = await premium.sku_ids(connection)

    @property
    def sku_ids(self) -> frozenset[int]:
        """Return everything of Discord's that opens or opened an item somewhere."""
        return self._sku_ids

    async def see(self, entitlements: Sequence[PremiumEntitlement]) -> None:
        """Follow what Discord says of these entitlements."""
        for entitlement in entitlements:
            if entitlement.sku_id not in self._sku_ids:
                continue
            key = str(entitlement.id)
            if entitlement.is_deleted:
                self._taken_back.put(key, True, clock.monotonic() + _LATE)
            elif self._taken_back.get(key, False):
                continue  # a page or an event from before it was taken back
            await self._follow(entitlement)

    async def plan(self, plan: PremiumPlan) -> None:
        """Follow the plan of a subscription: what is cancelled lasts to its end, unless it is resumed."""
        async with self._database.write() as connection:
            gains = await premium.running(connection, plan.entitlement_ids)
            ids = [gain.purchase_id for gain in gains if gain.ends_at is None]
            if plan.ends_at is None:
                await keep_in(connection, ids)
            else:
                await lapse_in(connection, ids, plan.ends_at)
        if ids:
            self._purchases.wake()

    async def running(self) -> frozenset[int]:
        """Return the entitlements that go on, as far as Usher knows."""
        now = clock.now()
        async with self._database.read() as connection:
            gains = await premium.running(connection)
        return frozenset(
            gain.entitlement_id for gain in gains if gain.ends_at is None or gain.ends_at > now
        )

    async def planned_ends(self) -> list[tuple[int, int]]:
        """Return of which thing sold to whom an end is planned."""
        async with self._database.read() as connection:
            return await premium.planned_ends(connection)

    async def gone(self, entitlement_ids: Collection[int]) -> None:
        """End what these gave: Discord knows them no more. Only after a list that came to its end."""
        now, done = clock.now(), _Done()
        async with self._database.write() as connection:
            for gain in await premium.running(connection, entitlement_ids):
                await self._end(connection, gain, now, done)
        self._go_on(done)

    async def to_consume(self, most: int) -> list[int]:
        """Return entitlements that were used up here, of which Discord is to be told."""
        async with self._database.read() as connection:
            return await premium.to_consume(connection, most)

    async def consumed(self, entitlement_id: int) -> None:
        """Note that Discord was told."""
        async with self._database.write() as connection:
            await premium.consumed(connection, entitlement_id)

    async def _follow(self, entitlement: PremiumEntitlement) -> None:
        now, done, consumes = clock.now(), _Done(), False
        async with self._database.write() as connection:
            for rule in await premium.rules_for(connection, entitlement.sku_id):
                if entitlement.guild_id not in (None, rule.guild_id):
                    continue
                length = None if rule.length is None else parse_length(rule.length)
                gives = given_by(entitlement, rule.kind, length, now)
                newest = await premium.newest_gain(connection, rule.id, entitlement.id)
                if newest is None:
                    new = rule.removed_at is None and not entitlement.is_consumed
                    if gives is not None and new:
                        consumes |= isinstance(gives, Length)
                        await self._open(connection, rule, entitlement, gives, 1, now, done)
                # Whoever was erased meanwhile is a stranger to what they had.
                elif newest.member_id == entitlement.member_id:
                    await self._change(connection, rule, entitlement, newest, gives, now, done)
        self._go_on(done)
        if consumes:
            for tell in self.on_consumable:
                tell()

    async def _change(
        self,
        connection: AsyncConnection,
        rule: PremiumRule,
        entitlement: PremiumEntitlement,
        newest: PremiumGain,
        gives: Length | State | None,
        now: datetime,
        done: _Done,
    ) -> None:
        """Bring what was given before to what the entitlement gives now."""
        was = await purchases.by_id(connection, newest.purchase_id)
        is_over = was.source_ended_at is not None
        if gives is None:
            # What has its own end runs out by itself; only an early end takes something away.
            ran_out = newest.ends_at is not None and newest.ends_at <= now
            if not is_over and not (ran_out and not entitlement.is_deleted):
                await self._end(connection, newest, now, done)
            return
        is_same = isinstance(gives, Length) or gives.ends_at == newest.ends_at
        if is_same and (isinstance(gives, Length) or not is_over):
            return
        stopped = not is_over and await premium.is_stopped(connection, was.id)
        if stopped and was.id not in await role_gains.given_since(connection, [was.id]):
            return  # staff ended it: it stays so until they grant again
        await self._open(connection, rule, entitlement, gives, newest.turn + 1, now, done)
        if not is_over:
            await self._end(connection, newest, now, done)

    async def _open(
        self,
        connection: AsyncConnection,
        rule: PremiumRule,
        entitlement: PremiumEntitlement,
        gives: Length | State,
        turn: int,
        now: datetime,
        done: _Done,
    ) -> None:
        member_id = entitlement.member_id
        person = await customers.by_member(connection, rule.guild_id, member_id)
        if is_barred(person):
            log.info("a Discord purchase gives nothing: its buyer is blocked or being forgotten")
            return
        item = await item_of(connection, rule.product_id, rule.script_id)
        key = f"{PREMIUM} {entitlement.id} {rule.id} {turn}"
        request = RequestContext(rule.guild_id, _ACTOR, key, now)
        bought = Bought(PREMIUM, item, member_id, gives)
        opened, superseded = await open_in(connection, self._vault, request, bought)
        await premium.add_gain(
            connection,
            opened.purchase.id,
            rule,
            entitlement.id,
            member_id,
            turn,
            gives.ends_at if isinstance(gives, State) else None,
            to_consume=isinstance(gives, Length),
        )
        done.guild_ids.add(rule.guild_id)
        done.superseded += superseded
        if turn == 1 and (person is None or person.username is None):
            content = self._to_unlinked(rule.guild_id, item)
            await direct_messages.add(
                connection, rule.guild_id, member_id, content, Otherwise.PANEL, now
            )
            done.has_messages = True

    async def _end(
        self, connection: AsyncConnection, gain: PremiumGain, now: datetime, done: _Done
    ) -> None:
        was = await purchases.by_id(connection, gain.purchase_id)
        key = f"{PREMIUM} over {gain.purchase_id}"
        request = RequestContext(gain.guild_id, _ACTOR, key, now)
        for recorded in await end_in(connection, self._vault, request, was):
            done.superseded += recorded.superseded
        done.guild_ids.add(gain.guild_id)

    def _go_on(self, done: _Done) -> None:
        for guild_id in done.guild_ids:
            self._purchases.go_on(guild_id, done.superseded)
        if done.has_messages:
            self._tell()
