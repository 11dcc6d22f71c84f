"""The door for payments: what messages tell of a contract, whose it is, and what that comes to."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.orders.buyers import Whose, whose
from bot.access.orders.connection_view import terms_of
from bot.access.orders.contract_access import ContractAccess, Followed
from bot.access.orders.contract_claims import ClaimedPurchase, claimant, new_token, titles_of
from bot.access.orders.contract_dues import kept_as_it_is
from bot.access.orders.contract_notes import ContractNotes
from bot.access.orders.contract_records import ContractRecords
from bot.access.orders.deliveries import Taken
from bot.access.orders.errors import ContractUnknown
from bot.access.orders.price_questions import ask_in
from bot.access.orders.purchases import Purchases, end_in
from bot.access.people.identity import resolve
from bot.access.people.username_lookup import clean
from bot.access.request import PAYMENT, RequestContext, Subject
from bot.access.rules.contract_groups import grouped
from bot.access.rules.contracts import derive
from bot.access.rules.duration import parse_length
from bot.access.rules.payments import Notice, Reading
from bot.store.engine.database import Database
from bot.store.kinds import ActorKind, ClaimHow, DeliveryState
from bot.store.ledger import entitlements, events, purchases
from bot.store.people import customers
from bot.store.records import Actor, Connection, Contract, Customer, Delivery, Entitlement, Purchase
from bot.store.sales import connections, contract_purchases, contracts
from bot.store.vault import Vault

log = logging.getLogger(__name__)


EVERY = 60.0  # seconds between looks for what staff revoked and granted again


class Contracts:
    """Turns what shops tell into purchases; every call may be repeated, and counts once."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        purchases: Purchases,
        notes: ContractNotes,
        tell: Callable[[], None],
    ) -> None:
        """Messages that `notes` keeps are sent once `tell` was called."""
        self._database = database
        self._vault = vault
        self._purchases = purchases
        self._notes = notes
        self._records = ContractRecords(vault)
        self._tell = tell
        purchases.gates[PAYMENT] = self._may_begin

    def go_on(self, guild_id: int, taken: Taken) -> None:
        """Have the queue take what a message brought, once that is committed."""
        self._purchases.go_on(guild_id, taken.superseded)
        self._purchases.wake()
        self._tell()

    # Messages

    async def take_in(
        self, connection: AsyncConnection, source: Connection, delivery: Delivery, reading: Reading
    ) -> Taken:
        """Merge what a message says, and do what it comes to, in a transaction that writes."""
        now = clock.now()
        # What waited for a price is done anew later, when the contract may come to something else.
        key = f"delivery {delivery.id} {now:%Y%m%d%H%M%S%f}"
        request = _of_shop(source.guild_id, key, now)
        for notice in (fact for fact in reading.facts if isinstance(fact, Notice)):
            await self._notes.of_notice(connection, request, source, notice)
        groups = grouped(reading.facts)
        if not groups:
            return Taken(DeliveryState.IGNORED)
        superseded: list[int] = []
        is_unmapped, reason = False, None
        told = await self._records.told(connection, source, groups, now)
        for contract_id, failures in told.items():
            contract = await contracts.by_id(connection, source.guild_id, contract_id)
            assert contract is not None  # noqa: S101 - it was told of just now
            followed = await self._follow(connection, request, source, contract)
            superseded += followed.superseded
            is_unmapped |= followed.is_unmapped
            if followed.without_length:
                reason = "nobody said how long it is sold for"
            for failed in failures:
                await self._notes.of_failure(connection, request, contract_id, failed)
        if is_unmapped:
            await ask_in(connection, source, now)
        state = DeliveryState.UNMAPPED if is_unmapped else DeliveryState.DONE
        return Taken(state, next(iter(told)), reason, tuple(superseded))

    # What it comes to

    async def _follow(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        source: Connection,
        contract: Contract,
        *,
        agreed: Collection[str] = (),
    ) -> Followed:
        """Do what a contract comes to now."""
        standing = derive(self._records.of(contract), terms_of(source), request.at)
        contract = await contracts.change(
            connection,
            contract.id,
            why=standing.why,
            paid_end=standing.paid_end,
            renews=standing.renews,
        )
        found = await whose(connection, request, contract, standing.buyer)
        ended: list[int] = []
        if found is not None:
            contract, ended = await self._belongs(connection, request, contract, found)
        access = ContractAccess(connection, self._vault, request, source, contract, agreed=agreed)
        if found is None:  # what was sold can be said before it is known to whom
            followed = await access.look(standing)
        else:
            followed = await access.follow(standing, found.customer)
            followed.superseded += ended
        person = None if found is None else found.customer
        await self._notes.of_contract(
            connection, request, source, contract, standing, person, followed
        )
        return followed

    async def _belongs(
        self, connection: AsyncConnection, request: RequestContext, contract: Contract, found: Whose
    ) -> tuple[Contract, list[int]]:
        """Note whose a contract is; what it gave somebody else before ends."""
        if contract.customer_id == found.customer.id:
            return contract, []
        superseded: list[int] = []
        if contract.customer_id is not None:
            gave = await contract_purchases.of_contract(connection, contract.id)
            bought = await purchases.by_ids(
                connection, [each.purchase_id for each in gave.values()]
            )
            for purchase in bought.values():
                for recorded in await end_in(connection, self._vault, request, purchase):
                    superseded += recorded.superseded
            await contract_purchases.drop_all(connection, contract.id)
        contract = await contracts.change(
            connection,
            contract.id,
            customer_id=found.customer.id,
            claimed_how=found.how,
            claimed_by=None,
        )
        return contract, superseded

    # Whose it is, said by people

    async def assign(self, request: RequestContext, contract_id: int, subject: Subject) -> None:
        """Let a contract be that person's, as staff say; what it gave somebody else before ends.

        Raises ContractUnknown, and what `identity.resolve` raises.
        """
        async with self._database.write() as connection:
            contract = await contracts.by_id(connection, request.guild_id, contract_id)
            if contract is None:
                raise ContractUnknown
            if subject.username is None and subject.member_id is not None:
                person = await customers.by_member(
                    connection, request.guild_id, subject.member_id
                ) or await customers.add(connection, request.guild_id, member_id=subject.member_id)
            else:
                name = clean(subject.username or "")
                person = await resolve(connection, request, Subject(subject.member_id, name))
            superseded = await self._claim(
                connection, request, contract, Whose(person, ClaimHow.STAFF)
            )
        self.go_on(request.guild_id, Taken(DeliveryState.DONE, superseded=superseded))

    async def claim_in(
        self, connection: AsyncConnection, request: RequestContext, typed: str
    ) -> tuple[ClaimedPurchase, tuple[int, ...]] | None:
        """Let a contract be of the member who typed what only its buyer was shown; None: there is none such.

        Also returns the orders whose place was taken: hand them to `go_on` once it is committed.
        """
        found = await claimant(connection, request, typed)
        if found is None:
            return None
        contract, whose_it_is = found
        superseded = await self._claim(connection, request, contract, whose_it_is)
        titles = await titles_of(connection, contract.id)
        return ClaimedPurchase(titles, whose_it_is.customer.username is not None), superseded

    async def token(self, guild_id: int, member_id: int) -> str | None:
        """Return what a member takes to this server's shops; None where it is connected to none."""
        async with self._database.read() as connection:
            if not await connections.listed(connection, guild_id):
                return None
        async with self._database.write() as connection:
            return await contracts.token_of(
                connection, guild_id, member_id, new_token(), clock.now()
            )

    async def _claim(
        self, connection: AsyncConnection, request: RequestContext, contract: Contract, found: Whose
    ) -> tuple[int, ...]:
        source = await connections.whichever(connection, contract.connection_id)
        # What it gives and takes is the shop's doing, which counts again and can be put back.
        given = _of_shop(request.guild_id, f"claim {request.idempotency_key}", request.at)
        contract, ended = await self._belongs(connection, given, contract, found)
        by = request.actor.member_id if found.how is ClaimHow.STAFF else None
        contract = await contracts.change(
            connection, contract.id, claimed_how=found.how, claimed_by=by
        )
        await events.record(
            connection,
            request.guild_id,
            request.at,
            "payment_claimed",
            actor=request.actor,
            customer_id=found.customer.id,
            member_id=found.customer.member_id,
            after={"contract": contract.name, "how": found.how, "provider": source.provider},
        )
        followed = await self._follow(connection, given, source, contract)
        return (*ended, *followed.superseded)

    # Shortenings that staff are asked about

    async def decide(
        self, request: RequestContext, contract_id: int, part: str, *, ends: bool
    ) -> Customer:
        """End what a message ended, as staff agree, or keep it; return whose it is.

        Raises ButtonGone where that is decided by now.
        """
        async with self._database.write() as connection:
            contract = await contracts.by_id(connection, request.guild_id, contract_id)
            gave = (
                {}
                if contract is None
                else await contract_purchases.of_contract(connection, contract.id)
            )
            asked = gave.get(part)
            person = None
            if contract is not None and contract.customer_id is not None:
                person = await customers.by_id(connection, contract.customer_id)
            if contract is None or person is None or asked is None or asked.asked is None:
                raise ButtonGone
            superseded: tuple[int, ...] = ()
            if ends:
                source = await connections.whichever(connection, contract.connection_id)
                agreed = _of_shop(
                    request.guild_id, f"decided {request.idempotency_key}", request.at
                )
                followed = await self._follow(connection, agreed, source, contract, agreed=(part,))
                superseded = tuple(followed.superseded)
            else:  # it is not asked about again until the contract comes to something else
                await contract_purchases.change(
                    connection,
                    contract.id,
                    part,
                    asked=None,
                    wanted=kept_as_it_is(asked),
                )
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "payment_ended" if ends else "payment_kept",
                actor=request.actor,
                customer_id=person.id,
                member_id=person.member_id,
                after={"contract": contract.name},
            )
        self.go_on(request.guild_id, Taken(DeliveryState.DONE, superseded=superseded))
        return person

    async def _may_begin(
        self, connection: AsyncConnection, purchase: Purchase, _: Customer
    ) -> bool:
        """Return whether what waited for a name has time left; else it ends without a word to TradingView."""
        given = (await entitlements.of_purchases(connection, [purchase.id]))[purchase.id]
        now = clock.now()
        over = {each.id for each in given if each.ended_at is None and _is_over(each, now)}
        if not over:
            return True
        await entitlements.end(connection, over, now)
        return len(over) < len(given)

    # What staff revoked, and granted again

    async def look(self) -> None:
        """Bring up to date what staff revoked of a contract and granted again since."""
        async with self._database.read() as connection:
            if not await contracts.held(connection):
                return  # nothing is written, and nobody waits for it
        async with self._database.write() as connection:
            superseded: list[int] = []
            servers: set[int] = set()
            for contract in await contracts.held(connection):
                source = await connections.whichever(connection, contract.connection_id)
                now = clock.now()
                key = f"held {contract.id} {now:%Y%m%d%H%M%S%f}"
                request = _of_shop(contract.guild_id, key, now)
                followed = await self._follow(connection, request, source, contract)
                superseded += followed.superseded
                servers.add(contract.guild_id)
        for guild_id in servers:
            self._purchases.go_on(guild_id, superseded)


def _of_shop(guild_id: int, key: str, at: datetime) -> RequestContext:
    """Return the request that a shop makes: what it gives and takes is the payment's doing."""
    return RequestContext(guild_id, Actor(ActorKind.SOURCE, PAYMENT), key, at)


def _is_over(reason: Entitlement, now: datetime) -> bool:
    """Return whether the time of something that waits for a name is over by now."""
    if reason.ends_at is not None:
        return reason.ends_at <= now
    if reason.length is None:
        return False
    return parse_length(reason.length).add_to(reason.asked_at) <= now
