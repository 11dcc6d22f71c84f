"""What is known of a contract, kept: its facts, every id it goes by, and who bought it, encrypted."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.orders.moving.awaited import awaited
from bot.access.rules import contract_json
from bot.access.rules.codes import digest_of
from bot.access.rules.contract_facts import buyer_of, merge, without_people
from bot.access.rules.contract_groups import Group
from bot.access.rules.contracts import Why
from bot.access.rules.payments import Buyer, Fact, Failure
from bot.store.kinds import ClaimHow
from bot.store.records import Connection, Contract
from bot.store.sales import contracts
from bot.store.vault import UnreadableError, Vault

# Where another shop may have the same numbers: each vendor's own program, or own site, begins at one.
_NUMBERED_BY_VENDOR = frozenset({"standard", "generic", "woocommerce"})
_BEST_FIRST = tuple(ClaimHow)

log = logging.getLogger(__name__)


class ContractRecords:
    """Merges and reads what shops told of contracts, in transactions of the caller."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def merged(
        self, connection: AsyncConnection, source: Connection, group: Group, now: datetime
    ) -> Contract:
        """Return the one contract that goes by these ids; a message may show that several are one."""
        found = await contracts.by_refs(connection, source.id, group.refs)
        if not found and source.provider not in _NUMBERED_BY_VENDOR:
            found = [  # the shop was connected before: what was paid then is not paid twice
                await contracts.hand_over(connection, each.id, source.id)
                for each in await contracts.of_removed(
                    connection, source.guild_id, source.provider, group.refs
                )
            ]
        if not found and source.provider not in _NUMBERED_BY_VENDOR:
            # The list of a shop told of it, and not by these ids.
            found = await awaited(connection, source, group.facts)
        if not found:
            contract = await contracts.add(
                connection,
                source.guild_id,
                source.id,
                name=(group.contract or min(group.refs))[:200],
                why=Why.PENDING,
                at=now,
            )
        else:
            *others, contract = (
                found  # the newest: as long as it is there, its number is not given again
            )
            for other in others:
                contract = await self._absorb(connection, contract, other)
        await contracts.know_refs(connection, source.id, contract.id, group.refs)
        return contract

    async def _absorb(
        self, connection: AsyncConnection, kept: Contract, gone: Contract
    ) -> Contract:
        facts = merge(self.of(kept), self.of(gone))
        if _claims_better(gone, kept):
            kept = await contracts.change(
                connection,
                kept.id,
                customer_id=gone.customer_id,
                claimed_how=gone.claimed_how,
                claimed_by=gone.claimed_by,
            )
        told = list(dict.fromkeys([*kept.told, *gone.told]))
        kept = await contracts.change(connection, kept.id, told=told)
        await contracts.absorb(connection, kept.id, gone.id)
        return await self._save(connection, kept, facts)

    async def told(
        self,
        connection: AsyncConnection,
        source: Connection,
        groups: Iterable[Group],
        now: datetime,
    ) -> dict[int, list[Failure]]:
        """Keep what a message tells; return each contract it is about, with failed payments not known yet.

        Parts of a message that nothing in it ties together may be about one contract all the same.
        """
        failures: list[tuple[Group, Failure | None]] = []
        for group in groups:
            contract = await self.merged(connection, source, group, now)
            failures.append((group, await self.learn(connection, contract, group)))
        found: dict[int, list[Failure]] = {}
        for group, failed in failures:
            [contract] = await contracts.by_refs(connection, source.id, group.refs)
            found.setdefault(contract.id, []).extend([] if failed is None else [failed])
        return found

    async def learn(
        self, connection: AsyncConnection, contract: Contract, group: Group
    ) -> Failure | None:
        """Keep what is new of a contract; return a failed payment that was not known yet."""
        known = self.of(contract)
        facts = merge(known, group.facts)
        contract = await self._save(connection, contract, facts, group.contract)
        codes = buyer_of(facts).claim_codes
        digests = [digest_of(contract.guild_id, code) for code in codes]
        await contracts.add_claim_codes(connection, contract.guild_id, contract.id, digests)
        before = {fact.key for fact in known if isinstance(fact, Failure)}
        failed = (
            fact for fact in group.facts if isinstance(fact, Failure) and fact.key not in before
        )
        return next(failed, None)

    def of(self, contract: Contract) -> list[Fact]:
        """Return all that is known of a contract, and of its buyer."""
        facts: list[Fact] = [*contract_json.from_json(contract.facts)]
        if contract.buyer is not None:
            try:
                facts.append(contract_json.buyer_from_text(self._vault.open(contract.buyer)))
            except UnreadableError:
                log.warning("who bought contract %s cannot be read any more", contract.id)
        return facts

    async def _save(
        self,
        connection: AsyncConnection,
        contract: Contract,
        facts: Sequence[Fact],
        name: str | None = None,
    ) -> Contract:
        buyer = buyer_of(facts)
        return await contracts.change(
            connection,
            contract.id,
            name=(name or contract.name)[:200],
            facts=contract_json.to_json(without_people(facts)),
            buyer=contract.buyer
            if buyer == Buyer()
            else self._vault.seal(contract_json.buyer_to_text(buyer)),
            customer_ref=buyer.customer or contract.customer_ref,
            changed_at=clock.now(),
        )


def _claims_better(contract: Contract, other: Contract) -> bool:
    """Return whether it is known by a better word whose a contract is; of two equal ones the older counts."""
    if contract.claimed_how is None or other.claimed_how is None:
        return contract.claimed_how is not None
    how = _BEST_FIRST.index(contract.claimed_how), contract.id
    return how < (_BEST_FIRST.index(other.claimed_how), other.id)
