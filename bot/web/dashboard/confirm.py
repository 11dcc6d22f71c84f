"""The one ask-back of the dashboard: what needs a yes is asked on a page, and done when its button is pressed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.access.errors import NeedsYes
from bot.access.people.errors import UserUnknown
from bot.access.request import RequestContext
from bot.interactions import confirm
from bot.interactions.confirm import Labels
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
        return await visitor.page(
            "dashboard/question.html",
            status=409,
            message=confirm.asked(question, labels),
            options=options if visitor.may(needed) else [],
            form=form,
            agreed=AGREED,
            back=visitor.address(back),
        )
