"""Queries about roles that open items."""

from collections.abc import Collection
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.parts import parts
from bot.store.records import RoleRule
from bot.store.tables.catalogue import guild
from bot.store.tables.roles import role_rule


class RuleChange(TypedDict, total=False):
    """Columns of a rule that may change."""

    role_name: str
    source: str
    grace_days: int
    added_by: int
    added_at: datetime
    removed_at: datetime | None


async def add(
    connection: AsyncConnection,
    guild_id: int,
    role_id: int,
    product_id: int | None,
    script_id: int | None,
    **values: Unpack[RuleChange],
) -> RoleRule:
    """Add a rule; there is none yet for that role and item."""
    row = await connection.execute(
        insert(role_rule)
        .values(
            guild_id=guild_id,
            role_id=role_id,
            product_id=product_id,
            script_id=script_id,
            **values,
        )
        .returning(role_rule)
    )
    return RoleRule.of(row.one())


async def change(
    connection: AsyncConnection, rule_id: int, **values: Unpack[RuleChange]
) -> RoleRule:
    """Set these columns; return the rule as it is then."""
    row = await connection.execute(
        update(role_rule).where(role_rule.c.id == rule_id).values(**values).returning(role_rule)
    )
    return RoleRule.of(row.one())


async def by_id(connection: AsyncConnection, guild_id: int, rule_id: int) -> RoleRule | None:
    """Return that rule of a server, removed or not."""
    return await _first(connection, role_rule.c.guild_id == guild_id, role_rule.c.id == rule_id)


async def by_ids(connection: AsyncConnection, ids: Collection[int]) -> dict[int, RoleRule]:
    """Return these rules by their ids; unknown ids are left out."""
    found: dict[int, RoleRule] = {}
    for some in parts(ids):
        rows = await connection.execute(select(role_rule).where(role_rule.c.id.in_(some)))
        found |= {rule.id: rule for rule in map(RoleRule.of, rows)}
    return found


async def of_item(
    connection: AsyncConnection,
    guild_id: int,
    role_id: int,
    product_id: int | None,
    script_id: int | None,
) -> RoleRule | None:
    """Return the rule by which that role opens that item, removed or not."""
    return await _first(
        connection,
        role_rule.c.guild_id == guild_id,
        role_rule.c.role_id == role_id,
        role_rule.c.product_id == product_id,
        role_rule.c.script_id == script_id,
    )


async def listed(
    connection: AsyncConnection, guild_id: int | None = None, role_id: int | None = None
) -> list[RoleRule]:
    """Return the rules that count, in the order added: of one server, or of all that the bot is in."""
    query = (
        select(role_rule)
        .join(guild, guild.c.id == role_rule.c.guild_id)
        .where(role_rule.c.removed_at.is_(None), guild.c.left_at.is_(None))
        .order_by(role_rule.c.id)
    )
    if guild_id is not None:
        query = query.where(role_rule.c.guild_id == guild_id)
    if role_id is not None:
        query = query.where(role_rule.c.role_id == role_id)
    return [RoleRule.of(row, role_rule) for row in await connection.execute(query)]


async def _first(
    connection: AsyncConnection, *conditions: "ColumnElement[bool]"
) -> RoleRule | None:
    found = await connection.execute(select(role_rule).where(*conditions))
    row = found.one_or_none()
    return None if row is None else RoleRule.of(row)
