"""Members of a server: the one place that asks Discord for them, since none is kept in memory."""

import asyncio
import logging
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import discord
from discord.http import Route

from bot import clock
from bot.access.errors import DiscordSilent, MembersSilent
from bot.access.people.import_errors import MembersUnseen
from bot.access.people.import_records import People, Person, Wanted
from bot.access.people.member_facts import MemberRoles
from bot.access.queries.holders import MAX_MEMBERS
from bot.interactions.member_names import MemberNames
from bot.interactions.member_requests import MAX_IDS, MemberRequests, person_of
from bot.notifications.trouble import NO_SUCH_MEMBER, NO_SUCH_SERVER, TROUBLE, code_of, in_short

log = logging.getLogger(__name__)

FIND_TIMEOUT = 2.0  # seconds; a press must be acknowledged within 3 s
NAMED_TIMEOUT = 1.0  # seconds; a page that waits for it shows what else is found
ASK_TIMEOUT = 30.0  # seconds, where nobody waits for it
ASK_EVERY = 1.0  # seconds between two of those who are asked about in turn
LIST_KEPT = 30.0  # seconds: Discord lists everybody no sooner again
SEARCH_KEPT = 600.0  # seconds: for whoever turns pages, and for a second try
MAX_SEARCHED = 1000  # as many as Discord shows for one name
_MAX_QUERY = 100  # characters
_NO_ACCESS = 50001
_PAGE = 1000  # members in one answer, at most

T = TypeVar("T")
Tell = Callable[[tuple[int, int]], None]  # so many were asked about, of how many


@dataclass(eq=False, slots=True)
class _Kept:
    """An answer of Discord that counts until then, by clock.monotonic()."""

    until: float
    people: list[Person] = field(default_factory=list)


