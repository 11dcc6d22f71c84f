"""What people read of a computer whose clock is wrong."""

from datetime import timedelta

from bot import clock
from bot.clock import Trust

_MEND = (
    "Ends that count from now wait, and go on by themselves once it is right. Whoever runs Usher switches on "
    "automatic time there (on Linux: `timedatectl set-ntp true`)."
)


def warning() -> str | None:
    """Return that the clock is wrong, what waits and what helps; None while it is right."""
    return describe(clock.skew()) if clock.trust() is Trust.WRONG else None


def describe(ahead: timedelta) -> str:
    """Return that the clock is so far ahead of the time."""
    return f"⚠️ **The clock of the computer that Usher runs on is {clock.off_by(ahead)}.** {_MEND}"
