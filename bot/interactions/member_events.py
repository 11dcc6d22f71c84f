"""Roles, joins and leaves as Discord tells them, for who wants to know; no member is kept for that.

Without a member cache discord.py dispatches no `on_member_update` or `on_member_remove`: it has nothing to
compare with. Of its ways round that, `on_socket_raw_receive` would decode every frame twice and make a
task of each. The table of its parsers has each event decoded once and named already: a reader that is
put behind the parser of an event costs nothing for all others, and discord.py still counts the members.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot import clock
from bot.access.people.member_facts import MemberFact, MemberLeft, MemberRoles, RoleDeleted
from bot.errors import DatabaseBusyError, DiskFullError
from bot.jobs import Jobs

log = logging.getLogger(__name__)

Parser = Callable[[Any], None]
Payload = Mapping[str, Any]


@dataclass(eq=False, slots=True)
class _Listener:
    name: str
    hear: Callable[[MemberFact], Awaitable[None]]
    matters: Callable[[MemberFact], bool]
    waiting: deque[MemberFact] = field(default_factory=deque)
    is_hearing: bool = False


class MemberEvents:
    """Hands facts about members to listeners, each in the order in which Discord sent them."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._listeners: list[_Listener] = []

    def subscribe(
        self,
        name: str,
        hear: Callable[[MemberFact], Awaitable[None]],
        matters: Callable[[MemberFact], bool] = lambda _: True,
    ) -> None:
        """Have `hear` called with every fact that `matters`, one after the other, in a job of this name.

        `matters` runs where Discord's events are received, also for the 99,000 members nobody asks
        about: it looks only at what is in memory. What either raises is logged, and the next fact comes.
        """
        self._listeners.append(_Listener(name, hear, matters))

    def attach(self, parsers: dict[str, Parser]) -> None:
        """Read along in that table of discord.py's: what comes of each event by its name."""
        for event, read in _READERS.items():
            parsers[event] = self._behind(parsers[event], read)

    def _behind(self, parse: Parser, read: "Callable[[Payload], Iterator[MemberFact]]") -> Parser:
        def parsed(data: Payload) -> None:
            parse(data)
            if self._listeners:
                self._take(data, read)

        return parsed

    def _take(self, data: Payload, read: "Callable[[Payload], Iterator[MemberFact]]") -> None:
        """Keep what matters for later; raises nothing, or the connection to Discord would end."""
        try:
            facts = list(read(data))
        except Exception:
            log.exception("an event about a member could not be read")
            return
        for fact in facts:
            for listener in self._listeners:
                try:
                    if listener.matters(fact):
                        self._put(listener, fact)
                except Exception:
                    log.exception("%s failed at an event about a member", listener.name)

    def _put(self, listener: _Listener, fact: MemberFact) -> None:
        listener.waiting.append(fact)
        if not listener.is_hearing:
            listener.is_hearing = True
            _ = self._jobs.spawn(self._tell(listener), f"{listener.name}: members")

    async def _tell(self, listener: _Listener) -> None:
        try:
            while listener.waiting:
                fact = listener.waiting.popleft()
                try:
                    await listener.hear(fact)
                except (DiskFullError, DatabaseBusyError) as error:  # said once by the database
                    log.warning("%s missed an event (%s)", listener.name, type(error).__name__)
                except Exception:
                    log.exception("%s failed at an event about a member", listener.name)
                await asyncio.sleep(0)  # a listener that waits for nothing holds up nobody either
        finally:
            listener.is_hearing = False


def _updated(data: Payload) -> Iterator[MemberFact]:
    """Yield the roles of a member who came or changed."""
    yield from _member(int(data["guild_id"]), data["user"], data)


def _removed(data: Payload) -> Iterator[MemberFact]:
    if not data["user"].get("bot"):
        yield MemberLeft(int(data["guild_id"]), int(data["user"]["id"]))


def _role_deleted(data: Payload) -> Iterator[MemberFact]:
    yield RoleDeleted(int(data["guild_id"]), int(data["role_id"]))


def _interaction(data: Payload) -> Iterator[MemberFact]:
    """Yield the roles of who asks and of the members named in it: every interaction carries them."""
    if "guild_id" not in data or "member" not in data:
        return  # in direct messages nobody has roles
    guild_id = int(data["guild_id"])
    yield from _member(guild_id, data["member"]["user"], data["member"])
    resolved = (data.get("data") or {}).get("resolved") or {}
    users = resolved.get("users") or {}
    for member_id, member in (resolved.get("members") or {}).items():
        yield from _member(guild_id, users[member_id], member)


def _member(guild_id: int, user: Payload, member: Payload) -> Iterator[MemberFact]:
    if not user.get("bot"):  # what is sold is sold to people
        roles = frozenset(map(int, member["roles"]))
        yield MemberRoles(guild_id, int(user["id"]), roles, clock.now())


# A ban comes as GUILD_MEMBER_REMOVE too.
_READERS: Mapping[str, Callable[[Payload], Iterator[MemberFact]]] = {
    "GUILD_MEMBER_ADD": _updated,
    "GUILD_MEMBER_UPDATE": _updated,
    "GUILD_MEMBER_REMOVE": _removed,
    "GUILD_ROLE_DELETE": _role_deleted,
    "INTERACTION_CREATE": _interaction,
}
