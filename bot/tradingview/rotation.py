"""Recognises the new pair of cookies that TradingView sometimes sends along (wire §2)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.tradingview.errors import NoAnswer, TradingViewError, Trouble
from bot.tradingview.models import Cookies
from bot.tradingview.parsing import home_username
from bot.tradingview.response_errors import Reply
from bot.tradingview.wire import ACCOUNT, LISTING, Purpose, Request

NAMES = ("sessionid", "sessionid_sign")


def rotated(lines: Sequence[str], sent: Cookies, now: datetime) -> Cookies | None:
    """The pair that took the place of `sent`, from the Set-Cookie lines of an answer.

    None unless both names come with values: a lone one is no login, and a deleted one means "logged
    out", which is for the answer itself to say.
    """
    found: dict[str, str] = {}
    for line in lines:
        pair, *attributes = line.split(";")
        name, _, value = pair.partition("=")
        name, value = name.strip(), value.strip().strip('"')
        if name not in NAMES:
            continue
        if not value or found.get(name, value) != value or _is_over(attributes, now):
            return None
        found[name] = value
    if len(found) < len(NAMES):
        return None
    try:
        fresh = Cookies(found["sessionid"], found["sessionid_sign"])
    except ValueError:  # no value that could be sent back
        return None
    return None if fresh == sent else fresh


def is_logged_in(reply: Reply, request: Request, error: TradingViewError | None) -> bool:
    """Whether the answer proves a login: no other brings the cookies of one.

    A refusal may come before TradingView looks at the login, and some reads answer anybody (wire §11).
    """
    if request.purpose is Purpose.PAGE:
        return reply.status == 200 and home_username(reply) is not None
    broke_off = isinstance(error, NoAnswer) and error.kind is Trouble.TRUNCATED
    if not 200 <= reply.status < 300 or not (error is None or broke_off):
        return False
    return request.purpose is Purpose.WRITE or request.path in (ACCOUNT, LISTING)


def _is_over(attributes: Sequence[str], now: datetime) -> bool:
    """Whether the cookie is deleted by its age or date; the age goes first (RFC 6265 §5.3)."""
    given = {}
    for attribute in attributes:
        name, _, value = attribute.partition("=")
        given[name.strip().lower()] = value.strip()
    if "max-age" in given:
        try:
            return int(given["max-age"]) <= 0
        except ValueError:
            return False
    try:
        ends = parsedate_to_datetime(given.get("expires", ""))
    except (ValueError, OverflowError):  # the latter for an absurd zone
        return False
    return ends.replace(tzinfo=ends.tzinfo or UTC) <= now
