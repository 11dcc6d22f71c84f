"""Which columns hold something encrypted."""

from typing import Any

from sqlalchemy import Column, Select, select

from bot.store.tables.api import api_key
from bot.store.tables.batches import batch
from bot.store.tables.ledger import order, unanswered
from bot.store.tables.logins import environment_session, session, spare_session
from bot.store.tables.outgoing import outgoing_endpoint
from bot.store.tables.payments import connection, contract, delivery
from bot.store.tables.web import bot_token

# Every column that holds something encrypted; whatever reads or re-encrypts all goes by this.
ENCRYPTED = (
    session.c.cookies,
    spare_session.c.cookies,
    environment_session.c.cookies,
    order.c.answer_token,
    unanswered.c.token,
    batch.c.answer_token,
    connection.c.secrets,
    connection.c.api_key,
    contract.c.buyer,
    delivery.c.body,
    outgoing_endpoint.c.address,
    outgoing_endpoint.c.secret,
    api_key.c.hash_key,
    bot_token.c.token,
)
# Those of them that fill up with tens of thousands of values: whether a key is the right one shows on a few.
MANY = (contract.c.buyer, delivery.c.body)
_FEW = 5  # of the oldest, and of the newest


def for_a_look(column: Column[Any]) -> tuple[Select[Any], ...]:
    """Return the queries whose values show whether a key opens that column: all of them, or a few of many."""
    query = select(column).where(column.is_not(None))
    if column not in MANY:
        return (query,)
    [key] = column.table.primary_key
    return (query.order_by(key).limit(_FEW), query.order_by(key.desc()).limit(_FEW))


def in_turn(column: Column[Any], after: Any, most: int) -> Select[Any]:
    """Return the query for some values with their rows' keys, beginning behind a key (None: at the first)."""
    [key] = column.table.primary_key
    query = select(key, column).where(column.is_not(None)).order_by(key).limit(most)
    return query if after is None else query.where(key > after)
