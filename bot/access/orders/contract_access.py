"""What a contract comes to becomes purchases: opened, given another end, ended, or asked about first."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import Item
from bot.access.ledger.changes import Recorded
from bot.access.orders.contract_dues import KEPT, Due, Wanted, due_of
from bot.access.orders.purchases import Bought, end_in, lapse_in, open_in
from bot.access.orders.renewals import renew_in
from bot.access.orders.sold_lines import Mapped, item_of_line, keys_of
from bot.access.people.errors import BeingForgotten, CustomerBlocked
from bot.access.request import PAYMENT, RequestContext
from bot.access.rules.contracts import Standing
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import State, still_gives
from bot.store.kinds import EntitlementKind, StateKind
from bot.store.ledger import entitlements, permissions, purchases
from bot.store.records import Connection, Contract, ContractPurchase, Customer
from bot.store.sales import contract_purchases
from bot.store.vault import Vault


@dataclass(slots=True)
class Followed:
    """What became of a contract's purchases."""

    superseded: list[int] = field(default_factory=list)
    is_unmapped: bool = False  # of something it is for nobody knows the item
    without_length: list[Item] = field(default_factory=list)  # nor how long it is sold for
    is_barred: bool = False  # its buyer gets nothing: blocked, or being forgotten
    held: list[int] = field(default_factory=list)  # purchases that staff revoked
    asked: list[str] = field(default_factory=list)  # parts that staff are asked about
    opened: list[int] = field(default_factory=list)  # purchases

    def add(self, recorded: Collection[Recorded]) -> int | None:
        """Take in orders that were recorded; return the one that leads."""
        self.superseded += [each for part in recorded for each in part.superseded]
        return next((each.order.id for each in recorded), None)


