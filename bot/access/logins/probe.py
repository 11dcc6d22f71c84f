"""Finds out what a login is worth: two reads that change nothing (wire §3, §13)."""

import asyncio
import enum
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from bot.tradingview.client import TradingViewClient
from bot.tradingview.errors import (
    Denied,
    NoSuchScript,
    Refused,
    SessionRefused,
    TradingViewError,
)

# Nobody's name: the answer is as short as can be, and proves the ownership all the same.
NOBODY = "usher-login-test"
_MAX_TRIED = 3


class Sign(enum.Enum):
    """What one call said about the login."""

    ACCEPTED = enum.auto()
    REFUSED = enum.auto()
    UNCLEAR = enum.auto()


class LoginCheck(enum.StrEnum):
    """What is to be done about a refused request."""

    REPLACED = "replaced"  # a newer pair is there: repeat the request
    ALIVE = "alive"  # the login is good; it was about something else
    DEAD = "dead"
    UNKNOWN = "unknown"  # TradingView could not be asked just now


@dataclass(frozen=True, slots=True)
class Facts:
    """A tested login: whose it is when known, and which scripts it does not own."""

    check: LoginCheck
    username: str | None = None
    missing: tuple[str, ...] = ()  # pine ids
    unchecked: tuple[str, ...] = ()  # pine ids
    detail: str | None = None  # TradingView's own words, for staff


async def probe(client: TradingViewClient, pine_ids: Sequence[str]) -> Facts:
    """Test whether the login lives: dead only if both calls refuse it as logged out."""
    account, username, detail = await _account(client)
    if account is Sign.ACCEPTED:
        return Facts(LoginCheck.ALIVE, username)
    if not pine_ids:  # nothing that the second call could be made with
        return Facts(
            LoginCheck.DEAD if account is Sign.REFUSED else LoginCheck.UNKNOWN, detail=detail
        )
    for pine_id in pine_ids[:_MAX_TRIED]:
        listing, _ = await _listing(client, pine_id)
        if listing is Sign.ACCEPTED:
            return Facts(LoginCheck.ALIVE)
        if listing is Sign.REFUSED:
            dead = account is Sign.REFUSED
            return Facts(LoginCheck.DEAD if dead else LoginCheck.UNKNOWN, detail=detail)
    return Facts(LoginCheck.UNKNOWN, detail=detail)


async def examine(client: TradingViewClient, pine_ids: Sequence[str]) -> Facts:
    """Test a login that is offered, and whether it owns these scripts."""
    facts = await probe(client, pine_ids)
    if facts.check is not LoginCheck.ALIVE:
        return facts
    username = facts.username or await _home_name(client)
    if not pine_ids:
        return Facts(LoginCheck.ALIVE, username)
    answers = await asyncio.gather(*(_listing(client, pine_id) for pine_id in pine_ids))
    request = list(zip(pine_ids, answers, strict=True))
    return Facts(
        LoginCheck.ALIVE,
        username,
        missing=tuple(pine_id for pine_id, (_, owned) in request if owned is False),
        unchecked=tuple(pine_id for pine_id, (_, owned) in request if owned is None),
    )


async def _account(client: TradingViewClient) -> tuple[Sign, str | None, str | None]:
    try:
        facts = await client.account(urgent=True)
    except TradingViewError as error:
        return _sign(error), None, error.detail
    return Sign.ACCEPTED, facts.username, None


async def _home_name(client: TradingViewClient) -> str | None:
    """Return whose login it is where the account page did not tell; not knowing is no trouble."""
    try:
        return await client.home_username(urgent=True)
    except TradingViewError:
        return None


async def _listing(client: TradingViewClient, pine_id: str) -> tuple[Sign, bool | None]:
    """Return what a list call said about the login, and whether the script is its own (None: unclear)."""
    try:
        await look(client, pine_id)
    except (NoSuchScript, Refused):
        return Sign.UNCLEAR, False
    except TradingViewError as error:
        sign = _sign(error)
        return sign, False if sign is Sign.REFUSED and isinstance(error, Denied) else None
    return Sign.ACCEPTED, True


async def look(client: TradingViewClient, pine_id: str) -> None:
    """Make one list call for a script, whatever it shows. Raises TradingViewError when it is refused."""
    async with aclosing(client.pages(pine_id, username=NOBODY, urgent=True)) as pages:
        async for _ in pages:
            return


def _sign(error: TradingViewError) -> Sign:
    if isinstance(error, SessionRefused) or (isinstance(error, Denied) and not error.page):
        return Sign.REFUSED
    return Sign.UNCLEAR
