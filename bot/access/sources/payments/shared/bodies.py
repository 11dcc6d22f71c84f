"""Bodies read strictly: what two readers could understand differently is refused (payments-wire, section 1)."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from bot.access.rules.payments import Refused

_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")
_MAX_DEPTH = 64
_MAX_DIGITS = 30
_MAX_FIELDS = 2_000


def json_of(body: bytes) -> dict[str, Any]:
    """Return the object of a JSON body; numbers with a fraction come as Decimal-safe text.

    Raises Refused for what is no object, has a key twice, half a character, or a number out of range.
    """
    try:
        found = json.loads(
            body.decode(),
            object_pairs_hook=_once,
            parse_int=_integer,
            parse_float=_fraction,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise Refused("the body is no readable JSON") from error
    if not isinstance(found, dict):
        raise Refused("the body is no JSON object")
    _refuse_odd(found, 0)
    return found


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a form. Raises Refused for a field that comes twice, or is not UTF-8."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise Refused("the body is no readable form") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused("a field of the form comes twice")
    return fields


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


class Number(str):
    """A number with a fraction, as it was written: no float ever counts money."""

    __slots__ = ()


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number is out of range")
    return int(text)


def _fraction(text: str) -> Number:
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number is out of range")
    return Number(text)


def _no_constant(_: str) -> Any:
    raise ValueError("a number is none")


def _refuse_odd(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise Refused("the body is nested too deeply")
    if isinstance(value, str):
        if _HALF_CHARACTER.search(value):
            raise Refused("the body has half a character")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_odd(key, depth + 1)
            _refuse_odd(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _refuse_odd(inner, depth + 1)
