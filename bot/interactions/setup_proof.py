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
from bot.notifications.trouble import GROUND, in_short
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

        async def act(interaction: Interaction, request: RequestContext) -> Message:
            order_id = await self._proof.give(request, slug, username)
            return await self._from_given(interaction, request, order_id)

        level = Level.MANAGE_SERVER
        await confirm.carry_out(self._router, interaction, request, level, act)

    async def _from_given(
        self, interaction: Interaction, request: RequestContext, order_id: int
    ) -> Message:
        interaction.client.door.says_it_itself(interaction)
        with self._notifier.awaiting(order_id):  # no other part tells the asker meanwhile
            await responses.reply(interaction, replies.giving(), provisional=True)
            given = await self._outcomes.outcome(order_id, _PATIENCE)
            back_id = await self._proof.take_back(request, order_id)
            with self._notifier.awaiting(back_id):
                await responses.reply(interaction, replies.taking(given), provisional=True)
                taken = await self._outcomes.outcome(back_id, _PATIENCE)
                if given.own_state is taken.own_state is OrderState.DONE:
                    await self._proof.held(request, order_id)
                for receipt in (await self._outcomes.receipt(order_id), taken):
                    await self._note_told(receipt)
        return replies.result(given, taken)

    async def _note_told(self, receipt: Receipt) -> None:
        """Note that the asker knows; where that fails, they hear of it once more."""
        try:
            await self._outcomes.told(receipt.order.id, receipt.told_as)
        except GROUND as error:
            log.info("that the asker of a proof knows is not noted (%s)", in_short(error))
