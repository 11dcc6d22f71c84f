"""What is left to do for a connection to a shop, as /webhook and the dashboard show it."""

from bot.access.orders.connection_view import ConnectionView
from bot.access.orders.connections import Connections
from bot.access.people.guild_settings import GuildSettings
from bot.replies import Message, webhooks as replies


async def steps(
    connections: Connections, settings: GuildSettings, view: ConnectionView, done: str = ""
) -> Message:
    """Return the five steps of a connection, under what was just done."""
    setup = await settings.setup(view.row.guild_id)
    return replies.steps(
        view,
        connections.address(view.row),
        connections.local,
        log_channel=setup.log_channel_id is not None,
        done=done,
    )
