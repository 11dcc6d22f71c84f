"""Queries that find customers by what staff remember of them: a name, an id, a note, an order number."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Customer
from bot.store.tables.ledger import order, permission, purchase
from bot.store.tables.payments import connection as shop, contract, contract_ref
from bot.store.tables.people import customer


async def count(connection: AsyncConnection, guild_id: int, text: str) -> int:
    """Count the customers of a server that fit to the text."""
    found = await connection.execute(
        select(func.count()).select_from(customer).where(fits(guild_id, text))
    )
    return int(found.scalar_one())


async def search(
    connection: AsyncConnection, guild_id: int, text: str, *, skip: int, limit: int
) -> list[Customer]:
    """Return the customers of a server that fit to the text, by name; those without one last."""
    found = await connection.execute(
        select(customer)
        .where(fits(guild_id, text))
        .order_by(customer.c.name_folded.is_(None), customer.c.name_folded, customer.c.id)
        .offset(skip)
        .limit(limit)
    )
    return [Customer.of(row) for row in found]


def fits(guild_id: int, text: str, members: Collection[int] = ()) -> "ColumnElement[bool]":
    """Return the condition that the name, an id, a note or the number of an order fits.

    Or that it is one of these members.
    """
    return and_(
        customer.c.guild_id == guild_id,
        customer.c.forgotten.is_(None),
        or_(
            customer.c.name_folded.contains(text.casefold(), autoescape=True),
            cast(customer.c.member_id, String) == text,
            cast(customer.c.tv_user_id, String) == text,
            customer.c.member_id.in_(list(members)) if members else false(),
            customer.c.id.in_(_ordered(guild_id, text)),
            customer.c.id.in_(_bought(guild_id, text)),
            customer.c.id.in_(_paid(guild_id, text)),
        ),
    )


def _ordered(guild_id: int, text: str) -> "Select[Any]":
    noted = order.c.note.icontains(text, autoescape=True)
    # Their ids first: joined, the orders of everybody would be looked up one by one.
    some = select(order.c.permission_id).where(
        order.c.guild_id == guild_id, or_(noted, _number(text))
    )
    return select(permission.c.customer_id).where(permission.c.id.in_(some))


def _bought(guild_id: int, text: str) -> "Select[Any]":
    return select(purchase.c.customer_id).where(
        purchase.c.guild_id == guild_id,
        or_(
            purchase.c.note.icontains(text, autoescape=True),
            purchase.c.reference.icontains(text, autoescape=True),
        ),
    )


def _paid(guild_id: int, text: str) -> "Select[Any]":
    """Return whose the subscriptions and orders of shops are that have this number, whole or as any id of them."""
    by_ref = (
        select(contract_ref.c.contract_id)
        .join(shop, shop.c.id == contract_ref.c.connection_id)
        .where(shop.c.guild_id == guild_id, contract_ref.c.ref == text.removeprefix("#"))
    )
    named = contract.c.name.icontains(text, autoescape=True)
    return select(contract.c.customer_id).where(
        contract.c.guild_id == guild_id,
        contract.c.customer_id.is_not(None),
        or_(named, contract.c.id.in_(by_ref)),
    )


def _number(text: str) -> "ColumnElement[bool]":
    number = text.removeprefix("#")
    is_one = number.isdecimal() and number.isascii() and len(number) < 20 and int(number) < 2**63
    return order.c.id == int(number) if is_one else false()
