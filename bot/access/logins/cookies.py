"""Reads the two cookies of a TradingView login out of whatever was pasted or exported."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from bot.access.logins.errors import CookiesUnreadable
from bot.tradingview.models import Cookies

LARGEST = 256 * 1024  # bytes of a file; a browser's cookies of one site are a few thousand
_MAX_LENGTH = 500
_MAX_DEPTH = 8
_NAMES = ("sessionid", "sessionid_sign")
_SITE = "tradingview.com"
_CURLY = dict.fromkeys(map(ord, "“”„‟«»″"), '"') | dict.fromkeys(map(ord, "‘’‚‛‹›′"), "'")
_NAMED = re.compile(r"(?:^|[\s;\"'{,])(sessionid(?:_sign)?)[\"']?\s*[=:\t]\s*([^;\s,}]+)")
# A line of cookies.txt behind its site: whole domain, path, secure, end, name, value. Forms make tabs
# spaces and take the line breaks away, so that the next line's site stands right behind the value.
_LINE = re.compile(
    r"\s(?:TRUE|FALSE)\s+\S+\s+(?:TRUE|FALSE)\s+[\d.]+\s+(sessionid(?:_sign)?)\s+(\S{1,500}?)"
    r"(?=\s|$|(?:#HttpOnly_)?\.?(?:[a-z]{1,9}\.)?tradingview\.com\s+(?:TRUE|FALSE)\s)",
    re.IGNORECASE,
)
_LONGEST_SITE = 300
_EXPORT = ("{", "[")  # how JSON begins, and no cookie
_SIGN = re.compile(r"v\d+(?::|%3A)", re.IGNORECASE)


def read_cookies(sessionid: str, sign: str | None) -> Cookies:
    """Return the pair; understands quotes, `name=value`, a whole Cookie line and exports in either field.

    Raises CookiesUnreadable, which never holds what was pasted.
    """
    named: dict[str, str] = {}
    for text in (sessionid, sign or ""):
        named = _named_in(text.translate(_CURLY)) | named
    first = _bare(named.get("sessionid", sessionid))
    second = _bare(named.get("sessionid_sign", sign or ""))
    if not first or "sessionid" in first or _SIGN.match(first) or first.startswith(_EXPORT):
        raise CookiesUnreadable("sessionid")  # the second cookie in the first field, too
    if second == first or "sessionid" in second:
        raise CookiesUnreadable("sessionid_sign")
    for which, value in (("sessionid", first), ("sessionid_sign", second)):
        if len(value) > _MAX_LENGTH:
            raise CookiesUnreadable(which)
        try:
            Cookies(value or "x")
        except ValueError:
            raise CookiesUnreadable(which) from None
    return Cookies(first, second or None)


def read_file(data: bytes) -> Cookies:
    """Return the pair in a file that a cookie extension exported.

    Raises CookiesUnreadable, which never holds what was in it.
    """
    if len(data) > LARGEST:
        raise CookiesUnreadable("sessionid")
    try:
        is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise CookiesUnreadable("sessionid") from None
    return read_cookies(text, None)


def digest(cookies: Cookies) -> str:
    """Return what tells two pairs apart without keeping either."""
    return hashlib.sha256(pack(cookies).encode()).hexdigest()


def pack(cookies: Cookies) -> str:
    """Return one text for both, to be sealed."""
    return json.dumps([cookies.sessionid, cookies.sessionid_sign])


def unpack(text: str) -> Cookies:
    """Return the pair in what `pack` made."""
    sessionid, sign = json.loads(text)
    return Cookies(sessionid, sign)


def _named_in(text: str) -> dict[str, str]:
    """Return the cookies that the text names. Other sites have a `sessionid`, too: theirs do not count."""
    if text.lstrip().startswith(_EXPORT):
        try:
            exported = json.loads(text)
        except (ValueError, RecursionError):
            pass  # a part of an export, perhaps: its words may still be found below
        else:
            return dict(reversed(list(_exported(exported, _MAX_DEPTH))))  # the first counts
    lines = list(_LINE.finditer(text))
    if lines:
        ours = [line for line in lines if _is_ours(_site_before(text, line.start()))]
        return {line[1].lower(): line[2] for line in reversed(ours)}
    return dict(_NAMED.findall(text))


def _exported(part: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the cookies in JSON: a list of cookies, or an object with one for each name."""
    if not depth:
        return
    if isinstance(part, list):
        for inner in part:
            yield from _exported(inner, depth - 1)
    if not isinstance(part, dict) or not _is_ours(_site(part)):
        return
    name = part.get("name", part.get("Name raw"))
    value = part.get("value", part.get("Content raw"))
    if name in _NAMES and isinstance(value, str):
        yield name, value
    for name, inner in part.items():
        value = inner.get("value") if isinstance(inner, dict) else inner
        if name not in _NAMES:
            yield from _exported(inner, depth - 1)
        elif isinstance(value, str) and _is_ours(_site(inner)):
            yield name, value


def _site(part: Any) -> Any:
    """Return the site that a cookie names, if it names one."""
    if not isinstance(part, dict):
        return None
    return part.get("domain") or part.get("Domain") or part.get("host") or part.get("Host raw")


def _site_before(text: str, end: int) -> str:
    words = text[max(0, end - _LONGEST_SITE) : end].split()
    return words[-1].rpartition("#HttpOnly_")[2] if words else ""


def _is_ours(site: Any) -> bool:
    if not isinstance(site, str):
        return True
    host = re.sub(r"^[a-z]+://|[:/].*$", "", site.strip().lower()).strip(".")
    return host == _SITE or host.endswith(f".{_SITE}")


def _bare(text: str) -> str:
    return text.translate(_CURLY).strip().strip("\"',;").strip()
