"""Tells the member who set a TradingView login that it ended, that it still has, and that it is back.

The log channel gets the same from the history. A message is marked once it was sent, and one that could
not be marked is not sent again; only after a crash in between is it, with the same nonce, which Discord
answers with the message it has for some minutes.
"""

import logging

import discord

from bot import clock
from bot.access.logins.outages import Outages
from bot.notifications.direct_messages import Delivery, send_direct_message
from bot.replies.login_alerts import to_setter
from bot.store.kinds import OutageStage
from bot.store.records import Outage

log = logging.getLogger(__name__)

EVERY = 15.0  # seconds between looks
LATER = 300.0  # seconds until what failed by a mistake of ours is tried again


class LoginAlerts:
    """The direct messages about outages of logins."""

    def __init__(self, client: discord.Client, outages: Outages) -> None:
        self._client = client
        self._outages = outages
        self._sent: dict[int, str] = {}  # by outage: what this program sent last
        self._put_off: dict[int, float] = {}  # by outage, by clock.monotonic()

    async def tell(self) -> None:
        """Send what is to be said; what fails is tried again at the next look."""
        for outage in await self._outages.untold():
            if clock.monotonic() < self._put_off.get(outage.id, 0.0):
                continue
            try:
                await self._tell(outage)
            except Exception:  # a mistake of ours about one server is no other server's trouble
                log.exception("outage %s could not be told; again in %s s", outage.id, LATER)
                self._put_off[outage.id] = clock.monotonic() + LATER

    async def _tell(self, outage: Outage) -> None:
        stage = outage.stage
        # Over before anybody heard of it: then there is nothing to say.
        is_news = not (stage is OutageStage.BACK and outage.told is OutageStage.NOTHING)
        if is_news and self._sent.get(outage.id) != stage:
            waiting = await self._outages.waiting(outage.guild_id)
            server = self._client.get_guild(outage.guild_id)
            if server is None and not self._client.is_ready():
                return  # told once the servers are known
            if server is not None:  # members of a server that the bot left get none
                message = to_setter(outage, stage, waiting, server.name, clock.now())
                sent = await send_direct_message(
                    self._client, outage.set_by or 0, message, nonce=f"o{outage.id}{stage}"
                )
                if sent is Delivery.TRY_AGAIN:
                    log.warning("outage %s could not be told; again at the next look", outage.id)
                    return
                self._sent[outage.id] = stage
        await self._outages.told(outage.id, stage)
        self._sent.pop(outage.id, None)
