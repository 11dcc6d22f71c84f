"""Requests for members over the gateway, which answers in pieces, limits them, or does not answer at all."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord

from bot import clock
from bot.access.errors import MembersSilent
from bot.access.people.import_records import Person
from bot.notifications.trouble import TROUBLE, in_short

log = logging.getLogger(__name__)

LIST_TIMEOUT = 8.0  # seconds for the list of everybody; Discord begins to send it at once
MAX_IDS = 100  # as many as one request may name
_MEMBERS_A_SECOND = 10_000  # as Discord sends them
_REQUEST_MEMBERS = 8  # the opcode


@dataclass(eq=False, slots=True)
class _Request:
    """A request that is under way, and those whom Discord has named so far."""

    guild_id: int
    done: "asyncio.Future[list[Any]]"
    read: Callable[[Mapping[str, Any]], Any]  # makes of a member what is kept of it; None: nothing
    found: list[Any] = field(default_factory=list)
    pieces: int = 0


class MemberRequests:
    """Sends them and gathers the pieces: names and numbers, but no member object for each.

    Discord refuses a second request for everybody within 30 s with RATE_LIMITED, which discord.py does
    not know, and may not answer at all: discord.py would wait for ever, and every later request with it.
    """

    def __init__(self, client: discord.Client, parsers: dict[str, Any]) -> None:
        self._client = client
        self._not_before: dict[int, float] = {}  # by server, by clock.monotonic()
        self._under_way: dict[str, _Request] = {}  # by nonce
        parsers["RATE_LIMITED"] = self._rate_limited
        parsers["GUILD_MEMBERS_CHUNK"] = (
            self._piece
        )  # nobody else asks, so discord.py need not read it

    async def everybody(self, guild_id: int, count: int) -> list[Person]:
        """Return all members of a server that has so many, but for the bots.

        Raises MembersSilent when Discord does not list them now; with the seconds until it may.
        """
        if (wait := self._wait(guild_id)) > 0:
            raise MembersSilent(wait)
        longest = LIST_TIMEOUT + count / _MEMBERS_A_SECOND
        return await self._ask(guild_id, longest, person_of, query="", limit=0)

    async def by_ids(self, guild_id: int, member_ids: Sequence[int]) -> list[Person]:
        """Return those of at most `MAX_IDS` numbers that are members. Raises MembersSilent."""
        return await self._ask(
            guild_id, LIST_TIMEOUT, person_of, user_ids=list(member_ids), limit=0
        )

    async def roles_by_ids(
        self, guild_id: int, member_ids: Sequence[int]
    ) -> dict[int, frozenset[int]]:
        """Return the roles of those of at most `MAX_IDS` numbers that are members. Raises MembersSilent."""
        found = await self._ask(
            guild_id, LIST_TIMEOUT, _roles_of, user_ids=list(member_ids), limit=0
        )
        return dict(found)

    async def _ask(
        self,
        guild_id: int,
        longest: float,
        read: Callable[[Mapping[str, Any]], Any],
        **wanted: Any,
    ) -> list[Any]:
        nonce = secrets.token_hex(16)
        request = _Request(guild_id, asyncio.get_running_loop().create_future(), read)
        self._under_way[nonce] = request
        try:
            if (socket := getattr(self._client, "ws", None)) is not None:
                await socket.request_chunks(guild_id, nonce=nonce, **wanted)
                if await clock.within(longest, request.done):
                    return request.done.result()
        except TROUBLE as error:
            log.warning("the members of server %s: %s", guild_id, in_short(error))
        finally:
            del self._under_way[nonce]
            request.done.cancel()
        log.warning("Discord did not list the members of server %s", guild_id)
        wait = self._wait(guild_id)
        raise MembersSilent(wait if wait > 0 else None)

    def _wait(self, guild_id: int) -> float:
        """Return the seconds until that server's members may be asked for; 0 or less: now."""
        return self._not_before.get(guild_id, 0.0) - clock.monotonic()

    def _piece(self, data: Mapping[str, Any]) -> None:
        request = self._under_way.get(data.get("nonce") or "")
        if request is None or request.done.done():
            return  # of a request that was given up, or of another connection
        request.found += (kept for each in data["members"] if (kept := request.read(each)))
        request.pieces += 1
        if request.pieces >= data.get("chunk_count", 1):
            request.done.set_result(request.found)

    def _rate_limited(self, data: Mapping[str, Any]) -> None:
        """Obey a RATE_LIMITED event: nothing is asked before its time, and who waits need not."""
        meta = data.get("meta") or {}
        if data.get("opcode") != _REQUEST_MEMBERS or "guild_id" not in meta:
            return
        guild_id, wait = int(meta["guild_id"]), float(data.get("retry_after") or 0)
        log.info("Discord lists the members of server %s again in %.0f s", guild_id, wait)
        self._not_before[guild_id] = clock.monotonic() + wait
        for nonce, request in self._under_way.items():
            is_meant = meta.get("nonce") in (None, nonce) and request.guild_id == guild_id
            if is_meant and not request.done.done():
                request.done.set_exception(MembersSilent(wait))


def person_of(member: Mapping[str, Any]) -> Person | None:
    """Return a member of Discord's JSON with every name they go by; None for a bot."""
    user = member["user"]
    if user.get("bot"):
        return None
    names = (user["username"], user.get("global_name"), member.get("nick"))
    return Person(int(user["id"]), tuple(name for name in names if name))


def _roles_of(member: Mapping[str, Any]) -> tuple[int, frozenset[int]] | None:
    """Return the number and the roles of a member of Discord's JSON; None for a bot."""
    user = member["user"]
    return None if user.get("bot") else (int(user["id"]), frozenset(map(int, member["roles"])))
