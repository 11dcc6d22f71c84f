"""The vendor's own scripts as a list to choose from: as an answer of its own, or under a login that was just added."""

from dataclasses import replace

from bot.access.catalogue.discovery import Discovery
from bot.errors import UserError
from bot.interactions import responses
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.interactions.sweep_flow import SweepFlow
from bot.replies import Message, discovery as replies, explain


class DiscoveryFlow:
    """Asks TradingView which scripts are there, and shows those that can be added."""

    def __init__(self, discovery: Discovery, sweep_flow: SweepFlow) -> None:
        self._discovery = discovery
        self._sweep_flow = sweep_flow

    async def offer(self, interaction: Interaction, guild_id: int) -> None:
        """Answer with the scripts. Raises NoLogin, LoginNotWorking or TradingViewSilent."""
        work = self._find(guild_id)
        message = await taking_a_while(interaction, work, replies.looking())
        await responses.reply(interaction, message)

    async def offer_under(self, done: Message, interaction: Interaction, guild_id: int) -> None:
        """Answer with the scripts under what was done."""
        try:
            found = await self._find(guild_id)
        except UserError as error:
            found = Message(explain(error).text, buttons=(replies.again(guild_id),))
        text = f"{done.text}\n\n{found.text}"
        await responses.reply(interaction, replace(found, text=text))

    async def _find(self, guild_id: int) -> Message:
        message = replies.found(await self._discovery.find(guild_id), guild_id)
        return await self._sweep_flow.with_taking_over(message, guild_id)
