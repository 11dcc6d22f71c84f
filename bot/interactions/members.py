"""Members of a server: the one place that asks Discord for them where discord.py does not know them."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import discord

from bot import clock
from bot.access.errors import DiscordSilent, MembersSilent
from bot.notifications.trouble import NO_SUCH_MEMBER, TROUBLE, code_of, in_short

log = logging.getLogger(__name__)

LIST_TIMEOUT = 8.0  # seconds for the list of everybody; Discord begins to send it at once
_MEMBERS_A_SECOND = 10_000  # as Discord sends them
FIND_TIMEOUT = 2.0  # a press must be acknowledged within 3 s
_REQUEST_MEMBERS = 8  # the opcode


class Members:
    """Finds one member, or everybody, within seconds or not at all.

    Discord refuses a second request for everybody within 30 s with RATE_LIMITED, which discord.py does
    not know, and may not answer at all: discord.py would wait for ever, and every later request with it.
    """

    def __init__(self, client: discord.Client, state: Any) -> None:
        self._client = client
        self._state = state  # discord.py's: its parsers of events, and the requests under way
        self._not_before: dict[int, float] = {}  # by server, by clock.monotonic()
        self._refused: dict[int, asyncio.Event] = {}
        state.parsers["RATE_LIMITED"] = self._rate_limited

    async def find(self, guild_id: int, member_id: int) -> discord.Member | None:
        """Return that member of that server; None when there is no such member.

        Raises:
            DiscordSilent: Discord does not say.
        """
        guild = self._client.get_guild(guild_id)
        known = None if guild is None else guild.get_member(member_id)
        if known is not None:
            return known
        asking = asyncio.ensure_future(self._fetch(guild_id, member_id, guild))
        try:
            if not await clock.within(FIND_TIMEOUT, asking):
                raise DiscordSilent
            return asking.result()
        except TROUBLE as error:
            if code_of(error) in NO_SUCH_MEMBER:
                return None
            log.warning("member %s of server %s: %s", member_id, guild_id, in_short(error))
            raise DiscordSilent from None
        finally:
            asking.cancel()

    async def _fetch(
        self, guild_id: int, member_id: int, guild: discord.Guild | None
    ) -> discord.Member:
        """Ask for the member; just after the start for the server too, whose roles count."""
        if guild is None:
            guild = await self._client.fetch_guild(guild_id, with_counts=False)
        return await guild.fetch_member(member_id)

    async def everybody(self, guild: discord.Guild) -> list[discord.Member]:
        """Return all members of a server.

        Raises:
            MembersSilent: Discord does not list them now; with the seconds until it may.
        """
        if guild.chunked:
            return list(guild.members)
        if (wait := self._not_before.get(guild.id, 0.0) - clock.monotonic()) > 0:
            raise MembersSilent(wait)
        refused = self._refused.setdefault(guild.id, asyncio.Event())  # of all who wait for it
        socket = getattr(self._client, "ws", None)
        listing = asyncio.ensure_future(guild.chunk())
        refusing = asyncio.ensure_future(refused.wait())
        first = asyncio.ensure_future(
            asyncio.wait({listing, refusing}, return_when=asyncio.FIRST_COMPLETED)
        )
        longest = LIST_TIMEOUT + (guild.member_count or 0) / _MEMBERS_A_SECOND
        try:
            await clock.within(longest, first)
            # A new connection ends requests with what had come by then.
            if listing.done() and getattr(self._client, "ws", None) is socket:
                return listing.result()
        except TROUBLE as error:
            log.warning("the members of server %s: %s", guild.id, in_short(error))
        finally:
            for task in (first, listing, refusing):
                task.cancel()
            self._refused.pop(guild.id, None)
        self._forget_request(guild.id)
        wait = self._not_before.get(guild.id, 0.0) - clock.monotonic()
        log.warning("Discord did not list the members of server %s", guild.id)
        raise MembersSilent(wait if wait > 0 else None)

    def _rate_limited(self, data: Mapping[str, Any]) -> None:
        """Obey a RATE_LIMITED event: nothing is asked before its time, and who waits need not."""
        meta = data.get("meta") or {}
        if data.get("opcode") != _REQUEST_MEMBERS or "guild_id" not in meta:
            return
        guild_id, wait = int(meta["guild_id"]), float(data.get("retry_after") or 0)
        log.info("Discord lists the members of server %s again in %.0f s", guild_id, wait)
        self._not_before[guild_id] = clock.monotonic() + wait
        self._forget_request(guild_id)
        if (refused := self._refused.get(guild_id)) is not None:
            refused.set()

    def _forget_request(self, guild_id: int) -> None:
        """Take away a request that will not be answered: discord.py lets later ones wait for it."""
        self._state._chunk_requests.pop(guild_id, None)  # noqa: SLF001 - it offers no other way
