"""The names by which members go in a server, for pages, where a number says nothing to anybody."""

import asyncio
from collections.abc import Collection

from bot import clock
from bot.access.errors import MembersSilent
from bot.expiring import Expiring
from bot.interactions.member_requests import MAX_IDS, MemberRequests

TIMEOUT = 1.0  # seconds; a page shows the number of whoever is not told by then
_KEPT = 900.0  # seconds
_MOST = 5_000


class MemberNames:
    """Asks Discord for a hundred at a time and remembers the answers for a quarter of an hour."""

    def __init__(self, requests: MemberRequests) -> None:
        self._requests = requests
        self._known = Expiring[str](_MOST)

    def note(self, guild_id: int, member_id: int, name: str) -> None:
        """Remember a name that was told otherwise."""
        self._known.put(_key(guild_id, member_id), name, clock.monotonic() + _KEPT)

    async def of(self, guild_id: int, member_ids: Collection[int]) -> dict[int, str]:
        """Return the names of those whom Discord tells of within a second; others are left out."""
        asked = [each for each in sorted(set(member_ids)) if not self._has(guild_id, each)]
        for start in range(0, len(asked), MAX_IDS):
            if not await self._ask(guild_id, asked[start : start + MAX_IDS]):
                break
        named = {each: self._known.get(_key(guild_id, each), "") for each in member_ids}
        return {each: name for each, name in named.items() if name}

    def _has(self, guild_id: int, member_id: int) -> bool:
        return self._known.get(_key(guild_id, member_id), "-") != "-"

    async def _ask(self, guild_id: int, member_ids: list[int]) -> bool:
        """Ask for some; return whether Discord answered in time."""
        asking = asyncio.ensure_future(self._requests.by_ids(guild_id, member_ids))
        try:
            if not await clock.within(TIMEOUT, asking):
                return False
            found = asking.result()
        except MembersSilent:
            return False
        finally:
            asking.cancel()
        for member_id in member_ids:  # also those who left, so that nobody asks for them each time
            self.note(guild_id, member_id, "")
        for person in found:
            self.note(guild_id, person.id, person.names[-1])
        return True


def _key(guild_id: int, member_id: int) -> str:
    return f"{guild_id}:{member_id}"
