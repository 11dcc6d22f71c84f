"""Asks TradingView about a person before anything is recorded, if that is quickly done."""

from collections.abc import Iterable
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
    hints = await suggestions(tradingview, name, seconds, urgent=urgent)
    if hints is None:
        return None
    if hint := of_name(hints, name):
        return hint
    raise UserUnknown(name, nearest(name, hints))


async def suggestions(
    tradingview: TradingViewClient, name: str, seconds: float, *, urgent: bool
) -> list[Hint] | None:
    """Return the users whose names begin like that one; None without an answer within `seconds`."""
    hints = await in_time(tradingview.hints(name, helpful=urgent), seconds)
    if hints is None or hints or len(name) <= MIN_STEM:
        return hints
    return await in_time(tradingview.hints(stem(name), helpful=urgent), seconds) or []


def stem(name: str) -> str:
    """Return a shorter start: TradingView completes what is typed, and a slip may be at the end of a name."""
    return name[: max(MIN_STEM, len(name) * 2 // 3)]


def of_name(hints: Iterable[Hint], name: str) -> Hint | None:
    """Return the user of exactly that name, in any case."""
    return next((hint for hint in hints if hint.username.casefold() == name.casefold()), None)


def nearest(name: str, hints: Iterable[Hint]) -> tuple[str, ...]:
    """Return the names that look most like that one, the likest first."""
    return _nearest(name, [hint.username for hint in hints])


def _nearest(name: str, found: list[str]) -> tuple[str, ...]:
    def likeness(other: str) -> float:
        import difflib  # noqa: PLC0415 - rarely needed, and large

        return difflib.SequenceMatcher(None, name.casefold(), other.casefold()).ratio()

    return tuple(sorted(found, key=likeness, reverse=True)[:NEAR])


async def look(tradingview: TradingViewClient, script: Script, name: str) -> State:
    """Return what TradingView shows for one person and script now; raises TradingViewError."""
    return seen_in(await tradingview.find_row(script.pine_id, name, urgent=True))
