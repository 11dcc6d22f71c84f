"""What staff should know of payments, and nothing changes by: lines in the log channel, each once.

Whoever works on a payment message notes it in the same transaction, so that a message that is worked on
again is told of once.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.rules.payments import NoticeKind
from bot.store.ledger import events
from bot.store.records import Connection, Contract

STUCK = "payment_stuck"
NOTICE = "payment_notice"
PARTLY_REFUNDED = "payment_partly_refunded"
INQUIRY = "payment_inquiry"


async def note_stuck(
    connection: AsyncConnection, shop: Connection, number: int, at: datetime
) -> None:
    """Note that messages of a shop are stuck; one alarm for as many as there are."""
    await _note(connection, shop, STUCK, at, {"number": number})


async def note_notice(
    connection: AsyncConnection,
    shop: Connection,
    kind: NoticeKind,
    about: str | None,
    at: datetime,
    customer_id: int | None = None,
) -> None:
    """Note what a provider warns of; `about` is its id of the order or payment."""
    await _note(connection, shop, NOTICE, at, {"notice": kind.value, "order": about}, customer_id)


async def note_partly_refunded(
    connection: AsyncConnection, shop: Connection, contract: Contract, at: datetime
) -> None:
    """Note that a part of what was paid went back, and that the access stays."""
    await _note(
        connection, shop, PARTLY_REFUNDED, at, {"order": contract.name}, contract.customer_id
    )


async def note_inquiry(
    connection: AsyncConnection, shop: Connection, contract: Contract, at: datetime
) -> None:
    """Note that the buyer's bank asks about a payment, and that the access stays."""
    await _note(connection, shop, INQUIRY, at, {"order": contract.name}, contract.customer_id)


async def _note(
    connection: AsyncConnection,
    shop: Connection,
    action: str,
    at: datetime,
    facts: dict[str, Any],
    customer_id: int | None = None,
) -> None:
    await events.record(
        connection,
        shop.guild_id,
        at,
        action,
        customer_id=customer_id,
        after={"connection_id": shop.id, "provider": shop.provider, **facts},
    )