class Members:
    """Finds one member, some or everybody, within what Discord allows.

    Without the members intent Discord lists nobody, but answers about a number and about how a name begins.
    """

    def __init__(self, client: discord.Client, state: Any) -> None:
        self._client = client
        self._requests = MemberRequests(client, state.parsers)
        self.names = MemberNames(self._requests)
        self._lists: dict[int, _Kept] = {}  # by server
        self._listing: dict[int, asyncio.Task[list[Person]]] = {}
        self._searched: dict[tuple[int, str], _Kept] = {}
        self._turn = asyncio.Lock()
        self._next_turn = 0.0  # by clock.monotonic()
        self._parse_join = state.parsers["GUILD_MEMBER_ADD"]
        state.parsers["GUILD_MEMBER_ADD"] = self._joined

    async def find(self, guild_id: int, member_id: int) -> discord.Member | None:
        """Return that member of that server; None when there is no such member.

        Raises:
            DiscordSilent: Discord does not say.
        """
        return await self._answer(
            self._fetch(guild_id, member_id),
            FIND_TIMEOUT,
            f"member {member_id} of {guild_id}",
            NO_SUCH_MEMBER | {NO_SUCH_SERVER},
        )

    async def roles_of(self, guild_id: int, member_id: int) -> frozenset[int] | None:
        """Return the roles of that member; None when there is no such member.

        For asking about many in turn: whoever asks waits, so that Discord is asked once a second at most.

        Raises:
            DiscordSilent: Discord does not say.
        """
        async with self._turn:
            await clock.sleep(max(0.0, self._next_turn - clock.monotonic()))
            self._next_turn = clock.monotonic() + ASK_EVERY
            member = await self._member(guild_id, member_id)
        return None if member is None else frozenset(map(int, member["roles"]))

    async def roles_now(self, guild_id: int, member_id: int) -> frozenset[int] | None:
        """Return the roles of that member, for somebody who waits; None when there is no such member.

        Raises:
            DiscordSilent: Discord does not say.
        """
        asking = self._client.http.get_member(guild_id, member_id)
        about = f"member {member_id} of {guild_id}"
        member: Any = await self._answer(asking, FIND_TIMEOUT, about)
        return None if member is None else frozenset(map(int, member["roles"]))

    @property
    def are_listed(self) -> bool:
        """Return whether Discord lists everybody, which it does with the members intent."""
        return self._client.intents.members

    def existing_roles(self, guild_id: int) -> frozenset[int] | None:
        """Return the roles of that server; None when they are not known now."""
        guild = self._client.get_guild(guild_id)
        if guild is None or guild.unavailable or not guild.roles:
            return None
        return frozenset(role.id for role in guild.roles)

    async def listed(self, guild_id: int) -> AsyncIterator[Sequence[MemberRoles]]:
        """Yield the roles of everybody but the bots, a thousand at a time, and keep nobody.

        Where Discord gives no pages it is asked for all at once. Raises MembersSilent before the end of
        the list: also when the bot itself was not in it.
        """
        after, has_itself = 0, False
        while True:
            at = clock.now()
            try:
                members = await self._page(guild_id, after)
            except MembersSilent:
                if after:
                    raise
                count = self._count(guild_id)
                found = await self._requests.roles_of_everybody(guild_id, count)
                yield [MemberRoles(guild_id, each, roles, at) for each, roles in found.items()]
                return
            has_itself |= any(_is(member, self._client.user) for member in members)
            yield [roles for member in members if (roles := _roles(guild_id, member, at))]
            if len(members) < _PAGE:
                break
            after = max(int(member["user"]["id"]) for member in members)
        if not has_itself:
            log.warning("Discord did not list all members of server %s", guild_id)
            raise MembersSilent

    async def number_with(
        self, guild_id: int, role_id: int, known: Collection[int]
    ) -> tuple[int, bool] | None:
        """Return how many members have that role, and whether of everybody: else of the `known` ones.

        None where Discord does not say, or there are too many to be asked about.
        """
        having = await self.with_role(guild_id, role_id, known)
        return None if having is None else (len(having), self.are_listed)

    async def with_role(
        self, guild_id: int, role_id: int, known: Collection[int]
    ) -> frozenset[int] | None:
        """Return who has that role now: of everybody where Discord lists them, else of the `known` ones.

        None where Discord does not say, or there are too many to be asked about.
        """
        if not self.are_listed:
            return await self.having(guild_id, role_id, known)
        found: set[int] = set()
        try:
            async for page in self.listed(guild_id):
                found |= {
                    each.member_id for each in page if role_id in each.roles or role_id == guild_id
                }
        except MembersSilent:
            return None
        return frozenset(found)

    async def having(
        self, guild_id: int, role_id: int, known: Collection[int]
    ) -> frozenset[int] | None:
        """Return which of the `known` ones have that role now, without the members intent too.

        None where Discord does not say, or there are too many to be asked about.
        """
        ids = sorted(known)
        if len(ids) > MAX_MEMBERS:
            return None
        found: set[int] = set()
        try:
            for start in range(0, len(ids), MAX_IDS):
                some = await self._requests.roles_by_ids(guild_id, ids[start : start + MAX_IDS])
                # Everybody has the role that is called like the server; Discord lists it for none.
                found |= {
                    each for each, roles in some.items() if role_id in roles or role_id == guild_id
                }
        except MembersSilent:
            return None
        return frozenset(found)

    async def _page(self, guild_id: int, after: int) -> list[Any]:
        try:
            return await self._client.http.get_members(guild_id, _PAGE, after)
        except TROUBLE as error:
            log.warning("the members of server %s: %s", guild_id, in_short(error))
            raise MembersSilent from None

    async def present(self, guild_id: int, member_ids: Collection[int]) -> set[int]:
        """Return those of these numbers that are members now, and no bots. Raises MembersSilent."""
        found = await self._by_ids(guild_id, member_ids, lambda _: None)
        return {person.id for person in found}

    async def people(self, guild_id: int, wanted: Wanted, tell: Tell) -> People:
        """Return everybody but the bots; without the members intent those who are wanted.

        Raises:
            MembersSilent: Discord does not list them now; with the seconds until it may.
            MembersUnseen: Discord does not allow it.
        """
        if self._client.intents.members:
            return People(tuple(await self._everybody(guild_id)))
        self._forget_searches()
        asked, number = 0, len(wanted.ids) + len(wanted.names)

        def told(more: int) -> None:
            nonlocal asked
            asked += more
            tell((asked, number))

        found = await self._by_ids(guild_id, wanted.ids, told)
        crowded: list[str] = []
        for name in wanted.names:
            named = await self._search(guild_id, name)
            found += named
            if len(named) >= MAX_SEARCHED:
                crowded.append(name)
            told(1)
        once = {person.id: person for person in found}
        return People(tuple(once.values()), is_everybody=False, crowded=tuple(crowded))

    async def _everybody(self, guild_id: int) -> list[Person]:
        """Return the list of the last 30 s, or a new one; all who ask meanwhile get the same."""
        kept = self._lists.get(guild_id)
        if kept is not None and clock.monotonic() < kept.until:
            return kept.people
        listing = self._listing.get(guild_id)
        if listing is None:
            listing = asyncio.create_task(self._list(guild_id), name="list of members")
            self._listing[guild_id] = listing
            listing.add_done_callback(lambda _: self._listing.pop(guild_id))
        return await asyncio.shield(listing)

    async def _list(self, guild_id: int) -> list[Person]:
        kept = _Kept(0.0, await self._requests.everybody(guild_id, self._count(guild_id)))
        kept.until = clock.monotonic() + LIST_KEPT
        self._lists[guild_id] = kept
        # By the loop's own time: this only gives the memory back.
        asyncio.get_running_loop().call_later(LIST_KEPT, self._lists.pop, guild_id, None)
        return kept.people

    def _count(self, guild_id: int) -> int:
        guild = self._client.get_guild(guild_id)
        return 0 if guild is None else guild.member_count or 0

    def _joined(self, data: Mapping[str, Any]) -> None:
        """Have discord.py count whoever joins, and add them to the list that is kept."""
        self._parse_join(data)
        kept = self._lists.get(int(data["guild_id"]))
        if kept is not None and (person := person_of(data)) is not None:
            kept.people.append(person)

    async def _by_ids(
        self, guild_id: int, member_ids: Collection[int], told: Callable[[int], None]
    ) -> list[Person]:
        """Ask a hundred at a time; one at a time where the gateway does not answer."""
        found: list[Person] = []
        ids = sorted(member_ids)
        answers = True
        for start in range(0, len(ids), MAX_IDS):
            some = ids[start : start + MAX_IDS]
            if answers:
                try:
                    found += await self._requests.by_ids(guild_id, some)
                except MembersSilent:
                    answers = False
            if not answers:
                found += await self._one_by_one(guild_id, some)
            told(len(some))
        return found

    async def _one_by_one(self, guild_id: int, member_ids: Iterable[int]) -> list[Person]:
        found: list[Person] = []
        for member_id in member_ids:
            try:
                member = await self._member(guild_id, member_id)
            except DiscordSilent:
                raise MembersSilent from None
            if member is not None and (person := person_of(member)) is not None:
                found.append(person)
        return found

    async def named(self, guild_id: int, name: str) -> frozenset[int]:
        """Return the members whose names begin so; nobody where Discord does not tell within a second."""
        if self._client.user is None:  # not signed in to Discord yet
            return frozenset()
        self._forget_searches()
        asking = asyncio.ensure_future(self._search(guild_id, name))
        try:
            is_told = await clock.within(NAMED_TIMEOUT, asking)
            return frozenset(person.id for person in asking.result()) if is_told else frozenset()
        except (MembersSilent, MembersUnseen):
            return frozenset()
        finally:
            asking.cancel()

    def _forget_searches(self) -> None:
        now = clock.monotonic()
        self._searched = {key: kept for key, kept in self._searched.items() if kept.until > now}

    async def _search(self, guild_id: int, name: str) -> list[Person]:
        """Return the members whose names begin so; discord.py waits between two as long as Discord says."""
        key = (guild_id, name.casefold())
        kept = self._searched.get(key)
        if kept is None:
            members = await self._searched_for(guild_id, name)
            people = [person for member in members if (person := person_of(member)) is not None]
            kept = self._searched[key] = _Kept(clock.monotonic() + SEARCH_KEPT, people)
        return kept.people

    async def _searched_for(self, guild_id: int, name: str) -> list[Any]:
        route = Route("GET", "/guilds/{guild_id}/members/search", guild_id=guild_id)
        query = {"query": name[:_MAX_QUERY], "limit": MAX_SEARCHED}
        while True:
            try:
                members: list[Any] = await self._client.http.request(route, params=query)
            except discord.RateLimited as limit:
                await clock.sleep(limit.retry_after)
            except TROUBLE as error:
                log.warning("the members of server %s: %s", guild_id, in_short(error))
                if code_of(error) == _NO_ACCESS:
                    raise MembersUnseen from None
                raise MembersSilent from None
            else:
                return members

    async def _fetch(self, guild_id: int, member_id: int) -> discord.Member:
        """Ask for the member; just after the start for the server too, whose roles count."""
        guild = self._client.get_guild(guild_id)
        if guild is None:
            guild = await self._client.fetch_guild(guild_id, with_counts=False)
        return await guild.fetch_member(member_id)

    async def _member(self, guild_id: int, member_id: int) -> Any:
        """Return the member as Discord's JSON; None when there is no such member. Raises DiscordSilent."""
        asking = self._client.http.get_member(guild_id, member_id)
        return await self._answer(asking, ASK_TIMEOUT, f"member {member_id} of {guild_id}")

    async def _answer(
        self,
        question: Awaitable[T],
        seconds: float,
        about: str,
        nobody: Collection[int] = NO_SUCH_MEMBER,
    ) -> T | None:
        """Return Discord's answer in that time; None when there is no such member. Raises DiscordSilent.

        `nobody`: the errors that say so.
        """
        asking = asyncio.ensure_future(question)
        try:
            if not await clock.within(seconds, asking):
                raise DiscordSilent
            return asking.result()
        except TROUBLE as error:
            if code_of(error) in nobody:
                return None
            log.warning("%s: %s", about, in_short(error))
            raise DiscordSilent from None
        finally:
            asking.cancel()


def _is(member: Mapping[str, Any], user: discord.ClientUser | None) -> bool:
    return user is not None and int(member["user"]["id"]) == user.id


def _roles(guild_id: int, member: Mapping[str, Any], at: datetime) -> MemberRoles | None:
    """Return the roles of a member of Discord's JSON; None for a bot."""
    if member["user"].get("bot"):
        return None
    roles = frozenset(map(int, member["roles"]))
    return MemberRoles(guild_id, int(member["user"]["id"]), roles, at)
