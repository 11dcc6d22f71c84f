"""Which ends a list of people is to show."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Ends:
    """Ends after one moment and up to another; without `until` also what has no end, or none yet."""

    after: datetime | None = None
    until: datetime | None = None
