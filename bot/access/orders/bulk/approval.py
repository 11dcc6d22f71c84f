"""From how many people on a batch that ends access takes a second manager."""

import re

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.orders.bulk.errors import ApprovalUnreadable
from bot.access.request import RequestContext
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.ledger import events

MAX_ABOVE = 10_000
DEFAULT_ABOVE = 25
OFF = "off"
_WHOLE = re.compile("[0-9]{1,5}|[1-9][0-9]?,[0-9]{3}")  # a comma before thousands alone


class Approval:
    """Keeps, by server, of how many people one manager alone may end the access at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def above(self, guild_id: int) -> int | None:
        """Return of how many people at most; more takes a second manager. None: nobody is asked."""
        async with self._database.read() as connection:
            return await above_in(connection, guild_id)

    async def set(self, request: RequestContext, above: int | None) -> int | None:
        """Set it from now on, also for what was shown and not started yet; return what it was before."""
        async with self._database.write() as connection:
            before = await guilds.ensure(connection, request.guild_id, request.at)
            if before.approval_above == above:
                return above
            await guilds.set_approval(connection, request.guild_id, above)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "setup_approval",
                actor=request.actor,
                before={"above": before.approval_above},
                after={"above": above},
            )
        return before.approval_above


async def above_in(connection: AsyncConnection, guild_id: int) -> int | None:
    """Return the same within a transaction; a server that is not known yet has what a new one gets."""
    server = await guilds.by_id(connection, guild_id)
    return DEFAULT_ABOVE if server is None else server.approval_above


def takes_two(ends: int, above: int | None) -> bool:
    """Return whether a batch that ends the access of so many people takes a second manager."""
    return above is not None and ends > above


def parse_above(text: str) -> int | None:
    """Read of how many people; None for `off`. Raises ApprovalUnreadable."""
    typed = text.strip().casefold()
    if typed == OFF:
        return None
    if not _WHOLE.fullmatch(typed):
        raise ApprovalUnreadable(text, MAX_ABOVE)
    above = int(typed.replace(",", ""))
    if above > MAX_ABOVE:
        raise ApprovalUnreadable(text, MAX_ABOVE)
    return above
