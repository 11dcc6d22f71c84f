"""The one ask-back: what needs a yes is refused, asked about with buttons, and done upon a press."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import discord

from bot.access.errors import NeedsYes
from bot.access.ledger.errors import ChangesProduct, NameOnlyClaimed, OverTheLine
from bot.access.people.errors import UserUnknown
from bot.access.request import Consent, RequestContext
from bot.errors import UserError
from bot.interactions import responses
from bot.interactions.components import Choice, ComponentInteraction, ComponentRouter, Handler
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import Button, Message, explain, product_scripts, seats
from bot.replies.errors.confirmations import IT_IS_THEIRS, ONLY_THE_NAME
from bot.replies.message import Attached
from bot.replies.orders import near_names
from bot.replies.tone import Tone

_MAX_NEAR = 4

# What is to be done: returns the answer, or None when it answered itself; it may be called again.
Act = Callable[[Interaction, RequestContext], Awaitable[Message | None]]


@dataclass(frozen=True, slots=True)
class Labels:
    """What the buttons say; without `anyway`, no button insists on an unknown name."""

    yes: str = "Yes, do it"
    anyway: str | None = None


async def carry_out(
    router: ComponentRouter,
    interaction: Interaction,
    request: RequestContext,
    level: Level,
    act: Act,
    labels: Labels = Labels(),
    leave: Handler | None = None,
) -> None:
    """Do it and answer; a no does `leave`. Raises what `act` refuses, but for what can be asked back.

    The yes keeps the idempotency key of the first request, so pressing twice counts once. A yes may be
    to less than there is by then: that is asked about again.
    """
    try:
        message = await act(interaction, request)
    except (NeedsYes, UserUnknown) as question:
        options = options_of(question, request.consent, labels)
        if not options:
            raise

        def choice(label: str, consent: Consent, style: discord.ButtonStyle) -> Choice:
            async def again(press: ComponentInteraction) -> None:
                pressed = replace(
                    press.request(), idempotency_key=request.idempotency_key, consent=consent
                )
                await carry_out(router, press.interaction, pressed, level, act, labels, leave)

            return Choice(label, again, style)

        # The person who asks may be no manager: then the press is refused, and the question stays.
        needed = max(level, level_needed(question))
        choices = [
            *(choice(*option) for option in options),
            Choice("No, leave it", leave or _leave),
        ]
        buttons = router.question(request.guild_id, request.member_id, needed, choices)
        message = asked(question, labels, buttons)
    if message is not None:
        await responses.reply(interaction, message)


def level_needed(question: UserError) -> Level:
    """Return the level that a yes to it takes, whoever asked."""
    by_manager = isinstance(question, NeedsYes) and question.needs_manager
    return Level.MANAGER if by_manager else Level.ANYONE


def options_of(
    question: UserError, consent: Consent, labels: Labels
) -> Sequence[tuple[str, Consent, discord.ButtonStyle]]:
    """Return what may be pressed, and what the person who presses it has agreed to then."""
    match question:
        case OverTheLine():
            return [(seats.yes(question), question.agreed(consent), discord.ButtonStyle.danger)]
        case NameOnlyClaimed():
            plain = discord.ButtonStyle.secondary
            return [
                (ONLY_THE_NAME, question.agreed(consent), plain),
                (IT_IS_THEIRS, question.vouched(consent), plain),
            ]
        case NeedsYes():
            return [(labels.yes, question.agreed(consent), discord.ButtonStyle.danger)]
        case UserUnknown():
            plain = discord.ButtonStyle.secondary
            options = [
                (name, replace(consent, username=name), plain) for name in question.near[:_MAX_NEAR]
            ]
            if labels.anyway is not None:
                options.append((labels.anyway, replace(consent, unknown_name=True), plain))
            return options
        case _:
            return []


def asked(question: UserError, labels: Labels, buttons: tuple[Button, ...] = ()) -> Message:
    """Return the question; what names many people comes with a file."""
    files: tuple[Attached, ...] = ()
    if isinstance(question, UserUnknown):
        text = near_names(question.text, question.near, labels.anyway)
    else:
        text = explain(question).sentence
    if isinstance(question, ChangesProduct):
        files = product_scripts.people(question)
    return Message(text, buttons=buttons, files=files, tone=Tone.LOOK)


async def _leave(press: ComponentInteraction) -> None:
    await responses.reply(press.interaction, Message("**Left as it was.**"))
