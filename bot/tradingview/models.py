"""What TradingView tells, as plain values without anything of HTTP in them."""

import enum
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# RFC 6265 cookie-octet: anything else could end the header early.
_COOKIE_VALUE = re.compile(r"[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]+", re.ASCII)


class Lifetime(enum.Enum):
    """Access without an end; its only member is `LIFETIME`."""

    LIFETIME = "lifetime"


LIFETIME: Final = Lifetime.LIFETIME

# Aware, in UTC, or LIFETIME. Never None: a date that went missing must not become a gift.
End = datetime | Lifetime


@dataclass(frozen=True, slots=True, repr=False)
class Cookies:
    """One TradingView login (wire §2); raises ValueError for what cannot be a cookie's value.

    `sessionid_sign` is None for the few old accounts that have none.
    """

    sessionid: str
    sessionid_sign: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("sessionid", self.sessionid), ("sessionid_sign", self.sessionid_sign)):
            if value is not None and not _COOKIE_VALUE.fullmatch(value):
                raise ValueError(f"that is not a value of the cookie {name}")

    def __repr__(self) -> str:
        return "Cookies(<hidden>)"


@dataclass(frozen=True, slots=True)
class Hint:
    """One suggestion of the name search: `username` in its exact spelling (wire §4)."""

    username: str
    user_id: int | None
    inactive: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a script's access list; `end` and `created_at` are in UTC (wire §5)."""

    user_id: int | None
    username: str
    end: End
    created_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Whether this row gives access at `now`: a row whose end has passed stays listed."""
        return isinstance(self.end, Lifetime) or self.end > now


@dataclass(frozen=True, slots=True)
class Page:
    """Part of an access list; `next_path` is None on the last part."""

    rows: tuple[Row, ...]
    next_path: str | None


class WriteResult(enum.StrEnum):
    """What a write said of itself; only reading back shows what it did (wire §6 to §8)."""

    OK = "ok"
    EXISTS = "exists"  # nothing was changed: the row that was there keeps its end
    ABSENT = "not_exists"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What a living login tells of itself; `username` is None where it is not told (wire §3)."""

    username: str | None
