"""Posts the panel, and removes the one that it takes the place of."""

import hashlib
import logging

import discord

from bot.access.people.panels import Panel, Panels
from bot.access.people.settings_errors import ChannelClosed
from bot.access.request import RequestContext
from bot.notifications.trouble import CHANNEL_CLOSED, CHANNEL_GONE, TROUBLE, in_short
from bot.replies import panel as panel_replies

log = logging.getLogger(__name__)

RIGHTS = ("view_channel", "send_messages")
_DELETED = 10008  # Unknown Message

Channel = discord.TextChannel | discord.VoiceChannel | discord.Thread


class PanelPoster:
    """Writes panels."""

    def __init__(self, client: discord.Client, panels: Panels) -> None:
        self._client = client
        self._panels = panels

    async def channel(self, guild_id: int) -> int | None:
        """Return the channel in which a server's panel stands; None: none was posted."""
        return await self._panels.channel(guild_id)

    async def post(self, request: RequestContext, channel: Channel, text: str | None) -> int | None:
        """Post the panel there; returns the channel of an earlier one that could not be removed.

        Raises ChannelClosed with the rights that are missing.
        """
        mine = channel.permissions_for(channel.guild.me)
        in_thread = isinstance(channel, discord.Thread)
        needed = ("view_channel", "send_messages_in_threads") if in_thread else RIGHTS
        missing = tuple(right for right in needed if not getattr(mine, right))
        if missing:
            raise ChannelClosed(channel.id, missing)
        message = panel_replies.panel(text, request.guild_id)
        try:
            sent = await channel.send(**message.send_kwargs(nonce=_nonce(request)))
        except discord.HTTPException as error:
            if error.code not in (*CHANNEL_CLOSED, CHANNEL_GONE):
                raise
            raise ChannelClosed(channel.id, needed) from error
        before = await self._panels.posted(request, Panel(channel.id, sent.id))
        if before is None or await self._remove(before):
            return None
        return before.channel_id

    async def _remove(self, panel: Panel) -> bool:
        """Delete a panel, which is a message of ours; return False where it still stands."""
        channel = self._client.get_partial_messageable(panel.channel_id)
        try:
            await channel.get_partial_message(panel.message_id).delete()
        except TROUBLE as error:
            log.info("an earlier panel was not removed (%s)", in_short(error))
            return getattr(error, "code", None) in (_DELETED, CHANNEL_GONE)
        return True


def _nonce(request: RequestContext) -> str:
    """Return the same nonce for the same request, no longer than Discord takes."""
    return f"p{hashlib.sha256(request.idempotency_key.encode()).hexdigest()[:20]}"
