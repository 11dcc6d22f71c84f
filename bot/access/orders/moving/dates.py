"""Reads dates as shops write them; pure, no I/O."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

_PARTS = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(.*)", re.DOTALL)
_UNIX = re.compile(r"\d{10}(\d{3})?")
_ZONE = re.compile(r"\s*\(?(UTC|GMT|Z)\)?$", re.IGNORECASE)
_WORDS = (
    "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%a, %d %b %Y", "%d-%b-%Y",
)  # fmt: skip
_TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %H:%M")
_YEARS = range(2000, 2200)
_MAX_DATE = 60


def is_day_first(texts: Iterable[str]) -> bool:
    """Return whether a column writes 31/12 and not 12/31: one day above 12 shows it."""
    found = [match for match in map(_PARTS.fullmatch, texts) if match is not None]
    if any("." in match[0][:6] for match in found):
        return True
    return any(int(match[1]) > 12 for match in found)


def moment(text: str, *, day_first: bool = False) -> datetime | None:
    """Return the moment, in UTC where no zone is written; a day alone is its beginning. None: it is no date."""
    text = " ".join(text.split())
    if not text or len(text) > _MAX_DATE:
        return None
    found = _read(_ZONE.sub("", text), text, day_first)
    # Of the first and the last year there is, some moments are none in UTC.
    if found is None or found.year not in _YEARS:
        return None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found if found.year in _YEARS else None


def _read(bare: str, whole: str, day_first: bool) -> datetime | None:
    if _UNIX.fullmatch(bare):
        return datetime.fromtimestamp(int(bare[:10]), UTC)
    if parts := _PARTS.fullmatch(bare):
        month, day = (parts[2], parts[1]) if day_first else (parts[1], parts[2])
        bare = f"{parts[3]}-{int(month):02}-{int(day):02}{parts[4]}"
    for iso in (bare, whole):
        try:
            return datetime.fromisoformat(iso)
        except (ValueError, OverflowError):
            continue
    if re.fullmatch(r"\d{4}-\d\d-\d\d .*", bare):
        return _first(bare, ("%Y-%m-%d",))
    return _first(bare, _WORDS)


def _first(text: str, days: Iterable[str]) -> datetime | None:
    text = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", text)
    for day in days:
        for time in (*_TIMES, " %H:%M:%S %z"):
            try:
                return datetime.strptime(text, day + time)  # noqa: DTZ007 - the caller adds the zone
            except (ValueError, OverflowError):
                continue
    return None
