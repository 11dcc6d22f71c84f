"""Reads the two cookies of a TradingView login out of whatever was pasted."""

import hashlib
import json
import re

from bot.access.logins.errors import CookiesUnreadable
from bot.tradingview.models import Cookies

_MAX_LENGTH = 500
_NAMED = re.compile(r"(?:^|[\s;\"'])(sessionid(?:_sign)?)[\"']?\s*[=:\t]\s*([^;\s]+)")
_SIGN = re.compile(r"v\d+(?::|%3A)", re.IGNORECASE)


def read_cookies(sessionid: str, sign: str | None) -> Cookies:
    """Return the pair; understands quotes, `name=value` and a whole Cookie line in either field.

    Raises CookiesUnreadable, which never holds what was pasted.
    """
    named = dict(_NAMED.findall(f"{sessionid} ; {sign or ''}"))
    first = _bare(named.get("sessionid", sessionid))
    second = _bare(named.get("sessionid_sign", sign or ""))
    if not first or "sessionid" in first or _SIGN.match(first):
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


def _bare(text: str) -> str:
    return text.strip().strip("\"';").strip()
