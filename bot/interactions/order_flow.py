"""From an order to its answer: ask back where needed, record, wait 5 s, say done or waiting."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot import clock
from bot.access.errors import ButtonGone, NeedsYes, OverTheLine, UserUnknown
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.receipts import Receipt, WaitingFor
from bot.access.orders.outcomes import Outcomes
from bot.access.request import RequestContext
from bot.interactions import responses
from bot.interactions.components import Choice, ComponentInteraction, ComponentRouter
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import Message, explain
from bot.replies.orders import near_names, receipt
from bot.replies.seats import yes as yes_to_seat

WAITING_TIMEOUT = 5.0  # seconds from the command on, before "waiting" is said
_MAX_NEAR = 4
# Whoever has to do something first takes longer than 5 s: that is said at once, as a long pause is.
_LONG = (
    WaitingFor.NO_LOGIN,
    WaitingFor.LOGIN_DEAD,
    WaitingFor.SCRIPT_PAUSED,
    WaitingFor.FULL_CHECK,
    WaitingFor.CHANGED,
)


@dataclass(frozen=True, slots=True)
class Said:
    """What was pressed so far on the way to an order."""

    confirmed: bool = False  # yes, although it takes something away
    anyway: bool = False  # yes, although TradingView knows nobody of that name
    seats: int = 0  # yes to so many people, although TradingView's fee begins below
    username: str | None = None  # the name that was picked instead of the typed one


Order = Callable[[RequestContext, Said], Awaitable[int]]


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
        *,
        yes: str = "Yes, do it",
        anyway: str | None = None,
    ) -> None:
        """Record the order and answer; `order` returns the order's id and may be called again.

        `yes` and `anyway` are the labels of the buttons that insist; without `anyway`, nobody can
        insist on an unknown name. Raises what the order refuses, but for what can be asked back.
        """
        await self._attempt(_Attempt(interaction, request, order, Said(), yes, anyway))

    async def show(self, interaction: Interaction, order_id: int, asked_at: datetime) -> None:
        """Answer with how the order stands, 5 s after `asked_at` at most; changes come by themselves."""
        left = max(0.0, WAITING_TIMEOUT - (clock.now() - asked_at).total_seconds())
        with self._notifier.awaiting(order_id):  # nobody else tells the asker meanwhile
            now = await self._outcomes.receipt(order_id)
            if now.order.state == "waiting" and not _takes_long(now):
                now = await self._outcomes.outcome(order_id, left)
            if await responses.reply(interaction, receipt(now)):
                await self._outcomes.told(order_id, now.order.state)

    async def receipt(self, press: ComponentInteraction) -> Receipt:
        """How the order in the button's key stands. Raises ButtonGone when this server has none such."""
        try:
            it = await self._outcomes.receipt(int(press.args[0]))
        except (LookupError, ValueError) as error:
            raise ButtonGone from error
        if it.order.guild_id != press.guild_id:
            raise ButtonGone
        return it

    async def _attempt(self, it: "_Attempt") -> None:
        level = Level.STAFF
        try:
            order_id = await it.order(it.request, it.said)
        except OverTheLine as question:
            # Whoever asks may be no manager: then the press is refused.
            choices = [
                self._insist(it, yes_to_seat(question), replace(it.said, seats=question.seats))
            ]
            text, level = explain(question).sentence, Level.MANAGER
        except NeedsYes as question:
            choices = [self._insist(it, it.yes, replace(it.said, confirmed=True))]
            text = explain(question).sentence
        except UserUnknown as unknown:
            choices = [
                self._insist(it, name, replace(it.said, username=name))
                for name in unknown.near[:_MAX_NEAR]
            ]
            if it.anyway is not None:
                choices.append(self._insist(it, it.anyway, replace(it.said, anyway=True)))
            if not choices:
                raise
            text = near_names(unknown.text, unknown.near, it.anyway)
        else:
            await self.show(it.interaction, order_id, it.request.at)
            return
        choices.append(Choice("No, leave it", _leave))
        buttons = self._router.question(it.request.guild_id, it.request.by, level, choices)
        await responses.reply(it.interaction, Message(text, buttons=buttons))

    def _insist(self, it: "_Attempt", label: str, said: Said) -> Choice:
        async def again(press: ComponentInteraction) -> None:
            # The first request's reference: pressed or delivered twice, it counts once.
            request = replace(press.request(), reference=it.request.reference)
            await self._attempt(
                replace(it, interaction=press.interaction, request=request, said=said)
            )

        return Choice(label, again)


@dataclass(frozen=True, slots=True)
class _Attempt:
    interaction: Interaction
    request: RequestContext
    order: Order
    said: Said
    yes: str
    anyway: str | None


def _takes_long(it: Receipt) -> bool:
    return it.waiting_for in _LONG or it.quiet_until is not None


async def _leave(press: ComponentInteraction) -> None:
    await responses.reply(press.interaction, Message("**Left as it was.**"))
