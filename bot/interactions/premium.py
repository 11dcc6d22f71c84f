"""What Discord sells for the bot: its events, and the questions about it, in words that know nothing of Discord."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, TypeVar

import discord
from discord.enums import EntitlementType, SKUType, SubscriptionStatus

from bot.access.errors import DiscordShopSilent
from bot.access.orders.premium import PremiumAccess
from bot.access.orders.premium_rounds import PremiumRounds
from bot.access.rules.premium import PremiumEntitlement, PremiumPlan, PremiumSku
from bot.interactions.client import Usher
from bot.notifications.trouble import TROUBLE, in_short
from bot.store.kinds import SkuKind

log = logging.getLogger(__name__)

ASK_TIMEOUT = 30.0  # seconds, where nobody waits for it
_PAGE = 100  # entitlements in one answer, at most

# A group stands beside each subscription, and nobody buys it.
_KINDS = {
    SKUType.durable: SkuKind.DURABLE,
    SKUType.consumable: SkuKind.CONSUMABLE,
    SKUType.subscription: SkuKind.SUBSCRIPTION,
}

T = TypeVar("T")


class PremiumEvents:
    """Hands on what Discord tells, in the order in which it was sent."""

    def __init__(self, access: PremiumAccess, rounds: PremiumRounds) -> None:
        self._access = access
        self._rounds = rounds
        self._turn = asyncio.Lock()

    def attach(self, client: Usher) -> None:
        """Hear what that client hears; it needs no intent for this."""
        for what in ("create", "update", "delete"):
            client.add_listener(self._entitlement, f"on_entitlement_{what}")
            client.add_listener(self._subscription, f"on_subscription_{what}")
        client.on_arrival.append(lambda _: self._rounds.arrived())

    async def _entitlement(self, told: discord.Entitlement) -> None:
        if (entitlement := _read(told)) is not None:
            await self._follow(self._access.see([entitlement]))

    async def _subscription(self, told: discord.Subscription) -> None:
        await self._follow(self._access.plan(_plan(told)))

    async def _follow(self, following: Awaitable[None]) -> None:
        """Let it be followed; what cannot be kept now is made good by the next comparison."""
        async with self._turn:
            try:
                await following
            except Exception:
                self._rounds.arrived()
                raise


class DiscordShop:
    """Asks Discord what it sells for the bot, and who has it."""

    def __init__(self, client: Usher) -> None:
        self._client = client

    async def skus(self) -> list[PremiumSku]:
        """Return what can be bought. Raises DiscordShopSilent."""
        found: Any = await self._answer(self._client.http.get_skus(self._application))
        kinds = ((each, _kind(each["type"])) for each in found)
        return [
            PremiumSku(int(each["id"]), each["name"], kind)
            for each, kind in kinds
            if kind is not None
        ]

    async def held(self, sku_ids: frozenset[int]) -> AsyncIterator[Sequence[PremiumEntitlement]]:
        """Yield what counts now of these things, some at a time. Raises DiscordShopSilent."""
        after = 0
        while True:
            page: Any = await self._answer(
                self._client.http.get_entitlements(
                    self._application,
                    sku_ids=sorted(sku_ids),
                    after=after,
                    limit=_PAGE,
                    exclude_ended=True,
                    exclude_deleted=True,
                )
            )
            yield [each for each in map(self._entitlement, page) if each is not None]
            if len(page) < _PAGE:
                return
            after = max(int(each["id"]) for each in page)

    async def entitlement(self, entitlement_id: int) -> PremiumEntitlement | None:
        """Return that entitlement as it is now; None when there is none. Raises DiscordShopSilent."""
        asking = self._client.http.get_entitlement(self._application, entitlement_id)
        found: Any = await self._answer(asking, may_be_gone=True)
        return None if found is None else self._entitlement(found)

    async def plans(self, sku_id: int, member_id: int) -> list[PremiumPlan]:
        """Return how that member's subscriptions to that thing go on. Raises DiscordShopSilent."""
        asking = self._client.http.list_sku_subscriptions(sku_id, user_id=member_id, limit=_PAGE)
        found: Any = await self._answer(asking, may_be_gone=True)
        state = self._client._connection  # noqa: SLF001 - discord.py has no other way to read one
        return [_plan(discord.Subscription(data=each, state=state)) for each in found or ()]

    async def consume(self, entitlement_id: int) -> None:
        """Tell Discord that it is used up; of one that is gone, nothing is to be told. Raises DiscordShopSilent."""
        asking = self._client.http.consume_entitlement(self._application, entitlement_id)
        await self._answer(asking, may_be_gone=True)

    @property
    def _application(self) -> int:
        if self._client.application_id is None:
            raise DiscordShopSilent
        return self._client.application_id

    def _entitlement(self, data: Any) -> PremiumEntitlement | None:
        state = self._client._connection  # noqa: SLF001 - discord.py has no other way to read one
        return _read(discord.Entitlement(data=data, state=state))

    async def _answer(self, asking: Awaitable[T], *, may_be_gone: bool = False) -> T | None:
        """Return Discord's answer; None where it says that there is no such thing, and that may be."""
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                return await asking
        except discord.NotFound as error:
            if may_be_gone:
                return None
            raise DiscordShopSilent from error
        except (*TROUBLE, TimeoutError) as error:
            log.info("Discord does not say what it sold (%s)", in_short(error))
            raise DiscordShopSilent from error


def _read(told: discord.Entitlement) -> PremiumEntitlement | None:
    """Return what Discord says of an entitlement; None of one that is a whole server's."""
    if told.user_id is None:
        return None
    # What the developer gives for a test has no dates, also where it looks like a subscription.
    is_test = told.type is EntitlementType.test_mode_purchase or (
        told.type is EntitlementType.application_subscription
        and told.starts_at is None
        and told.ends_at is None
    )
    return PremiumEntitlement(
        told.id,
        told.sku_id,
        told.user_id,
        told.guild_id,
        told.ends_at,
        is_test,
        told.deleted,
        told.consumed,
    )


def _plan(told: discord.Subscription) -> PremiumPlan:
    renews = told.status is SubscriptionStatus.active
    return PremiumPlan(tuple(told.entitlement_ids), None if renews else told.current_period_end)


def _kind(number: int) -> SkuKind | None:
    return next((kind for each, kind in _KINDS.items() if each.value == number), None)
