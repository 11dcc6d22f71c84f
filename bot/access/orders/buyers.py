"""Whose a contract is: by what its messages tell, from the best word to the weakest, never by guessing."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.people.errors import NameUnreadable
from bot.access.people.identity import tie
from bot.access.people.username_lookup import clean
from bot.access.request import RequestContext
from bot.access.rules.payments import Buyer
from bot.store.kinds import ClaimHow, Tie
from bot.store.ledger import purchases
from bot.store.people import customers
from bot.store.records import Actor, Contract, Customer
from bot.store.sales import contract_purchases, contracts
from bot.store.sweeps import sightings

_BEST_FIRST = tuple(ClaimHow)
# What no message of the shop says better.
_SAID_FOR_GOOD = frozenset({ClaimHow.STAFF, ClaimHow.MEMBER, ClaimHow.TOKEN})


@dataclass(frozen=True, slots=True)
class Whose:
    """A customer, and by which word a contract is theirs."""

    customer: Customer
    how: ClaimHow


async def whose(
    connection: AsyncConnection, request: RequestContext, contract: Contract, buyer: Buyer
) -> Whose | None:
    """Return whose a contract is, added when new, in a transaction that writes; None: nobody can tell.

    A weaker word than the one by which it is somebody's already changes nothing.
    """
    if contract.customer_id is not None and contract.claimed_how is not None:
        known = await customers.by_id(connection, contract.customer_id)
        if known is not None and contract.claimed_how in _SAID_FOR_GOOD:
            return Whose(known, contract.claimed_how)
        if known is not None:
            better = _BEST_FIRST[: _BEST_FIRST.index(contract.claimed_how)]
            found = await _found(connection, request, contract, buyer)
            if found is None or found.how not in better or found.customer.id == known.id:
                return Whose(known, contract.claimed_how)
            return found
    return await _found(connection, request, contract, buyer)


async def _found(
    connection: AsyncConnection, request: RequestContext, contract: Contract, buyer: Buyer
) -> Whose | None:
    guild_id, name = request.guild_id, _name(buyer)
    if buyer.token is not None:
        member_id = await contracts.member_of_token(connection, guild_id, buyer.token)
        if member_id is not None:
            person = await _member(connection, request, contract, member_id, name)
            return Whose(person, ClaimHow.TOKEN)
    if name is not None:
        if buyer.discord_id is not None:
            person = await _member(connection, request, contract, buyer.discord_id, name)
            if person.name_folded == name.casefold():
                return Whose(person, ClaimHow.NAME)
        holder = await customers.by_name(connection, guild_id, name)
        holder = holder or await customers.add(connection, guild_id, username=name)
        return Whose(holder, ClaimHow.NAME)
    if buyer.discord_id is not None:
        person = await _member(connection, request, contract, buyer.discord_id, None)
        return Whose(person, ClaimHow.DISCORD)
    if contract.customer_ref is not None:
        same = await contracts.customer_of_buyer(
            connection, contract.connection_id, contract.customer_ref
        )
        earlier = None if same is None else await customers.by_id(connection, same)
        return None if earlier is None else Whose(earlier, ClaimHow.SAME_BUYER)
    return None


def _name(buyer: Buyer) -> str | None:
    """Return the TradingView name that the buyer typed; None where it cannot be one."""
    try:
        return clean(buyer.username) if buyer.username and buyer.username.strip() else None
    except NameUnreadable:
        return None


async def _member(
    connection: AsyncConnection,
    request: RequestContext,
    contract: Contract,
    member_id: int,
    name: str | None,
) -> Customer:
    """Return that member's record, added when new; a name that nobody is known by becomes theirs.

    Not of a member for whom something else waits: whoever pays may type any member's id, and with a name of
    their own they would get it.
    """
    guild_id = request.guild_id
    person = await customers.by_member(connection, guild_id, member_id)
    if name is not None and (
        person is None
        or (person.username is None and not await _has_more(connection, person, contract))
    ):
        is_free = await customers.by_name(connection, guild_id, name) is None
        # Whoever has access by that name already may be somebody else.
        if is_free and not await sightings.of_name(connection, guild_id, name):
            asked = replace(request, actor=Actor.member(member_id))
            return await tie(connection, asked, name, member_id, how=Tie.CLAIMED)
    return person or await customers.add(connection, guild_id, member_id=member_id)


async def _has_more(connection: AsyncConnection, person: Customer, contract: Contract) -> bool:
    """Return whether somebody got anything but what this contract gave."""
    gave = await contract_purchases.of_contract(connection, contract.id)
    got = (await purchases.of_customers(connection, [person.id]))[person.id]
    return bool({each.id for each in got} - {each.purchase_id for each in gave.values()})
