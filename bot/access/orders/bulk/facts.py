"""What is known of a server's people at one moment: what a dry run compares its rows with."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import Item, every_item
from bot.access.request import FOUND
from bot.access.rules.entitlements import NOTHING, State, gives_more, is_ours, want
from bot.store.kinds import EntitlementKind, RowProblem, StateKind
from bot.store.ledger import orders
from bot.store.records import BatchRow, Customer, Entitlement
from bot.store.sweeps import standing
from bot.store.sweeps.standing import Held, Listed


@dataclass(frozen=True, slots=True)
class OfScript:
    """What one person has of one script: the reasons, and of what product each is."""

    script_id: int
    held: Held | None
    reasons: tuple[tuple[int | None, Entitlement], ...]
    listed: Listed | None = None

    def counted(self, now: datetime) -> list[Entitlement]:
        """Return the reasons, with one for what somebody gave on TradingView itself and nobody ordered."""
        known = [reason for _, reason in self.reasons]
        foreign = self._foreign(known, now)
        return known if foreign is None else [*known, _found(self.script_id, foreign, now)]

    def most(self, now: datetime) -> State:
        """Return the most that the person has by what is known; paused reasons give nothing."""
        return want(self.counted(now))

    def _foreign(self, known: Collection[Entitlement], now: datetime) -> State | None:
        """Return what TradingView showed last, where it gives more than Usher knows of."""
        if self.listed is not None:
            shown = State(self.listed.kind, self.listed.ends_at)
            return shown if shown.gives_access(now) else None
        if self.held is None or self.held.replaces is not None:
            return None
        seen = State(self.held.seen, self.held.seen_ends_at)
        if not seen.gives_access(now):
            return None
        if is_ours(self.held, seen):
            return None
        return seen if gives_more(seen, want(known), now) else None


def _found(script_id: int, state: State, now: datetime) -> Entitlement:
    """Return the reason that such access gets once it is taken over."""
    dated = state.ends_at is not None
    return Entitlement(
        id=0,
        guild_id=0,
        purchase_id=0,
        script_id=script_id,
        permission_id=None,
        source=FOUND,
        reference="",
        kind=EntitlementKind.UNTIL if dated else EntitlementKind.OPEN,
        length=None,
        asked_at=now,
        asked_by=None,
        start_at=now if dated else None,
        ends_at=state.ends_at,
        settled_at=now,
        ended_at=None,
        ended_by=None,
        note=None,
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """Everybody's names, and what they have of the scripts that a batch is about."""

    now: datetime
    newest_order_id: int  # 0: the server has none yet
    items: Mapping[str, Item]  # those that were asked about, by their short names
    sold: tuple[str, ...]  # the short names of everything on sale
    people: tuple[Customer, ...]
    by_name: Mapping[str, Customer]
    by_member: Mapping[int, Customer]
    _held: Mapping[tuple[int, int], Held]
    _reasons: Mapping[int, tuple[tuple[int | None, Entitlement], ...]]  # by permission
    _listed: Mapping[tuple[int, str], Listed]
    listed_names: Mapping[str, Listed]  # of anybody on a list whom Usher does not know

    def scripts_of(self, row: BatchRow) -> tuple[int, ...]:
        """Return the scripts that a row is about; none where it could not be understood."""
        for item in self.items.values():
            if (item.product_id, item.script_id) == (row.product_id, row.script_id):
                return tuple(script.id for script in item.scripts)
        return ()

    def everybody(self) -> Iterator[tuple[Customer | None, str, dict[int, OfScript]]]:
        """Yield who has or had any of these scripts, by name, with what there is of each."""
        by_id = {each.id: each for each in self.people}
        found: dict[str, dict[int, OfScript]] = {}
        names: dict[str, tuple[Customer | None, str]] = {}
        for (customer_id, script_id), held in self._held.items():
            person = by_id.get(customer_id)
            if person is None or person.username is None or person.name_folded is None:
                continue
            names[person.name_folded] = person, person.username
            reasons = self._reasons.get(held.id, ())
            listed = self._listed.get((script_id, person.name_folded))
            of_script = OfScript(script_id, held, reasons, listed)
            found.setdefault(person.name_folded, {})[script_id] = of_script
        for (script_id, name), row in self._listed.items():
            known = self.by_name.get(name)
            names.setdefault(name, (known, row.username))
            theirs = found.setdefault(name, {})
            theirs.setdefault(script_id, OfScript(script_id, None, (), row))
        for name in sorted(found):
            yield *names[name], found[name]

    def of(self, person: Customer | None, name: str, item: Item) -> list[OfScript]:
        """Return what somebody has of each script of an item."""
        folded = name.casefold()
        found: list[OfScript] = []
        for script in item.scripts:
            held = None if person is None else self._held.get((person.id, script.id))
            reasons = () if held is None else self._reasons.get(held.id, ())
            listed = self._listed.get((script.id, folded))
            found.append(OfScript(script.id, held, reasons, listed))
        return found


async def facts_for(
    connection: AsyncConnection, guild_id: int, typed: Iterable[str], now: datetime
) -> Facts:
    """Return what is known about everybody, as to these items; some thousand people take a second."""
    newest_order_id = await orders.newest_id(connection, guild_id)
    sold = await every_item(connection, guild_id)
    items = {name: sold[name] for name in {folded(each) for each in typed} if name in sold}
    script_ids = {script.id for item in items.values() for script in item.scripts}
    people = await standing.people(connection, guild_id)
    held = await standing.held(connection, script_ids)
    reasons = await standing.reasons(connection, script_ids)
    listed = await standing.listed(connection, script_ids)

    def arranged() -> Facts:
        of_permission: dict[int, list[tuple[int | None, Entitlement]]] = {}
        for product_id, reason in reasons:
            of_permission.setdefault(reason.permission_id or 0, []).append((product_id, reason))
        return Facts(
            now,
            newest_order_id,
            items,
            tuple(sold),
            tuple(people),
            {each.name_folded: each for each in people if each.name_folded is not None},
            {each.member_id: each for each in people if each.member_id is not None},
            {(each.customer_id, each.script_id): each for each in held},
            {permission_id: tuple(found) for permission_id, found in of_permission.items()},
            {(each.script_id, each.name_folded): each for each in listed},
            {each.name_folded: each for each in listed},
        )

    return await asyncio.to_thread(arranged)


def barred(person: Customer | None) -> RowProblem | None:
    """Return why nothing can be given to that customer; None: it can, also to somebody new."""
    if person is None:
        return None
    if person.forget_at is not None or person.forgotten is not None:
        return RowProblem.FORGOTTEN
    return None if person.blocked_at is None else RowProblem.BLOCKED


def folded(item: str) -> str:
    """Return a short name as it is compared."""
    return item.strip().casefold()


def most_of(states: Iterable[State]) -> State:
    """Return the one of these that lasts longest."""
    most = NOTHING
    for state in states:
        if _rank(state) > _rank(most):
            most = state
    return most


def _rank(state: State) -> tuple[int, float]:
    order = (StateKind.NOTHING, StateKind.UNTIL, StateKind.OPEN, StateKind.LIFETIME)
    return order.index(state.kind), state.ends_at.timestamp() if state.ends_at else 0.0
