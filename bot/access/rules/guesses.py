"""How many wrong codes somebody may type before they have to wait, and how long."""

from collections.abc import Sequence
from datetime import datetime, timedelta

COUNTED = timedelta(days=1)  # how long a wrong code counts
OF_MEMBER = 5  # wrong codes of one member, from which on each makes them wait
_FIRST_WAIT = timedelta(minutes=10)  # twice as long after each further one
_MAX_WAIT = timedelta(hours=6)
OF_SERVER = 50  # wrong codes of everybody in a server within the hour
_HOUR = timedelta(hours=1)


def member_waits_until(wrong: Sequence[datetime]) -> datetime | None:
    """Return until when a member may try no more; `wrong` are the moments that count, oldest first."""
    further = len(wrong) - OF_MEMBER
    if further < 0:
        return None
    return wrong[-1] + min(_FIRST_WAIT * (1 << min(further, 10)), _MAX_WAIT)


def server_waits_until(wrong: Sequence[datetime]) -> datetime | None:
    """Return until when nobody in a server may try; `wrong` as for a member."""
    return wrong[-OF_SERVER] + _HOUR if len(wrong) >= OF_SERVER else None
