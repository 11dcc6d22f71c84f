"""The history's sentences about what customers got by themselves or from automations, and about codes."""

from collections.abc import Callable, Mapping
from typing import Any


def ordered(facts: Any) -> str:
    """Return who ordered how much of what, and by what a customer got it."""
    what = facts.ordered()
    match facts.after.get("source"):
        case "code":
            return f"{facts.who} used a code for {what}"
        case "trial":
            return f"{facts.who} began a trial, {what}"
        case "again":
            return (
                f"{facts.who} pressed *I don't see it*, and TradingView did not show {facts.what}: "
                "it is sent once more"
            )
        case _:
            return f"{facts.who} ordered {what}"


def _codes(facts: Any) -> str:
    """Return which codes an entry is about."""
    number = facts.after.get("batch")
    of_set = f" (batch {number})" if number else ""
    return f"{facts.number('code')} for {facts.given()} of {facts.what}{of_set}"


SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "purchase": lambda f: (
        f"{f.whom} got {f.what} ({f.origin()}); it waits for their TradingView name"
    ),
    "purchase_ended": lambda f: (
        f"{f.what} for {f.whom} ({f.origin()}) ended before a TradingView name was known"
    ),
    "trial_refused": lambda f: (
        f"the trial of {f.what} that waited for {f.whom} did not begin: it was taken before with that "
        "TradingView name, or they have or had it already"
    ),
    "codes_made": lambda f: f"{f.who} made {_codes(f)}; only the answer to the command showed them",
    "codes_revoked": lambda f: f"{f.who} revoked {_codes(f)}",
    "codes_put_back": lambda f: f"{f.who} lets {_codes(f)} work again",
    "code_guesses": lambda f: (
        f"⚠️ {f.member} typed {f.number('wrong code')} within a day, and has to wait longer after each "
        "further one"
    ),
    "code_guesses_here": lambda f: (
        f"⚠️ {f.number('wrong code')} were typed in this server within an hour, so that no code is "
        "taken for a while. Nobody got anything by that"
    ),
}
