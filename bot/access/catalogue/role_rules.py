"""Roles that open items: which, added and removed by managers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.errors import (
    RoleIsProducts,
    RoleOpensNothing,
    RoleRuleThere,
    RuleNotRemoved,
)
from bot.access.catalogue.lookup import Item, find_item, item_of
from bot.access.request import RequestContext
from bot.store.catalogue import products, role_rules
from bot.store.engine.database import Database
from bot.store.ledger import events, purchases, role_gains
from bot.store.ledger.role_gains import numbers
from bot.store.people import customers
from bot.store.records import RoleRule

PUT_BACK_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Role:
    """A Discord role as a manager picked it, and the source of access that it stands for."""

    id: int
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A rule with its item, how many have something by it, and how many would lose it without."""

    rule: RoleRule
    item: Item
    holders: int = 0
    losing: int = 0


class RoleRules:
    """Keeps the rules; what is in `on_change` is called with a server whose rules changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._roles: dict[int, frozenset[int]] = {}
        self.on_change: list[Callable[[int], None]] = []

    async def open(self) -> None:
        """Load which roles open something."""
        async with self._database.read() as connection:
            rules = await role_rules.listed(connection)
        self._roles = {
            guild_id: frozenset(rule.role_id for rule in rules if rule.guild_id == guild_id)
            for guild_id in {rule.guild_id for rule in rules}
        }

    def roles(self, guild_id: int) -> frozenset[int]:
        """Return the roles that open something in that server."""
        return self._roles.get(guild_id, frozenset())

    @property
    def servers(self) -> frozenset[int]:
        """Return the servers in which a role opens something."""
        return frozenset(self._roles)

    async def known_members(self, guild_id: int) -> list[int]:
        """Return the members who are known as customers."""
        async with self._database.read() as connection:
            return await customers.members(connection, guild_id)

    async def may_add(self, request: RequestContext, role: Role, item: str, grace: int) -> Item:
        """Return the item that a role is to open; nothing is changed yet.

        Raises ItemUnknown, RoleIsProducts, or RoleRuleThere when it opens that already.
        """
        async with self._database.read() as connection:
            return (await _may_add(connection, request, role, item, grace))[0]

    async def add(
        self, request: RequestContext, role: Role, item: str, grace: int
    ) -> tuple[RoleRule, Item]:
        """Let a role open an item, or give that rule other grace days. Raises as `may_add`."""
        async with self._database.write() as connection:
            opens, known = await _may_add(connection, request, role, item, grace)
            if known is None:
                rule = await role_rules.add(
                    connection,
                    request.guild_id,
                    role.id,
                    opens.product_id,
                    opens.script_id,
                    role_name=role.name,
                    source=role.source,
                    grace_days=grace,
                    added_by=request.member_id,
                    added_at=request.at,
                )
            else:
                rule = await role_rules.change(
                    connection,
                    known.id,
                    role_name=role.name,
                    source=role.source,
                    grace_days=grace,
                    removed_at=None,
                )
                if known.removed_at is not None:
                    await _go_on(connection, rule)
            await _record(connection, request, "role_add", rule)
        await self._changed(request.guild_id)
        return rule, opens

    async def opening(self, request: RequestContext, role_id: int, item: str) -> Opening:
        """Return a rule, and what its removal would mean. Raises ItemUnknown or RoleOpensNothing."""
        async with self._database.read() as connection:
            sold = await find_item(connection, request.guild_id, item)
            rule = await _rule(connection, request, role_id, sold)
            held = await role_gains.of_rule(connection, rule.id)
            losing = await role_gains.number_losing(connection, rule.id, request.at)
        return Opening(rule, sold, len({gain.member_id for gain in held}), losing)

    async def remove(self, request: RequestContext, rule_id: int) -> Opening:
        """End a rule, and what it gave with it; pressed twice, done once. Raises RoleOpensNothing."""
        async with self._database.write() as connection:
            rule = await role_rules.by_id(connection, request.guild_id, rule_id)
            if rule is None or rule.removed_at is not None:
                raise RoleOpensNothing
            held = await role_gains.of_rule(connection, rule.id)
            item = await item_of(connection, rule.product_id, rule.script_id)
            await purchases.change(
                connection, [gain.purchase_id for gain in held], lapses_at=request.at
            )
            rule = await role_rules.change(connection, rule.id, removed_at=request.at)
            await _record(connection, request, "role_remove", rule)
        await self._changed(request.guild_id)
        return Opening(rule, item, len({gain.member_id for gain in held}))

    async def put_back(self, request: RequestContext, rule_id: int) -> Opening:
        """Let a rule that was removed count again, within 24 hours.

        Raises RuleNotRemoved, or RoleIsProducts where the role became a product's own meanwhile.
        """
        async with self._database.write() as connection:
            rule = await role_rules.by_id(connection, request.guild_id, rule_id)
            if (
                rule is None
                or rule.removed_at is None
                or request.at - rule.removed_at > PUT_BACK_WITHIN
            ):
                raise RuleNotRemoved
            await _refuse_products(connection, request, rule.role_id)
            rule = await role_rules.change(connection, rule.id, removed_at=None)
            await _go_on(connection, rule)
            item = await item_of(connection, rule.product_id, rule.script_id)
            await _record(connection, request, "role_put_back", rule)
        await self._changed(request.guild_id)
        return Opening(rule, item)

    async def listed(self, guild_id: int) -> list[Opening]:
        """Return a server's rules, in the order added."""
        async with self._database.read() as connection:
            rules = await role_rules.listed(connection, guild_id)
            holders = await numbers(connection, guild_id)
            return [
                Opening(
                    rule,
                    await item_of(connection, rule.product_id, rule.script_id),
                    holders.get(rule.id, 0),
                )
                for rule in rules
            ]

    async def _changed(self, guild_id: int) -> None:
        await self.open()
        for tell in self.on_change:
            tell(guild_id)


