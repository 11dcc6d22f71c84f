"""What is said to TradingView and what its answers mean; nothing here sends anything (wire §2 to §8, §13)."""

import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlencode, urlsplit

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
from bot.tradingview.models import (
    LIFETIME,
    AccountFacts,
    Answer,
    Cookies,
    End,
    Hint,
    Lifetime,
    Page,
    Row,
)
from bot.tradingview.names import clean_username

PAGE_SIZE = 30  # more is refused with bad_pagination_request (wire §5)
LONGEST_DETAIL = 300
LONGEST_BODY = 8 * 1024 * 1024
FORM = "application/x-www-form-urlencoded; charset=UTF-8"

_LIST = "/pine_perm/list_users/"
_USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
_LONGEST_CODE = 100
_LONGEST_NAME = 255
_SHORTEST_SECRET = 8  # replacing shorter ones would spoil harmless text
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_PATH = re.compile(r"[\x21-\x7e]+", re.ASCII)


class Purpose(enum.Enum):
    """What a request is for; it decides what its failures mean."""

    PUBLIC = "a read that sends no cookies"
    READ = "a read"
    WRITE = "a write"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `target` is path and query as sent, `body` the encoded form or None for a GET."""

    purpose: Purpose
    target: str
    body: bytes | None = None

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def path(self) -> str:
        """The path alone, for the log."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; header names in lower case. `complete` is false when its body broke off."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True


# --- building -------------------------------------------------------------------------------


def headers(base: str, request: Request, cookies: Cookies | None) -> dict[str, str]:
    """What TradingView's own page sends (wire §2); there is no CSRF token."""
    address = urlsplit(base)
    origin = f"{address.scheme}://{address.netloc}"
    sent = {
        "Accept": "application/json, text/javascript, */*; q=0.01",
        "Accept-Language": "en-US,en;q=0.9",
        "X-Requested-With": "XMLHttpRequest",
        "X-Language": "en",
        "Origin": origin,
        "Referer": f"{origin}/",
        "User-Agent": _USER_AGENT,
    }
    if request.body is not None:
        sent["Content-Type"] = FORM
    if cookies is not None and request.purpose is not Purpose.PUBLIC:
        sent["Cookie"] = f"sessionid={cookies.sessionid}" + (
            f"; sessionid_sign={cookies.sessionid_sign}" if cookies.sessionid_sign else ""
        )
    return sent


def hints(text: str) -> Request:
    """Ask for the names that begin like `text` (wire §4)."""
    return Request(Purpose.PUBLIC, f"/username_hint/?{urlencode({'s': text}, quote_via=quote)}")


def account() -> Request:
    """Ask whether the login lives (wire §3)."""
    return Request(Purpose.READ, "/tvcoins/details/")


def listing(pine_id: str, username: str | None = None, *, limit: int | None = PAGE_SIZE) -> Request:
    """Ask for the first page of a script's access list, newest first (wire §5)."""
    query = {"order_by": "-created"} | ({} if limit is None else {"limit": str(limit)})
    return Request(Purpose.READ, f"{_LIST}?{urlencode(query)}", _list_form(pine_id, username))


def listing_next(next_path: str, pine_id: str, username: str | None = None) -> Request:
    """Ask for the page that a `Page` points to: the same form, its path byte for byte."""
    return Request(Purpose.READ, next_path, _list_form(pine_id, username))


def add(pine_id: str, username: str, end: End) -> Request:
    """Grant; changes nothing where a row exists, live or expired (wire §6)."""
    return Request(Purpose.WRITE, "/pine_perm/add/", _grant_form(pine_id, username, end))


def modify(pine_id: str, username: str, end: End) -> Request:
    """Change a row's end (wire §7)."""
    target = "/pine_perm/modify_user_expiration/"
    return Request(Purpose.WRITE, target, _grant_form(pine_id, username, end))


def remove(pine_id: str, username: str) -> Request:
    """Take a row away (wire §8)."""
    return Request(Purpose.WRITE, "/pine_perm/remove/", _form(_who(pine_id, username)))


def format_end(end: datetime) -> str:
    """ISO 8601 in UTC, cut to milliseconds, with a Z (wire §6); ValueError for a naive time."""
    if end.utcoffset() is None:
        raise ValueError("an end needs a time zone")
    return end.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _list_form(pine_id: str, username: str | None) -> bytes:
    return _form({"pine_id": pine_id} | ({} if username is None else {"username": username}))


def _grant_form(pine_id: str, username: str, end: End) -> bytes:
    form = _who(pine_id, username)
    match end:
        case Lifetime.LIFETIME:
            pass  # said by leaving the date out: hence every other value must be a date
        case datetime():
            form["expiration"] = format_end(end)
        case _:
            raise TypeError("an end is a datetime or LIFETIME")
    return _form(form)


def _who(pine_id: str, username: str) -> dict[str, str]:
    return {"pine_id": pine_id, "username_recip": username}


def _form(fields: dict[str, str]) -> bytes:
    if not all(fields.values()):
        raise ValueError("a form to TradingView has no empty fields")
    return urlencode(fields).encode()


# --- what a status means --------------------------------------------------------------------


