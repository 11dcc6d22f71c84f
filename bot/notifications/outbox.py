"""Messages to people that no row but their own stands for: kept until Discord took them or never will."""

import logging

import discord

from bot.access.ledger.direct_messages import WaitingMessages
from bot.notifications.backoff import Backoff
from bot.notifications.direct_messages import Delivery, DirectMessages
from bot.notifications.log_channel import LogChannel
from bot.notifications.trouble import GROUND, TROUBLE, in_short
from bot.replies import Message
from bot.store.kinds import Otherwise
from bot.store.records import DirectMessage

log = logging.getLogger(__name__)


class Outbox:
    """Posts messages, and delivers them until none waits."""

    def __init__(
        self,
        client: discord.Client,
        waiting: WaitingMessages,
        direct_messages: DirectMessages,
        log_channel: LogChannel,
    ) -> None:
        self._client = client
        self._waiting = waiting
        self._direct_messages = direct_messages
        self._log_channel = log_channel
        self._backoff: Backoff[int] = Backoff()

    async def post(
        self,
        guild_id: int,
        user_id: int,
        message: Message,
        otherwise: Otherwise = Otherwise.NOWHERE,
    ) -> None:
        """Send the message as soon as Discord takes it; files and lists to choose from stay behind."""
        await self._waiting.add(guild_id, user_id, message.to_json(), otherwise)

    async def deliver(self) -> None:
        """Send what waits; what fails waits longer each time and holds up nothing else."""
        for waiting in await self._waiting.waiting(self._backoff.put_off()):
            try:
                is_done = await self._deliver(waiting)
                if is_done:
                    await self._waiting.remove(waiting.id)
            except (*TROUBLE, *GROUND) as error:
                log.info("message %s must wait (%s)", waiting.id, in_short(error))
                is_done = False
            except Exception:  # a mistake of ours about one message holds up no other
                log.exception("message %s could not be sent", waiting.id)
                is_done = False
            if is_done:
                self._backoff.done(waiting.id)
            else:
                self._backoff.failed(waiting.id)

    async def _deliver(self, waiting: DirectMessage) -> bool:
        """Send one; return False when it must wait."""
        message = Message.from_json(waiting.content)
        nonce = f"m{waiting.id}-{waiting.made_at.timestamp() * 1e6:.0f}"  # ids come again
        sent = await self._direct_messages.send(waiting.user_id, message, nonce=nonce)
        if sent is not Delivery.REFUSED:
            return sent is Delivery.DELIVERED
        match waiting.otherwise:
            case Otherwise.NOWHERE:
                return True
            case Otherwise.LOG:
                await self._log_channel.say_instead(
                    waiting.guild_id, waiting.user_id, message, nonce=nonce
                )
                return True
            case Otherwise.PANEL:
                await self._waiting.refuse(waiting.id)
                return False
            case Otherwise.OWNER:
                server = self._client.get_guild(waiting.guild_id)
                if server is None:
                    return self._client.is_ready()  # the bot has left that server
                if server.owner_id in (None, waiting.user_id):
                    return True
                await self._waiting.readdress(waiting.id, server.owner_id)
                return False