async def _may_add(
    connection: AsyncConnection, request: RequestContext, role: Role, item: str, grace: int
) -> tuple[Item, RoleRule | None]:
    """Return the item, and the rule that was there before, removed or with other grace days."""
    opens = await find_item(connection, request.guild_id, item)
    await _refuse_products(connection, request, role.id)
    known = await role_rules.of_item(
        connection, request.guild_id, role.id, opens.product_id, opens.script_id
    )
    if known is not None and known.removed_at is None and known.grace_days == grace:
        raise RoleRuleThere(role.id, opens.title)
    return opens, known


async def _refuse_products(
    connection: AsyncConnection, request: RequestContext, role_id: int
) -> None:
    """Raise RoleIsProducts for a role that is given to a product's holders: it would keep itself alive."""
    for product in await products.listed(connection, request.guild_id, archived=True):
        if product.role_id == role_id:
            raise RoleIsProducts(role_id, product)


async def _rule(
    connection: AsyncConnection, request: RequestContext, role_id: int, item: Item
) -> RoleRule:
    rule = await role_rules.of_item(
        connection, request.guild_id, role_id, item.product_id, item.script_id
    )
    if rule is None or rule.removed_at is not None:
        raise RoleOpensNothing(role_id, item.title)
    return rule


async def _go_on(connection: AsyncConnection, rule: RoleRule) -> None:
    """Keep what was to end with the rule, and has not; of whom the role is lost, it ends anyway."""
    held = await role_gains.of_rule(connection, rule.id)
    stay = [gain.purchase_id for gain in held if gain.lost_at is None]
    await purchases.change(connection, stay, lapses_at=None)


async def _record(
    connection: AsyncConnection, request: RequestContext, action: str, rule: RoleRule
) -> None:
    await events.record(
        connection,
        request.guild_id,
        request.at,
        action,
        actor=request.actor,
        script_id=rule.script_id,
        product_id=rule.product_id,
        after={"role_id": str(rule.role_id), "grace_days": rule.grace_days},
    )
