"""What the content of TradingView's answers says (wire §3 to §8); unknown forms are errors."""

import json
import re
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.tradingview.errors import Trouble
from bot.tradingview.models import LIFETIME, AccountFacts, End, Hint, Page, Row, WriteResult
from bot.tradingview.names import clean_username
from bot.tradingview.response_errors import Reply, parsed, unusable
from bot.tradingview.wire import LISTING, Purpose

_MAX_NAME = 255
_LARGEST_ID = 2**63 - 1  # what a database can hold
_OF_THE_USER = '"auth_token"'
_MAX_USER, _MAX_OBJECTS = 64 * 1024, 200  # what is looked through around a home page's user
_MAX_PROFILE = 2 * 1024 * 1024  # of a page of cards, what is looked through for a code
_PATH = re.compile(r"[\x21-\x7e]+", re.ASCII)


def hints(reply: Reply) -> list[Hint]:
    """The suggestions in their order; raises UpstreamTrouble for any other shape."""
    data = parsed(reply)
    if not isinstance(data, list):
        raise unusable(Trouble.SHAPE, reply, Purpose.PUBLIC)
    return [
        Hint(_name(item, reply), _user_id(item.get("id")), item.get("inactive") is True)
        for item in data
    ]


def account(reply: Reply) -> AccountFacts:
    """What a living login tells; raises UpstreamTrouble for any other shape (wire §3)."""
    data = parsed(reply)
    if not isinstance(data, dict):
        raise unusable(Trouble.SHAPE, reply, Purpose.READ)
    return AccountFacts(_account_name(data.get("link")))


def home_username(reply: Reply) -> str | None:
    """Whom the home page names as logged in; None when it names nobody for certain (wire §11)."""
    if not reply.complete or b"is-not-authenticated" in reply.body:
        return None
    body = reply.body.decode("utf-8", "replace")
    users = [_user_at(body, found.start()) for found in islice(re.finditer(_OF_THE_USER, body), 10)]
    names = {user["username"] for user in users if user.get("auth_token") and "username" in user}
    try:
        return clean_username(names.pop()) if len(names) == 1 else None
    except ValueError:
        return None


def profile(reply: Reply) -> str | None:
    """The text of somebody's page as far as it came, in any form; None where there is no such page."""
    if not 200 <= reply.status < 300:
        return None
    return reply.body[:_MAX_PROFILE].decode("utf-8", "replace")


def _user_at(body: str, at: int) -> dict[str, str]:
    """The texts of the JSON object that `at` lies in; a name beside or inside it is somebody else's."""
    first = max(0, at - _MAX_USER)
    part = body[first : at + _MAX_USER]
    at = begin = at - first
    for _ in range(_MAX_OBJECTS):
        begin = part.rfind("{", 0, begin)
        if begin < 0:
            break
        try:
            found, end = json.JSONDecoder().raw_decode(part, begin)
        except (ValueError, RecursionError):
            continue
        if end > at:
            return {name: value for name, value in found.items() if isinstance(value, str)}
    return {}


def page(reply: Reply, base: str) -> Page:
    """One page; raises UpstreamTrouble when any part of it is not understood (wire §5).

    A row whose date cannot be read spoils the page: it must become neither lifetime nor "no access".
    """
    data = parsed(reply)
    results = data.get("results") if isinstance(data, dict) else None
    if not isinstance(results, list):
        raise unusable(Trouble.SHAPE, reply, Purpose.READ)
    return Page(
        tuple(_row(item, reply) for item in results),
        next_path(data["next"], base, reply) if "next" in data else None,
    )


def answer(reply: Reply) -> WriteResult:
    """What a write said; raises Uncertain for anything but the three known words (wire §13.10)."""
    data = parsed(reply)
    status = data.get("status") if isinstance(data, dict) else None
    for known in WriteResult:
        if known == status:
            return known
    raise unusable(Trouble.SHAPE, reply, Purpose.WRITE)


def _row(item: Any, reply: Reply) -> Row:
    username = _name(item, reply)
    expiration = item.get("expiration")
    if expiration is None or expiration == "":
        end: End = LIFETIME  # the wire's own way to say so, and the only place where it counts
    else:
        moment = _moment(expiration)
        if moment is None:
            raise unusable(Trouble.SHAPE, reply, Purpose.READ, f"the date of {username}")
        end = moment
    return Row(_user_id(item.get("id")), username, end, _moment(item.get("created")))


def _name(item: Any, reply: Reply) -> str:
    name = item.get("username") if isinstance(item, dict) else None
    if isinstance(name, str) and name.isprintable() and 0 < len(name) <= _MAX_NAME:
        return name
    raise unusable(Trouble.SHAPE, reply, Purpose.READ, "a row without a name")


def _user_id(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_ID:
        return value
    return None


def _moment(value: Any) -> datetime | None:
    """An aware moment in UTC; None for what is no date or has no zone."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def next_path(value: Any, base: str, reply: Reply) -> str | None:
    """Where the next page is: path and query as they came, on our own host only (wire §5).

    None at the end of the list; raises UpstreamTrouble for anything else.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str) and _PATH.fullmatch(value):
        path = value
        if not value.startswith("/") or value.startswith("//"):
            path = _below(value, base)
        if path.partition("?")[0] == LISTING:
            return path
    raise unusable(Trouble.SHAPE, reply, Purpose.READ, "the address of the next page")


def _below(address: str, base: str) -> str:
    """The path and query of an absolute address on the host of `base`, else nothing."""
    try:
        there, here = urlsplit(address), urlsplit(base)
        same = (there.hostname, there.port) == (here.hostname, here.port)
    except ValueError:
        return ""
    rest = address.partition("://")[2]
    return rest[rest.find("/") :] if same and "/" in rest else ""


def _account_name(link: Any) -> str | None:
    """The name in `link`: bare, in a profile address, or in an address for inviting others."""
    if not isinstance(link, str):
        return None
    try:
        query = parse_qs(urlsplit(link).query)
        if "aff_id" in query:
            return clean_username(query.get("source", [""])[0])
        return clean_username(query.get("share_your_love", [link])[0])
    except ValueError:
        return None
