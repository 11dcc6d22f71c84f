"""Refusals about keys of the HTTP API, in sentences."""

from bot.access.orders.errors import RepeatedDifferently
from bot.access.people import errors as refusals
from bot.access.rules.api_keys import Scope
from bot.replies.errors.sentence import sentence
from bot.replies.text import listed, typed


@sentence.register
def _(error: refusals.KeyNameUnreadable) -> str:
    return (
        f"**That cannot be the name of a key.** Take 1 to {error.longest} letters, digits or signs, such as "
        "`shop`. No key was made."
    )


@sentence.register
def _(error: refusals.KeyNameTaken) -> str:
    return (
        f"**There is a key called {typed(error.text)} already.** Take another name, or end that one "
        "first with `/apikey revoke`. No key was made."
    )


@sentence.register
def _(error: refusals.KeyUnknown) -> str:
    return (
        f"**There is no key called {typed(error.text)} here.** Nothing was changed; `/apikey list` shows "
        "what there is."
    )


@sentence.register
def _(error: refusals.ScopesUnreadable) -> str:
    return (
        f"**{typed(error.text)} is nothing that a key can be for.** Write one or more of "
        f"{listed(f'`{scope}`' for scope in Scope)}, with commas. No key was made."
    )


@sentence.register
def _(error: refusals.TooManyKeys) -> str:
    return (
        f"**There are {error.longest} keys here, and there cannot be more.** End one that is not needed with "
        "`/apikey revoke`; `/apikey list` shows when each was last used. No key was made."
    )


@sentence.register
def _(_: RepeatedDifferently) -> str:
    return (
        "**That Idempotency-Key came with another request before.** Nothing was changed. Use a new one for "
        "each change."
    )
