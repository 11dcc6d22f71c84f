"""Where each server's panel stands: the message with the buttons for members."""

from dataclasses import dataclass

from bot.access.request import RequestContext
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.ledger import events


@dataclass(frozen=True, slots=True)
class Panel:
    """A message in a channel."""

    channel_id: int
    message_id: int


class Panels:
    """Keeps one panel for each server."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, guild_id: int) -> Panel | None:
        """Return the panel of a server."""
        async with self._database.read() as connection:
            guild = await guilds.by_id(connection, guild_id)
        if guild is None or guild.panel_channel_id is None or guild.panel_message_id is None:
            return None
        return Panel(guild.panel_channel_id, guild.panel_message_id)

    async def channel(self, guild_id: int) -> int | None:
        """Return the channel of a server's panel; None: none was posted."""
        panel = await self.of(guild_id)
        return None if panel is None else panel.channel_id

    async def posted(self, request: RequestContext, panel: Panel) -> Panel | None:
        """Keep where the panel stands now; returns the earlier one, to be removed."""
        before = await self.of(request.guild_id)
        if before == panel:
            return None
        async with self._database.write() as connection:
            await guilds.ensure(connection, request.guild_id, request.at)
            await guilds.set_panel(connection, request.guild_id, panel.channel_id, panel.message_id)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "panel_posted",
                actor=request.actor,
                after={"channel_id": str(panel.channel_id)},
            )
        return before
