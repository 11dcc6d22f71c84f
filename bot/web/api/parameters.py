"""What a request of the API asks for: in its address and in its body, JSON or a form."""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.access.orders.api_requests import Asked
from bot.access.rules.duration import parse_length
from bot.errors import UserError
from bot.replies import api as words

MAX_ITEMS = 50
_MAX_TEXT = 100  # characters of one pine id, short name or duration
_REPEAT_KEY = "Idempotency-Key"
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,255}")
_FORM = "application/x-www-form-urlencoded"

Fields = dict[str, list[str]]


class UnreadableRequestError(Exception):
    """The request cannot be understood; `text` says what it should hold."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


async def items_of(request: web.Request) -> tuple[str, ...]:
    """Return the pine ids and short names. Raises UnreadableRequestError."""
    return _items(_merged(request, await request.read()))


async def asked(request: web.Request) -> Asked:
    """Return the change that a POST or DELETE asks for. Raises UnreadableRequestError."""
    body = await request.read()
    fields = _merged(request, body)
    length = None
    if request.method == "POST":
        try:
            length = parse_length(_one(fields, "duration"))
        except UserError:
            raise UnreadableRequestError(words.NO_DURATION) from None
    given = f"{request.method}\n{request.raw_path}\n".encode("utf-8", "surrogateescape")
    return Asked(
        username=request.match_info["username"],
        items=_items(fields),
        length=length,
        fingerprint=hashlib.sha256(given + body).digest(),
        repeat_key=_repeat_key(request),
    )


def _repeat_key(request: web.Request) -> str | None:
    keys = request.headers.getall(_REPEAT_KEY, [])
    if not keys:
        return None
    if len(keys) > 1 or not _PRINTABLE.fullmatch(keys[0]):
        raise UnreadableRequestError(words.KEY_UNREADABLE)
    return keys[0]


def _merged(request: web.Request, body: bytes) -> Fields:
    """Return the fields of the address and the body; what stands in both comes from the body."""
    return _listed(request.query.items()) | _fields(request, body)


def _fields(request: web.Request, body: bytes) -> Fields:
    if not body.strip():
        return {}
    try:
        text = body.decode("utf-8-sig")  # some programs write a mark in front
        if request.content_type == _FORM and not text.lstrip().startswith("{"):
            return _listed(parse_qsl(text, keep_blank_values=True, max_num_fields=200))
        pairs = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise UnreadableRequestError(words.BODY_UNREADABLE) from None
    if not isinstance(pairs, dict):
        raise UnreadableRequestError(words.BODY_UNREADABLE)
    return {name: _texts(value) for name, value in pairs.items() if value is not None}


def _listed(pairs: Iterable[tuple[str, str]]) -> Fields:
    fields: Fields = {}
    for name, value in pairs:
        fields.setdefault(name.removesuffix("[]"), []).append(value)
    return fields


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object in which no name stands twice: which of the two is meant is anybody's guess."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each if isinstance(each, str) else "" for each in values]


def _one(fields: Fields, name: str) -> str:
    values = fields.get(name, [])
    if len(values) != 1 or not _is_text(values[0]):
        raise UnreadableRequestError(words.NO_DURATION)
    return values[0]


def _items(fields: Fields) -> tuple[str, ...]:
    found = [part.strip() for text in fields.get("pine_ids", []) for part in text.split(",")]
    items = tuple(dict.fromkeys(part for part in found if part))
    if not items or not all(map(_is_text, items)):
        raise UnreadableRequestError(words.NO_ITEMS)
    if len(items) > MAX_ITEMS:
        raise UnreadableRequestError(words.TOO_MANY_ITEMS.format(most=MAX_ITEMS))
    return items


def _is_text(text: str) -> bool:
    return 0 < len(text) <= _MAX_TEXT and text.isprintable()
