"""Asks TradingView about a person before anything is recorded, if that is quickly done."""

import difflib
from dataclasses import dataclass

from bot.access.people.errors import (
    NameHasHiddenMark,
    NameHasLongDash,
    NameIsOtherPage,
    NameUnreadable,
    UserUnknown,
)
from bot.access.rules.entitlements import State, seen_in
from bot.store.records import Script
from bot.tradingview import (
    HiddenMark,
    Hint,
    LongDash,
    OtherPage,
    TradingViewClient,
    clean_username,
)
from bot.tradingview.deadline import in_time

LOOKUP_TIMEOUT = 1.0
NEAR = 5
MIN_STEM = 3


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name, and whether TradingView confirmed that it is written so."""

    username: str
    checked: bool
    user_id: int | None = None


def clean(text: str) -> str:
    """Return the name in what was typed or pasted.

    Raises:
        NameUnreadable: it cannot be a TradingView name; NameHasLongDash, NameHasHiddenMark or
            NameIsOtherPage where that is why.
    """
    try:
        return clean_username(text)
    except LongDash as error:
        raise NameHasLongDash(text) from error
    except HiddenMark as error:
        raise NameHasHiddenMark(text) from error
    except OtherPage as error:
        raise NameIsOtherPage(text) from error
    except ValueError as error:
        raise NameUnreadable(text) from error


async def spell(tradingview: TradingViewClient, name: str, *, anyway: bool = False) -> Spelling:
    """Ask TradingView for the exact spelling, for at most a second; `anyway` believes what was typed.

    Raises:
        UserUnknown: TradingView answered, and knows no user of that name.
    """
    try:
        hint = await exact(tradingview, name, LOOKUP_TIMEOUT, urgent=True)
    except UserUnknown:
        if not anyway:
            raise
        return Spelling(name, checked=True)
    if hint is None:
        return Spelling(name, checked=anyway)
    return Spelling(hint.username, checked=True, user_id=hint.user_id)


async def exact(
    tradingview: TradingViewClient, name: str, seconds: float, *, urgent: bool
) -> Hint | None:
    """Return the user who has exactly that name, in any case; None without an answer within `seconds`.

    Raises:
        UserUnknown: TradingView answered, and knows no user of that name; it holds near hits.
    """
    hints = await in_time(tradingview.hints(name, helpful=urgent), seconds)
    if hints is None:
        return None
    for hint in hints:
        if hint.username.casefold() == name.casefold():
            return hint
    if not hints and len(name) > MIN_STEM:
        # TradingView completes what is typed; a slip at the end of a name needs a shorter start.
        stem = name[: max(MIN_STEM, len(name) * 2 // 3)]
        hints = await in_time(tradingview.hints(stem, helpful=urgent), seconds) or []
    raise UserUnknown(name, _nearest(name, [hint.username for hint in hints]))


def _nearest(name: str, found: list[str]) -> tuple[str, ...]:
    def likeness(other: str) -> float:
        return difflib.SequenceMatcher(None, name.casefold(), other.casefold()).ratio()

    return tuple(sorted(found, key=likeness, reverse=True)[:NEAR])


async def look(tradingview: TradingViewClient, script: Script, name: str) -> State:
    """Return what TradingView shows for one person and script now; raises TradingViewError."""
    return seen_in(await tradingview.find_row(script.pine_id, name, urgent=True))
