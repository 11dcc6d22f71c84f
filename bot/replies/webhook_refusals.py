"""Why a payment message was refused, and why one waits, in plain words with the likely mend."""

from collections.abc import Mapping

from bot.replies.text import typed
from bot.replies.wrong_clock import warning

_TIME = (
    "It was signed more than five minutes ago, or a clock is wrong: that of the computer Usher runs on, or "
    "the sender's. An old message that is sent again by hand may keep its old time."
)
# By what is kept of it: what the checks of `bot.access.sources.payments` say.
_REFUSED: Mapping[str, str] = {
    "no secret is set": "No secret is entered yet: press *Enter the secret* under `/webhook edit`.",
    "the signature is another one": (
        "Its signature does not fit the secret that I have. Copy the secret anew at the shop: each address "
        "has its own, and test and live mode have different ones."
    ),
    "the time is another one": _TIME,
    "the time is not readable": _TIME,
}
_UNKNOWN = (
    "It is not in the form that this provider sends: look whether the right provider was chosen."
)


def why_refused(why: str | None) -> str:
    """Return why a message was refused, and what to do; a wrong clock is said with it."""
    if why is None:
        return _UNKNOWN
    text = _REFUSED.get(why)
    if text is None:
        return f"{_UNKNOWN} ({typed(why)})"
    clock = warning() if text == _TIME else None
    return f"{text} {clock}" if clock else text
