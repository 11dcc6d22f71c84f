"""Numbers and ends that people type into forms."""

from bot.access.catalogue.errors import GraceUnusable
from bot.access.catalogue.products import MAX_GRACE
from bot.access.rules.duration import Length, read_until
from bot.tradingview import End
from bot.web.dashboard.forms import Form
from bot.web.dashboard.visitor import Visitor


def days_in(form: Form, name: str) -> int:
    """Return days of grace; none for nothing typed. Raises GraceUnusable."""
    days = whole_in(form, name, 0)
    if not 0 <= days <= MAX_GRACE:
        raise GraceUnusable(MAX_GRACE)
    return days


def whole_in(form: Form, name: str, usual: int) -> int:
    """Return the number that was typed, the usual one for nothing, and -1 for what is no number."""
    text = form.text(name)
    if not text:
        return usual
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def end_in(visitor: Visitor, form: Form, name: str) -> End | Length | None:
    """Return the end, or the time until then, that was typed; None for nothing. Raises as `read_until`."""
    text = form.text(name)
    return read_until(text, form.request(visitor).at) if text else None
