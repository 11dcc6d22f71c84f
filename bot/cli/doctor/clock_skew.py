"""Compares this computer's clock with those of others."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from bot import clock
from bot.cli.doctor.findings import Finding

_MAX_SECONDS = 30


def date_of(response: aiohttp.ClientResponse) -> datetime | None:
    """Return the moment that the other side's clock shows; None when it does not say."""
    try:
        date = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def compare(dates: dict[str, datetime | None]) -> Finding:
    """Return the finding about the clock, from what other clocks showed just now."""
    known = {name: date for name, date in dates.items() if date is not None}
    if not known:
        return Finding("Clock", "nobody answered to compare it with.", note=True)
    for name, date in known.items():
        off = (clock.now() - date).total_seconds()
        if abs(off) > _MAX_SECONDS:
            way = "fast" if off > 0 else "slow"
            return Finding(
                "Clock",
                f"this computer's clock is {_said(abs(off))} {way} (compared with {name}).",
                "Switch on automatic time (on Linux: timedatectl set-ntp true). "
                "A wrong clock makes wrong end dates.",
            )
    return Finding("Clock", f"agrees with {' and '.join(known)}.")


def _said(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
