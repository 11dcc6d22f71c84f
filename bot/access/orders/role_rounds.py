"""Compares everybody's roles with what they have by them, so that nothing is missed that Discord did not tell."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol

from bot import clock
from bot.access.catalogue.role_rules import RoleRules
from bot.access.errors import DiscordSilent, MembersSilent
from bot.access.orders.role_access import RoleAccess
from bot.access.orders.role_losses import RoleLosses
from bot.access.people.member_facts import MemberRoles
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.people import customers

log = logging.getLogger(__name__)

EVERY = 86_400.0  # seconds between two comparisons of a server whose members Discord lists
AGAIN = 60.0  # seconds until a list that did not come to its end is asked for again
LOOK_EVERY = 15.0  # seconds between looks for questions to managers
# The same member is asked about no more often, where there are few.
ASKED_AGAIN = timedelta(seconds=30)
_IN_TURN = 20  # members that are chosen at once


class Members(Protocol):
    """What Discord answers about the members of a server."""

    @property
    def are_listed(self) -> bool:
        """Return whether Discord lists everybody, which it does with the members intent."""

    def listed(self, guild_id: int) -> AsyncIterator[Sequence[MemberRoles]]:
        """Yield everybody but the bots, some at a time. Raises MembersSilent before the end of the list."""

    async def roles_of(self, guild_id: int, member_id: int) -> frozenset[int] | None:
        """Return the roles of that member; None when there is no such member. Raises DiscordSilent."""

    def existing_roles(self, guild_id: int) -> frozenset[int] | None:
        """Return the roles of that server; None when they are not known now."""


class RoleRounds:
    """Goes through the members of each server with rules: at each start, daily, and when rules change.

    Where Discord lists them, all at once; else those who are customers one after the other, the one whom
    it was asked about the longest ago first.
    """

    def __init__(
        self,
        database: Database,
        rules: RoleRules,
        access: RoleAccess,
        losses: RoleLosses,
        members: Members,
    ) -> None:
        self._database = database
        self._rules = rules
        self._access = access
        self._losses = losses
        self._members = members
        self._due: dict[
            int, float
        ] = {}  # by server that is there, when it is next; clock.monotonic()
        self._woken = {name: asyncio.Event() for name in ("lists", "turns", "questions")}
        rules.on_change.append(self.arrived)

    def arrived(self, guild_id: int) -> None:
        """Compare that server now: the bot came there, is connected anew, or its rules changed."""
        self._due[guild_id] = clock.monotonic()
        for woken in self._woken.values():
            woken.set()

    def start(self, jobs: Jobs) -> None:
        """Begin, until the jobs end; nothing is asked of Discord before a server is there."""
        for name, work in (
            ("lists", self._compare_due),
            ("turns", self._ask_in_turn),
            ("questions", self._ask_managers),
        ):
            _ = jobs.spawn(self._run(name, work), f"roles: {name}")

    async def _run(self, name: str, work: Callable[[], Awaitable[float | None]]) -> None:
        woken = self._woken[name]
        while True:
            woken.clear()
            try:
                pause = await work()
            except Exception:  # the next round goes on
                log.exception("roles: %s failed; again in %s s", name, AGAIN)
                pause = AGAIN
            await clock.set_within(pause, woken)

    # Where Discord lists the members

    async def _compare_due(self) -> float | None:
        """Compare the servers that are due; return the seconds until the next one is."""
        await self._rules.open()  # the bot may be back in a server that has some
        for guild_id in list(self._due):
            if self._due[guild_id] > clock.monotonic():
                continue
            await self._note_deleted(guild_id)
            if not self._members.are_listed or guild_id not in self._rules.servers:
                self._due[guild_id] = clock.monotonic() + EVERY
                continue
            self._due[guild_id] = clock.monotonic() + EVERY  # a change meanwhile makes it due again
            try:
                await self.compare(guild_id)
            except MembersSilent:
                log.warning("the roles of server %s are compared later", guild_id)
                self._due[guild_id] = clock.monotonic() + AGAIN
        due = min(self._due.values(), default=None)
        return None if due is None else max(0.0, due - clock.monotonic())

    async def compare(self, guild_id: int) -> None:
        """Compare everybody; a list that does not come to its end takes nothing from anybody.

        Raises MembersSilent.
        """
        opening = self._rules.roles(guild_id)
        holders = self._access.holders(guild_id)
        now_have: dict[int, frozenset[int]] = dict.fromkeys(holders, frozenset())
        with self._access.listening() as heard:
            async for page in self._members.listed(guild_id):
                matter = {
                    member.member_id: member.roles & opening
                    for member in page
                    if member.member_id in holders or not opening.isdisjoint(member.roles)
                }
                now_have |= {each: has for each, has in matter.items() if each in holders}
                gained = {
                    each: has for each, has in matter.items() if (guild_id, each) not in heard
                }
                await self._access.see(guild_id, gained, takes=False)
            rest = {each: has for each, has in now_have.items() if (guild_id, each) not in heard}
            await self._access.see(guild_id, rest)

    async def _note_deleted(self, guild_id: int) -> None:
        """Note which roles were deleted while nobody listened."""
        existing = self._members.existing_roles(guild_id)
        if existing is not None:
            for role_id in self._rules.roles(guild_id) - existing:
                await self._access.deleted(guild_id, role_id)

    # Where it does not

    async def _ask_in_turn(self) -> float | None:
        """Ask about some who are known; return the seconds until somebody's turn comes."""
        servers = self._rules.servers & set(self._due)
        if self._members.are_listed or not servers:
            return None
        async with self._database.read() as connection:
            found = await customers.longest_unasked(connection, servers, _IN_TURN)
        for guild_id, member_id, asked_at in found:
            if asked_at is not None and clock.now() - asked_at < ASKED_AGAIN:
                return (asked_at + ASKED_AGAIN - clock.now()).total_seconds()
            try:
                await self.ask_about(guild_id, member_id)
            except DiscordSilent:
                await clock.sleep(LOOK_EVERY)
        return ASKED_AGAIN.total_seconds() if not found else 0.0

    async def ask_about(self, guild_id: int, member_id: int) -> None:
        """Ask for the roles of one member, and follow them. Raises DiscordSilent."""
        async with self._database.write() as connection:
            await customers.roles_asked(connection, guild_id, member_id, clock.now())
        with self._access.listening() as heard:
            roles = await self._members.roles_of(guild_id, member_id)
            if (guild_id, member_id) not in heard:
                await self._access.see(guild_id, {member_id: roles or frozenset()})

    # What waits for a manager

    async def _ask_managers(self) -> float:
        due = await self._losses.ask()
        if due is None:
            return LOOK_EVERY
        return max(0.0, (due - clock.now()).total_seconds())
