"""Finds why somebody has no access, or not the expected: what is known first, then what TradingView shows."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.errors import ItemUnknown, ProductEmpty
from bot.access.catalogue.lookup import Item, find_item
from bot.access.errors import DiscordSilent
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.orders.outcomes import Outcomes
from bot.access.people.identity import name_of
from bot.access.people.username_lookup import (
    LOOKUP_TIMEOUT,
    look,
    nearest,
    of_name,
    stem,
    suggestions,
)
from bot.access.people.who import known
from bot.access.queries.causes import (
    Cause,
    Explanation,
    Part,
    Who,
    cause_of,
    first_cause,
    most_telling,
    to_read,
)
from bot.access.request import PAYMENT, Subject
from bot.store.catalogue import products, role_rules, scripts
from bot.store.engine.database import Database
from bot.store.kinds import OrderState
from bot.store.ledger import entitlements, orders, permissions, purchases, put_backs
from bot.store.people import claims
from bot.store.records import Contract, Customer, Product, RoleRule, Script
from bot.store.sales import contract_purchases
from bot.store.sweeps import sightings
from bot.tradingview.deadline import in_time

READ_TIMEOUT = 8.0  # seconds for each live read; after that what is known counts

# The roles of a member of a server now; None when they are no member. Raises DiscordSilent.
RolesOf = Callable[[int, int], Awaitable[frozenset[int] | None]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored about one person and one item, or every item."""

    who: Who
    parts: tuple[Part, ...]
    item: Item | None = None
    near: tuple[str, ...] | None = None  # there is no such item: the nearest that there are
    bought: tuple[Script | Product, ...] = ()


class Causes:
    """Reads; changes nothing."""

    def __init__(self, database: Database, sessions: Sessions, outcomes: Outcomes) -> None:
        self._database = database
        self._sessions = sessions
        self._outcomes = outcomes

    async def ask(
        self,
        guild_id: int,
        subject: Subject,
        item: str | None,
        roles_of: RolesOf,
        *,
        wherever: bool = False,
    ) -> Explanation:
        """Return the first cause; `wherever`: whether they are a member of the server does not matter.

        Raises:
            UserError: no person, or no readable name, was given.
        """
        facts = await self.facts(guild_id, subject, item)
        who = facts.who
        found = Explanation(guild_id, Cause.NO_ITEM, who, item, facts.item, bought=facts.bought)
        if facts.near is not None:
            return replace(found, near=facts.near)
        if who.member_id is not None:
            with suppress(DiscordSilent):  # then they are taken for a member
                roles = await roles_of(guild_id, who.member_id)
                if roles is None and not wherever:
                    return replace(found, cause=Cause.NOT_HERE)
                who = replace(who, roles=roles)
                facts, found = replace(facts, who=who), replace(found, who=who)
        if who.username is None:
            return replace(found, cause=Cause.NO_NAME)
        if unknown := await self._unknown(found, who.username):
            return unknown
        return await self._explain(found, await self._look(guild_id, facts))

    async def facts(self, guild_id: int, subject: Subject, item: str | None) -> Facts:
        """Return what is stored, in as many statements for many rows as for few. Raises as `ask` does."""
        async with self._database.read() as connection:
            sold, near = await _item(connection, guild_id, item)
            who = await _who(connection, guild_id, subject)
            if near is not None:
                return Facts(who, (), near=near)
            if who.username is None:
                bought = await _bought(connection, who.customer)
                return Facts(who, (), sold, bought=bought)
            listed = (
                await scripts.listed(connection, guild_id, archived=True)
                if sold is None
                else sold.scripts
            )
            parts = await _parts(connection, guild_id, who.username, listed)
        if sold is None:  # what is not sold any more counts for those who have it
            parts = tuple(
                part for part in parts if part.permission or part.script.archived_at is None
            )
        return Facts(who, parts, sold)

    async def standing(self, guild_id: int, person: Customer) -> tuple[Part, ...]:
        """Return what a customer should have now and may know of, as it is stored."""
        facts = await self.facts(guild_id, Subject(username=person.username), None)
        now = clock.now()
        return tuple(
            part
            for part in facts.parts
            if part.checked.wanted.gives_access(now)
            and not any(reason.withheld for reason in part.checked.reasons)
        )

    async def _unknown(self, found: Explanation, name: str) -> Explanation | None:
        """Return that TradingView knows nobody of the name, with the nearest; None: it knows, or is silent."""
        session = await self._sessions.of(found.guild_id)
        hints = await suggestions(session.tradingview, name, LOOKUP_TIMEOUT, urgent=True)
        if hints is None or of_name(hints, name) is not None:
            return None
        person = found.who.customer
        number = None if person is None else person.tv_user_id
        if number is not None and all(hint.user_id != number for hint in hints):
            # Others may still be called so; a name that was changed often begins as before.
            hints += await in_time(session.tradingview.hints(stem(name)), LOOKUP_TIMEOUT) or []
        same = [hint.username for hint in hints if number is not None and hint.user_id == number]
        near = tuple(dict.fromkeys((*same, *nearest(name, hints))))
        renamed = same[0] if same else None
        return replace(found, cause=Cause.NAME_UNKNOWN, near=near, renamed=renamed)

    async def _look(self, guild_id: int, facts: Facts) -> Facts:
        """Return the facts in the order in which they count, with what TradingView shows where that matters."""
        who, now = facts.who, clock.now()
        parts: Sequence[Part] = facts.parts
        if facts.item is None:  # where nothing is known of anything, TradingView may know
            parts = most_telling(parts, who, now) or parts
        session = await self._sessions.of(guild_id)
        if session.state is not LoginState.ALIVE or who.username is None:
            return replace(facts, parts=tuple(parts))
        name, asked = who.username, to_read(parts, who, now)
        shown = await asyncio.gather(
            *(in_time(look(session.tradingview, part.script, name), READ_TIMEOUT) for part in asked)
        )
        read = [replace(part, shown=state) for part, state in zip(asked, shown, strict=True)]
        return replace(facts, parts=(*read, *parts[len(read) :]))

    async def _explain(self, found: Explanation, facts: Facts) -> Explanation:
        """Return the first cause among the parts, with the order that it is about."""
        who, now = facts.who, clock.now()
        cause, part = first_cause(facts.parts, who, now)
        if facts.item is None and cause is Cause.NEVER:
            part = None  # it is so of every script
        asked = to_read(facts.parts, who, now)
        found = replace(
            found,
            cause=cause,
            part=part,
            standing=tuple(
                other.script
                for other in facts.parts
                if other is not part and cause_of(other, who, now) is Cause.STANDS
            ),
            is_certain=all(each.shown is not None for each in asked),
        )
        if part is None or part.permission is None:
            return found
        return await self._with_order(found, part)

    async def _with_order(self, found: Explanation, part: Part) -> Explanation:
        assert part.permission is not None  # noqa: S101 - looked at before
        held, order_id, ended_by = part.permission.id, None, None
        contract: Contract | None = None
        async with self._database.read() as connection:
            if found.cause is Cause.HELD_BACK:
                removals = (await put_backs.removals(connection, [held]))[held]
                order_id = removals[-1] if removals else None
            elif found.cause in (Cause.WAITING, Cause.STUCK):
                for state in (OrderState.WAITING, OrderState.STUCK):
                    some = await orders.of_permission(connection, held, state)
                    order_id = order_id or (some[-1].id if some else None)
            elif found.cause is Cause.ENDED and part.last is not None:
                if part.last.ended_by:
                    ended_by = await orders.by_id(connection, part.last.ended_by)
                if part.last.source == PAYMENT:
                    contract = await contract_purchases.contract_of(
                        connection, part.last.purchase_id
                    )
        if order_id is None:
            return replace(found, ended_by=ended_by, contract=contract)
        receipt = await self._outcomes.receipt(order_id)
        mine = next((each for each in receipt.every if each.order.id == order_id), receipt)
        return replace(found, receipt=replace(mine, quiet_until=receipt.quiet_until))


