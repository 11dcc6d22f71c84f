"""Reading what a client sends: forms in both encodings, and dates as TradingView reads them."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from aiohttp import web

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# A '+' that was not percent-encoded arrives as a space, and a date like that fits nowhere here.
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}(?::\d{2})?)?)?"
)


class UnsupportedBodyError(Exception):
    """The body is neither of the two forms (wire §2)."""


async def read_form(request: web.Request) -> dict[str, str]:
    """The form's fields; UnsupportedBodyError for JSON and anything else that is no form."""
    if request.method != "POST" or not request.can_read_body:
        return {}
    if request.content_type == URLENCODED:
        raw = (await request.read()).decode("utf-8", "replace")
        return dict(parse_qsl(raw, keep_blank_values=True))
    if request.content_type == MULTIPART:
        try:
            fields = await request.post()
        except ValueError as error:
            raise UnsupportedBodyError(str(error)) from error
        return {name: value for name, value in fields.items() if isinstance(value, str)}
    raise UnsupportedBodyError(request.content_type)


def without_secrets(form: dict[str, str]) -> dict[str, str]:
    """The form as it may be noted: passwords and codes are left out."""
    return {
        name: "(hidden)" if name in {"password", "code"} else value for name, value in form.items()
    }


def read_date(text: str) -> datetime:
    """A date in one of the documented formats, aware in UTC; ValueError otherwise (wire §6).

    Without a zone it is taken as UTC; what a bare day becomes is unknown, here its first moment.
    """
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def write_date(moment: datetime) -> str:
    """`2026-11-30T23:59:59.999000+00:00`, always with six digits (wire §5)."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
