"""From an order to its answer: ask back where needed, record, wait 5 s, say done or waiting."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import Receipt, WaitingFor
from bot.access.orders.outcomes import Outcomes
from bot.access.request import RequestContext
from bot.interactions import confirm, responses
from bot.interactions.components import ComponentInteraction, ComponentRouter
from bot.interactions.confirm import Labels
from bot.interactions.door import WAITING_TIMEOUT
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.notifications.trouble import GROUND, in_short
from bot.replies.orders import receipt
from bot.store.kinds import OrderState

log = logging.getLogger(__name__)

# What needs an action by a person takes longer than 5 s: that is said at once, as a long pause is.
_LONG = (
    WaitingFor.NO_LOGIN,
    WaitingFor.LOGIN_DEAD,
    WaitingFor.SCRIPT_PAUSED,
    WaitingFor.FULL_CHECK,
    WaitingFor.UNDECIDED,
    WaitingFor.CHANGED,
    WaitingFor.CLOCK,
)


Order = Callable[[RequestContext], Awaitable[int]]  # returns the id of the order


class OrderFlow:
    """Carries orders from the cogs to `bot.access.orders.grants` and their outcome back."""

    def __init__(self, outcomes: Outcomes, notifier: Notifier, router: ComponentRouter) -> None:
        self._outcomes = outcomes
        self._notifier = notifier
        self._router = router

    async def carry_out(
        self,
        interaction: Interaction,
        request: RequestContext,
        order: Order,
        labels: Labels = Labels(),  # noqa: B008 - frozen
    ) -> None:
        """Record the order and answer; `order` may be called again, with more consent.

        Raises what the order refuses, but for what can be asked back.
        """

        async def act(interaction: Interaction, request: RequestContext) -> None:
            await self.show(interaction, await order(request), request.at)

        await confirm.carry_out(self._router, interaction, request, Level.STAFF, act, labels)

    async def show(self, interaction: Interaction, order_id: int, asked_at: datetime) -> None:
        """Answer with how the order stands, 5 s after `asked_at` at most; changes come by themselves."""
        interaction.client.door.says_it_itself(interaction)
        since = (clock.now() - asked_at).total_seconds()
        left = WAITING_TIMEOUT - min(max(since, 0.0), WAITING_TIMEOUT)
        with self._notifier.awaiting(order_id):  # no other part tells the asker meanwhile
            now = await self._outcomes.receipt(order_id)
            if now.state is OrderState.WAITING and not takes_long(now):
                now = await self._outcomes.outcome(order_id, left)
            if await responses.reply(interaction, receipt(now)):
                await self._note_told(order_id, now.told_as)

    async def _note_told(self, order_id: int, state: OrderState) -> None:
        """Note that the asker knows; where that fails, the same answer is given once more, and no other."""
        try:
            await self._outcomes.told(order_id, state)
        except GROUND as error:
            log.info(
                "that the asker of order %s knows is not noted (%s)", order_id, in_short(error)
            )
        except Exception:  # the answer stands, whatever becomes of the note
            log.exception("that the asker of order %s knows could not be noted", order_id)

    async def receipt(self, press: ComponentInteraction) -> Receipt:
        """Return how the order in the button's key stands. Raises ButtonGone when this server has none such."""
        try:
            found = await self._outcomes.receipt(press.number(0))
        except LookupError as error:
            raise ButtonGone from error
        if found.order.guild_id != press.guild_id:
            raise ButtonGone
        return found


def takes_long(receipt: Receipt) -> bool:
    """Return whether it is known that the order will not be done within seconds."""
    return receipt.quiet_until is not None or any(
        each.waiting_for in _LONG for each in receipt.every
    )
