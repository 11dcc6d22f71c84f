"""Blocks customers: a blocked person gets nothing new from automations, and links or redeems nothing."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.people.errors import NotBlocked, YouAreBlocked
from bot.access.people.who import noted, required
from bot.access.request import RequestContext, Subject
from bot.store.engine.database import Database
from bot.store.ledger import events, purchases
from bot.store.people import access, customers
from bot.store.records import Customer


class Blocks:
    """Who is blocked; the one door to access (`bot.access.ledger.record`) goes by it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def block(
        self, request: RequestContext, subject: Subject, reason: str | None
    ) -> tuple[Customer, bool]:
        """Block a person, known so far or not; return them, and whether they have, or wait for, access.

        What they have stays. Raises as `bot.access.people.who.known` does.
        """
        async with self._database.write() as connection:
            person = await noted(connection, request.guild_id, subject)
            await customers.block(
                connection, person.id, request.at, by=request.member_id, reason=reason
            )
            await _record(connection, request, "block", person, reason)
            has = bool(
                await access.of_customer(connection, person.id, request.at)
                or await purchases.waiting_of(connection, person.id)
            )
        return person, has

    async def unblock(self, request: RequestContext, subject: Subject) -> Customer:
        """Let a person get new access again. Raises CustomerUnknown or NotBlocked."""
        async with self._database.write() as connection:
            person = await required(connection, request.guild_id, subject)
            if person.blocked_at is None:
                raise NotBlocked(person.member_id, person.username)
            await customers.unblock(connection, person.id)
            await _record(connection, request, "unblock", person, None)
        return person


async def refuse_blocked(connection: AsyncConnection, guild_id: int, member_id: int) -> None:
    """Raise YouAreBlocked for a member who is blocked and wants to link, redeem or try something."""
    person = await customers.by_member(connection, guild_id, member_id)
    if person is not None and person.blocked_at is not None:
        raise YouAreBlocked


async def _record(
    connection: AsyncConnection,
    request: RequestContext,
    action: str,
    person: Customer,
    reason: str | None,
) -> None:
    await events.record(
        connection,
        request.guild_id,
        request.at,
        action,
        actor=request.actor,
        customer_id=person.id,
        member_id=person.member_id,
        note=reason,
    )
