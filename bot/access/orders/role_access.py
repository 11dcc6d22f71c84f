"""Follows the roles of members: what a role opens begins when they gain it, and ends when they lose it."""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import Item, item_of
from bot.access.catalogue.role_rules import RoleRules
from bot.access.ledger.barred import is_barred
from bot.access.ledger.notifier import Notifier
from bot.access.orders.purchases import Bought, Purchases, end_in, keep_in, lapse_in, open_in
from bot.access.orders.role_losses import close_if_over, note_many, pause
from bot.access.people.member_facts import MemberFact, MemberLeft, MemberRoles, RoleDeleted
from bot.access.request import RequestContext
from bot.access.rules.entitlements import State
from bot.access.rules.roles import Difference, compare, lapses_at
from bot.access.sync.queue import Queue
from bot.store.catalogue import role_rules
from bot.store.engine.database import Database
from bot.store.kinds import ActorKind, Otherwise, StateKind
from bot.store.ledger import direct_messages, purchases, role_gains
from bot.store.people import customers
from bot.store.records import Actor, HeldRole, RoleGain, RoleRule
from bot.store.vault import Vault

READ_AT_ONCE = 100  # members; reading more would hold up everything else
WRITTEN_AT_ONCE = 25  # in one transaction, so that others get their turn

# A role that comes and goes asks for a name once in that time; `/me` and the panel say it at any time.
ASKED_AGAIN = timedelta(days=1)

# What a member reads who gained roles that open items, and has to link a TradingView name first.
ToUnlinked = Callable[[int, Sequence[RoleRule], Sequence[Item]], Mapping[str, Any]]


@dataclass(slots=True)
class _Done:
    """What a transaction did, for those who go on with it once it is committed."""

    superseded: list[int] = field(default_factory=list)
    has_messages: bool = False


