"""Ties what somebody has to the contract that pays for it: nothing is written to TradingView, no end changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.reasons import add_found, want_anew
from bot.access.orders.connection_view import terms_of
from bot.access.orders.contract_access import ContractAccess
from bot.access.orders.contract_dues import Due, due_of
from bot.access.orders.contract_records import ContractRecords
from bot.access.orders.moving.facts import awaited_by, facts_of, line_of, period_of
from bot.access.orders.moving.matching import Match
from bot.access.orders.sold_lines import keys_of
from bot.access.people.identity import resolve
from bot.access.request import FOUND, PAYMENT, RequestContext, Subject
from bot.access.rules.contract_groups import Group, grouped
from bot.access.rules.contracts import Standing, Why, derive
from bot.access.rules.entitlements import State, still_gives
from bot.access.rules.payments import Line
from bot.errors import UserError
from bot.store.kinds import ActorKind, ClaimHow, EntitlementKind, PermissionState, StateKind
from bot.store.ledger import entitlements, events, permissions, purchases
from bot.store.people import customers
from bot.store.records import Actor, Connection, Contract, Customer, Entitlement, Permission
from bot.store.sales import contract_purchases, contracts, moving, prices
from bot.store.sales.moving import Access
from bot.store.vault import Vault

SHOP = Actor(ActorKind.SOURCE, PAYMENT)


@dataclass(frozen=True, slots=True)
class Tied:
    """A contract, what it comes to and whose it is.

    `is_new`: it gave nothing before; `was_told`: messages told of it, and nobody knew whose it is.
    """

    contract: Contract
    standing: Standing
    person: Customer
    is_new: bool
    was_told: bool = False


class Tying:
    """Ties the matches of one list to contracts of one connection, in transactions of the caller."""

    def __init__(self, vault: Vault, request: RequestContext, source: Connection) -> None:
        """The request is the vendor's, who says by the list whose each contract is."""
        self._vault = vault
        self._request = request
        self._source = source
        self._records = ContractRecords(vault)
        self._terms = terms_of(source)
        self._mapped: set[tuple[str, str]] = set()  # prices that are known to be an item

    async def tie(self, connection: AsyncConnection, match: Match) -> Tied | None:
        """Let what TradingView shows be what a contract gave, with the ends that it has.

        None: an order for it is on its way, or the contract is another customer's.
        """
        assert match.item is not None  # noqa: S101 - only what has an item is taken
        held = [
            (await permissions.by_id(connection, each.permission_id), each)
            for each in match.held
            if each.permission_id is not None
        ]
        if not held or any(each.state is not PermissionState.DONE for each, _ in held):
            return None
        person = await self._person(connection, match, held[0][0])
        if person.forget_at is not None:
            return None
        tied = await self._contract(connection, match, person)
        if tied is None or not tied.is_new:
            return tied
        due = due_of(tied.standing.gives[0], match.item)
        if due is None:
            return None
        await self._give(connection, tied, due, held)
        if tied.was_told:  # what it was paid for since the list was written
            await self._access(connection, tied.contract).follow(tied.standing, person)
        return tied

    async def extend(self, connection: AsyncConnection, match: Match) -> bool:
        """Order the time up to the paid end of what is tied; return whether that is new."""
        known = grouped(facts_of(match.payer, self._request.at, match.paid_until))[0].refs
        [contract] = await contracts.by_refs(connection, self._source.id, known)
        if match.payer.until is not None:  # the list may be newer than the one by which it was tied
            [group] = grouped(period_of(match.payer, self._request.at, match.payer.until))
            await self._records.learn(connection, contract, group)
            [contract] = await contracts.by_refs(connection, self._source.id, known)
        assert contract.customer_id is not None  # noqa: S101 - it was tied before
        person = await customers.by_id(connection, contract.customer_id)
        assert person is not None  # noqa: S101 - a foreign key
        standing = derive(self._records.of(contract), self._terms, self._request.at)
        before = await contract_purchases.of_contract(connection, contract.id)
        await self._access(connection, contract).follow(standing, person)
        return before != await contract_purchases.of_contract(connection, contract.id)

    async def grant(self, connection: AsyncConnection, match: Match) -> bool:
        """Order what is paid for and not there, by the one door; return whether that is new. Raises UserError."""
        subject = Subject(match.payer.discord_id, match.username)
        person = await resolve(connection, self._request, subject)
        tied = await self._contract(connection, match, person)
        if tied is None or not tied.is_new:
            return False
        followed = await self._access(connection, tied.contract).follow(tied.standing, person)
        return bool(followed.opened)

    def _access(self, connection: AsyncConnection, contract: Contract) -> ContractAccess:
        key = f"moved {contract.id} {self._request.idempotency_key}"
        request = RequestContext(self._request.guild_id, SHOP, key, self._request.at)
        return ContractAccess(connection, self._vault, request, self._source, contract)

    async def _person(
        self, connection: AsyncConnection, match: Match, permission: Permission
    ) -> Customer:
        """Return whose the access is; the Discord member of the list is theirs from now on."""
        person = await customers.by_id(connection, permission.customer_id)
        assert person is not None  # noqa: S101 - a foreign key
        if match.payer.discord_id is None or person.member_id is not None:
            return person
        subject = Subject(match.payer.discord_id, permission.username)
        try:
            return await resolve(connection, self._request, subject)
        except UserError:  # somebody else got the name meanwhile: it stays theirs
            return person

    async def _contract(
        self, connection: AsyncConnection, match: Match, person: Customer
    ) -> Tied | None:
        """Return the contract with what the list says of it, the customer's from now on."""
        request, payer, item = self._request, match.payer, match.item
        assert item is not None  # noqa: S101 - only what has an item is taken
        sold_for = None if item.product is None else item.product.length
        ends_at = payer.until or (None if payer.paid_at and sold_for else match.has_until)
        if ends_at is None and not payer.for_good:
            return None  # nobody says for how long
        facts = facts_of(payer, request.at, ends_at, sold_for or "lifetime")
        [group] = grouped(facts)
        contract = await self._known(connection, group)
        if contract.customer_id not in (None, person.id):
            return None  # the shop or staff said of somebody else that it is theirs
        gave = await contract_purchases.of_contract(connection, contract.id)
        if gave:  # the connection may be another one than that time
            await self._map(connection, line_of(payer), match)
            standing = derive(self._records.of(contract), self._terms, request.at)
            return Tied(contract, standing, person, is_new=False)
        was_told = bool(contract.facts)
        await self._map(connection, line_of(payer), match)
        await self._records.learn(connection, contract, group)
        contract = await self._belongs(connection, contract.id, person)
        await moving.await_message(
            connection, self._source.id, contract.id, awaited_by(request.guild_id, payer)
        )
        standing = derive(self._records.of(contract), self._terms, request.at)
        contract = await contracts.change(
            connection,
            contract.id,
            why=standing.why,
            paid_end=standing.paid_end,
            renews=standing.renews,
        )
        if not standing.gives:
            return None
        return Tied(contract, standing, person, is_new=True, was_told=was_told)

    async def _known(self, connection: AsyncConnection, group: Group) -> Contract:
        """Return the contract that goes by these ids: of this connection, or of one that was removed."""
        source, refs = self._source, group.refs
        found = await contracts.by_refs(connection, source.id, refs)
        if not found:
            earlier = await contracts.of_removed(connection, source.guild_id, source.provider, refs)
            found = [await contracts.hand_over(connection, each.id, source.id) for each in earlier]
        if found:
            return found[-1]
        name = (group.contract or min(refs))[:200]
        at = self._request.at
        added = await contracts.add(
            connection, source.guild_id, source.id, name=name, why=Why.PENDING, at=at
        )
        await contracts.know_refs(connection, source.id, added.id, refs)
        return added

    async def _map(self, connection: AsyncConnection, line: Line, match: Match) -> None:
        """Keep which item a product of the shop is, as staff say for a price."""
        assert match.item is not None  # noqa: S101 - only what has an item is taken
        for key in keys_of(line):
            if (key, match.item.slug) in self._mapped:
                continue
            self._mapped.add((key, match.item.slug))
            price = await prices.add(connection, self._source.id, key, line.name, self._request.at)
            if price.product_id is None and price.script_id is None and not price.is_ignored:
                await prices.set_item(
                    connection,
                    price.id,
                    product_id=match.item.product_id,
                    script_id=match.item.script_id,
                )

    async def _belongs(
        self, connection: AsyncConnection, contract_id: int, person: Customer
    ) -> Contract:
        request = self._request
        contract = await contracts.change(
            connection,
            contract_id,
            customer_id=person.id,
            claimed_how=ClaimHow.STAFF,
            claimed_by=request.actor.member_id,
        )
        await events.record(
            connection,
            request.guild_id,
            request.at,
            "payment_moved",
            actor=request.actor,
            customer_id=person.id,
            member_id=person.member_id,
            after={
                "contract": contract.name,
                "how": ClaimHow.STAFF,
                "provider": self._source.provider,
            },
        )
        return contract

    async def _give(
        self,
        connection: AsyncConnection,
        tied: Tied,
        due: Due,
        held: Sequence[tuple[Permission, Access]],
    ) -> None:
        """Let what was found on TradingView be of a purchase of the contract."""
        contract, request = tied.contract, self._request
        reasons = [await self._found(connection, *each) for each in held]
        ends = [each.ends_at for each in reasons if each.ends_at is not None]
        is_open = len(ends) < len(reasons)
        bought = await purchases.add(
            connection,
            request.guild_id,
            tied.person.id,
            product_id=due.item.product_id,
            script_id=due.item.script_id,
            source=PAYMENT,
            reference=f"moved {contract.id} {due.part}"[:100],
            member_id=tied.person.member_id,
            kind=EntitlementKind.OPEN if is_open else EntitlementKind.UNTIL,
            ends_at=None if is_open else max(ends),
            actor=SHOP,
            asked_at=request.at,
            note=f"order {contract.name.rpartition(':')[2]}"[:200],
        )
        await moving.become(connection, [each.id for each in reasons], bought)
        wanted = due.wanted
        if wanted.ends_at is not None and ends:
            # Where TradingView shows less than is paid for, the next payment counts from there.
            wanted = replace(wanted, ends_at=min(wanted.ends_at, *ends))
        await contract_purchases.add(
            connection,
            contract.id,
            due.part,
            bought.id,
            line_key=keys_of(due.given.line)[0],
            wanted=wanted.to_json(),
        )

    async def _found(
        self, connection: AsyncConnection, permission: Permission, access: Access
    ) -> Entitlement:
        """Return the reason of what TradingView shows that has no other source, added where there is none."""
        now = self._request.at
        found = await self._reason(connection, permission, now)
        if found is None:
            ends_at = access.ends_at
            seen = State(StateKind.UNTIL if ends_at else StateKind.LIFETIME, ends_at)
            reference = f"moved {permission.id} {self._request.idempotency_key}"[:100]
            await add_found(
                connection, permission, seen, now, reference=reference,
                asked_by=self._request.actor.member_id,
            )  # fmt: skip
            await want_anew(
                connection,
                permission.id,
                seen=seen.kind,
                seen_ends_at=seen.ends_at,
                ours=seen.kind,
                ours_ends_at=seen.ends_at,
                held_back=False,
                differs=False,
            )
            found = await self._reason(connection, permission, now)
        assert found is not None  # noqa: S101 - it was added just now
        return found

    @staticmethod
    async def _reason(
        connection: AsyncConnection, permission: Permission, now: datetime
    ) -> Entitlement | None:
        reasons = await entitlements.active(connection, permission.id)
        found = [
            each
            for each in reasons
            if each.source == FOUND and each.paused_at is None and still_gives(each, now)
        ]
        return found[-1] if found else None
