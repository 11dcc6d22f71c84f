"""Single values of a message, each in one form; what has another shape is None (payments-wire, section 7)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.access.rules.duration import cut
from bot.access.sources.payments.bodies import Number

MAX_TEXT = 200  # characters of what is kept
_MILLISECONDS = 100_000_000_000  # a unix time from here on counts these
_LAST_SECOND = 253_402_300_799  # of the year 9999, beyond which there is no date
_MAX_AMOUNT = Decimal(10) ** 15
_SNOWFLAKE = re.compile(r"[1-9]\d{14,18}", re.ASCII)
_UNIX_TIME = re.compile(r"\d{9,13}", re.ASCII)
_MAX_STEPS = 10


def text(value: Any, at_most: int = MAX_TEXT) -> str | None:
    """Return a text without the space around it, or a whole number as text; None for anything else."""
    if isinstance(value, Number | bool):
        return None
    if isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.strip()
    return value if value and len(value) <= at_most and "\0" not in value else None


def member_of(value: Any, name: str) -> Any:
    """Return what an object holds under that name; None where it is no object, or holds nothing."""
    return value.get(name) if isinstance(value, Mapping) else None


def at_path(value: Any, path: str) -> Any:
    """Return what stands at a dotted path such as "data.items.0.sku"; None where there is nothing."""
    steps = path.split(".")
    if len(steps) > _MAX_STEPS:
        return None
    for step in steps:
        if isinstance(value, list):
            is_place = step.isascii() and step.isdigit() and len(step) <= 4
            value = value[int(step)] if is_place and int(step) < len(value) else None
        else:
            value = member_of(value, step)
    return value


def moment(value: Any) -> datetime | None:
    """Return the moment, in UTC, that is written in ISO 8601 with a zone, or in seconds or milliseconds of unix time."""
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return _of_unix_time(value)
        if not isinstance(value, str) or len(value) > 40:
            return None
        if _UNIX_TIME.fullmatch(value.strip()):
            return _of_unix_time(int(value))
        found = datetime.fromisoformat(value.strip())
        return None if found.tzinfo is None else cut(found)
    except (ValueError, OverflowError):
        return None


def _of_unix_time(number: int) -> datetime | None:
    if number >= _MILLISECONDS:
        number //= 1000
    return datetime.fromtimestamp(number, UTC) if 0 < number <= _LAST_SECOND else None


def amount(value: Any) -> Decimal | None:
    """Return an amount of money as it was written; None for what is none, or is out of range."""
    if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > 30:
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found <= _MAX_AMOUNT else None


def snowflake(value: Any) -> int | None:
    """Return an id of Discord; None for what cannot be one."""
    written = text(value)
    return int(written) if written and _SNOWFLAKE.fullmatch(written) else None


def asks_for_tradingview(question: str) -> bool:
    """Return whether a question or field of a shop asks for the TradingView name, however it is spelled."""
    return "tradingview" in re.sub(r"[^a-z]", "", question.casefold())
