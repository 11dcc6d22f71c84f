"""Shops of made-up providers, and rows as their messages would leave them."""

import contextlib
import json
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, update

from bot import clock
from bot.access.rules import contract_json
from bot.access.rules.payments import Line, Payment
from bot.access.sources import payments
from bot.store.kinds import DeliveryState
from bot.store.tables.payments import connection as shop, contract, delivery

_HERE = str(Path(__file__).with_name("providers"))


@contextlib.contextmanager
def made_up_providers():
    """Let the providers `acme` and `tailor` be found beside the real ones."""
    payments.__path__.append(_HERE)
    payments.names.cache_clear()
    try:
        yield
    finally:
        payments.__path__.remove(_HERE)
        payments.names.cache_clear()


async def hears(database, connection_id, *, kind="sale", refused=None):
    """Note that a message came, or that one was refused."""
    now = clock.now()
    values = {"heard_at": now, "heard_kind": kind}
    if refused is not None:
        values = {"refused": shop.c.refused + 1, "refused_at": now, "refused_why": refused}
    async with database.write() as connection:
        await connection.execute(update(shop).where(shop.c.id == connection_id).values(**values))


async def gets(database, vault, connection_id, key, state=DeliveryState.NEW, **values):
    """Store a message of a shop; returns its number."""
    async with database.write() as connection:
        row = await connection.execute(
            insert(delivery)
            .values(
                connection_id=connection_id,
                event_key=key,
                kind="sale",
                received_at=clock.now(),
                body=vault.seal("{}"),
                state=state,
                **values,
            )
            .returning(delivery.c.id)
        )
        return row.scalar_one()


async def is_paid(database, vault, connection_id, name, guild_id, *, buyer=None, **values):
    """Store a paid contract that is nobody's; returns its number."""
    now = clock.now()
    end = now + timedelta(days=30)
    line = Line(("gold",), "Gold, monthly")
    payment = Payment(f"in_{name}", name, now, lines=(line,), starts_at=now, ends_at=end)
    facts = contract_json.to_json([payment])
    rest = {"facts": facts, "why": "paid", "told": [], "paid_end": end} | values
    async with database.write() as connection:
        row = await connection.execute(
            insert(contract)
            .values(
                guild_id=guild_id,
                connection_id=connection_id,
                name=name,
                buyer=None if buyer is None else vault.seal(json.dumps(buyer)),
                made_at=now,
                changed_at=now,
                **rest,
            )
            .returning(contract.c.id)
        )
        return row.scalar_one()


async def states(database):
    """Return the state of each message, by number."""
    async with database.read() as connection:
        rows = await connection.execute(delivery.select())
        return {row.id: row.state for row in rows}