async def _item(
    connection: AsyncConnection, guild_id: int, item: str | None
) -> tuple[Item | None, tuple[str, ...] | None]:
    """Return the item of that short name, or the nearest names. Raises ProductEmpty."""
    if item is None or not item.strip():
        return None, None
    try:
        sold = await find_item(connection, guild_id, item)
    except ItemUnknown as unknown:
        return None, unknown.near
    if not sold.scripts:
        raise ProductEmpty(sold.title)
    return sold, None


async def _who(connection: AsyncConnection, guild_id: int, subject: Subject) -> Who:
    """Return the person meant. Raises UserError for nobody, and for a member and a name of two people."""
    person = await known(connection, guild_id, subject)
    member_id = subject.member_id
    if person is not None and member_id is None:
        member_id = person.member_id
    username = None if person is None else person.username
    if username is None and subject.username and subject.username.strip():
        username = await name_of(connection, guild_id, subject)
    claim = None
    if username is None and member_id is not None:
        claim = await claims.waiting_of(connection, guild_id, member_id)
    return Who(member_id, username, person, claim)


async def _parts(
    connection: AsyncConnection, guild_id: int, name: str, listed: Sequence[Script]
) -> tuple[Part, ...]:
    rules = await _rules(connection, guild_id)
    held = {each.script_id: each for each in await permissions.of_name(connection, guild_id, name)}
    rows = {row.script_id: row for row in await sightings.of_name(connection, guild_id, name)}
    ever = await entitlements.ever_of(connection, [each.id for each in held.values()])
    return tuple(
        Part(
            script,
            held.get(script.id),
            tuple(ever[held[script.id].id]) if script.id in held else (),
            rows.get(script.id),
            rules=tuple(rules.get(script.id, ())),
        )
        for script in listed
    )


async def _rules(connection: AsyncConnection, guild_id: int) -> dict[int, list[RoleRule]]:
    """Return, by script, the rules of the roles that open it, by itself or with a product."""
    rules = await role_rules.listed(connection, guild_id)
    sold = {rule.product_id for rule in rules if rule.product_id is not None}
    of_products = await products.scripts_of(connection, sold)
    found: dict[int, list[RoleRule]] = {}
    for rule in rules:
        opened = [script.id for script in of_products.get(rule.product_id or 0, ())]
        for script_id in opened if rule.script_id is None else [rule.script_id]:
            found.setdefault(script_id, []).append(rule)
    return found


async def _bought(
    connection: AsyncConnection, person: Customer | None
) -> tuple[Script | Product, ...]:
    """Return what a person got that waits for a TradingView name."""
    if person is None:
        return ()
    waiting = await purchases.waiting_of(connection, person.id)
    sold = await products.by_ids(
        connection, {each.product_id for each in waiting if each.product_id}
    )
    single = await scripts.by_ids(
        connection, {each.script_id for each in waiting if each.script_id}
    )
    found = {
        (each.product_id, each.script_id): sold.get(each.product_id or 0)
        or single.get(each.script_id or 0)
        for each in waiting
    }
    return tuple(item for item in found.values() if item is not None)
