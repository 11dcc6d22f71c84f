"""The pages of a script's list: order, filter, and the opaque token of the next page."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from bot.sandbox.tradingview.bodies import write_date
from bot.sandbox.tradingview.switches import Switches
from bot.sandbox.tradingview.world import Grant

LIST_PATH = "/pine_perm/list_users/"
FOREIGN_ORIGIN = "https://list.tradingview.invalid"
DEFAULT_ORDER = "-created"
# About 50 KB, like the largest pictures seen in answers (wire §5).
_PICTURE = "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 150).decode()
# These three bytes make every token begin with signs that must be percent-encoded.
_MARK = b"\xfb\xef\xbe"
# Tells a whole token from a cut one, and fills up so that it ends with '='.
_FINISH = b"."
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)

_ORDERS: dict[str, Callable[[Grant], tuple[Any, ...]]] = {
    "created": lambda row: (row.created, row.serial),
    "user__username": lambda row: (row.username.casefold(), row.serial),
    "expiration,user__username": lambda row: (row.end or _END_OF_TIME, row.username.casefold()),
}


class BadCursorError(Exception):
    """The token is none of ours: cut, or encoded twice."""


@dataclass(frozen=True)
class Cursor:
    """Where the next page begins: after so many rows, and after the row with that serial."""

    order: str
    limit: int
    skip: int
    after: int

    def token(self) -> str:
        """Opaque text; it holds '+', '=' and sometimes '/', which do not survive unencoded."""
        plain = urlencode({"p": self.skip, "o": self.order, "l": self.limit, "a": self.after})
        raw = _MARK + plain.encode()
        raw += _FINISH * (2 if len(raw) % 3 == 2 else 1)
        return base64.b64encode(raw).decode()

    @classmethod
    def read(cls, token: str) -> "Cursor":
        try:
            raw = base64.b64decode(token, validate=True)
            if not (raw.startswith(_MARK) and raw.endswith(_FINISH)):
                raise BadCursorError(token)
            parts = dict(parse_qsl(raw[len(_MARK) :].rstrip(_FINISH).decode()))
            return cls(parts["o"], int(parts["l"]), int(parts["p"]), int(parts["a"]))
        except (binascii.Error, UnicodeDecodeError, KeyError, ValueError) as error:
            raise BadCursorError(token) from error


def in_order(rows: list[Grant], order: str) -> list[Grant]:
    """Sorted as `order_by` says; an unknown order is the usual one, newest first."""
    name = order.removeprefix("-")
    if name not in _ORDERS:
        return in_order(rows, DEFAULT_ORDER)
    return sorted(rows, key=_ORDERS[name], reverse=order.startswith("-"))


def named(rows: list[Grant], username: str, switches: Switches) -> list[Grant]:
    """The rows that the `username` field leaves; no field leaves all."""
    if not username:
        return rows

    def spelt(text: str) -> str:
        return text if switches.exact_spelling else text.casefold()

    wanted = spelt(username)
    match switches.filter:
        case "prefix":
            return [row for row in rows if spelt(row.username).startswith(wanted)]
        case "contains":
            return [row for row in rows if wanted in spelt(row.username)]
        case "exact":
            return [row for row in rows if spelt(row.username) == wanted]
        case _:
            return rows


def page_of(rows: list[Grant], cursor: Cursor, switches: Switches, origin: str) -> dict[str, Any]:
    """One page in the documented shape; `rows` are filtered and in order."""
    start = _start(rows, cursor, steady=switches.steady_pages)
    size = max(1, cursor.limit // 3) if switches.short_pages else cursor.limit
    shown = rows[start : start + size]
    body: dict[str, Any] = {"results": [row_as_json(row, switches) for row in shown]}
    if shown and start + size < len(rows):
        following = Cursor(cursor.order, cursor.limit, start + size, shown[-1].serial)
        body["next"] = _link(following, switches, origin)
    elif switches.last_page != "absent":
        body["next"] = None if switches.last_page == "null" else ""
    return body


def _start(rows: list[Grant], cursor: Cursor, *, steady: bool) -> int:
    """Counting rows repeats or skips some when the list changed in between; the last row does not."""
    if steady and cursor.after:
        for index, row in enumerate(rows):
            if row.serial == cursor.after:
                return index + 1
    return cursor.skip


def _link(cursor: Cursor, switches: Switches, origin: str) -> str:
    path = f"{LIST_PATH}?c={quote(cursor.token(), safe='')}"
    match switches.next_form:
        case "absolute":
            return origin + path
        case "foreign":
            return FOREIGN_ORIGIN + path
        case _:
            return path


def row_as_json(row: Grant, switches: Switches) -> dict[str, Any]:
    """One row; how lifetime looks and whether a picture comes along are switches."""
    shown: dict[str, Any] = {
        "id": row.user.id,
        "username": row.username,
        "userpic": _picture(row, switches.pictures),
    }
    if row.end is not None:
        shown["expiration"] = write_date(row.end)
    elif switches.lifetime_as != "absent":
        shown["expiration"] = None if switches.lifetime_as == "null" else ""
    shown["created"] = write_date(row.created)
    return shown


def _picture(row: Grant, mode: str) -> str:
    if mode == "always" or (mode == "sometimes" and row.user.id % 5 == 0):
        return _PICTURE
    return "" if row.user.id % 2 else f"https://pictures.tradingview.invalid/{row.user.id}.png"
