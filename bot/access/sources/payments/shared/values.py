"""Single values of a message, each in one form; what has another shape is None (payments-wire, section 7)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.access.rules.duration import cut
from bot.access.sources.payments.shared.bodies import Number

MAX_TEXT = 200  # characters of what is kept
_MILLISECONDS = 100_000_000_000  # a unix time from here on counts these
_FIRST_YEAR, _LAST_YEAR = 2000, 9998  # what lies beyond is no date of a shop
_MAX_AMOUNT = Decimal(10) ** 15
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")  # no database takes half a character
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
    return value if value and len(value) <= at_most and not _UNSTORABLE.search(value) else None


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
    """Return the moment, in UTC; it is written in ISO 8601 with a zone, or in unix time.

    Unix time counts seconds, or milliseconds where it is so large.
    """
    try:
        found = _moment(value)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = value.strip()
        if len(value) > 40:
            return None
        if not _UNIX_TIME.fullmatch(value):
            found = datetime.fromisoformat(value)
            return None if found.tzinfo is None else cut(found)
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return datetime.fromtimestamp(value // 1000 if value >= _MILLISECONDS else value, UTC)


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
