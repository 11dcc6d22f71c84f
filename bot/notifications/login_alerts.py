"""Tells whoever may renew a TradingView login that it ended, that it still has, and that it is back.

That is the member who set it, while they may; else, and where it came from the settings, the terminal or
the operator, the owner of the server.

The log channel gets the same from the history. A message is marked once it was sent, and one that could
not be marked is not sent again; only after a crash in between is it, with the same nonce, which Discord
answers with the message it has for some minutes.
"""

import logging

import discord

from bot import clock
from bot.access.errors import DiscordSilent
from bot.access.logins.outages import Outages
from bot.access.request import May
from bot.notifications.backoff import Backoff
from bot.notifications.direct_messages import Delivery, DirectMessages
from bot.notifications.trouble import GROUND, TROUBLE, in_short
from bot.replies.login_alerts import to_setter
from bot.store.kinds import OutageStage
from bot.store.records import OPERATOR_ID, Outage

log = logging.getLogger(__name__)

EVERY = 15.0  # seconds between looks


class LoginAlerts:
    """The direct messages about outages of logins."""

    def __init__(
        self, client: discord.Client, outages: Outages, direct_messages: DirectMessages, may: May
    ) -> None:
        self._client = client
        self._outages = outages
        self._direct_messages = direct_messages
        self._may = may
        self._backoff: Backoff[int] = Backoff()  # by outage

    async def tell(self) -> None:
        """Send what is to be said; what fails is tried again at the next look."""
        for outage in await self._outages.untold():
            if self._backoff.is_put_off(outage.id):
                continue
            try:
                await self._tell(outage)
            except (*TROUBLE, DiscordSilent) as error:
                self._wait(outage, in_short(error))
            except GROUND as error:
                self._wait(outage, in_short(error))
            except Exception:  # a mistake of ours about one server is no other server's trouble
                pause = self._backoff.failed(outage.id)
                log.exception("outage %s could not be told; again in %s s", outage.id, pause)

    async def _tell(self, outage: Outage) -> None:
        stage = outage.stage
        # Over before anybody heard of it: then there is nothing to say.
        is_news = not (stage is OutageStage.BACK and outage.told is OutageStage.NOTHING)
        if is_news:
            waiting = await self._outages.waiting(outage.guild_id)
            server = self._client.get_guild(outage.guild_id)
            if server is None and not self._client.is_ready():
                return  # told once the servers are known
            if server is not None:  # members of a server that the bot left get none
                message = to_setter(outage, stage, waiting, server.name, clock.now())
                nonce = f"o{outage.id}{stage}"
                for user_id in await self._who(outage, server):
                    sent = await self._direct_messages.send(user_id, message, nonce=nonce)
                    if sent is Delivery.TRY_AGAIN:
                        self._wait(outage, "not taken now")
                        return
                    if sent is Delivery.DELIVERED:
                        break
        await self._outages.told(outage.id, stage)
        self._backoff.done(outage.id)

    async def _who(self, outage: Outage, server: discord.Guild) -> list[int]:
        """Return who is told, one after the other until one of them takes messages."""
        owner = [] if server.owner_id is None else [server.owner_id]
        setter = outage.set_by
        if (
            setter is None
            or setter in (OPERATOR_ID, *owner)
            or not await self._may(server.id, setter)
        ):
            return owner
        return [setter, *owner]

    def _wait(self, outage: Outage, why: str) -> None:
        pause = self._backoff.failed(outage.id)
        log.warning("outage %s could not be told (%s); again in %s s", outage.id, why, pause)