class ContractAccess:
    """Makes the purchases of one contract what it comes to, in a transaction that writes."""

    def __init__(
        self,
        connection: AsyncConnection,
        vault: Vault,
        request: RequestContext,
        source: Connection,
        contract: Contract,
        *,
        agreed: Collection[str] = (),
    ) -> None:
        """Staff `agreed` to these parts ending or getting shorter."""
        self._connection = connection
        self._vault = vault
        self._request = request
        self._source = source
        self._contract = contract
        self._agreed = agreed
        self._done = Followed()

    async def follow(self, standing: Standing, person: Customer) -> Followed:
        """Open, move and end what differs from what the contract came to before.

        What staff changed meanwhile stays as they made it, until the contract comes to something else.
        """
        due, stays = await self._due(standing)
        known = await self._known(person)
        replaced_by: int | None = None
        holding: set[str] = set()
        for each in due.values():
            there = known.get(each.part)
            if there is None and (held := await self._held_back(known.values(), each)):
                holding.add(held.part)
            elif there is None:
                lead = await self._open(each, person)
                replaced_by = lead or replaced_by
            else:
                await self._change(there, each)
        for part, there in known.items():
            before = Wanted.of(there.wanted)
            if part in due or part in holding:
                continue
            if there.is_held:  # nothing waits for staff any more
                await contract_purchases.change(
                    self._connection, self._contract.id, part, is_held=False
                )
            if before.is_over or there.line_key in stays:
                continue
            if stays and not due:
                continue  # what it is for from now on is yet to be said: it keeps what it has
            await self._end(there, before, replaced_by)
        return self._done

    async def _known(self, person: Customer) -> dict[str, ContractPurchase]:
        """Return what the contract gave its buyer; what it gave another, before two were one, ends."""
        known = await contract_purchases.of_contract(self._connection, self._contract.id)
        bought = await purchases.by_ids(
            self._connection, [each.purchase_id for each in known.values()]
        )
        for part, there in list(known.items()):
            purchase = bought[there.purchase_id]
            if purchase.customer_id != person.id:
                ended = await end_in(self._connection, self._vault, self._request, purchase)
                _ = self._done.add(ended)
                await contract_purchases.drop(self._connection, self._contract.id, part)
                del known[part]
        return known

    async def look(self, standing: Standing) -> Followed:
        """Return what is still to be said about what a contract is for, while nobody knows whose it is."""
        await self._due(standing)
        return self._done

    async def _held_back(
        self, known: Collection[ContractPurchase], due: Due
    ) -> ContractPurchase | None:
        """Return what staff revoked of this contract and something else would bring back; it waits for them."""
        ids = {script.id for script in due.item.scripts}
        given = await entitlements.of_purchases(
            self._connection, [each.purchase_id for each in known]
        )
        for there in known:
            reasons = [each for each in given[there.purchase_id] if each.script_id in ids]
            held_by = [each.permission_id for each in reasons if each.permission_id is not None]
            found = await permissions.by_ids(self._connection, held_by)
            if any(each.held_back for each in found):
                await contract_purchases.change(
                    self._connection, self._contract.id, there.part, is_held=True
                )
                self._done.held.append(there.purchase_id)
                return there
        return None

    async def _due(self, standing: Standing) -> tuple[dict[str, Due], set[str]]:
        """Return what is to be given, by part, and the shop's ids of which nobody knows an item now.

        What these gave before stays as it is.
        """
        due: dict[str, Due] = {}
        stays: set[str] = set()
        for given in standing.gives:
            mapped = await item_of_line(
                self._connection, self._source, given.line, self._request.at
            )
            if isinstance(mapped, Mapped):
                stays.update(keys_of(given.line))
                self._done.is_unmapped |= mapped is Mapped.UNKNOWN
                continue
            each = due_of(given, mapped)
            if each is None:
                self._done.without_length.append(mapped)
                self._done.is_unmapped = True
                stays.update(keys_of(given.line))
                continue
            other = due.get(each.part)
            if other is None or (other.wanted.ends_at or each.given.at) < (
                each.wanted.ends_at or each.given.at
            ):
                due[each.part] = each
        return due, stays

    async def _open(self, due: Due, person: Customer) -> int | None:
        """Give something for the first time; return the order that leads."""
        request, now = self._request, self._request.at
        over = due.wanted.is_past(now) or (
            due.length is not None
            and not due.length.lifetime
            and due.length.add_to(due.given.at) <= now
        )
        if over:
            return None  # of a time that is over nothing is given any more
        key = f"contract {self._contract.id} {due.part} {person.id}"
        gives: Length | State = (
            State(StateKind.UNTIL, due.wanted.ends_at) if due.length is None else due.length
        )
        bought = Bought(
            PAYMENT,
            due.item,
            person.member_id,
            gives,
            note=f"order {self._contract.name.rpartition(':')[2]}"[:200],
            customer=person,
            grace_days=due.wanted.grace_days,
            since=due.given.at if due.length is not None else None,
        )
        try:
            opened, superseded = await open_in(
                self._connection, self._vault, replace(request, idempotency_key=key), bought
            )
        except (CustomerBlocked, BeingForgotten):
            self._done.is_barred = True
            return None
        self._done.superseded += superseded
        wanted = due.wanted
        if opened.is_new:
            self._done.opened.append(opened.purchase.id)
        else:  # it was this person's before, and is again
            wanted = replace(wanted, ends_at=opened.purchase.ends_at, is_over=True)
        await contract_purchases.add(
            self._connection,
            self._contract.id,
            due.part,
            opened.purchase.id,
            line_key=keys_of(due.given.line)[0],
            wanted=wanted.to_json(),
        )
        if not opened.is_new:
            known = await contract_purchases.of_contract(self._connection, self._contract.id)
            await self._change(known[due.part], due)
        return opened.order_id

    async def _change(self, there: ContractPurchase, due: Due) -> None:
        """Give something another end, or let it count again."""
        before, wanted = Wanted.of(there.wanted), due.wanted
        if before == wanted and not there.is_held:
            if there.asked is not None:  # what staff were asked about is not so any more
                await self._keep(there, wanted)
            return
        if there.wanted.get(KEPT) == wanted.to_json():
            return  # staff were asked, and kept it as it was
        by = timedelta()
        if before.ends_at is not None and wanted.ends_at is not None:
            by = wanted.ends_at - before.ends_at
        now = self._request.at
        purchase = await purchases.by_id(self._connection, there.purchase_id)
        is_open = purchase.kind is EntitlementKind.OPEN  # as it was found on TradingView
        if wanted.is_past(now) and (is_open or not await self._runs(there, by, wanted.grace_days)):
            if not before.is_over:
                await self._end(there, before, None, wanted)
            return
        if by < timedelta() and not before.is_over and self._asks(there):
            await self._ask(there, wanted)
            return
        renewed = await renew_in(
            self._connection,
            self._vault,
            self._request,
            purchase,
            by=by,
            grace_days=wanted.grace_days,
            was_held=there.is_held,
        )
        _ = self._done.add(renewed.recorded)
        if renewed.is_held:
            self._done.held.append(purchase.id)
        if is_open and wanted.ends_at is not None:  # it goes on until what is paid for is over
            over = wanted.ends_at + timedelta(days=wanted.grace_days)
            await lapse_in(self._connection, [purchase.id], over)
        await self._keep(there, wanted, is_held=renewed.is_held)

    async def _end(
        self,
        there: ContractPurchase,
        before: Wanted,
        after: int | None,
        wanted: Wanted | None = None,
    ) -> None:
        """End what is not paid for any more; what is replaced ends once its successor stands.

        What it ends with stays as it was, so that it counts from there when it comes back.
        """
        over = replace(before, is_over=True)
        if before.is_past(self._request.at) and not await self._runs(there):
            await self._keep(there, over)
            return
        if after is None and self._asks(there):
            await self._ask(there, wanted)
            return
        purchase = await purchases.by_id(self._connection, there.purchase_id)
        note = f"{self._source.provider} {self._contract.name}"[:180] + f": {self._contract.why}"
        recorded = await end_in(
            self._connection, self._vault, self._request, purchase, after=after, note=note
        )
        _ = self._done.add(recorded)
        await self._keep(there, over)

    async def _runs(
        self,
        there: ContractPurchase,
        by: timedelta = timedelta(),
        grace_days: int | None = None,
    ) -> bool:
        """Return whether it gives something still, as what a pause made longer may; so much later, if asked."""
        given = await entitlements.of_purchases(self._connection, [there.purchase_id])
        for reason in given[there.purchase_id]:
            end = None if reason.ends_at is None else reason.ends_at + by
            days = reason.grace_days if grace_days is None else grace_days
            if still_gives(replace(reason, ends_at=end, grace_days=days), self._request.at):
                return True
        return False

    def _asks(self, there: ContractPurchase) -> bool:
        return self._source.asks_first and there.part not in self._agreed

    async def _ask(self, there: ContractPurchase, wanted: Wanted | None) -> None:
        """Note that staff are asked, and about what; the same question is asked once."""
        if there.asked is None:
            asked: dict[str, Any] = {"at": self._request.at.isoformat()}
            if wanted is not None:
                asked["wanted"] = wanted.to_json()
            await contract_purchases.change(
                self._connection, there.contract_id, there.part, asked=asked
            )
            self._done.asked.append(there.part)

    async def _keep(
        self, there: ContractPurchase, wanted: Wanted, *, is_held: bool = False
    ) -> None:
        await contract_purchases.change(
            self._connection,
            there.contract_id,
            there.part,
            wanted=wanted.to_json(),
            asked=None,
            is_held=is_held,
        )
