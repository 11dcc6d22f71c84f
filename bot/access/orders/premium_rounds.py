"""Compares with Discord what it sells: at each start, daily, and when managers change what opens what."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from bot import clock
from bot.access.errors import DiscordSilent
from bot.access.orders.premium import PremiumAccess
from bot.access.rules.premium import PremiumEntitlement, PremiumPlan
from bot.errors import DatabaseBusyError, DiskFullError
from bot.jobs import Jobs

log = logging.getLogger(__name__)

EVERY = 86_400.0  # seconds between two comparisons
AGAIN = 60.0  # seconds until Discord is asked again that did not answer
_AT_ONCE = 20  # consumables, before anything else has its turn


class PremiumShop(Protocol):
    """What Discord answers about what it sells for the bot. All of it raises DiscordSilent."""

    def held(self, sku_ids: frozenset[int]) -> AsyncIterator[Sequence[PremiumEntitlement]]:
        """Yield what counts now of these things, some at a time."""

    async def entitlement(self, entitlement_id: int) -> PremiumEntitlement | None:
        """Return that entitlement as it is now; None when Discord knows it no more."""

    async def plans(self, sku_id: int, member_id: int) -> Sequence[PremiumPlan]:
        """Return how the subscriptions of that member to that thing go on."""

    async def consume(self, entitlement_id: int) -> None:
        """Tell Discord that it is used up, so that it can be bought again."""


class PremiumRounds:
    """Makes good what was not heard: nothing is asked while nothing of Discord's opens anything."""

    def __init__(self, access: PremiumAccess, shop: PremiumShop) -> None:
        self._access = access
        self._shop = shop
        self._woken = asyncio.Event()
        self._due: float | None = None  # by clock.monotonic(); None: not before Discord is there
        access.on_consumable.append(self._woken.set)

    def arrived(self) -> None:
        """Compare now: Discord is there, or something was missed."""
        self._due = clock.monotonic()
        self._woken.set()

    async def rules_changed(self) -> None:
        """Take what was bought before a manager said what it opens."""
        await self._access.open()
        if self._due is not None:
            self.arrived()

    def start(self, jobs: Jobs) -> None:
        """Begin, until the jobs end."""
        _ = jobs.spawn(self._run(), "what Discord sells")

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            wait = AGAIN
            try:
                wait = await self.look()
            except (DiscordSilent, DiskFullError, DatabaseBusyError) as error:
                log.warning("what Discord sells was not compared (%s)", type(error).__name__)
            except Exception:  # the next round goes on
                log.exception("comparing what Discord sells failed; again in %s s", AGAIN)
            await clock.set_within(wait, self._woken)

    async def look(self) -> float:
        """Do what is due; return the seconds until the next look."""
        if self._due is None:
            return EVERY
        await self._consume()
        if self._access.sku_ids and clock.monotonic() >= self._due:
            await self._compare()
            self._due = clock.monotonic() + EVERY
        return max(0.0, self._due - clock.monotonic()) or EVERY

    async def _compare(self) -> None:
        held: set[int] = set()
        async for some in self._shop.held(self._access.sku_ids):
            held |= {each.id for each in some}
            await self._access.see(some)
        # The list came to its end: what is missing in it is over, or was taken back.
        for number in sorted(await self._access.running() - held):
            found = await self._shop.entitlement(number)
            if found is None:
                await self._access.gone([number])
            else:
                await self._access.see([found])
        for sku_id, member_id in await self._access.planned_ends():
            for plan in await self._shop.plans(sku_id, member_id):
                await self._access.plan(plan)

    async def _consume(self) -> None:
        """Tell Discord of what was used up, once what it gave is stored; told twice, it counts once."""
        for number in await self._access.to_consume(_AT_ONCE):
            await self._shop.consume(number)
            await self._access.consumed(number)
