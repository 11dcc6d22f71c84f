"""How a member shows that a purchase is theirs: by a token taken to the shop, or by what only the buyer sees."""

import secrets
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import item_of
from bot.access.orders.buyers import Whose
from bot.access.people.identity import tie
from bot.access.request import RequestContext
from bot.access.rules.codes import digest_of
from bot.store.kinds import ClaimHow, Tie
from bot.store.ledger import entitlements, purchases
from bot.store.people import customers
from bot.store.records import Contract, Customer
from bot.store.sales import contract_purchases, contracts


@dataclass(frozen=True, slots=True)
class ClaimedPurchase:
    """What a member showed to be theirs; no title where it is not paid for, or not known what it is."""

    titles: tuple[str, ...]
    has_name: bool  # a TradingView name of the member is known


def new_token() -> str:
    """Return a token that a shop can carry: letters, digits and hyphens (payments-wire, section 2)."""
    return f"u-{secrets.token_hex(12)}"


async def claimant(
    connection: AsyncConnection, request: RequestContext, typed: str
) -> tuple[Contract, Whose] | None:
    """Return the contract that the member who asks shows to be theirs, and who they are; None: none.

    What is somebody's by as good a word stays theirs.
    """
    digest = digest_of(request.guild_id, typed.strip())
    found = await contracts.by_claim_code(connection, request.guild_id, digest)
    if found is None:
        return None
    person = await customers.by_member(connection, request.guild_id, request.member_id)
    is_theirs = person is not None and found.customer_id == person.id
    if found.claimed_how in (ClaimHow.STAFF, ClaimHow.MEMBER) and not is_theirs:
        return None
    if person is None or person.username is None:
        named = await _by_its_name(connection, request, found)
        person = named or person
    person = person or await customers.add(
        connection, request.guild_id, member_id=request.member_id
    )
    return found, Whose(person, ClaimHow.MEMBER)


async def _by_its_name(
    connection: AsyncConnection, request: RequestContext, contract: Contract
) -> Customer | None:
    """Return the member with the name that stood in the purchase, where that has nothing but the purchase."""
    if contract.claimed_how is not ClaimHow.NAME or contract.customer_id is None:
        return None
    holder = await customers.by_id(connection, contract.customer_id)
    if holder is None or holder.member_id is not None or holder.username is None:
        return None
    gave = await contract_purchases.of_contract(connection, contract.id)
    bought = await purchases.of_customers(connection, [holder.id])
    if {each.id for each in bought[holder.id]} - {each.purchase_id for each in gave.values()}:
        return None
    return await tie(connection, request, holder.username, request.member_id, how=Tie.CLAIMED)


async def titles_of(connection: AsyncConnection, contract_id: int) -> tuple[str, ...]:
    """Return the titles of what a contract gives now, each once."""
    gave = await contract_purchases.of_contract(connection, contract_id)
    live = [each.purchase_id for each in gave.values() if not each.wanted["is_over"]]
    given = await entitlements.of_purchases(connection, live)
    bought = await purchases.by_ids(
        connection, [each for each in live if any(r.ended_at is None for r in given[each])]
    )
    items = [await item_of(connection, each.product_id, each.script_id) for each in bought.values()]
    return tuple(dict.fromkeys(item.title for item in items))
