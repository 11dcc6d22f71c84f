"""Finds a contract that was taken over from a list without the shop's id of it, by its first message."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.orders.moving.facts import awaited_of
from bot.access.rules.payments import Fact, Payment, Snapshot
from bot.store.records import Connection, Contract
from bot.store.sales import contracts, moving


async def awaited(
    connection: AsyncConnection, source: Connection, facts: Iterable[Fact]
) -> list[Contract]:
    """Return the contract that waited for this message, which is known by its own ids from now on.

    By the licence key, the shop's id of the buyer, or their address, in this order; of several contracts of
    one buyer the one for what the message is about. Nothing where that does not tell.
    """
    facts = list(facts)
    for ref in awaited_of(source.guild_id, facts):
        found = await moving.awaiting(connection, source, ref)
        if len(found) > 1:
            found = await _about(connection, found, facts)
        if len(found) == 1:
            contract = found[0]
            await moving.forget_awaited(connection, contract.id)
            if contract.connection_id != source.id:
                contract = await contracts.hand_over(connection, contract.id, source.id)
            return [contract]
    return []


async def _about(
    connection: AsyncConnection, found: list[Contract], facts: list[Fact]
) -> list[Contract]:
    named: set[str] = set()
    for fact in facts:
        if isinstance(fact, Payment | Snapshot):
            for line in fact.lines:
                named.update([*line.keys, line.name or ""])
    kept: list[Contract] = []
    for contract in found:
        known = contract.facts
        lines = [line for fact in known for line in fact.get("lines", ())]
        gave = await contracts.purchases_of(connection, contract.id)
        keys = {each.line_key for each in gave.values()}
        keys.update(key for line in lines for key in line.get("keys", ()))
        kept += [contract] if keys & named else []
    return kept
