"""The one ask-back of the dashboard: what needs a yes is asked on a page, and done when its button is pressed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from aiohttp import web

from bot.access.errors import NeedsYes
from bot.access.ledger.errors import (
    ChangesProduct,
    EndsSeveral,
    MoveLeavesOpen,
    Shortens,
    StopsEverything,
)
from bot.access.people.errors import ForgetsCustomer, MergesCustomers, MovesCustomer, UserUnknown
from bot.access.request import RequestContext
from bot.access.sweeps.errors import TakesFromMany
from bot.errors import UserError
from bot.interactions import confirm
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.replies import Message
from bot.web.dashboard.forms import AGREED, Form, agreement
from bot.web.dashboard.routes import Done
from bot.web.dashboard.visitor import Visitor

_LOSSES = (
    EndsSeveral,
    ForgetsCustomer,
    MergesCustomers,
    MoveLeavesOpen,
    MovesCustomer,
    Shortens,
    TakesFromMany,
)


@dataclass(frozen=True, slots=True)
class Option:
    """One button of a question, and the yes that it carries."""

    label: str
    agreed: str
    is_danger: bool


# May be called again, with more consent; what is shown this once is answered with a page of its own.
Act = Callable[[RequestContext], Awaitable[Done | web.StreamResponse]]


async def carry_out(
    visitor: Visitor,
    form: Form,
    act: Act,
    labels: Labels = Labels(),  # noqa: B008 - frozen
    *,
    back: str = "",
    files_at: str = "",
) -> Done | web.StreamResponse:
    """Do it, or ask back; a no leads to `back`. Raises what `act` refuses, but for what can be asked.

    A loss is asked about in a young session alone. Raises SessionNotFresh.

    `files_at`: the form that gives the file which comes with the question. The question repeats the form's
    fields, so that no form in which a secret is typed may come here.
    """
    try:
        return await act(form.request(visitor))
    except (NeedsYes, UserUnknown) as question:
        needed, loses = confirm.level_needed(question), _takes_away(question)
        if loses:
            visitor.require_fresh()
        options = [
            Option(
                label,
                agreement(visitor, form, consent, needed, takes_away=loses),
                style.name == "danger",
            )
            for label, consent, style in confirm.options_of(question, form.consent, labels)
        ]
        if not options:
            raise
        message = confirm.asked(question, labels)
        allowed = options if visitor.may(needed) else []
        return await _question(visitor, form, message, allowed, back, files_at)


def _takes_away(question: UserError) -> bool:
    """Return whether a yes to it takes access or time from somebody."""
    match question:
        case ChangesProduct():
            return bool(question.losses)
        case StopsEverything():
            return not question.goes_on
        case _:
            return isinstance(question, _LOSSES)


async def ask(
    visitor: Visitor,
    form: Form,
    message: Message,
    yes: str,
    *,
    level: Level,
    is_danger: bool = False,
    back: str = "",
) -> web.Response:
    """Ask what a command asks with buttons of its own; after a yes the form's consent is confirmed."""
    agreed = agreement(visitor, form, replace(form.consent, confirmed=True), level)
    return await _question(visitor, form, message, [Option(yes, agreed, is_danger)], back)


async def _question(
    visitor: Visitor,
    form: Form,
    message: Message,
    options: Sequence[Option],
    back: str,
    files_at: str = "",
) -> web.Response:
    return await visitor.page(
        "dashboard/question.html",
        status=409,
        message=message,
        options=options,
        form=form,
        agreed=AGREED,
        back=visitor.address(back),
        files_at=visitor.address(files_at) if files_at else "",
    )