def failure(reply: Reply, purpose: Purpose, now: datetime) -> TradingViewError | None:
    """The one place where an answer becomes an error; the order of its steps matters (wire §13).

    Returns None for a complete 2xx that is not a web page. `now` counts a Retry-After date down.
    """
    status, said = reply.status, _said(reply)
    if status == 429:
        asked = _retry_after(reply.headers.get("retry-after"), now)
        return SlowDown(retry_after=asked, **said._asdict())
    page = _is_page(reply)
    if purpose is Purpose.PUBLIC and not (200 <= status < 300 and reply.complete and not page):
        # No login was sent, so none was refused; and no answer is not "no such user" (wire §4).
        return UpstreamTrouble(_kind(reply, page=page), **said._asdict())
    if 300 <= status < 400:
        return SessionRefused(**said._asdict())
    if not 200 <= status < 500:
        return UpstreamTrouble(Trouble.STATUS, **said._asdict())
    if page:
        return _page_means(reply, said)
    if status >= 400:
        return _refusal(reply, purpose, said)
    return None if reply.complete else _unusable(Trouble.TRUNCATED, reply, purpose)


def without_secrets(body: bytes, cookies: Cookies | None) -> bytes:
    """The body with the login taken out, should TradingView repeat it: parts of it are shown to staff."""
    secrets = () if cookies is None else (cookies.sessionid, cookies.sessionid_sign)
    for secret in secrets:
        if secret is not None and len(secret) >= _SHORTEST_SECRET:
            body = body.replace(secret.encode(), b"(hidden)")
    return body


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
        return _unusable(Trouble.TRUNCATED, reply, purpose)
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


def _unusable(
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
    data = _parsed(reply)
    if not isinstance(data, dict):
        text = reply.body[: 4 * LONGEST_DETAIL].decode("utf-8", "replace")
        return _Said(None, _line(text, LONGEST_DETAIL), reply.status)
    code, detail = data.get("code"), data.get("detail")
    if detail is None and code is None:
        detail = data or None  # such as {"pine_id": ["..."]}
    if not isinstance(detail, str | None):
        detail = json.dumps(detail, ensure_ascii=False)
    code = _line(code, _LONGEST_CODE) if isinstance(code, str) else None
    return _Said(code, None if detail is None else _line(detail, LONGEST_DETAIL), reply.status)


def _line(text: str, longest: int) -> str | None:
    """One printable line of at most `longest` characters, so that it can go into a log."""
    line = "".join(sign if sign.isprintable() else " " for sign in text[:longest]).strip()
    return line or None


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds until then, from either form of the header; None for neither."""
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


# --- reading what was asked for -------------------------------------------------------------


def read_hints(reply: Reply) -> list[Hint]:
    """The suggestions in their order; raises UpstreamTrouble for any other shape."""
    data = _parsed(reply)
    if not isinstance(data, list):
        raise _unusable(Trouble.SHAPE, reply, Purpose.PUBLIC)
    return [
        Hint(_name(item, reply), _user_id(item.get("id")), item.get("inactive") is True)
        for item in data
    ]


def read_account(reply: Reply) -> AccountFacts:
    """What a living login tells; raises UpstreamTrouble for any other shape (wire §3)."""
    data = _parsed(reply)
    if not isinstance(data, dict):
        raise _unusable(Trouble.SHAPE, reply, Purpose.READ)
    return AccountFacts(_account_name(data.get("link")))


def read_page(reply: Reply, base: str) -> Page:
    """One page; raises UpstreamTrouble when any part of it is not understood (wire §5).

    A row whose date cannot be read spoils the page: it must become neither lifetime nor "no access".
    """
    data = _parsed(reply)
    results = data.get("results") if isinstance(data, dict) else None
    if not isinstance(results, list):
        raise _unusable(Trouble.SHAPE, reply, Purpose.READ)
    return Page(
        tuple(_row(item, reply) for item in results),
        _next(data["next"], base, reply) if "next" in data else None,
    )


def read_answer(reply: Reply) -> Answer:
    """What a write said; raises Uncertain for anything but the three known words (wire §13.10)."""
    data = _parsed(reply)
    status = data.get("status") if isinstance(data, dict) else None
    for answer in Answer:
        if answer == status:
            return answer
    raise _unusable(Trouble.SHAPE, reply, Purpose.WRITE)


def _parsed(reply: Reply) -> Any:
    """The body as JSON; None for what is none, which no caller takes for an answer."""
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _row(item: Any, reply: Reply) -> Row:
    username = _name(item, reply)
    expiration = item.get("expiration")
    if expiration is None or expiration == "":
        end: End = LIFETIME  # the wire's own way to say so, and the only place where it counts
    else:
        moment = _moment(expiration)
        if moment is None:
            raise _unusable(Trouble.SHAPE, reply, Purpose.READ, f"the date of {username}")
        end = moment
    return Row(_user_id(item.get("id")), username, end, _moment(item.get("created")))


def _name(item: Any, reply: Reply) -> str:
    name = item.get("username") if isinstance(item, dict) else None
    if isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME:
        return name
    raise _unusable(Trouble.SHAPE, reply, Purpose.READ, "a row without a name")


def _user_id(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: Any) -> datetime | None:
    """An aware moment in UTC; None for what is no date or has no zone."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _next(value: Any, base: str, reply: Reply) -> str | None:
    """Where the next page is: path and query as they came, on our own host only (wire §5)."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and _PATH.fullmatch(value):
        path = value
        if not value.startswith("/") or value.startswith("//"):
            path = _below(value, base)
        if path.partition("?")[0] == _LIST:
            return path
    raise _unusable(Trouble.SHAPE, reply, Purpose.READ, "the address of the next page")


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
    """The name in `link`: bare, in a profile address, or in the address for inviting friends."""
    if not isinstance(link, str):
        return None
    try:
        invited_by = parse_qs(urlsplit(link).query).get("share_your_love", [link])
        return clean_username(invited_by[0])
    except ValueError:
        return None
