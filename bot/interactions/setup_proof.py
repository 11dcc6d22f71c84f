"""From the form of a proof to its answer: give, read back, take away, read back."""

import logging

from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import Receipt
from bot.access.orders.outcomes import Outcomes
from bot.access.orders.setup_proof import SetupProof
from bot.access.request import RequestContext
from bot.interactions import confirm, responses
from bot.interactions.components import ComponentRouter
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.notifications.trouble import GROUND, TROUBLE, in_short
from bot.replies import Message, setup_proof as replies
from bot.store.kinds import OrderState

log = logging.getLogger(__name__)

_PATIENCE = 60.0  # seconds for each of the two orders


class ProofFlow:
    """Carries out a proof. The two orders are durable: killed in between, the first one ends by itself."""

    def __init__(
        self, proof: SetupProof, outcomes: Outcomes, notifier: Notifier, router: ComponentRouter
    ) -> None:
        self._proof = proof
        self._outcomes = outcomes
        self._notifier = notifier
        self._router = router

    async def carry_out(
        self, interaction: Interaction, request: RequestContext, slug: str | None, username: str
    ) -> None:
        """Do it and answer. Raises what is refused, but for what can be asked back."""

        async def act(interaction: Interaction, request: RequestContext) -> None:
            order_id = await self._proof.give(request, slug, username)
            await self._from_given(interaction, request, order_id)

        level = Level.MANAGE_SERVER
        await confirm.carry_out(self._router, interaction, request, level, act)

    async def _from_given(
        self, interaction: Interaction, request: RequestContext, order_id: int
    ) -> None:
        interaction.client.door.says_it_itself(interaction)
        with self._notifier.awaiting(order_id):  # no other part tells the asker meanwhile
            await self._say_meanwhile(interaction, replies.giving())
            given = await self._outcomes.outcome(order_id, _PATIENCE)
            back_id = await self._proof.take_back(request, order_id)
            with self._notifier.awaiting(back_id):
                await self._say_meanwhile(interaction, replies.taking(given))
                taken = await self._outcomes.outcome(back_id, _PATIENCE)
                if given.own_state is taken.own_state is OrderState.DONE:
                    await self._proof.held(request, order_id)
                if await responses.reply(interaction, replies.result(given, taken)):
                    for receipt in (await self._outcomes.receipt(order_id), taken):
                        await self._note_told(receipt)

    async def _say_meanwhile(self, interaction: Interaction, message: Message) -> None:
        """Say how far it is; a Discord that takes no word must not keep access from being taken away."""
        try:
            await responses.reply(interaction, message, provisional=True)
        except TROUBLE as error:
            log.info("how far a proof is could not be said (%s)", in_short(error))

    async def _note_told(self, receipt: Receipt) -> None:
        """Note that the asker knows; where that fails, they hear of it once more."""
        try:
            await self._outcomes.told(receipt.order.id, receipt.told_as)
        except GROUND as error:
            log.info("that the asker of a proof knows is not noted (%s)", in_short(error))
