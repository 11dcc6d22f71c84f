"""Whose a shop's order is."""

from bot.access.orders.errors import OrderTaken, OrderUnknown
from bot.access.people import who
from bot.access.people.identity import resolve
from bot.access.request import RequestContext, Subject
from bot.store.engine.database import Database
from bot.store.kinds import ClaimHow
from bot.store.ledger import events
from bot.store.sales import waiting


class Contracts:
    """Notes whose an order is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def assign(self, request: RequestContext, contract_id: int, subject: Subject) -> None:
        """Let an order be that person's, as staff say; without a TradingView name it waits for one.

        Raises OrderUnknown, OrderTaken, and what a name is refused for.
        """
        async with self._database.write() as connection:
            found = await waiting.contract_by_id(connection, request.guild_id, contract_id)
            if found is None:
                raise OrderUnknown
            if found.customer_id is not None:
                raise OrderTaken
            if subject.username:
                person = await resolve(connection, request, subject)
            else:
                person = await who.noted(connection, request.guild_id, subject)
            await waiting.claim(
                connection, found.id, person.id, ClaimHow.STAFF, request.member_id, request.at
            )
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "contract_assigned",
                actor=request.actor,
                customer_id=person.id,
                member_id=person.member_id,
                after={"contract_id": found.id, "order": found.name},
            )
