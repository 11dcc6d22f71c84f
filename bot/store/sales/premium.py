"""Queries about what Discord sells for the bot: which item each thing is, and who got what by it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import SkuKind
from bot.store.parts import parts
from bot.store.records.base import Record
from bot.store.tables.catalogue import guild
from bot.store.tables.ledger import entitlement, purchase
from bot.store.tables.premium import premium_gain, premium_rule


@dataclass(frozen=True, slots=True)
class PremiumRule(Record):
    """Something that Discord sells, and the item that it opens in one server."""

    id: int
    guild_id: int
    sku_id: int
    name: str
    kind: SkuKind
    product_id: int | None
    script_id: int | None
    length: str | None
    added_by: int
    added_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PremiumGain(Record):
    """What somebody got by an entitlement of Discord's."""

    purchase_id: int
    guild_id: int
    rule_id: int
    entitlement_id: int
    member_id: int
    turn: int
    ends_at: datetime | None
    to_consume: bool


class RuleChange(TypedDict, total=False):
    """Columns of a rule that may change."""

    name: str
    length: str | None
    added_by: int
    added_at: datetime
    removed_at: datetime | None


async def add_rule(
    connection: AsyncConnection,
    guild_id: int,
    sku_id: int,
    kind: SkuKind,
    product_id: int | None,
    script_id: int | None,
    **values: Unpack[RuleChange],
) -> PremiumRule:
    """Add a rule; there is none yet for that thing and item."""
    row = await connection.execute(
        insert(premium_rule)
        .values(
            guild_id=guild_id,
            sku_id=sku_id,
            kind=kind,
            product_id=product_id,
            script_id=script_id,
            **values,
        )
        .returning(premium_rule)
    )
    return PremiumRule.of(row.one())


async def change_rule(
    connection: AsyncConnection, rule_id: int, **values: Unpack[RuleChange]
) -> PremiumRule:
    """Set these columns; return the rule as it is then."""
    row = await connection.execute(
        update(premium_rule)
        .where(premium_rule.c.id == rule_id)
        .values(**values)
        .returning(premium_rule)
    )
    return PremiumRule.of(row.one())


async def rules_of(connection: AsyncConnection, guild_id: int) -> list[PremiumRule]:
    """Return a server's rules, removed ones too, in the order added."""
    rows = await connection.execute(
        select(premium_rule).where(premium_rule.c.guild_id == guild_id).order_by(premium_rule.c.id)
    )
    return [PremiumRule.of(row) for row in rows]


async def rules_for(connection: AsyncConnection, sku_id: int) -> list[PremiumRule]:
    """Return the rules for something that Discord sells, removed ones too, of servers that are there."""
    rows = await connection.execute(
        select(premium_rule)
        .join(guild, guild.c.id == premium_rule.c.guild_id)
        .where(premium_rule.c.sku_id == sku_id, guild.c.left_at.is_(None))
        .order_by(premium_rule.c.id)
    )
    return [PremiumRule.of(row) for row in rows]


async def sku_ids(connection: AsyncConnection) -> frozenset[int]:
    """Return everything that opens or opened an item somewhere."""
    return frozenset((await connection.execute(select(premium_rule.c.sku_id).distinct())).scalars())


async def add_gain(
    connection: AsyncConnection,
    purchase_id: int,
    rule: PremiumRule,
    entitlement_id: int,
    member_id: int,
    turn: int,
    ends_at: datetime | None,
    *,
    to_consume: bool,
) -> None:
    """Note that this purchase is what somebody got by that entitlement."""
    await connection.execute(
        insert(premium_gain).values(
            purchase_id=purchase_id,
            guild_id=rule.guild_id,
            rule_id=rule.id,
            entitlement_id=entitlement_id,
            member_id=member_id,
            turn=turn,
            ends_at=ends_at,
            to_consume=to_consume,
        )
    )


async def newest_gain(
    connection: AsyncConnection, rule_id: int, entitlement_id: int
) -> PremiumGain | None:
    """Return what that entitlement gave last by that rule."""
    row = await connection.execute(
        select(premium_gain)
        .where(premium_gain.c.rule_id == rule_id, premium_gain.c.entitlement_id == entitlement_id)
        .order_by(premium_gain.c.turn.desc())
        .limit(1)
    )
    found = row.one_or_none()
    return None if found is None else PremiumGain.of(found)


async def running(
    connection: AsyncConnection, entitlement_ids: Collection[int] | None = None
) -> list[PremiumGain]:
    """Return what goes on by these entitlements, or by any, in the order of their ids."""
    newest = premium_gain.alias("newest")
    is_newest = ~exists().where(
        newest.c.rule_id == premium_gain.c.rule_id,
        newest.c.entitlement_id == premium_gain.c.entitlement_id,
        newest.c.turn > premium_gain.c.turn,
    )
    query = (
        select(premium_gain)
        .join(purchase, purchase.c.id == premium_gain.c.purchase_id)
        .where(is_newest, purchase.c.source_ended_at.is_(None))
        .order_by(premium_gain.c.entitlement_id)
    )
    if entitlement_ids is None:
        return [PremiumGain.of(row) for row in await connection.execute(query)]
    found: list[PremiumGain] = []
    for some in parts(entitlement_ids):
        rows = await connection.execute(query.where(premium_gain.c.entitlement_id.in_(some)))
        found += [PremiumGain.of(row) for row in rows]
    return found


async def planned_ends(connection: AsyncConnection) -> list[tuple[int, int]]:
    """Return of which thing sold to whom an end is planned that has not come."""
    rows = await connection.execute(
        select(premium_rule.c.sku_id, premium_gain.c.member_id)
        .join(premium_gain, premium_gain.c.rule_id == premium_rule.c.id)
        .join(purchase, purchase.c.id == premium_gain.c.purchase_id)
        .where(purchase.c.lapses_at.is_not(None), purchase.c.source_ended_at.is_(None))
        .distinct()
        .order_by(premium_rule.c.sku_id, premium_gain.c.member_id)
    )
    return [(row.sku_id, row.member_id) for row in rows]


async def is_stopped(connection: AsyncConnection, purchase_id: int) -> bool:
    """Return whether staff ended every reason of that purchase."""
    row = await connection.execute(
        select(func.count(), func.count(entitlement.c.ended_at)).where(
            entitlement.c.purchase_id == purchase_id
        )
    )
    given, ended = row.one()
    return bool(given) and given == ended


async def to_consume(connection: AsyncConnection, most: int) -> list[int]:
    """Return entitlements of which Discord is to be told that they are used up, the oldest first."""
    rows = await connection.execute(
        select(premium_gain.c.entitlement_id)
        .where(premium_gain.c.to_consume)
        .distinct()
        .order_by(premium_gain.c.entitlement_id)
        .limit(most)
    )
    return list(rows.scalars())


async def consumed(connection: AsyncConnection, entitlement_id: int) -> None:
    """Note that Discord was told."""
    await connection.execute(
        update(premium_gain)
        .where(premium_gain.c.entitlement_id == entitlement_id)
        .values(to_consume=False)
    )
