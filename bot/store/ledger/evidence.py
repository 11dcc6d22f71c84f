"""Queries for the evidence about one customer: what they were told, and what they did themselves."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ActorKind, ReminderOutcome
from bot.store.ledger import events
from bot.store.records import Customer, Event, Order
from bot.store.tables.ledger import order, permission, purchase
from bot.store.tables.reminders import reminder


async def history(connection: AsyncConnection, person: Customer) -> list[Event]:
    """Return every entry of the history about a customer, oldest first."""
    found: list[Event] = []
    size = 500
    while True:
        some = await events.of_customer(
            connection, person.guild_id, person.id, skip=len(found), limit=size
        )
        found += some
        if len(some) < size:
            return found[::-1]


def own_acts(history: Sequence[Event], person: Customer) -> list[Event]:
    """Return what of a history the customer did by commands and buttons, in the same order."""
    me = str(person.member_id)
    return [
        entry for entry in history if entry.actor_kind is ActorKind.MEMBER and entry.actor_id == me
    ]


async def told(connection: AsyncConnection, person: Customer) -> list[tuple[Order, datetime]]:
    """Return the orders of which a customer was told by a direct message, and when, oldest first."""
    rows = await connection.execute(
        select(order)
        .join(permission, permission.c.id == order.c.permission_id)
        .where(
            permission.c.customer_id == person.id,
            order.c.member_told_at.is_not(None),
            order.c.lead_id.is_(None),
        )
        .order_by(order.c.member_told_at, order.c.id)
    )
    found = [Order.of(row, order) for row in rows]
    return [(each, each.member_told_at) for each in found if each.member_told_at is not None]


async def reminded(
    connection: AsyncConnection, person: Customer
) -> list[tuple[datetime, int, datetime]]:
    """Return when a customer was reminded, how many days before which end; 0: that it had ended."""
    rows = await connection.execute(
        select(reminder.c.at, reminder.c.days, reminder.c.ends_at)
        .join(purchase, purchase.c.id == reminder.c.purchase_id)
        .where(purchase.c.customer_id == person.id, reminder.c.outcome == ReminderOutcome.SENT)
        .order_by(reminder.c.at)
    )
    return [(row.at, row.days, row.ends_at) for row in rows]
