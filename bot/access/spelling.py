"""Asks TradingView about somebody before anything is recorded, if that is quickly done."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from bot import clock
from bot.access.entitlements import State, seen_in
from bot.access.refusals import NameUnreadable, UserUnknown
from bot.store.records import Script
from bot.tradingview import TradingView, TradingViewError, clean_username

PATIENCE = 1.0
NEAR = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name, and whether TradingView confirmed that it is written so."""

    username: str
    checked: bool
    user_id: int | None = None


def clean(text: str) -> str:
    """The name in what somebody typed or pasted.

    Raises:
        NameUnreadable: it cannot be a TradingView name.
    """
    try:
        return clean_username(text)
    except ValueError as error:
        raise NameUnreadable(text) from error


async def spell(tradingview: TradingView, name: str, *, anyway: bool = False) -> Spelling:
    """Ask TradingView for the exact spelling, for at most a second; `anyway` believes what was typed.

    Raises:
        UserUnknown: TradingView answered, and knows nobody of that name.
    """
    hints = await in_time(tradingview.hints(name, urgent=True), PATIENCE)
    if hints is None:
        return Spelling(name, checked=anyway)
    for hint in hints:
        if hint.username.casefold() == name.casefold():
            return Spelling(hint.username, checked=True, user_id=hint.user_id)
    if anyway:
        return Spelling(name, checked=True)
    raise UserUnknown(name, tuple(hint.username for hint in hints[:NEAR]))


async def in_time(asking: Coroutine[Any, Any, T], seconds: float) -> T | None:
    """TradingView's answer, or None when there is no sensible one within that many seconds."""
    task = asyncio.ensure_future(asking)
    try:
        return task.result() if await clock.within(seconds, task) else None
    except TradingViewError:
        return None
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def look(tradingview: TradingView, script: Script, name: str) -> State:
    """What TradingView shows for one person and script now; raises TradingViewError."""
    return seen_in(await tradingview.find_row(script.pine_id, name, urgent=True))
