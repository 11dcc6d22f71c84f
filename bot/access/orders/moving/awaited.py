"""Finds a contract that was taken over from a list without the shop's id of it, by its first message."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.orders.moving.facts import awaited_of, is_of_one
from bot.access.orders.sold_lines import UNNAMED
from bot.access.rules.payments import Fact, Payment, Snapshot
from bot.store.records import Connection, Contract
from bot.store.sales import contract_purchases, contracts, moving


async def awaited(
    connection: AsyncConnection, source: Connection, facts: Iterable[Fact]
) -> list[Contract]:
    """Return the contract that waited for this message, which is known by its own ids from now on.

    By the licence key, the shop's id of the buyer, or their address, in this order. A buyer may buy other
    things: but for the licence key, the message must be about what the contract is for. Nothing where that
    does not tell.
    """
    facts = list(facts)
    for ref in awaited_of(source.guild_id, facts):
        found = await moving.awaiting(connection, source, ref)
        if len(found) > 1 or not is_of_one(ref):
            found = [each for each in found if await _is_about(connection, each, facts)]
        if len(found) == 1:
            contract = found[0]
            await moving.forget_awaited(connection, contract.id)
            if contract.connection_id != source.id:
                contract = await contracts.hand_over(connection, contract.id, source.id)
            return [contract]
    return []


async def _is_about(connection: AsyncConnection, contract: Contract, facts: list[Fact]) -> bool:
    """Return whether a message is about what a contract is for, as far as both say what that is."""
    named: set[str] = set()
    for fact in facts:
        if isinstance(fact, Payment | Snapshot):
            for line in fact.lines:
                named.update([*line.keys, *filter(None, [line.name])])
    gave = await contract_purchases.of_contract(connection, contract.id)
    keys = {each.line_key for each in gave.values()}
    keys.update(
        key
        for fact in contract.facts
        for line in fact.get("lines", ())
        for key in line.get("keys", ())
    )
    keys.discard(UNNAMED)
    return not named or not keys or not keys.isdisjoint(named)
