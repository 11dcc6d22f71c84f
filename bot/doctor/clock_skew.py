"""Compares this computer's clock with those of others."""

from datetime import datetime, timedelta

from bot import clock
from bot.doctor.findings import Finding

_MAX_SKEW = timedelta(seconds=30)  # worth mending before it does harm (`clock.MAX_SKEW`)


def compare(dates: dict[str, datetime | None]) -> Finding:
    """Return the finding about the clock, from what other clocks showed just now."""
    known = {name: date for name, date in dates.items() if date is not None}
    if not known:
        return Finding("Clock", "nobody answered to compare it with.", note=True)
    for name, date in known.items():
        ahead = clock.by_machine() - date
        if abs(ahead) > _MAX_SKEW:
            return Finding(
                "Clock",
                f"this computer's clock is {clock.off_by(ahead)} (compared with {name}).",
                "Switch on automatic time (on Linux: timedatectl set-ntp true). "
                "A wrong clock makes wrong end dates.",
            )
    return Finding("Clock", f"agrees with {' and '.join(known)}.")
