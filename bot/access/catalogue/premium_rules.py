"""What Discord sells for the bot: which item each thing opens, added and removed by managers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.errors import PremiumNeedsLength, PremiumOpensNothing
from bot.access.catalogue.lookup import Item, find_item, item_of
from bot.access.request import RequestContext
from bot.access.rules.duration import Length
from bot.access.rules.premium import PremiumSku
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.kinds import SkuKind
from bot.store.ledger import events
from bot.store.records import Product, Script
from bot.store.sales import premium
from bot.store.sales.premium import PremiumRule


@dataclass(frozen=True, slots=True)
class PremiumOpening:
    """A rule with its item."""

    rule: PremiumRule
    item: Item


class PremiumRules:
    """Keeps the rules; `changed` takes what was bought before."""

    def __init__(self, database: Database, changed: Callable[[], Awaitable[None]]) -> None:
        self._database = database
        self._changed = changed

    async def listed(self, guild_id: int) -> list[PremiumOpening]:
        """Return what opens an item in that server, in the order added."""
        async with self._database.read() as connection:
            return [
                PremiumOpening(rule, await item_of(connection, rule.product_id, rule.script_id))
                for rule in await _open_rules(connection, guild_id)
            ]

    async def add(
        self, request: RequestContext, sku: PremiumSku, item: str, length: Length | None = None
    ) -> PremiumOpening:
        """Let something that Discord sells open an item; said again, it counts once.

        What is used up gives `length`, or else the product's own; everything else lasts as Discord says.

        Raises:
            ItemUnknown: there is no such item.
            PremiumNeedsLength: it is used up, and nobody said how much time it gives.
        """
        async with self._database.write() as connection:
            opens = await find_item(connection, request.guild_id, item)
            rule = await _add(connection, request, sku, opens, length)
        await self._changed()
        return PremiumOpening(rule, opens)

    async def choose(
        self, request: RequestContext, sku: PremiumSku, item: str | None
    ) -> PremiumOpening | None:
        """Let something that Discord sells open that item and no other; None: nothing new from now on.

        Raises:
            ItemUnknown: there is no such item.
            PremiumNeedsLength: it is used up, and the item has no length.
        """
        async with self._database.write() as connection:
            opens = None if item is None else await find_item(connection, request.guild_id, item)
            rule = None if opens is None else await _add(connection, request, sku, opens)
            for other in await _open_rules(connection, request.guild_id):
                if other.sku_id == sku.id and (rule is None or other.id != rule.id):
                    await _remove(connection, request, other)
        await self._changed()
        return None if rule is None or opens is None else PremiumOpening(rule, opens)

    async def remove_all(self, request: RequestContext) -> int:
        """Let nothing that Discord sells open anything new; return how many things opened something."""
        async with self._database.write() as connection:
            found = await _open_rules(connection, request.guild_id)
            for rule in found:
                await _remove(connection, request, rule)
        if found:
            await self._changed()
        return len({rule.sku_id for rule in found})

    async def items(self, guild_id: int) -> list[Product | Script]:
        """Return everything that may be opened, products first."""
        async with self._database.read() as connection:
            return [
                *await products.listed(connection, guild_id),
                *await scripts.listed(connection, guild_id),
            ]

    async def remove(self, request: RequestContext, sku_id: int, item: str) -> PremiumOpening:
        """Let it open nothing new; what was bought before lasts as Discord says.

        Raises:
            ItemUnknown: there is no such item.
            PremiumOpensNothing: it does not open that.
        """
        async with self._database.write() as connection:
            opens = await find_item(connection, request.guild_id, item)
            rule = await _known(connection, request.guild_id, sku_id, opens)
            if rule is None or rule.removed_at is not None:
                raise PremiumOpensNothing(opens.title)
            rule = await _remove(connection, request, rule)
        await self._changed()
        return PremiumOpening(rule, opens)


async def _add(
    connection: AsyncConnection,
    request: RequestContext,
    sku: PremiumSku,
    opens: Item,
    length: Length | None = None,
) -> PremiumRule:
    text, name = _length(sku, opens, length), sku.name[:100]
    known = await _known(connection, request.guild_id, sku.id, opens)
    if known is None:
        rule = await premium.add_rule(
            connection,
            request.guild_id,
            sku.id,
            sku.kind,
            opens.product_id,
            opens.script_id,
            name=name,
            length=text,
            added_by=request.member_id,
            added_at=request.at,
        )
    elif (known.name, known.length, known.removed_at) == (name, text, None):
        return known
    else:
        rule = await premium.change_rule(
            connection, known.id, name=name, length=text, removed_at=None
        )
    await _record(connection, request, "premium_add", rule)
    return rule


async def _remove(
    connection: AsyncConnection, request: RequestContext, rule: PremiumRule
) -> PremiumRule:
    removed = await premium.change_rule(connection, rule.id, removed_at=request.at)
    await _record(connection, request, "premium_remove", removed)
    return removed


async def _open_rules(connection: AsyncConnection, guild_id: int) -> list[PremiumRule]:
    found = await premium.rules_of(connection, guild_id)
    return [rule for rule in found if rule.removed_at is None]


def _length(sku: PremiumSku, item: Item, length: Length | None) -> str | None:
    if sku.kind is not SkuKind.CONSUMABLE:
        return None
    text = length.text if length else item.product.length if item.product else None
    if text is None:
        raise PremiumNeedsLength(sku.name)
    return text


async def _known(
    connection: AsyncConnection, guild_id: int, sku_id: int, item: Item
) -> PremiumRule | None:
    found = await premium.rules_of(connection, guild_id)
    return next(
        (
            rule
            for rule in found
            if (rule.sku_id, rule.product_id, rule.script_id)
            == (sku_id, item.product_id, item.script_id)
        ),
        None,
    )


async def _record(
    connection: AsyncConnection, request: RequestContext, action: str, rule: PremiumRule
) -> None:
    await events.record(
        connection,
        request.guild_id,
        request.at,
        action,
        actor=request.actor,
        script_id=rule.script_id,
        product_id=rule.product_id,
        after={"name": rule.name},
    )
