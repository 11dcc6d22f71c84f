"""What a member may know of their own access, as Usher knows it; TradingView is not asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.queries.standing import Checked
from bot.access.rules.entitlements import known_to_member, paused_since, want, wanted_of
from bot.store.catalogue import products, scripts
from bot.store.kinds import PermissionState, Tie
from bot.store.ledger import entitlements, permissions, purchases, withheld
from bot.store.people import claims, customers
from bot.store.records import Customer, Entitlement, Permission, Product, Purchase, Script
from bot.store.sweeps import sightings


@dataclass(frozen=True, slots=True)
class OwnView:
    """One member's own access."""

    username: str | None  # theirs, or the one that they asked for; None: there is neither
    customer: Customer | None = None  # None where the name is not theirs yet
    scripts: tuple[Checked, ...] = ()
    products: Mapping[int, Product] = field(default_factory=dict)  # by the purchase of a reason
    waits: tuple[Script | Product, ...] = ()  # was got, and waits for a TradingView name
    unproven: bool = False  # the name is theirs by nothing but their own word


async def own_view(
    connection: AsyncConnection, guild_id: int, member_id: int, now: datetime
) -> OwnView:
    """Return what a member may use or might until lately, in as many statements for much as for little."""
    person = await customers.by_member(connection, guild_id, member_id)
    waits = () if person is None else await _waits(connection, person)
    if person is None or person.username is None:
        claim = await claims.waiting_of(connection, guild_id, member_id)
        # No more than of a name that is theirs by their word alone: whether somebody else has it here
        # is not for them.
        username = None if claim is None else claim.username
        return OwnView(username, waits=waits, unproven=claim is not None)
    mine = await permissions.of_name(connection, guild_id, person.username)
    gone = await sightings.ended_of(connection, guild_id, person.username, now)
    about = {held.script_id for held in mine} | {row.script_id for row in gone}
    sold = await scripts.by_ids(connection, about)
    reasons = await entitlements.active_of(connection, [held.id for held in mine])
    over = [
        held.id
        for held in mine
        if _is_over(held, now) and paused_since(reasons[held.id], now) is None
    ]
    last = await permissions.last_changed(connection, over)
    hidden = await withheld.hidden(connection, [held.id for held in mine])
    checked = [
        Checked(
            sold[held.script_id],
            _as_known(held, reasons[held.id]),
            None,
            tuple(known_to_member(reasons[held.id])),
            ended_at=(held.wanted_ends_at or last.get(held.id)) if held.id in over else None,
        )
        for held in mine
        if held.id not in hidden
    ]
    checked += [Checked(sold[row.script_id], None, None, (), ended_at=row.ends_at) for row in gone]
    shown = tuple(
        each
        for each in sorted(checked, key=lambda each: each.script.id)
        if _was_theirs(person, each)
        if each.ended_at or each.reasons or not _is_settled(each.permission)
    )
    bought = await purchases.by_ids(
        connection, {reason.purchase_id for each in shown for reason in each.reasons}
    )
    return OwnView(
        person.username,
        person,
        tuple(replace(each, lapses=_lapses(each, bought)) for each in shown),
        await _products(connection, bought),
        waits,
        unproven=person.merely_claims,
    )


async def _waits(connection: AsyncConnection, person: Customer) -> tuple[Script | Product, ...]:
    """Return what somebody got that waits for their name, each item once."""
    waiting = await purchases.waiting_of(connection, person.id)
    return await _items(connection, waiting)


async def _items(
    connection: AsyncConnection, bought: Sequence[Purchase]
) -> tuple[Script | Product, ...]:
    sold = await products.by_ids(connection, {each.product_id or 0 for each in bought} - {0})
    single = await scripts.by_ids(connection, {each.script_id or 0 for each in bought} - {0})
    items: dict[tuple[int | None, int | None], Script | Product] = {}
    for each in bought:
        item = sold.get(each.product_id or 0) or single.get(each.script_id or 0)
        if item is not None:
            items[each.product_id, each.script_id] = item
    return tuple(items.values())


def _lapses(checked: Checked, bought: Mapping[int, Purchase]) -> dict[str, datetime]:
    """Return, by source, when what it gives ends because the member lost it; not where another one of it lasts."""
    ends: dict[str, datetime] = {}
    lasting = set()
    for reason in checked.reasons:
        lapses_at = bought[reason.purchase_id].lapses_at if reason.purchase_id in bought else None
        if lapses_at is None:
            lasting.add(reason.source)
        else:
            ends[reason.source] = max(lapses_at, ends.get(reason.source, lapses_at))
    return {source: at for source, at in ends.items() if source not in lasting}


async def _products(
    connection: AsyncConnection, bought: Mapping[int, Purchase]
) -> dict[int, Product]:
    """Return, by purchase, the product that was bought; those of single scripts are left out."""
    sold = await products.by_ids(
        connection, {each.product_id or 0 for each in bought.values()} - {0}
    )
    return {
        each.id: sold[each.product_id] for each in bought.values() if each.product_id is not None
    }


def _as_known(held: Permission, reasons: Sequence[Entitlement]) -> Permission:
    """Return it as its member may know it: without what staff gave to a name that they merely claim."""
    if not any(reason.withheld for reason in reasons):
        return held
    known = want(known_to_member(reasons))
    return replace(held, wanted=known.kind, wanted_ends_at=known.ends_at)


def _is_settled(permission: Permission | None) -> bool:
    return permission is None or permission.state is PermissionState.DONE


def _is_over(permission: Permission, now: datetime) -> bool:
    """Return whether access was there once, and is over with nothing on its way."""
    return _is_settled(permission) and not wanted_of(permission).gives_access(now)


def _was_theirs(person: Customer, checked: Checked) -> bool:
    """Return whether a member may know when this ended: on the word of staff, or as it ended after they linked.

    A name whose access is over can be linked by anybody, who is to learn nothing of who had it before.
    """
    if checked.ended_at is None or person.linked_by != person.member_id:
        return True
    if person.tie is Tie.PROVEN:
        return True
    return person.linked_at is not None and checked.ended_at >= person.linked_at
