"""What an answer of TradingView means before its content is read (wire §13)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from bot.logs import printable_line
from bot.tradingview.errors import (
    BadPagination,
    Denied,
    NoSuchScript,
    NoSuchUser,
    Refused,
    SessionRefused,
    SlowDown,
    TradingViewError,
    Trouble,
    Uncertain,
    UpstreamTrouble,
)
from bot.tradingview.models import Cookies
from bot.tradingview.wire import Purpose

MAX_DETAIL = 300
_MAX_CODE = 100
_MIN_SECRET = 8  # replacing shorter ones would spoil harmless text
_MAX_READ = 64 * 1024  # of a refusal
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|/)", re.ASCII)
_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; header names in lower case. `complete` is false when its body broke off.

    `set_cookies` holds the Set-Cookie lines, which are nowhere else; `sent` the login it was asked with,
    which is kept out of every error.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    complete: bool = True
    set_cookies: tuple[str, ...] = field(default=(), repr=False)
    sent: Cookies | None = None


def failure(reply: Reply, purpose: Purpose, now: datetime) -> TradingViewError | None:
    """The one place where an answer becomes an error; the order of its steps matters (wire §13).

    Returns None for a complete 2xx that is not a web page. `now` counts a Retry-After date down.
    """
    status, said = reply.status, _said(reply)
    if status == 429:
        asked = retry_after(reply.headers.get("retry-after"), now)
        return SlowDown(retry_after=asked, **said._asdict())
    page = _is_page(reply)
    if purpose is Purpose.PUBLIC and not (200 <= status < 300 and reply.complete and not page):
        # No login was sent, so none was refused; and no answer is not "no such user" (wire §4).
        return UpstreamTrouble(_kind(reply, page=page), **said._asdict())
    if purpose is Purpose.PROFILE:  # a page is what is asked for, and "no such page" is an answer
        answered = 200 <= status < 400 or status in (404, 410)
        return None if answered else UpstreamTrouble(Trouble.STATUS, **said._asdict())
    if purpose is Purpose.PAGE:  # which host it comes from says nothing of the login
        return None if 200 <= status < 400 else UpstreamTrouble(Trouble.STATUS, status=status)
    if 300 <= status < 400:
        return SessionRefused(**said._asdict())
    if not 200 <= status < 500:
        return UpstreamTrouble(Trouble.STATUS, **said._asdict())
    if page:
        return _page_means(reply, said)
    if status >= 400:
        return _refusal(reply, purpose, said)
    return None if reply.complete else unusable(Trouble.TRUNCATED, reply, purpose)


class _Said(NamedTuple):
    """TradingView's own words about a refusal."""

    code: str | None
    detail: str | None
    status: int


def _page_means(reply: Reply, said: _Said) -> TradingViewError:
    if b"is-not-authenticated" in reply.body or reply.status == 401:
        return SessionRefused(**said._asdict())
    if reply.status == 403:
        return Denied(page=True, **said._asdict())
    return UpstreamTrouble(Trouble.PAGE, **said._asdict())


def _refusal(reply: Reply, purpose: Purpose, said: _Said) -> TradingViewError:
    if reply.status == 401:
        return SessionRefused(**said._asdict())
    if reply.status == 403:
        return Denied(**said._asdict())
    if not reply.complete:
        return unusable(Trouble.TRUNCATED, reply, purpose)
    meaning: type[TradingViewError] = Refused
    if said.code == "username_recip_not_found" and reply.status in (400, 404, 422):
        meaning = NoSuchUser
    elif reply.status == 422 and b"pine_id" in reply.body:
        meaning = NoSuchScript
    elif reply.status == 400 and said.code == "bad_pagination_request":
        meaning = BadPagination
    return meaning(**said._asdict())


def _kind(reply: Reply, *, page: bool) -> Trouble:
    if not 200 <= reply.status < 300:
        return Trouble.STATUS
    return Trouble.PAGE if page else Trouble.TRUNCATED


def unusable(
    kind: Trouble, reply: Reply, purpose: Purpose, detail: str | None = None
) -> TradingViewError:
    error = Uncertain if purpose is Purpose.WRITE else UpstreamTrouble
    return error(kind, status=reply.status, detail=detail)


def _is_page(reply: Reply) -> bool:
    start = reply.body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        return True
    return "html" in reply.headers.get("content-type", "").lower() and start not in (b"{", b"[")


def _said(reply: Reply) -> _Said:
    """Code and detail of a refusal, short and on one line; nothing of a web page or a success."""
    if 200 <= reply.status < 300 or _is_page(reply):
        return _Said(None, None, reply.status)
    data = parsed(reply)
    text = _ESCAPED.sub(_unescaped, reply.body[:_MAX_READ].decode("utf-8", "replace"))
    if not isinstance(data, dict):
        return _Said(None, _line(text, MAX_DETAIL, reply.sent), reply.status)
    code, detail = data.get("code"), data.get("detail")
    if not isinstance(detail, str) and (detail or not isinstance(code, str)):
        detail = text  # such as {"pine_id": ["..."]}
    return _Said(
        _line(code, _MAX_CODE, reply.sent) if isinstance(code, str) else None,
        _line(detail, MAX_DETAIL, reply.sent) if isinstance(detail, str) else None,
        reply.status,
    )


def _unescaped(found: re.Match[str]) -> str:
    """What JSON writes so; a login must be found in a text however it is written."""
    return chr(int(found[1], 16)) if found[1] else "/"


def _line(text: str, longest: int, login: Cookies | None) -> str | None:
    """One printable line of at most `longest` characters without the login, so that it can go into a log."""
    for secret in () if login is None else (login.sessionid, login.sessionid_sign):
        if secret is not None and len(secret) >= _MIN_SECRET:
            text = text.replace(secret, "(hidden)")
    return printable_line(text[:longest]) or None


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds until then, however many, from either form of the header; None for neither."""
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for an absurd zone
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def parsed(reply: Reply) -> Any:
    """The body as JSON; None for what is none, which no caller takes for an answer."""
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
