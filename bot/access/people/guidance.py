"""Sends a customer, on a press of staff, how to find what they have on TradingView; once a day at most."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from bot import clock
from bot.access.people.errors import CustomerUnknown, GuidedAlready
from bot.access.request import RequestContext
from bot.store.engine.database import Database
from bot.store.kinds import Otherwise
from bot.store.ledger import direct_messages, events
from bot.store.people import customers

EVERY = timedelta(days=1)


class Guidance:
    """Keeps what is to be sent; `tell` has it sent."""

    def __init__(self, database: Database, tell: Callable[[], None]) -> None:
        self._database = database
        self._tell = tell

    async def send(
        self, request: RequestContext, customer_id: int, content: Mapping[str, Any]
    ) -> int:
        """Send that to the member who the customer is; returns the member.

        Raises:
            CustomerUnknown: this server has no such customer, or they are no member.
            GuidedAlready: it was sent within a day.
        """
        async with self._database.write() as connection:
            person = await customers.by_id(connection, customer_id)
            if (
                person is None
                or person.guild_id != request.guild_id
                or person.member_id is None
                or person.forgotten is not None
            ):
                raise CustomerUnknown(None, None)
            last = await events.newest(
                connection, request.guild_id, ("guided",), customer_id=person.id
            )
            if last is not None and request.at - last.at < EVERY:
                raise GuidedAlready(person.member_id, last.at)
            await direct_messages.add(
                connection,
                request.guild_id,
                person.member_id,
                content,
                Otherwise.LOG,
                clock.now(),
            )
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "guided",
                actor=request.actor,
                customer_id=person.id,
                member_id=person.member_id,
            )
        self._tell()
        return person.member_id
