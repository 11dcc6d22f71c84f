"""The one ask-back of the dashboard: what needs a yes is asked on a page, and done when its button is pressed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.access.errors import NeedsYes
from bot.access.people.errors import UserUnknown
from bot.access.request import Consent, RequestContext
from bot.interactions import confirm
from bot.interactions.confirm import Labels
from bot.replies import Message
from bot.web.dashboard.forms import AGREED, Form, agreement
from bot.web.dashboard.routes import Done
from bot.web.dashboard.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Option:
    """One button of a question, and the yes that it carries."""

    label: str
    agreed: str
    is_danger: bool


Act = Callable[[RequestContext], Awaitable[Done]]  # may be called again, with more consent


async def carry_out(
    visitor: Visitor,
    form: Form,
    act: Act,
    labels: Labels = Labels(),  # noqa: B008 - frozen
    *,
    back: str = "",
) -> Done | web.Response:
    """Do it, or ask back; a no leads to `back`. Raises what `act` refuses, but for what can be asked."""
    try:
        return await act(form.request(visitor))
    except (NeedsYes, UserUnknown) as question:
        needed = confirm.level_needed(question)
        options = [
            Option(label, agreement(visitor, form, consent, needed), style.name == "danger")
            for label, consent, style in confirm.options_of(question, form.consent, labels)
        ]
        if not options:
            raise
        options = options if visitor.may(needed) else []
        return await _question(visitor, form, confirm.asked(question, labels), options, back)


async def ask(
    visitor: Visitor, form: Form, question: Message, label: str, *, back: str = ""
) -> web.Response:
    """Return the page with a question that is always asked first; after a yes `form.consent` is confirmed."""
    yes = agreement(visitor, form, Consent(confirmed=True), visitor.level)
    return await _question(visitor, form, question, [Option(label, yes, is_danger=True)], back)


async def _question(
    visitor: Visitor, form: Form, message: Message, options: list[Option], back: str
) -> web.Response:
    return await visitor.page(
        "dashboard/question.html",
        status=409,
        message=message,
        options=options,
        form=form,
        agreed=AGREED,
        back=visitor.address(back),
    )
