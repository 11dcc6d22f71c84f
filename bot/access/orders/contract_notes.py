"""What staff and the buyer should know of a contract, each kept once, and told by the log channel or a message."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import item_of
from bot.access.orders.contract_access import Followed
from bot.access.request import RequestContext
from bot.access.rules.contracts import Standing
from bot.access.rules.payments import Failure, Notice
from bot.store.kinds import Otherwise
from bot.store.ledger import direct_messages, events, purchases
from bot.store.people import customers
from bot.store.records import Connection, Contract, Customer
from bot.store.sales import contract_purchases, contracts

# A message to a buyer: of which server, about which items; it waits for a name, or a payment failed.
ToBuyer = Callable[[int, Sequence[str]], Mapping[str, Any]]
ToLatePayer = Callable[[int, Sequence[str], bool], Mapping[str, Any]]


class ContractNotes:
    """Keeps what is to be said; who reads the history, reads it there too."""

    def __init__(self, to_unlinked: ToBuyer, to_late_payer: ToLatePayer) -> None:
        self._to_unlinked = to_unlinked
        self._to_late_payer = to_late_payer

    async def of_notice(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        source: Connection,
        notice: Notice,
    ) -> None:
        """Note what changes nothing, and staff should know."""
        after = {"provider": source.provider, "notice": notice.kind, "about": notice.about}
        await events.record(
            connection,
            request.guild_id,
            request.at,
            "payment_notice",
            actor=request.actor,
            after=after,
        )

    async def of_contract(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        source: Connection,
        contract: Contract,
        standing: Standing,
        person: Customer | None,
        followed: Followed,
    ) -> None:
        """Note what staff should know of a contract, and ask a buyer without a name for one."""
        notes = _notes(standing, person, followed)
        new = {name: note for name, note in notes.items() if name not in contract.told}
        for action, more in new.values():
            await self._record(connection, request, source, contract, person, action, more)
        for part in followed.asked:  # asked anew each time it is a question again
            more = {"part": part, "why": standing.why, "contract_id": contract.id}
            await self._record(connection, request, source, contract, person, "payment_asks", more)
        if new:
            await contracts.change(connection, contract.id, told=[*contract.told, *new])
        if person is not None and person.username is None and person.member_id is not None:
            await self._ask_for_name(connection, request, person.member_id, followed.opened)

    async def of_failure(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        contract_id: int,
        failure: Failure,
    ) -> None:
        """Tell the buyer that a payment failed, where it is known who that is."""
        contract = await contracts.by_id(connection, request.guild_id, contract_id)
        if contract is None or contract.customer_id is None:
            return
        person = await customers.by_id(connection, contract.customer_id)
        gave = await contract_purchases.of_contract(connection, contract_id)
        titles = await _titles(connection, [each.purchase_id for each in gave.values()])
        if person is None or person.member_id is None or not titles:
            return
        content = self._to_late_payer(request.guild_id, titles, failure.needs_buyer)
        await direct_messages.add(
            connection, request.guild_id, person.member_id, content, Otherwise.NOWHERE, request.at
        )

    async def _ask_for_name(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        member_id: int,
        opened: Sequence[int],
    ) -> None:
        if titles := await _titles(connection, opened):
            content = self._to_unlinked(request.guild_id, titles)
            await direct_messages.add(
                connection, request.guild_id, member_id, content, Otherwise.PANEL, request.at
            )

    async def _record(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        source: Connection,
        contract: Contract,
        person: Customer | None,
        action: str,
        more: Mapping[str, Any],
    ) -> None:
        await events.record(
            connection,
            request.guild_id,
            request.at,
            action,
            actor=request.actor,
            customer_id=None if person is None else person.id,
            member_id=None if person is None else person.member_id,
            after={"provider": source.provider, "contract": contract.name, **more},
        )


def _notes(
    standing: Standing, person: Customer | None, followed: Followed
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return what staff should know, by a name under which it is told once: the entry and its facts."""
    notes: dict[str, tuple[str, dict[str, Any]]] = {}
    if person is None and standing.gives:
        notes["unclaimed"] = "payment_unclaimed", {}
    for payment in standing.partly_refunded:
        notes[f"partly {payment}"] = "payment_partly_refunded", {}
    for dispute in standing.inquiries:
        notes[f"inquiry {dispute}"] = "payment_inquiry", {}
    for item in followed.without_length:
        notes[f"length {item.slug}"] = "payment_without_length", {"item": item.title}
    if followed.is_barred:
        notes["barred"] = "payment_barred", {}
    for purchase_id in followed.held:
        notes[f"held {purchase_id} {standing.paid_end}"] = "payment_held", {}
    return notes


async def _titles(connection: AsyncConnection, purchase_ids: Sequence[int]) -> list[str]:
    """Return the titles of what was bought, each once."""
    bought = await purchases.by_ids(connection, purchase_ids)
    items = [await item_of(connection, each.product_id, each.script_id) for each in bought.values()]
    return list(dict.fromkeys(item.title for item in items))
