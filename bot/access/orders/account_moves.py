"""Brings a member's access to another TradingView account: the new one first, then the old one goes."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.changes import Change, NewOrder
from bot.access.ledger.record import record_unguarded, touch
from bot.access.people.username_lookup import Spelling
from bot.access.request import RequestContext
from bot.access.rules.entitlements import paused_since, still_gives, wanted_of
from bot.access.sync.queue import Queue
from bot.store.catalogue import scripts
from bot.store.kinds import OrderKind, PermissionState
from bot.store.ledger import entitlements, events, permissions, purchases
from bot.store.people import customers
from bot.store.records import USHER, Customer, Entitlement, Order, Permission
from bot.store.vault import Vault


class AccountMoves:
    """Moves what a person has, all of it and in one transaction, to another TradingView name.

    Each reason keeps its end and counts for the new name from then on. What was removed from the old name
    is not even begun before the new one has it: `after_id` of the permission says so, also after a crash.
    """

    def __init__(self, vault: Vault, queue: Queue) -> None:
        self._vault = vault
        self._queue = queue

    async def move(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        person: Customer,
        username: str,
        user_id: int | None,
    ) -> None:
        """Give that customer the other name, and order what follows from it; `wake` once committed.

        The name is nobody's, or was taken from whoever had it; it keeps what it may use.
        """
        before = person.username or ""
        held = await permissions.of_name(connection, request.guild_id, before)
        reasons = await entitlements.active_of(connection, [each.id for each in held])
        living = [each for each in held if _is_living(each, reasons[each.id])]
        bare = await customers.by_name(connection, request.guild_id, username)
        if bare is not None:
            await purchases.move(connection, bare.id, person.id)
        former = await customers.change_account(connection, person, username, user_id)
        await purchases.leave_withheld(connection, person.id, former.id)
        moved = await customers.by_id(connection, person.id)
        if moved is None:
            raise LookupError(person.id)
        sold = await scripts.by_ids(connection, [each.script_id for each in living])
        spelling, now = Spelling(username, checked=True, user_id=user_id), clock.now()
        for old in living:  # nobody is new: no number of seats holds them up
            new = await touch(connection, request, sold[old.script_id], moved, spelling)
            given = await record_unguarded(connection, self._vault, _to(request, old, new))
            stays = any(reason.withheld and still_gives(reason, now) for reason in reasons[old.id])
            gone = _from(request, old, given.order, stays=stays)
            await record_unguarded(connection, self._vault, gone)
        await events.record(
            connection,
            request.guild_id,
            request.at,
            "account_moved",
            actor=request.actor,
            customer_id=person.id,
            member_id=person.member_id,
            before={"username": before},
            after={"username": username},
        )

    def wake(self, guild_id: int) -> None:
        """Have what was ordered done."""
        self._queue.wake(guild_id)


def _is_living(permission: Permission, reasons: list[Entitlement]) -> bool:
    """Return whether there is anything to bring along: time that runs, or is on its way.

    What was given to the bare name is not the member's to take along.
    """
    if all(reason.withheld for reason in reasons):
        return False
    on_its_way = permission.state is not PermissionState.DONE
    now = clock.now()
    stands_still = paused_since(reasons, now) is not None
    return on_its_way or stands_still or wanted_of(permission).gives_access(now)


def _to(request: RequestContext, old: Permission, new: Permission) -> NewOrder:
    """Return the order that grants the new name what the old one has."""
    goes_on = Change(goes_on_from=old.id, held_back=old.held_back)
    return NewOrder(_part(request, old, "to"), OrderKind.GRANT, new, goes_on)


def _from(request: RequestContext, old: Permission, given: Order, *, stays: bool) -> NewOrder:
    """Return the order that ends the old name once the other one is done.

    `stays`: what was given to the bare old name goes on there.
    """
    ends = Change(ends_all=not stays, overrules=True, after=given.id)
    return NewOrder(_part(request, old, "from"), OrderKind.REPAIR, old, ends)


def _part(request: RequestContext, old: Permission, which: str) -> RequestContext:
    """Return it as Usher's own: the member asked for a move, and hears of the move."""
    key = f"{request.idempotency_key} {old.id} {which}"
    return replace(request, actor=USHER, idempotency_key=key[:100], token=None)
