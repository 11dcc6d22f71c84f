"""Which orders a new one makes pointless, so that it takes their place."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.changes import NewOrder
from bot.access.ledger.reasons import end_made_by
from bot.access.request import RequestContext
from bot.store.kinds import OrderKind, OrderState, Reason
from bot.store.ledger import order_outcomes, orders
from bot.store.records import Permission

# Why orders are stuck of which staff were told that they are not given: the same order, given again,
# takes their place.
ORDERED_AGAIN = (Reason.TOO_LATE, Reason.NO_SUCH_USER, Reason.RESTORED)


async def supersede(
    connection: AsyncConnection, permission: Permission, new: NewOrder
) -> list[int]:
    """Close what the new order makes pointless; returns the ids.

    What ends all reasons takes the place of everything; more time only that of a removal that has not
    happened. What is yet to be compared after a restore is left to `bot.access.sweeps.resume`.
    """
    at, change = new.request.at, new.change
    if not await orders.is_any_open(connection, permission.id):
        return []  # as mostly: one look instead of one for each kind of what may be open
    if change.ends_all or (change.ends and change.overrules):
        return await orders.supersede(connection, permission.id, at)
    if change.undoes is not None:
        return await orders.supersede(connection, permission.id, at, only=change.undoes.id)
    if change.pauses:
        return await orders.supersede(connection, permission.id, at, kinds=(OrderKind.RESUME,))
    if change.ends:  # what would have given it and is not done yet
        return await orders.supersede(connection, permission.id, at, made=change.ends)
    superseded: list[int] = []
    if change.resumes:
        superseded = await orders.supersede(
            connection, permission.id, at, kinds=(OrderKind.PAUSE,), but=Reason.HELD
        )
    if change.adds:
        superseded += await orders.supersede(
            connection,
            permission.id,
            at,
            kinds=(OrderKind.REVOKE, OrderKind.REPAIR),
            but=Reason.HELD,
        )
        superseded += await _ordered_again(connection, permission, new.request)
    if change.adds or change.resumes or change.wakes:
        await orders.wait_again(connection, [permission.id])
    return superseded


async def _ordered_again(
    connection: AsyncConnection, permission: Permission, request: RequestContext
) -> list[int]:
    """Close what staff were told to order again; what it would have given ends with it."""
    superseded = []
    for reason in ORDERED_AGAIN:
        again = await orders.supersede(
            connection, permission.id, request.at, states=(OrderState.STUCK,), reason=reason
        )
        await end_made_by(connection, again, request.at)
        if reason is Reason.RESTORED:  # the person who asked may have been told that it was done
            for order_id in again:
                await order_outcomes.told(connection, order_id, OrderState.SUPERSEDED)
        superseded += again
    return superseded
