"""What is said to TradingView; nothing here sends anything (wire §2 to §8)."""

import enum
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urljoin, urlsplit

from bot.tradingview.models import Cookies, End, Lifetime

PAGE_SIZE = 30  # more is refused with bad_pagination_request (wire §5)
ACCOUNT = "/tvcoins/details/"
LISTING = "/pine_perm/list_users/"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"

_USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)


class Purpose(enum.Enum):
    """What a request is for; it decides what its failures mean."""

    PUBLIC = "a read that sends no cookies"
    READ = "a read"
    WRITE = "a write"
    PAGE = "a web page, read for what it tells in passing"
    PROFILE = "a web page that anybody may see, read without cookies"

    @property
    def is_public(self) -> bool:
        """Return whether it is asked without a login."""
        return self in (Purpose.PUBLIC, Purpose.PROFILE)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `target` is path and query as sent, `body` the encoded form or None for a GET."""

    purpose: Purpose
    target: str
    body: bytes | None = None
    base: str | None = None  # another host of TradingView's than the usual one

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def path(self) -> str:
        """The path alone, for the log."""
        return self.target.partition("?")[0]


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
    if cookies is not None and not request.purpose.is_public:
        sent["Cookie"] = f"sessionid={cookies.sessionid}" + (
            f"; sessionid_sign={cookies.sessionid_sign}" if cookies.sessionid_sign else ""
        )
    return sent


def hints(text: str) -> Request:
    """Ask for the names that begin like `text` (wire §4)."""
    return Request(Purpose.PUBLIC, f"/username_hint/?{urlencode({'s': text}, quote_via=quote)}")


def profile(username: str, base: str | None = None) -> Request:
    """Ask for the page that everybody sees of a user (wire §11)."""
    return Request(Purpose.PROFILE, f"/u/{quote(username, safe='')}/", base=base)


def profile_elsewhere(location: str, base: str, username: str) -> Request | None:
    """The same user's page where a redirect points: on the site or a language host of it, else None."""
    there = home_elsewhere(location, base)
    if there is None or there.path.rstrip("/").casefold() != f"/u/{username}".casefold():
        return None
    return Request(Purpose.PROFILE, there.target, base=there.base)


def account() -> Request:
    """Ask whether the login lives (wire §3)."""
    return Request(Purpose.READ, ACCOUNT)


def home(base: str | None = None, target: str = "/") -> Request:
    """Ask for the home page, which names whoever is logged in (wire §11)."""
    return Request(Purpose.PAGE, target, base=base)


def home_elsewhere(location: str, base: str) -> Request | None:
    """The home page where a redirect points: the same site or a language host of it, else None.

    The login goes along, so nobody else's address will do.
    """
    try:
        there, here = urlsplit(urljoin(f"{base}/", location)), urlsplit(base)
        same = (there.scheme, there.netloc) == (here.scheme, here.netloc)
        site = "." + (here.hostname or "").removeprefix("www.")
        language = (
            here.scheme == there.scheme == "https"
            and here.hostname != site[1:]
            and re.fullmatch("[a-z-]{2,7}" + re.escape(site), there.netloc) is not None
        )
    except ValueError:
        return None
    target = there.path or "/"
    if not (same or language) or not re.fullmatch(r"[\x21-\x7e]+", target, re.ASCII):
        return None
    return home(f"{there.scheme}://{there.netloc}", target)


def listing(pine_id: str, username: str | None = None, *, limit: int | None = PAGE_SIZE) -> Request:
    """Ask for the first page of a script's access list, newest first (wire §5)."""
    query = {"order_by": "-created"} | ({} if limit is None else {"limit": str(limit)})
    return Request(Purpose.READ, f"{LISTING}?{urlencode(query)}", _list_form(pine_id, username))


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
