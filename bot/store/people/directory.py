"""Queries that find customers by what staff remember of them: a name, an id, a note, an order number."""

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Customer
from bot.store.tables.ledger import order, permission, purchase
from bot.store.tables.people import customer


async def count(connection: AsyncConnection, guild_id: int, text: str) -> int:
    """Count the customers of a server that fit to the text."""
    found = await connection.execute(
        select(func.count()).select_from(customer).where(_fits(guild_id, text))
    )
    return int(found.scalar_one())


async def search(
    connection: AsyncConnection, guild_id: int, text: str, *, skip: int, limit: int
) -> list[Customer]:
    """Return the customers of a server that fit to the text, by name; those without one last."""
    found = await connection.execute(
        select(customer)
        .where(_fits(guild_id, text))
        .order_by(customer.c.name_folded.is_(None), customer.c.name_folded, customer.c.id)
        .offset(skip)
        .limit(limit)
    )
    return [Customer.of(row) for row in found]


def _fits(guild_id: int, text: str) -> "ColumnElement[bool]":
    """Return the condition that the name, an id, a note or the number of an order fits."""
    here = permission.c.guild_id == guild_id
    ordered = (
        select(permission.c.customer_id)
        .select_from(order.join(permission, permission.c.id == order.c.permission_id))
        .where(here, or_(order.c.note.icontains(text, autoescape=True), _number(text)))
    )
    bought = select(purchase.c.customer_id).where(
        purchase.c.guild_id == guild_id,
        or_(
            purchase.c.note.icontains(text, autoescape=True),
            purchase.c.reference.icontains(text, autoescape=True),
        ),
    )
    return and_(
        customer.c.guild_id == guild_id,
        customer.c.forgotten.is_(None),
        or_(
            customer.c.name_folded.contains(text.casefold(), autoescape=True),
            cast(customer.c.member_id, String) == text,
            cast(customer.c.tv_user_id, String) == text,
            customer.c.id.in_(ordered),
            customer.c.id.in_(bought),
        ),
    )


def _number(text: str) -> "ColumnElement[bool]":
    return cast(order.c.id, String) == text.removeprefix("#")
