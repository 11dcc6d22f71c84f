"""Calls members who take no direct messages and are to link a TradingView name: once a day, all together."""

import logging
from collections.abc import Awaitable, Callable

import discord

from bot.access.ledger.link_calls import Call, LinkCalls
from bot.notifications.backoff import Backoff
from bot.notifications.trouble import TROUBLE, in_short
from bot.replies.command_mentions import clickable
from bot.replies.links import call_to_link

log = logging.getLogger(__name__)

MAX_CALLED = 80  # in one message; Discord calls at most 100


class LinkCaller:
    """Writes the call into the panel's channel; where there is none, the log channel asks staff to.

    `panel_channel` tells where a server's panel is.
    """

    def __init__(
        self,
        client: discord.Client,
        calls: LinkCalls,
        panel_channel: Callable[[int], Awaitable[int | None]],
    ) -> None:
        self._client = client
        self._calls = calls
        self._panel_channel = panel_channel
        self._backoff: Backoff[int] = Backoff()  # by server

    async def call(self) -> None:
        """Make each call that is due."""
        for call in await self._calls.due():
            if self._backoff.is_put_off(call.guild_id):
                continue
            try:
                await self._call(call)
            except TROUBLE as error:
                pause = self._backoff.failed(call.guild_id)
                log.info(
                    "a call in server %s waits %s s (%s)", call.guild_id, pause, in_short(error)
                )
            else:
                self._backoff.done(call.guild_id)

    async def _call(self, call: Call) -> None:
        channel_id = await self._panel_channel(call.guild_id)
        if channel_id is not None and not await self._say(channel_id, call):
            channel_id = None
        await self._calls.called(call, channel_id)

    async def _say(self, channel_id: int, call: Call) -> bool:
        """Write into that channel; return False where it takes nothing."""
        channel = self._client.get_partial_messageable(channel_id)
        for start in range(0, len(call.members), MAX_CALLED):
            some = call.members[start : start + MAX_CALLED]
            message = clickable(self._client, call_to_link(some))
            nonce = f"l{call.message_ids[0]}-{start}"
            try:
                await channel.send(**message.send_kwargs(nonce=nonce))
            except discord.HTTPException as error:
                if error.status == 429 or error.status >= 500:
                    raise
                log.warning("the panel's channel takes no call (%s)", in_short(error))
                return False
        return True
