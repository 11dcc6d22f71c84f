"""Whom a filter means: everybody who has something, or those to whom something is given."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import Item, every_item, find_item
from bot.access.orders.bulk.batches import Batches
from bot.access.orders.bulk.dry_run import Comparison, begun
from bot.access.orders.bulk.errors import CompensatesForEver, NobodyChosen, NothingToDo
from bot.access.orders.bulk.facts import AT_ONCE, Facts, folded
from bot.access.orders.bulk.holdings import Holding, ends_before
from bot.access.orders.bulk.records import TAKING, Defaults, Draft, Entry, Filter
from bot.access.request import RequestContext
from bot.access.rules.duration import absolute
from bot.memory import without_full_collections
from bot.store.engine.database import Database
from bot.store.kinds import BatchKind, RowProblem, RowState
from bot.store.ledger import batches
from bot.store.records import BatchRow, Customer
from bot.tradingview import LIFETIME, End, Lifetime


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a filter asks for; `members`: who has its role now."""

    kind: BatchKind
    chosen: Filter
    defaults: Defaults
    members: frozenset[int] | None
    item: str | None


@dataclass(slots=True)
class _Lines:
    """The rows so far, in their places; those that were taken are gone."""

    asked: _Asked
    left_out: list[BatchRow] = field(default_factory=list)
    _entries: list[Entry] = field(default_factory=list)
    _number: int = 0

    def taken(self) -> list[Entry]:
        """Return the rows that were added since the last time."""
        entries, self._entries = self._entries, []
        return entries

    def add(self, person: Customer | None, username: str, slug: str) -> None:
        """Add one person and item; by the name alone where nobody but the member says it is theirs."""
        defaults = self.asked.defaults
        member_id = None if person is None or person.merely_claims else person.member_id
        self._entries.append(
            Entry(
                self._next(),
                member_id=member_id,
                username=username,
                item=slug,
                length=defaults.length,
                until=defaults.until,
                note=defaults.note,
            )
        )

    def leave_out(self, member_id: int) -> None:
        """Add a member of whom no name is known for sure."""
        problem = RowProblem.NO_NAME_KNOWN
        self.left_out.append(
            BatchRow(self._next(), RowState.LEFT_OUT, problem, member_id=member_id)
        )

    def _next(self) -> int:
        self._number += 1
        return self._number


class Selection:
    """Makes dry runs for whom a filter means."""

    def __init__(self, database: Database, batches: Batches) -> None:
        self._database = database
        self._batches = batches

    async def draft(
        self,
        request: RequestContext,
        kind: BatchKind,
        chosen: Filter,
        defaults: Defaults,
        members: frozenset[int] | None,
    ) -> int:
        """Make the dry run; `members`: who has the filter's role now, None without a role.

        Returns the batch's number, the same one when a request is delivered twice.

        Raises:
            NobodyChosen: the filter names nobody.
            CompensatesForEver: a compensation is to give lifetime, or an end.
            ItemUnknown: there is no such item.
            NothingToDo: nobody is meant, or nothing would change for any of them.
        """
        asked = _understood(kind, chosen, defaults, members, request.at)
        with without_full_collections():
            return await self._drafted(request, asked)

    async def _drafted(self, request: RequestContext, asked: _Asked) -> int:
        chosen, defaults = asked.chosen, asked.defaults
        async with self._database.read() as connection:
            known = await batches.by_key(connection, request.guild_id, request.idempotency_key)
            if known is not None:
                return known.id
            wide = asked.item is None or chosen.everyone
            typed = set(await every_item(connection, request.guild_id)) if wide else set()
            if asked.item is not None:
                typed.add((await find_item(connection, request.guild_id, asked.item)).slug)
            comparison = await begun(connection, request, asked.kind, typed)
            lines = _Lines(asked)
            if _is_by_role_alone(asked):
                await asyncio.to_thread(_members, lines, comparison.facts)
                await comparison.look(connection, lines.taken())
            else:
                await _holders(connection, lines, comparison)
            draft = Draft(
                asked.kind, (), lines.left_out, chosen_of(chosen, defaults), note=defaults.note
            )
            compared = await comparison.ended(connection, request, draft)
        return await self._batches.keep_compared(request, draft, compared)


def chosen_of(chosen: Filter, defaults: Defaults) -> dict[str, Any]:
    """Return a filter and what is given as the database keeps it, for those who read of the batch."""
    end = chosen.ends_before
    return {
        "item": chosen.item or defaults.item,
        "ends_before": None if end is None else end.isoformat(),
        "role_id": None if chosen.role_id is None else str(chosen.role_id),
        "everyone": chosen.everyone,
        "length": None if defaults.length is None else defaults.length.text,
        "until": None if defaults.until is None else _end_text(defaults.until),
    }


def _end_text(end: End) -> str:
    return "lifetime" if isinstance(end, Lifetime) else end.isoformat()


