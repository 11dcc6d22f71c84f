"""What is known of a server's people at one moment: what a dry run compares its rows with."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import Item, archived_slugs, every_item
from bot.access.request import FOUND
from bot.access.rules.entitlements import NOTHING, State, gives_more, is_ours, want
from bot.store.kinds import EntitlementKind, RowProblem, StateKind
from bot.store.ledger import orders
from bot.store.records import Customer, Entitlement
from bot.store.sweeps import standing
from bot.store.sweeps.standing import Held, Listed

AT_ONCE = 1_000  # people whose access is looked at


@dataclass(frozen=True, slots=True)
class OfScript:
    """What one person has of one script: the reasons, and of what product each is."""

    script_id: int
    held: Held | None
    reasons: Sequence[tuple[int | None, Entitlement]]
    listed: Listed | None = None

    @property
    def is_there(self) -> bool:
        """Return whether anything is known of it at all."""
        return self.held is not None or self.listed is not None

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
            if self.held is not None and not known:  # its end is on its way
                return None
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
    """Everybody's names, and what some of them have of the scripts that a batch is about.

    Of many people that is much: it is looked at for `AT_ONCE` of them, and let go before the next.
    """

    now: datetime
    newest_order_id: int  # 0: the server has none yet
    items: Mapping[str, Item]  # those that were asked about, by their short names
    sold: tuple[str, ...]  # the short names of everything on sale
    archived: frozenset[str]  # and of what was
    by_name: Mapping[str, Customer]
    by_member: Mapping[int, Customer]
    _listed: Mapping[str, Mapping[int, Listed]]  # by name and script, where nothing is newer
    # Of those who are looked at.
    _held: Mapping[tuple[int, int], Held] = field(default_factory=dict)
    _reasons: Mapping[int, Sequence[tuple[int | None, Entitlement]]] = field(default_factory=dict)

    async def at(self, connection: AsyncConnection, people: Collection[Customer]) -> "Facts":
        """Return the same with what these people have."""
        script_ids = {script.id for item in self.items.values() for script in item.scripts}
        held = await standing.held(connection, script_ids, {each.id for each in people})
        reasons = await standing.reasons(connection, {each.id for each in held})

        def arranged() -> Facts:
            of_permission: dict[int, list[tuple[int | None, Entitlement]]] = {}
            for product_id, reason in reasons:
                of_permission.setdefault(reason.permission_id or 0, []).append((product_id, reason))
            by_both = {(each.customer_id, each.script_id): each for each in held}
            return replace(self, _held=by_both, _reasons=of_permission)

        return await asyncio.to_thread(arranged)

    def is_listed(self, name: str) -> bool:
        """Return whether TradingView shows that name, in any case, and nothing newer is known of it."""
        return name.casefold() in self._listed

    def names(self) -> list[str]:
        """Return the names, in lower case and in order, of everybody who may have something."""
        return sorted(self.by_name.keys() | self._listed.keys())

    def scripts_of(self, product_id: int | None, script_id: int | None) -> tuple[int, ...]:
        """Return the scripts of that product or script; none where it was not asked about."""
        for item in self.items.values():
            if (item.product_id, item.script_id) == (product_id, script_id):
                return tuple(script.id for script in item.scripts)
        return ()

    def who_has(
        self, names: Iterable[str]
    ) -> Iterator[tuple[Customer | None, str, dict[int, OfScript]]]:
        """Yield who of these has or had any of the scripts, with what there is of each."""
        scripts = {script.id: script for item in self.items.values() for script in item.scripts}
        for name in names:
            person = self.by_name.get(name)
            found = {
                script_id: of_script
                for script_id in scripts
                if (of_script := self._of_script(person, name, script_id)).is_there
            }
            if found:
                yield person, self._spelled(person, name), found

    def of(self, person: Customer | None, name: str, item: Item) -> list[OfScript]:
        """Return what somebody has of each script of an item."""
        return [self._of_script(person, name.casefold(), script.id) for script in item.scripts]

    def _of_script(self, person: Customer | None, name: str, script_id: int) -> OfScript:
        held = None if person is None else self._held.get((person.id, script_id))
        reasons = () if held is None else self._reasons.get(held.id, ())
        listed = self._listed.get(name, {}).get(script_id)
        return OfScript(script_id, held, reasons, listed)

    def _spelled(self, person: Customer | None, name: str) -> str:
        if person is not None and person.username is not None:
            return person.username
        return next(iter(self._listed[name].values())).username


async def facts_for(
    connection: AsyncConnection, guild_id: int, typed: Iterable[str], now: datetime
) -> Facts:
    """Return who everybody is; what they have of these items is looked at later, some at a time."""
    newest_order_id = await orders.newest_id(connection, guild_id)
    sold = await every_item(connection, guild_id)
    items = {name: sold[name] for name in {folded(each) for each in typed} if name in sold}
    script_ids = {script.id for item in items.values() for script in item.scripts}
    archived = frozenset(await archived_slugs(connection, guild_id))
    people = await standing.people(connection, guild_id)
    listed = await standing.listed(connection, script_ids)

    def arranged() -> Facts:
        by_listed_name: dict[str, dict[int, Listed]] = {}
        for each in listed:
            by_listed_name.setdefault(each.name_folded, {})[each.script_id] = each
        return Facts(
            now,
            newest_order_id,
            items,
            tuple(sold),
            archived,
            {each.name_folded: each for each in people if each.name_folded is not None},
            {each.member_id: each for each in people if each.member_id is not None},
            by_listed_name,
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