class RoleAccess:
    """Compares members' roles with what they have by them, and orders what differs.

    A gain's purchase and its row are one transaction, so that an event that comes twice counts once.
    `to_unlinked` words what a member reads who is to link a name; `tell` has it sent.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        rules: RoleRules,
        purchases: Purchases,
        queue: Queue,
        notifier: Notifier,
        to_unlinked: ToUnlinked,
        tell: Callable[[], None],
    ) -> None:
        self._database = database
        self._vault = vault
        self._rules = rules
        self._purchases = purchases
        self._queue = queue
        self._notifier = notifier
        self._to_unlinked = to_unlinked
        self._tell = tell
        self._holders: dict[int, set[int]] = {}  # by server, who has or had something by a role
        self._heard: list[set[tuple[int, int]]] = []
        self.on_missed: list[Callable[[int], None]] = []  # called with the server

    async def open(self) -> None:
        """Load who has something by a role."""
        async with self._database.read() as connection:
            for guild_id in self._rules.servers:
                self._holders[guild_id] = await role_gains.members(connection, guild_id)

    # What Discord tells

    def matters(self, fact: MemberFact) -> bool:
        """Return whether a fact may change anything, by what is in memory."""
        roles = self._rules.roles(fact.guild_id)
        if not roles:
            return False
        if isinstance(fact, RoleDeleted):
            return fact.role_id in roles
        for heard in self._heard:
            heard.add((fact.guild_id, fact.member_id))
        if fact.member_id in self._holders.get(fact.guild_id, ()):
            return True
        return isinstance(fact, MemberRoles) and not roles.isdisjoint(fact.roles)

    async def hear(self, fact: MemberFact) -> None:
        """Follow what Discord told; what cannot be kept now is made good by the next comparison."""
        try:
            await self._hear(fact)
        except Exception:
            for tell in self.on_missed:
                tell(fact.guild_id)
            raise

    async def _hear(self, fact: MemberFact) -> None:
        match fact:
            case MemberRoles():
                await self.see(fact.guild_id, {fact.member_id: fact.roles})
            case MemberLeft():
                await self.see(fact.guild_id, {fact.member_id: frozenset()})
            case RoleDeleted():
                await self.deleted(fact.guild_id, fact.role_id)

    @contextmanager
    def listening(self) -> Iterator[Collection[tuple[int, int]]]:
        """Collect the servers and members of whom Discord tells meanwhile: that is newer than an answer."""
        heard: set[tuple[int, int]] = set()
        self._heard.append(heard)
        try:
            yield heard
        finally:
            self._heard.remove(heard)

    def holders(self, guild_id: int) -> frozenset[int]:
        """Return who has something by a role in that server, and who had since the start."""
        return frozenset(self._holders.get(guild_id, ()))

    async def see(
        self, guild_id: int, roles: Mapping[int, Collection[int]], *, takes: bool = True
    ) -> None:
        """Follow the roles that these members have; without `takes`, only what they gained."""
        members = list(roles)
        for start in range(0, len(members), READ_AT_ONCE):
            some = {each: roles[each] for each in members[start : start + READ_AT_ONCE]}
            async with self._database.read() as connection:
                differing = await _differing(connection, guild_id, some, takes=takes)
            for first in range(0, len(differing), WRITTEN_AT_ONCE):
                few = [each.member_id for each in differing[first : first + WRITTEN_AT_ONCE]]
                await self._follow(guild_id, {each: roles[each] for each in few}, takes=takes)

    async def deleted(self, guild_id: int, role_id: int) -> None:
        """Note that a role is gone: what it gave stays until a manager decides."""
        now = clock.now()
        async with self._database.write() as connection:
            rules = await role_rules.listed(connection, guild_id, role_id)
            held = await role_gains.of_role(connection, guild_id, role_id)
            lost = [gain.purchase_id for gain in held if gain.lost_at is None]
            await role_gains.change(connection, lost, lost_at=now)
            if held:
                await pause(connection, guild_id, role_id, now, is_deleted=True)
            else:
                for rule in rules:
                    await role_rules.change(connection, rule.id, removed_at=now)
        if not held:
            await self._rules.open()
        self._tell()

    async def _follow(
        self, guild_id: int, roles: Mapping[int, Collection[int]], *, takes: bool
    ) -> None:
        now, done = clock.now(), _Done()
        async with self._database.write() as connection:
            differing = await _differing(connection, guild_id, roles, takes=takes)
            await _keep(connection, [gain for each in differing for gain in each.back], now)
            await _lose(connection, [held for each in differing for held in each.lost], now)
            for each in differing:
                await self._open(connection, guild_id, each, now, done)
        self._holders.setdefault(guild_id, set()).update(each.member_id for each in differing)
        self._notifier.ended(done.superseded)
        self._queue.wake(guild_id)
        if any(each.lost for each in differing):
            self._purchases.wake()
        if done.has_messages:
            self._tell()

    async def _open(
        self,
        connection: AsyncConnection,
        guild_id: int,
        difference: Difference,
        now: datetime,
        done: _Done,
    ) -> None:
        """Open what a member gained, and ask once for a name where none is known."""
        member_id = difference.member_id
        person = await customers.by_member(connection, guild_id, member_id)
        if is_barred(person):
            return
        for rule, gain in difference.again:
            ended = await purchases.by_id(connection, gain.purchase_id)
            request = _request(rule, now)
            await end_in(connection, self._vault, request, ended)
        asked = await role_gains.gained_since(connection, guild_id, member_id, now - ASKED_AGAIN)
        opened: list[tuple[RoleRule, Item]] = []
        for rule in (*difference.gained, *(rule for rule, _ in difference.again)):
            item = await item_of(connection, rule.product_id, rule.script_id)
            if _is_archived(item):
                continue
            bought = Bought(rule.source, item, member_id, State(StateKind.OPEN))
            got, superseded = await open_in(connection, self._vault, _request(rule, now), bought)
            await role_gains.add(connection, got.purchase.id, rule, member_id)
            done.superseded += superseded
            opened.append((rule, item))
        if opened and not asked and (person is None or person.username is None):
            content = self._to_unlinked(
                guild_id, [rule for rule, _ in opened], [item for _, item in opened]
            )
            await direct_messages.add(
                connection, guild_id, member_id, content, Otherwise.PANEL, now
            )
            done.has_messages = True


async def _differing(
    connection: AsyncConnection,
    guild_id: int,
    roles: Mapping[int, Collection[int]],
    *,
    takes: bool,
) -> list[Difference]:
    rules = await role_rules.listed(connection, guild_id)
    held = await role_gains.held(connection, guild_id, roles)
    found = [compare(each, has, held[each], rules) for each, has in roles.items()]
    return [each for each in found if each and (takes or each.gained or each.again or each.back)]


def _request(rule: RoleRule, now: datetime) -> RequestContext:
    """Return the request that one gain is: the row beside its purchase is what makes it one."""
    key = f"{rule.source} {rule.role_id} {rule.id} {secrets.token_hex(8)}"
    return RequestContext(rule.guild_id, Actor(ActorKind.SOURCE, rule.source), key, now)


def _is_archived(item: Item) -> bool:
    sold = item.product or item.scripts[0]
    return sold.archived_at is not None


async def _keep(connection: AsyncConnection, back: Sequence[RoleGain], now: datetime) -> None:
    """Let go on what was lost and is there again in time: nothing happened."""
    ids = [gain.purchase_id for gain in back]
    await role_gains.change(connection, ids, lost_at=None, loss_id=None)
    await keep_in(connection, ids)
    if losses := {gain.loss_id for gain in back if gain.loss_id is not None}:
        await close_if_over(connection, losses, now)


async def _lose(connection: AsyncConnection, lost: Sequence[HeldRole], now: datetime) -> None:
    """Let end, after the wait and the grace days, what these lost; too many at once wait for a manager."""
    rules = await role_rules.by_ids(connection, {each.gain.rule_id for each in lost})
    by: dict[datetime, list[int]] = {}
    for each in lost:
        at = lapses_at(each, rules[each.gain.rule_id], now)
        by.setdefault(at, []).append(each.gain.purchase_id)
    for at, ids in by.items():
        await role_gains.change(connection, ids, lost_at=now)
        await lapse_in(connection, ids, at)
    for guild_id, role_id in {(each.gain.guild_id, each.gain.role_id) for each in lost}:
        await note_many(connection, guild_id, role_id, now)