def _understood(
    kind: BatchKind,
    chosen: Filter,
    defaults: Defaults,
    members: frozenset[int] | None,
    at: datetime,
) -> _Asked:
    """Return what is asked for.

    Raises NobodyChosen, CompensatesForEver, or NothingToDo where the item or the time lacks.
    """
    item = chosen.item or defaults.item
    names_some = chosen.everyone or chosen.role_id is not None or chosen.ends_before is not None
    if chosen.role_id is not None and members is None:
        raise NobodyChosen  # who has the role is not known: that must never mean everybody
    if not names_some and (kind is BatchKind.GRANT or item is None):
        raise NobodyChosen
    if kind is BatchKind.GRANT and item is None:
        raise NothingToDo(((RowProblem.NO_ITEM, 1),))
    if defaults.length is not None and defaults.until is not None:
        raise NothingToDo(((RowProblem.TWO_TIMES, 1),))
    if kind is not BatchKind.REVOKE and defaults.length is None and defaults.until is None:
        raise NothingToDo(((RowProblem.NO_TIME, 1),))
    if kind is BatchKind.COMPENSATE and (defaults.length is None or defaults.length.lifetime):
        raise CompensatesForEver
    if kind is BatchKind.SET and defaults.length is not None:
        end = absolute(defaults.length, at)
        defaults = Defaults(defaults.item, None, LIFETIME if end is None else end.at, defaults.note)
    return _Asked(kind, chosen, defaults, members, item)


def _is_by_role_alone(asked: _Asked) -> bool:
    """Return whether it is given to everybody with a role, whatever they have."""
    chosen = asked.chosen
    return asked.kind is BatchKind.GRANT and not chosen.everyone and chosen.ends_before is None


async def _holders(connection: AsyncConnection, lines: _Lines, comparison: Comparison) -> None:
    """Compare a row for each person and item that is meant, of those who have or had something."""
    facts = comparison.facts
    choose = _to_whom if lines.asked.kind is BatchKind.GRANT else _who_has
    names = await asyncio.to_thread(facts.names)

    def compare(there: Facts, some: Sequence[str]) -> None:
        choose(lines, there, some)
        comparison.add(lines.taken(), there)

    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        people = [facts.by_name[name] for name in some if name in facts.by_name]
        await asyncio.to_thread(compare, await facts.at(connection, people), some)


def _who_has(lines: _Lines, facts: Facts, names: Sequence[str]) -> None:
    """Choose those who have the item; without one, each thing that anybody has."""
    asked = lines.asked
    named = None if asked.item is None else facts.items[folded(asked.item)]
    sold = tuple(facts.items.values())
    for holding in _holdings(asked, facts, names):
        person = holding.person
        items = list(_items(holding, named, sold))
        if not items or not _is_member(asked.members, person):
            continue
        # By a claim alone nobody loses anything: the name may be another person's.
        if asked.members is not None and asked.kind in TAKING and _merely_claims(person):
            lines.leave_out(0 if person is None else person.member_id or 0)
            continue
        for item in items:
            before = asked.chosen.ends_before
            if before is None or ends_before(holding.end(item), before):
                lines.add(person, holding.username, item.slug)


def _items(holding: Holding, named: Item | None, sold: Collection[Item]) -> Iterator[Item]:
    if named is None:
        yield from holding.items(sold)
    elif holding.has(named):
        yield named


def _to_whom(lines: _Lines, facts: Facts, names: Sequence[str]) -> None:
    """Choose those to whom the item is given: who has anything at all, or the item until soon."""
    asked, chosen = lines.asked, lines.asked.chosen
    item = facts.items[folded(asked.item or "")]
    for holding in _holdings(asked, facts, names):
        if not _is_member(asked.members, holding.person):
            continue
        has = holding.has_anything if chosen.everyone else holding.has(item)
        end = holding.last_end() if chosen.everyone else holding.end(item)
        if has and (chosen.ends_before is None or ends_before(end, chosen.ends_before)):
            lines.add(holding.person, holding.username, item.slug)


def _members(lines: _Lines, facts: Facts) -> None:
    """Choose everybody with the role; of whom no name is known, they are left out and listed."""
    item = facts.items[folded(lines.asked.item or "")]
    for member_id in sorted(lines.asked.members or ()):
        person = facts.by_member.get(member_id)
        if person is None or person.username is None:
            lines.leave_out(member_id)
        else:
            lines.add(person, person.username, item.slug)


def _holdings(asked: _Asked, facts: Facts, names: Sequence[str]) -> Iterator[Holding]:
    for person, username, scripts in facts.who_has(names):
        yield Holding(person, username, scripts, facts.now, asked.kind)


def _is_member(members: frozenset[int] | None, person: Customer | None) -> bool:
    return members is None or (person is not None and person.member_id in members)


def _merely_claims(person: Customer | None) -> bool:
    return person is not None and person.merely_claims
